"""A letter that left, as a browser shows it: written again from what it was written from."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback.errors import Refused
from winback.journey.eligibility import Reach
from winback.journey.last_check import Send
from winback.letters import pictures
from winback.model import Email, Message
from winback.sending import editions, prepared
from winback.sending.compose import Viewer
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import database, sent_letters
from winback.store.as_of import AsOf

_READY = 16
"""Campaigns, each as it was at some time, that are kept ready."""


@dataclass
class Viewing:
    """Shows letters of one project; keeps campaigns ready while none of their files changes. May be asked from several threads."""

    project: Project
    engine: Engine
    _ready: dict[tuple[str, Path], Prepared] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def html(self, delivery_id: int) -> str | None:
        """The e-mail of a delivery, its pictures inside; None where there is none, or it can't be written any more."""
        content = self.content(delivery_id)
        return pictures.with_pictures_inside(content.html, content.pictures) if isinstance(content, Email) else None

    def content(self, delivery_id: int) -> Email | Message | None:
        """The letter of a delivery, e-mail or message; None as above.

        Facts are those of the moment at which it left, its texts those of its run at that time; of a letter from before they were kept,
        they are today's. No address is in it.
        """
        with database.reading(self.engine) as connection:
            sent = sent_letters.find(connection, delivery_id)
            found = sent and sent_letters.written_from(connection, sent, AsOf.of(self.project, sent.at))
            project = sent and found and editions.at(connection, self.project, sent.claimed.run_id, sent.written_at)
        if not sent or not found:
            return None
        candidate, recipient, held = found
        try:
            viewer: Any = Viewer(self._prepared(project or self.project, sent.campaign), self.engine)
            nobody = replace(candidate, reach={sent.channel: Reach("")})
            written: Email | Message = viewer.write(sent.claimed, nobody, recipient, Send(sent.channel, sent.letter), now=sent.at, held=held)
        except (Refused, KeyError):  # kept by an older version that allowed more; or not kept, and not what it was
            return None
        return written

    def _prepared(self, project: Project, campaign: str) -> Prepared:
        with self._turn:
            ready = self._ready.pop((campaign, project.root), None)
            if ready is None or ready.stamps != project.stamps():
                ready = prepared.prepare(project, campaign, hands_out=False)
            self._ready[campaign, project.root] = ready  # the last that were asked for
            while len(self._ready) > _READY:
                del self._ready[next(iter(self._ready))]
            return ready

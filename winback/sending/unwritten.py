"""Letters that nobody will read: for rehearsals that only count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from winback.journey.eligibility import Candidate
from winback.journey.last_check import Send
from winback.model import Email, Message
from winback.sending.compose import Writer
from winback.store.codes import Held
from winback.store.deliveries import Claimed


class SilentWriter(Writer):
    """Knows of a campaign what every writer knows, and writes letters that hold a code, if theirs would, and nothing else: whatever decides is the same."""

    def write(
        self,
        delivery: Claimed,
        candidate: Candidate,  # noqa: ARG002
        recipient: Row[Any],  # noqa: ARG002
        send: Send,
        *,
        now: datetime,  # noqa: ARG002
        held: Held | None = None,
    ) -> Email | Message:
        tells = held is not None and self._may_offer(send) and self._tells_code(send)
        return Message(delivery_id=delivery.id, chat_id="", text=held.code if held and tells else "", language=delivery.locale)

    def _tells_code(self, send: Send) -> bool:
        return any("offer.code" in said.used for said in self.prepared.library.said(send.channel, send.letter).values())

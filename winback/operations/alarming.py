"""Raise an alarm, once for each time that a lane stopped: into the log, and over apprise to whoever WINBACK_ALARM_URLS names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Engine

from winback import logs
from winback.channels import alarm
from winback.journey import lane_rates
from winback.limits import FuseCause
from winback.model import ChannelName
from winback.operations import lane_words
from winback.sending import fuse
from winback.settings import Project
from winback.store import database, fuses, lane_counts
from winback.store.fuses import Fuse

log = logging.getLogger(__name__)

_CLOSED_AGAIN_AFTER = timedelta(hours=6)
"""A lane whose other side stays away is told of so often, however often a schedule tries."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm that was raised."""

    lane: str
    cause: FuseCause
    at: datetime
    happened: str
    to_do: str

    @classmethod
    def of(cls, blown: Fuse) -> Alarm:
        """Without addresses that the other side named: logs, Prefect's events and chats are read by people who needn't know customers."""
        blown = replace(blown, detail=logs.without_addresses(blown.detail))
        return cls(blown.lane, blown.cause, blown.blown_at, lane_words.happened(blown), lane_words.to_do(blown))

    @property
    def text(self) -> str:
        return f"{self.happened} {self.to_do}".strip()

    def as_json(self) -> dict[str, Any]:
        return {"lane": self.lane, "cause": self.cause, "at": self.at.isoformat(), "happened": self.happened, "to_do": self.to_do}


Tell: TypeAlias = Callable[[Alarm], object]
"""Who else is told: flows make an event of it."""


def raise_due(project: Project, engine: Engine, now: datetime, tell: Tell | None = None, *, aside: Executor | None = None) -> list[Alarm]:
    """Raise those that nobody has raised. Of several who do this at once, one gets each; an address that can't be reached is not tried again.

    With `aside` the addresses are told there, and nobody waits for them: letters may be under way.
    """
    with database.reading(engine) as connection:
        if not fuses.has_alarms(connection):
            return []
    with database.writing(engine) as connection:
        alarms = [Alarm.of(blown) for blown in fuses.claim_alarms(connection, now)]
    for each in alarms:
        log.error("%s", each.text)
        if tell:
            tell(each)
        if urls := project.secret("WINBACK_ALARM_URLS").split():
            title = f"winback: {each.lane} {'broke off' if each.cause is FuseCause.CLOSED else 'stopped'}"
            if aside:
                aside.submit(_ring, urls, title, each)
            else:
                _ring(urls, title, each)
    return alarms


def _ring(urls: Sequence[str], title: str, each: Alarm) -> None:
    if failed := alarm.send(urls, title, each.text):
        log.error("the alarm about %s didn't reach everybody: look at WINBACK_ALARM_URLS (%s)", each.lane, ", ".join(failed))


def closed(project: Project, engine: Engine, channel: ChannelName, said: str, *, now: datetime, tell: Tell | None = None) -> None:
    """A lane's own side failed while letters were under way: worth an alarm, but it blows no fuse."""
    with database.writing(engine) as connection:
        fuses.note_closed(connection, str(channel), now, said, again_after=_CLOSED_AGAIN_AFTER)
    raise_due(project, engine, now, tell)


def look(project: Project, engine: Engine, now: datetime, tell: Tell | None = None) -> list[Alarm]:
    """Hold every lane against its limits, after letters came back; raise what is due. Complaints that come near their limit go to the log."""
    limits = project.settings.fuse
    with database.writing(engine) as connection:
        fuse.forget_old(connection, now)
        stopped = fuse.blow(connection, limits, fuse.every_lane(), now)
        newest = lane_counts.newest(connection, fuse.every_lane(), now, lane_rates.farthest(limits))
    near = [lane for lane, answers in newest.items() if lane not in stopped and lane_rates.warns(answers, limits)]
    for lane in near:
        log.warning("%s: more than %.1f %% of the last letters were called spam.", lane_words.name(lane), 100 * limits.complaints.warn_above)
    return raise_due(project, engine, now, tell)

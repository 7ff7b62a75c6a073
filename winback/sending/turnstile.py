"""The pace of messages, shared by all workers of a database, and by the bot that answers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from winback.channels.seats import Granted, Stroke
from winback.channels.spacing import AT_WORK, Book, Spacing
from winback.errors import LaneError
from winback.model import ChannelName
from winback.settings import Project
from winback.store import contacts, database, turnstiles
from winback.store.database import Beside

_OTHERS = 0.05
"""Seconds after which somebody who waits asks again, whatever the book said: others may have given a seat back since."""

_SWEPT_EVERY = 5.0


def of(project: Project, name: ChannelName, per_second: int, *, ahead: float = AT_WORK) -> Spacing:
    """Turns on a channel. The database is the project's own, opened with the first turn and closed when the channel is left."""
    beside = Beside(project.database_url)
    hashed = contacts.hasher(project.key, name)
    return Spacing(per_second, book=_book(beside, str(name), per_second, hashed), ahead=ahead, close=beside.close)


def _book(beside: Beside, lane: str, per_second: int, hashed: Callable[[str], bytes]) -> Book:
    sweeps_at = 0.0

    def struck(stroke: Stroke, clock: Callable[[], float]) -> Granted:
        nonlocal sweeps_at
        try:
            with database.writing(beside.engine) as connection:
                granted = turnstiles.strike(connection, lane, per_second, stroke, hashed, clock)
                if clock() >= sweeps_at:
                    turnstiles.sweep(connection, lane)
                    sweeps_at = clock() + _SWEPT_EVERY
        except database.Failure as error:
            raise LaneError("no-turns", f"the database that holds the pace can't be asked: {type(error).__name__}") from error
        granted.again_in = min(granted.again_in, _OTHERS)
        return granted

    async def strike(stroke: Stroke, clock: Callable[[], float]) -> Granted:
        return await asyncio.to_thread(struck, stroke, clock)

    return strike

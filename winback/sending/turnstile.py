"""The pace of messages, shared by all workers of a database, and by the bot that answers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Engine

from winback.channels.seats import Granted, Stroke
from winback.channels.spacing import AT_WORK, Book, Spacing
from winback.errors import LaneError
from winback.model import ChannelName
from winback.settings import Project
from winback.store import contacts, database, turnstiles

_OTHERS = 0.05
"""Seconds after which somebody who waits asks again, whatever the book said: others may have given a seat back since."""


def of(project: Project, name: ChannelName, per_second: int, *, ahead: float = AT_WORK) -> Spacing:
    """Turns on a channel. The database is the project's own, opened with the first turn and closed when the channel is left."""
    engines: list[Engine] = []

    def engine() -> Engine:
        if not engines:
            database.open_engine(project.database_url).dispose()  # whoever only tries a letter out may not have one yet
            engines.append(database.beside(project.database_url))
        return engines[0]

    def close() -> None:
        for each in engines:
            each.dispose()

    return Spacing(per_second, book=_book(engine, str(name), per_second, contacts.hasher(project.key, name)), ahead=ahead, close=close)


def _book(engine: Callable[[], Engine], lane: str, per_second: int, hashed: Callable[[str], bytes]) -> Book:
    def struck(stroke: Stroke, clock: Callable[[], float]) -> Granted:
        try:
            with database.writing(engine()) as connection:
                granted = turnstiles.strike(connection, lane, per_second, stroke, hashed, clock)
        except database.Failure as error:
            raise LaneError("no-turns", f"the database that holds the pace can't be asked: {type(error).__name__}") from error
        granted.again_in = min(granted.again_in, _OTHERS)
        return granted

    async def strike(stroke: Stroke, clock: Callable[[], float]) -> Granted:
        return await asyncio.to_thread(struck, stroke, clock)

    return strike

"""End at once what orders and the black list end: after every import, and before anything is sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from winback.store import database, stops, stops_due


def stop_if_due(engine: Engine, *, now: datetime) -> int:
    """As `stop`, if anything came in by which journeys may end since the last time."""
    with database.reading(engine) as connection:
        is_due = stops_due.is_due(connection, now)
    if is_due:
        return stop(engine, now=now)
    with database.writing(engine) as connection:
        stops.settle_those_of_cancelled(connection, now)
    return 0


def stop(engine: Engine, *, now: datetime) -> int:
    """Journeys of every campaign that may still send; returns how many ended. Their letters that were planned are stopped with them."""
    with database.writing(engine) as connection:
        stops_due.begin(connection, now)
    with database.writing(engine) as connection:
        ended = stops.end_journeys(connection, now)
    with database.writing(engine) as connection:  # a transaction of its own: nobody holds journeys while waiting for letters
        stops.stop_letters(connection)
        stops.settle_those_of_cancelled(connection, now)
    return ended

"""Whether a connection that lay in the pool still leads to its server.

SQLAlchemy's `pool_pre_ping` asks the server each time, which is a round trip for every transaction. A connection that was used a moment ago is
taken as it is, unless the server has said something on it that nobody asked for: it does so, or ends it, when it stops.
"""

from __future__ import annotations

import select
from time import monotonic
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, event

_SURELY = 10.0
"""Seconds in which no network forgets a connection that nothing goes over."""


def watch(engine: Engine) -> None:
    """Have what comes out of the pool of this engine, on PostgreSQL, be alive: a dead one and all of its age are made anew."""

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _look(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get("used_at")
        if used_at is None or (monotonic() - used_at < _SURELY and not _has_spoken(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sqlalchemy.exc.InvalidatePoolError from error


def _has_spoken(connection: Any) -> bool:
    """Whether something lies on the connection that waits to be read, or it is closed."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))

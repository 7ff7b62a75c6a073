"""Replies that came in, on their way into threads: every reply once, by mail or by the bot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from winback.store.persons import person_id
from winback.store.tables import customers, events, forwards


def of_key(connection: Connection, dedupe_key: str, now: datetime) -> int | None:
    """The number of a reply that was kept just now and lies in a thread from now on; None: there is none."""
    event_id: int | None = connection.execute(_MARK, {"said_by": dedupe_key, "now": now}).scalar()
    return event_id


_MARK = (
    update(forwards)
    .where(forwards.c.event_id == select(events.c.id).where(events.c.dedupe_key == bindparam("said_by")).scalar_subquery())
    .values(queued_at=bindparam("now", type_=forwards.c.queued_at.type))
    .returning(forwards.c.event_id)
)


def waiting(connection: Connection, limit: int = 500) -> Sequence[Row[Any]]:
    """Replies that are in no thread yet, the oldest first, held: somebody else who looks meanwhile sees others."""
    statement = (
        select(
            forwards.c.id,
            forwards.c.event_id,
            events.c.dedupe_key,
            events.c.text,
            events.c.happened_at,
            events.c.signals,
            person_id().label("customer_id"),
            customers.c.locale,
        )
        .join(events, events.c.id == forwards.c.event_id)
        .join(customers, customers.c.id == events.c.customer_id)
        .where(forwards.c.queued_at.is_(None), customers.c.forgotten_at.is_(None))
        .order_by(forwards.c.id)
        .limit(limit)
    )
    return connection.execute(statement.with_for_update(of=forwards, skip_locked=True)).all()


def queued(connection: Connection, forward_ids: Sequence[int], now: datetime) -> None:
    """They lie in threads."""
    connection.execute(update(forwards).where(forwards.c.id.in_(forward_ids)).values(queued_at=now))

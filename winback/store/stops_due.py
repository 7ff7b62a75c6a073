"""Whether journeys may have to end: noted by whatever brings in orders, customers or recipients, so that nobody looks through all of them for nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from winback.store.tables import orders, stops_looked


def note(connection: Connection) -> None:
    """Something came in by which journeys end: in the same transaction. Whoever looks waits for nobody, but looks again afterwards."""
    connection.execute(update(stops_looked).values(is_due=True))


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether anything came in since journeys were looked at, or an order that lay in the future then."""
    newest = select(func.coalesce(func.max(orders.c.id), 0)).scalar_subquery()
    due = select(stops_looked.c.id).where(or_(stops_looked.c.is_due, stops_looked.c.newest_order != newest, stops_looked.c.next_order_at <= now))
    return connection.execute(due).first() is not None


def begin(connection: Connection, now: datetime) -> None:
    """Journeys are about to be looked at: what comes in from now on is due again. In a transaction of its own, before the looking.

    Not where an import is under way (PostgreSQL: it holds the row): its orders are seen by nobody yet.
    """
    free = connection.execute(select(stops_looked.c.id).with_for_update(skip_locked=True)).first()
    if free is not None:
        newest = connection.execute(select(func.coalesce(func.max(orders.c.id), 0))).scalar_one()
        to_come = connection.execute(select(func.min(orders.c.ordered_at)).where(orders.c.ordered_at > now)).scalar_one()
        connection.execute(update(stops_looked).values(is_due=False, newest_order=newest, next_order_at=to_come))

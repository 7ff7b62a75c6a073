"""The newest order of a customer, for whoever is asked where it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from winback.store.tables import orders


def last_order(connection: Connection, customer_id: int, now: datetime) -> Row[Any] | None:
    """With key, ordered_at, status, amount_minor and currency, whatever became of it; None: they never ordered."""
    theirs = select(orders.c.key, orders.c.ordered_at, orders.c.status, orders.c.amount_minor, orders.c.currency)
    newest = theirs.where(orders.c.customer_id == customer_id, orders.c.ordered_at <= now).order_by(orders.c.ordered_at.desc(), orders.c.id.desc())
    row: Row[Any] | None = connection.execute(newest.limit(1)).one_or_none()  # type: ignore[assignment]
    return row

"""Customers whose goods brought back come to more than what they bought: a part of their history is missing, or a refund is wrong."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.sql.selectable import CompoundSelect

from winback.model import OrderStatus
from winback.store.tables import customers, facts_due, orders


def overdrawn_of_due(connection: Connection) -> tuple[int, str]:
    """The same among those who brought something back and of whom something changed since facts were counted last."""
    changed = select(facts_due.c.customer_id)
    return overdrawn(connection, select(orders.c.customer_id).where(orders.c.status == OrderStatus.RETURNED, orders.c.customer_id.in_(changed)))


def overdrawn(connection: Connection, ids: Select[tuple[int]] | CompoundSelect[Any]) -> tuple[int, str]:
    """How many of the customers `ids` brought back more than they bought, in any one currency, and the shop's id of one of them.

    What was cancelled counts on neither side. The id is empty when there is none.
    """
    owing = (
        select(orders.c.customer_id)
        .where(orders.c.customer_id.in_(ids), orders.c.status != OrderStatus.CANCELLED)
        .group_by(orders.c.customer_id, orders.c.currency)
        .having(func.sum(orders.c.amount_minor) < 0)
    )
    count, example = connection.execute(select(func.count(), func.min(customers.c.key)).where(customers.c.id.in_(owing))).one()
    return count, example or ""

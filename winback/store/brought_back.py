"""Customers whose goods brought back come to more than what they bought: a part of their history is missing, or a refund is wrong."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.sql.selectable import CompoundSelect

from winback.model import OrderStatus
from winback.store.tables import customers, orders


def newest(connection: Connection) -> int:
    """The number of the order that came in last; 0 before the first."""
    number: int = connection.execute(select(func.coalesce(func.max(orders.c.id), 0))).scalar_one()
    return number


def overdrawn_since(connection: Connection, order_id: int) -> tuple[int, str]:
    """The same among those of whom goods brought back came in after that order."""
    return overdrawn(connection, select(orders.c.customer_id).where(orders.c.id > order_id, orders.c.status == OrderStatus.RETURNED))


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

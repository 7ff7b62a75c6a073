"""The days on which customers bought, read for all of them at once into columns.

Ten million purchases are two columns of 80 MB each; rows live only until their numbers are in the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, Select, cast, func, literal, select, true, type_coerce

from winback.audience import purchase_days
from winback.audience.arrays import Whole
from winback.audience.purchase_days import PurchaseDays, Purchases
from winback.store import room
from winback.store.among import among_these
from winback.store.as_of import AsOf
from winback.store.counting import is_purchase
from winback.store.tables import orders

_AT_ONCE = 50_000  # rows
_BLOCK = 14  # bits: 16,384 customers


def days(connection: Connection, as_of: AsOf, *, ids: Sequence[int] | None = None) -> PurchaseDays:
    """Days with a purchase known at `as_of.now`, of everybody or of `ids`: customer ids and `date.toordinal` in the shop's zone."""
    return counted(connection, as_of, ids=ids).days


def counted(connection: Connection, as_of: AsOf, *, ids: Sequence[int] | None = None) -> Purchases:
    """The same with the number of purchases of each day."""
    bought = (is_purchase(), orders.c.ordered_at <= as_of.now, true() if ids is None else among_these(orders.c.customer_id, ids))
    return purchase_days.counted(*_columns(connection, select(orders.c.customer_id, type_coerce(orders.c.ordered_on, Integer)).where(*bought), 2))


def customers(connection: Connection, statement: Select[Any]) -> Whole:
    """The ids that a statement of store/cohorts.py finds."""
    room.give(connection)
    (found,) = _columns(connection, statement, 1)
    return found


def _columns(connection: Connection, statement: Select[Any], width: int) -> tuple[Whole, ...]:
    """What a statement of `width` whole numbers finds, column by column."""
    if connection.dialect.name == "postgresql":
        return _packed(connection, statement, width)
    found = connection.execute(statement.execution_options(yield_per=_AT_ONCE))
    parts = [np.fromiter(chain.from_iterable(rows), np.int64, width * len(rows)) for rows in found.partitions()]
    table = np.concatenate([*parts, np.empty(0, np.int64)]).reshape(-1, width)
    return tuple(table.T)


def _packed(connection: Connection, statement: Select[Any], width: int) -> tuple[Whole, ...]:
    """The same, packed by the server into one value of bytes for the customers of each block, the first column: a row each costs five times as long.

    Aggregates of one statement see its rows in the same order, so that columns stay beside each other.
    """
    each = statement.subquery("each_one")
    columns = [cast(column, BigInteger) for column in each.c]
    packed = [func.string_agg(func.int8send(column), literal(b"", LargeBinary())) for column in columns]
    blocks = connection.execute(select(*packed).group_by(columns[0].bitwise_rshift(literal(_BLOCK, Integer()))))
    parts = [[np.frombuffer(value, ">i8") for value in block] for block in blocks]
    return tuple(np.concatenate([*(part[place] for part in parts), np.empty(0, ">i8")]).astype(np.int64) for place in range(width))

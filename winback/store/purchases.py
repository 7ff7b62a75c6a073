"""The days on which customers bought, read for all of them at once into columns.

Ten million purchases are two columns of 80 MB each; rows live only until their numbers are in the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, cast, extract, func, select, true

from winback import clock
from winback.audience import purchase_days
from winback.audience.arrays import Whole
from winback.audience.purchase_days import PurchaseDays
from winback.store.cohorts import AsOf, is_purchase
from winback.store.tables import orders

_AT_ONCE = 50_000  # rows
_DAY = 86_400  # seconds
_EPOCH = date(1970, 1, 1).toordinal()
_EARLIEST = date.min.toordinal() + 1  # east of Greenwich the first day of all begins before UTC can say it


def days(connection: Connection, as_of: AsOf, *, ids: Sequence[int] | None = None) -> PurchaseDays:
    """Days with a purchase known at `as_of.now`, of everybody or of `ids`: customer ids and `date.toordinal` in the shop's zone."""
    bought = (is_purchase(), orders.c.ordered_at <= as_of.now, true() if ids is None else orders.c.customer_id.in_(ids))
    customer, second = _columns(connection, select(orders.c.customer_id, _second(connection.dialect.name)).where(*bought), 2)
    return purchase_days.distinct(customer, _local_days(second, ZoneInfo(as_of.zone)))


def customers(connection: Connection, statement: Select[tuple[int]]) -> Whole:
    """The ids that a statement of store/cohorts.py finds."""
    (found,) = _columns(connection, statement, 1)
    return found


def _second(dialect: str) -> ColumnElement[int]:
    """Whole seconds since 1970, UTC. SQLite rounds to milliseconds, and the last of a day into the next one, unless they are cut off."""
    if dialect == "sqlite":
        return extract("epoch", func.substr(orders.c.ordered_at, 1, len("2026-11-23 12:00:00")))
    return cast(func.floor(extract("epoch", orders.c.ordered_at)), BigInteger)


def _columns(connection: Connection, statement: Select[Any], width: int) -> tuple[Whole, ...]:
    """What a statement of `width` whole numbers finds, column by column."""
    found = connection.execute(statement.execution_options(yield_per=_AT_ONCE))
    parts = [np.fromiter(chain.from_iterable(rows), np.int64, width * len(rows)) for rows in found.partitions()]
    table = np.concatenate([*parts, np.empty(0, np.int64)]).reshape(-1, width)
    return tuple(table.T)


def _local_days(seconds: Whole, zone: ZoneInfo) -> Whole:
    """The calendar day of each moment: the last one that had begun by then. Databases have zone tables of their own, or none."""
    if not seconds.size:
        return seconds
    first = max(_EARLIEST, int(seconds.min()) // _DAY + _EPOCH - 1)  # no zone is a whole day away from UTC
    last = min(date.max.toordinal(), int(seconds.max()) // _DAY + _EPOCH + 1)
    began = [_since_epoch(clock.start_of_day(date.fromordinal(day), zone)) for day in range(first, last + 1)]
    return first - 1 + np.searchsorted(np.array(began), seconds, side="right")


def _since_epoch(moment: datetime) -> int:
    return int((moment - datetime.fromtimestamp(0, UTC)).total_seconds())

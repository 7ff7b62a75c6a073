"""One customer alone: their facts and scores, what they spent on which day and in which currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Connection, FromClause, RowMapping, case, cast, func, select

from winback.store import counting, facts
from winback.store.as_of import AsOf
from winback.store.tables import customers, orders
from winback.store.tables import facts as stored


@dataclass(frozen=True, slots=True)
class Spent:
    """What a customer bought on one day, goods brought back on it taken off."""

    day: date
    orders: int  # purchases
    minor: int  # in the project's currency
    unpriced: int  # purchases in currencies without a rate: in no sum


@dataclass(frozen=True, slots=True)
class Sum:
    """What a customer spent in one currency, goods brought back taken off."""

    currency: str
    orders: int  # purchases
    minor: int  # of that currency


def key_of(connection: Connection, customer_id: int) -> str:
    """The shop's id of a customer."""
    key: str = connection.execute(select(customers.c.key).where(customers.c.id == customer_id)).scalar_one()
    return key


def facts_of(connection: Connection, as_of: AsOf, customer_id: int) -> RowMapping | None:
    """The customer's row of the table `facts` as of a moment; None where they were merged into another."""
    names = frozenset(column.name for column in stored.c)
    rows = facts.known(connection, as_of, names, whose=[customer_id]).rows
    return connection.execute(select(rows).where(rows.c.customer_id == customer_id)).mappings().one_or_none()


def counted_anew(connection: Connection, as_of: AsOf, customer_id: int) -> RowMapping | None:
    """The same, whatever is stored: true even while something of theirs waits to be counted."""
    names = frozenset(column.name for column in stored.c)
    rows = counting.relation(as_of, connection.dialect.name, needed=names, whose=[customer_id])
    return connection.execute(select(rows).where(rows.c.customer_id == customer_id)).mappings().one_or_none()


def scores_of(connection: Connection, scored: FromClause, customer_id: int) -> RowMapping | None:
    """The customer's row of the table `scores`; None where they came after everybody was scored."""
    return connection.execute(select(scored).where(scored.c.customer_id == customer_id)).mappings().one_or_none()


def spent(connection: Connection, as_of: AsOf, customer_id: int) -> Sequence[Spent]:
    """Day by day of the shop's calendar, the oldest first."""
    bought = counting.is_purchase()
    money = counting.priced(orders.c.amount_minor, as_of)
    columns: Sequence[Any] = (
        orders.c.ordered_on,
        func.count(case((bought, 1))),
        cast(func.coalesce(func.sum(money), 0), BigInteger),
        func.count(case((bought & money.is_(None), 1))),
    )
    return [
        Spent(*row)
        for row in connection.execute(_of(select(*columns), as_of, customer_id).group_by(orders.c.ordered_on).order_by(orders.c.ordered_on))
    ]


def sums(connection: Connection, as_of: AsOf, customer_id: int) -> Sequence[Sum]:
    """Currency by currency, the one of most purchases first."""
    count = func.count(case((counting.is_purchase(), 1)))
    columns: Sequence[Any] = (orders.c.currency, count, cast(func.sum(orders.c.amount_minor), BigInteger))
    return [
        Sum(*row)
        for row in connection.execute(_of(select(*columns), as_of, customer_id).group_by(orders.c.currency).order_by(count.desc(), orders.c.currency))
    ]


def _of(statement: Any, as_of: AsOf, customer_id: int) -> Any:
    return statement.where(orders.c.customer_id == customer_id, counting.moves_money(), orders.c.ordered_at <= as_of.now)

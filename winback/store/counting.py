"""What is known of customers, counted from what happened: orders, gaps between them, inquiries, touches, what they said.

Each part is a subquery with one row for each customer who has anything to count; `relation` puts the parts together that are needed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    type_coerce,
)

from winback.model import OrderStatus, minor_digits
from winback.store import dealings
from winback.store.as_of import AsOf, Whose, by_then, of
from winback.store.persons import is_person
from winback.store.tables import customers, facts, facts_state, orders
from winback.store.tables.audience import UNPRICED

_MEDIAN, _LONG = 0.5, 0.9


def is_purchase(bought: FromClause = orders) -> ColumnElement[bool]:
    """The one definition of a purchase: placed, and something was paid. A gift or a free replacement is none."""
    return and_(bought.c.status == OrderStatus.PLACED, bought.c.amount_minor > 0)


def moves_money() -> ColumnElement[bool]:
    """What counts into revenue: what was bought, and what was brought back."""
    return or_(is_purchase(), orders.c.status == OrderStatus.RETURNED)


def priced(amount: ColumnElement[Any], as_of: AsOf) -> ColumnElement[Any]:
    """An order's amount in minor units of the project's currency; NULL where its currency has no rate."""
    others = [(orders.c.currency == code, _exchanged(amount, code, rate, as_of.currency)) for code, rate in as_of.rates.items()]
    return case((orders.c.currency == as_of.currency, amount), *others)


def _exchanged(amount: ColumnElement[Any], code: str, rate: Decimal, ours: str) -> ColumnElement[Any]:
    factor = rate.scaleb(minor_digits(ours) - minor_digits(code))
    return cast(func.round(amount * literal(float(factor), Float)), BigInteger)


def relation(
    as_of: AsOf,
    dialect: str,
    *,
    needed: AbstractSet[str] | None = None,
    whose: Whose = None,
    made: Mapping[str, FromClause] | None = None,
    name: str = "facts",
) -> Subquery:
    """One row for each customer (of `whose`) with the columns of the table `facts` as they were at `as_of.now`.

    With `needed` only these columns, and `customer_id`; what they don't need isn't counted. `made`: parts that are counted already, by
    name. Merged customers have no row.
    """
    names = [column.name for column in facts.c if column.name != "customer_id" and (needed is None or column.name in needed)]
    counted = _Counted(as_of, dialect, whose, made or {})
    source: FromClause = customers
    for part in dict.fromkeys(part for column in names for part in _parts(column)):
        source = source.outerjoin(counted.part(part), counted.part(part).c.customer_id == customers.c.id)
    columns = [_column(facts.c[column], [counted.part(part) for part in _parts(column)]) for column in names]
    mine = is_person()
    return select(customers.c.id.label("customer_id"), *columns).select_from(source).where(mine, of(customers.c.id, whose)).subquery(name)


def straight_on(statement: Select[Any]) -> Select[Any]:
    """The same of everybody's orders, as they lie in their table: SQLite would walk along an index, and look each order up."""
    return statement.with_hint(orders, "NOT INDEXED", "sqlite")


def unpriced(connection: Connection, as_of: AsOf) -> list[tuple[str, int, int]]:
    """Purchases in currencies that have no rate: currency, how many, and their sum in its own minor units; the most first."""
    state = connection.execute(select(facts_state.c.terms)).scalar_one_or_none()
    if state == as_of.terms() and not connection.execute(select(exists().select_from(facts).where(text(UNPRICED)))).scalar_one():
        return []
    known = [as_of.currency, *as_of.rates]
    statement = (
        select(orders.c.currency, func.count(), cast(func.sum(orders.c.amount_minor), BigInteger))
        .where(is_purchase(), orders.c.currency.not_in(known), orders.c.ordered_at <= as_of.now)
        .group_by(orders.c.currency)
        .order_by(func.count().desc(), orders.c.currency)
    )
    return [(currency, count, minor) for currency, count, minor in connection.execute(statement)]


def orders_of(as_of: AsOf, whose: Whose = None) -> Select[Any]:
    """Counts, first and last days, and sums of each customer's purchases."""
    money, ours = priced(orders.c.amount_minor, as_of), orders.c.currency == as_of.currency
    other = case((not_(ours), orders.c.currency))  # seldom there: the least and the greatest of nothing cost nothing
    currency = case(
        (func.count(other) == 0, as_of.currency),
        (and_(func.count(other) == func.count(), func.min(other) == func.max(other)), func.min(other)),
        else_="",
    )
    return (
        select(
            orders.c.customer_id,
            func.count().label("orders"),
            func.min(orders.c.ordered_at).label("first_order_at"),
            func.max(orders.c.ordered_at).label("last_order_at"),
            func.min(orders.c.ordered_on).label("first_order_on"),
            func.max(orders.c.ordered_on).label("last_order_on"),
            currency.label("currency"),
            _sum(money).label("revenue_minor"),
            func.count(money).label("paid_orders"),
            (func.count() - func.count(money)).label("unpriced_orders"),
            *_margins(as_of),
            func.count(case((orders.c.code != "", 1))).label("codes_used"),
        )
        .where(is_purchase(), by_then(orders.c.ordered_at, as_of), of(orders.c.customer_id, whose))
        .group_by(orders.c.customer_id)
    )


def returns_of(as_of: AsOf, whose: Whose = None) -> Select[Any]:
    """What was brought back, and its margin; both below zero."""
    return (
        select(orders.c.customer_id, _sum(priced(orders.c.amount_minor, as_of)).label("revenue_minor"), *_margins(as_of))
        .where(orders.c.status == OrderStatus.RETURNED, by_then(orders.c.ordered_at, as_of), of(orders.c.customer_id, whose))
        .group_by(orders.c.customer_id)
    )


def _margins(as_of: AsOf) -> list[ColumnElement[Any]]:
    told = orders.c.margin_minor.is_not(None)
    margin, money = priced(orders.c.margin_minor, as_of), priced(orders.c.amount_minor, as_of)
    return [_sum(case((told, margin))).label("margin_minor"), _sum(case((told, money))).label("margin_known_minor")]


def gaps_of(as_of: AsOf, dialect: str, whose: Whose = None) -> Select[Any]:
    """Purchase days, and quantiles of the gaps between one and the next, between two gaps in proportion (Hyndman & Fan 1996, type 7)."""
    day = type_coerce(orders.c.ordered_on, Integer)
    before = func.lag(day).over(partition_by=orders.c.customer_id, order_by=day)  # an index has this order
    steps = (
        select(orders.c.customer_id, (day - before).label("gap"))
        .where(is_purchase(), by_then(orders.c.ordered_at, as_of), of(orders.c.customer_id, whose))
        .subquery("steps")
    )
    another_day = or_(steps.c.gap.is_(None), steps.c.gap > 0)  # the first, or later than the one before
    if dialect == "postgresql":
        quantiles = [func.percentile_cont(share).within_group(steps.c.gap).label(name) for share, name in _QUANTILES]
        return select(steps.c.customer_id, func.count().label("purchase_days"), *quantiles).where(another_day).group_by(steps.c.customer_id)
    ranked = (
        select(
            steps.c.customer_id,
            steps.c.gap,
            (func.row_number().over(partition_by=steps.c.customer_id, order_by=steps.c.gap.asc().nulls_first()) - 2).label(
                "place"
            ),  # the first day has no gap
            (func.count().over(partition_by=steps.c.customer_id) - 2).label("last_place"),
        )
        .where(another_day)
        .subquery("ranked")
    )
    return select(ranked.c.customer_id, func.count().label("purchase_days"), *(_quantile(ranked, *each) for each in _QUANTILES)).group_by(
        ranked.c.customer_id
    )


_QUANTILES = ((_MEDIAN, "median_gap"), (_LONG, "long_gap"))


def _quantile(ranked: Subquery, share: float, name: str) -> ColumnElement[Any]:
    at = literal(share) * ranked.c.last_place
    below = cast(at, Integer)
    rest = at - below
    weight = case((ranked.c.place == below, 1 - rest), (ranked.c.place == below + 1, rest))
    return func.sum(case((ranked.c.place >= 0, ranked.c.gap * weight))).label(name)


_PARTS: dict[str, str] = {
    **dict.fromkeys(
        [
            *("orders", "first_order_at", "last_order_at", "first_order_on", "last_order_on", "currency", "revenue_minor", "paid_orders"),
            *("unpriced_orders", "margin_minor", "margin_known_minor", "codes_used"),
        ],
        "bought",
    ),
    **dict.fromkeys(["purchase_days", "median_gap", "long_gap"], "gaps"),
    **dict.fromkeys(["inquiries", "last_inquiry_at", "inquiries_since_order"], "asked"),
    **dict.fromkeys(["touches", "last_touch_at", "last_reaction_at", "touches_since_reaction"], "touched"),
    **dict.fromkeys(["complaints", "last_complaint_at", "scores", "last_score", "last_score_at"], "told"),
}

OF_TOUCHES = frozenset(name for name, part in _PARTS.items() if part == "touched")
"""Facts that change by sending and by what comes back; the others change by imports alone."""


class _Counted:
    """The parts of one relation, each made when it is first asked for; those that look at the last purchase share one count of orders."""

    def __init__(self, as_of: AsOf, dialect: str, whose: Whose, made: Mapping[str, FromClause]) -> None:
        self._made: dict[str, FromClause] = dict(made)
        self._make: dict[str, Callable[[], FromClause]] = {
            "bought": lambda: orders_of(as_of, whose).cte(),  # without a name: two relations may stand in one statement
            "returned": lambda: returns_of(as_of, whose).subquery("returned"),
            "gaps": lambda: gaps_of(as_of, dialect, whose).subquery("gaps"),
            "asked": lambda: dealings.inquiries_of(as_of, self.part("bought"), whose).subquery("asked"),
            "touched": lambda: dealings.touches_of(as_of, self.part("bought"), whose).subquery("touched"),
            "told": lambda: dealings.feedback_of(as_of, whose).subquery("told"),
        }

    def part(self, name: str) -> FromClause:
        if name not in self._made:
            self._made[name] = self._make[name]()
        return self._made[name]


def _column(stored: Column[Any], parts: Sequence[FromClause]) -> ColumnElement[Any]:
    """A counted column under its name and type; where nothing was counted 0 or empty, unless the table says None."""
    if stored.nullable:
        return type_coerce(parts[0].c[stored.name], stored.type).label(stored.name)
    nothing = literal("" if stored.name == "currency" else 0)
    return reduce(operator.add, (func.coalesce(part.c[stored.name], nothing) for part in parts)).label(stored.name)


def _parts(column: str) -> tuple[str, ...]:
    """The parts that a fact is put together from: revenue and margin are what was bought less what was brought back."""
    return ("bought", "returned") if column in {"revenue_minor", "margin_minor", "margin_known_minor"} else (_PARTS[column],)


def _sum(what: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.coalesce(func.sum(what), 0), BigInteger)

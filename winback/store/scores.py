"""Everybody's scores: what they are made from, read into columns, and where they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
)

from winback.audience.arrays import Real, Whole
from winback.audience.scoring import Known, Sample, Scores
from winback.model import OrderStatus
from winback.store import counting, facts, loading
from winback.store.as_of import AsOf
from winback.store.persons import person_id
from winback.store.tables import Id, customers, orders, scores, scores_state

_AT_ONCE = 50_000  # rows
_SAMPLED = 50_000  # customers from whom the spread of orders is learnt
_FACTS = ("orders", "purchase_days", "first_order_on", "last_order_on", "revenue_minor", "paid_orders", "margin_minor", "margin_known_minor")


def known(connection: Connection, as_of: AsOf, period_days: int, today: date) -> Known:
    """What is known of every customer as of a moment, amounts over periods of so many days back from `today` among it."""
    rows = facts.known(connection, as_of, frozenset(_FACTS)).rows
    listed = case((customers.c.black_list != "", 1), else_=0)
    columns = [rows.c.customer_id, *(func.coalesce(type_coerce(rows.c[name], Integer), 0) for name in _FACTS), listed]
    everybody = select(*columns).select_from(rows.join(customers, customers.c.id == rows.c.customer_id)).order_by(rows.c.customer_id)
    customer, bought, days, first, last, revenue, paid, margin, told, black_listed = _table(connection, everybody, len(columns), np.int64)
    total, squares = _over_periods(connection, as_of, period_days, today.toordinal(), customer=customer, first_on=first)
    named = connection.execute(select(customers.c.id, customers.c.standing).where(customers.c.standing != "")).all()
    return Known(
        customer=customer,
        orders=bought,
        purchase_days=days,
        first_on=first,
        last_on=last,
        revenue=revenue,
        paid_orders=paid,
        margin=margin,
        margin_known=told,
        period_sum=total,
        period_squares=squares,
        recommended=_recommended(connection, customer),
        standing=_placed(customer, [row.id for row in named], [row.standing for row in named], object),
        black_listed=black_listed,
    )


def sample(connection: Connection, as_of: AsOf) -> Sample:
    """Orders of some customers, evenly chosen by their number."""
    size = connection.execute(select(func.count()).select_from(customers)).scalar_one()
    money = cast(counting.priced(orders.c.amount_minor, as_of), Float)
    rows = connection.execute(
        select(func.count(money), func.sum(money), func.sum(money * money))
        .where(counting.is_purchase(), orders.c.ordered_at <= as_of.now, orders.c.customer_id % max(1, size // _SAMPLED) == 0)
        .group_by(orders.c.customer_id)
        .having(func.count(money) > 0)
    ).all()
    table = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 3)
    return Sample(table[:, 0].astype(np.int64), table[:, 1], table[:, 2])


def keep(connection: Connection, made: Scores, of: Known, *, today: date, now: datetime, terms: Mapping[str, Any]) -> None:
    """Put everybody's scores in place of those before; `terms` are the shop's own words that they were made by."""
    connection.execute(delete(scores))
    _load(connection, scores, made, of)
    connection.execute(delete(scores_state))
    basis = {**made.basis, "sentences": list(made.sentences), "terms": dict(terms)}
    connection.execute(insert(scores_state).values(id=1, scored_on=today, scored_at=now, basis=basis))


def forget(connection: Connection) -> None:
    """Have everybody scored anew when scores are asked for the next time; until then the last ones stay."""
    connection.execute(delete(scores_state))


def beside(connection: Connection, made: Scores, of: Known) -> FromClause:
    """Scores of another moment in a temporary table, for this connection: the stored ones stay as they are."""
    columns = (Column(column.name, column.type) for column in scores.c if column.name != "customer_id")
    then = Table("scores_then", MetaData(), Column("customer_id", Id, primary_key=True), *columns, prefixes=["TEMPORARY"])
    connection.execute(text("DROP TABLE IF EXISTS scores_then"))
    then.create(connection)
    _load(connection, then, made, of)
    return then


def nobody() -> FromClause:
    """Scores of no one."""
    return select(scores).where(false()).subquery("scores_of_nobody")


def tell_expected_values(connection: Connection, found: FromClause) -> bool:
    """Whether anybody's expected value is known."""
    return bool(connection.execute(select(exists().where(found.c.expected_value_minor.is_not(None)))).scalar_one())


def state(connection: Connection) -> Row[Any] | None:
    """When everybody was scored last, and what the scores rest on; None when they never were."""
    return connection.execute(select(scores_state)).one_or_none()


def _over_periods(connection: Connection, as_of: AsOf, days: int, today: int, *, customer: Whole, first_on: Whole) -> tuple[Real, Real]:
    """Of each customer the sum of revenue over equal periods back from today, and the sum of the periods' squares.

    Goods may be brought back of purchases that nobody told of; the periods before the first purchase that is known don't count.
    """
    period = (literal(today) - type_coerce(orders.c.ordered_on, Integer)) // days
    each = _by_period(as_of, period).subquery("each")
    sums = select(each.c.customer_id, func.sum(each.c.amount), func.sum(each.c.amount * each.c.amount)).group_by(each.c.customer_id)
    whose, total, squares = _table(connection, sums, 3, np.float64)
    earlier = orders.alias("earlier")
    bought_before = exists().where(
        earlier.c.customer_id == orders.c.customer_id,
        earlier.c.ordered_at < orders.c.ordered_at,
        earlier.c.status == OrderStatus.PLACED,
        earlier.c.amount_minor > 0,
    )
    stray = _by_period(as_of, period).add_columns(period).where(orders.c.status == OrderStatus.RETURNED, ~bought_before)
    owner, amount, number = np.nan_to_num(_table(connection, stray, 3, np.float64))  # what has no rate is in no sum
    at = np.minimum(np.searchsorted(customer, owner), max(customer.size - 1, 0)).astype(np.int64)
    outside = np.array([], dtype=bool) if not owner.size else (customer[at] == owner) & (number > (today - first_on[at]) // days)
    placed = _placed(customer, whose, total, np.float64), _placed(customer, whose, squares, np.float64)
    np.subtract.at(placed[0], at[outside], amount[outside])
    np.subtract.at(placed[1], at[outside], amount[outside] ** 2)
    return placed


def _by_period(as_of: AsOf, period: ColumnElement[Any]) -> Select[Any]:
    """What moved money, summed by customer and period."""
    amount = cast(func.sum(counting.priced(orders.c.amount_minor, as_of)), Float).label("amount")
    moved = select(orders.c.customer_id, amount).where(counting.moves_money(), orders.c.ordered_at <= as_of.now)
    return counting.straight_on(moved.group_by(orders.c.customer_id, period))


def _recommended(connection: Connection, of: Whole) -> Any:
    """How many customers each brought, by the shop's own word."""
    brought = customers.alias("brought")
    rows = connection.execute(
        select(person_id(), func.count())
        .select_from(customers.join(brought, brought.c.recommended_by == customers.c.key))
        .where(brought.c.recommended_by != "", brought.c.merged_into.is_(None), brought.c.forgotten_at.is_(None))
        .group_by(person_id())
    ).all()
    return _placed(of, [row[0] for row in rows], [row[1] for row in rows], np.int64)


def _placed(of: Whole, ids: Sequence[int], values: Sequence[Any], kind: Any) -> Any:
    """Values of some customers, put where they stand among `of`, which is sorted; 0 elsewhere."""
    placed = np.zeros(of.size, dtype=kind)
    if not of.size or not len(ids):
        return placed
    at = np.minimum(np.searchsorted(of, np.array(ids, dtype=np.int64)), of.size - 1)
    known = of[at] == np.array(ids, dtype=np.int64)
    placed[at[known]] = np.array(values, dtype=kind)[known]
    return placed


def _table(connection: Connection, statement: Select[Any], width: int, kind: Any) -> Any:
    """What a statement of `width` numbers finds, a column each."""
    found = connection.execute(statement.execution_options(yield_per=_AT_ONCE))
    parts = [np.fromiter(chain.from_iterable(rows), kind, width * len(rows)) for rows in found.partitions()]
    return np.concatenate([*parts, np.empty(0, kind)]).reshape(-1, width).T


def _load(connection: Connection, target: Table, made: Scores, of: Known) -> None:
    columns: dict[str, list[Any]] = {
        "customer_id": of.customer.tolist(),
        "stage": made.stage.tolist(),
        **{name: [word or "" for word in getattr(made, name).tolist()] for name in ("value_class", "regularity")},
        **{name: getattr(made, name).tolist() for name in ("recency", "frequency", "money")},
        "profit_minor": made.profit.tolist(),
        "lifetime_value_minor": _minor(made.lifetime_value),
        "chance_lost": [None if np.isnan(value) else value for value in made.chance_lost.tolist()],
        "expected_value_minor": _minor(made.expected_value),
        "recommended": of.recommended.tolist(),
    }
    loading.load(connection, target, columns)


def _minor(amounts: Real) -> list[int | None]:
    return [None if np.isnan(amount) else round(amount) for amount in amounts.tolist()]

"""Parts of the arms of a run: by what was known of customers when they were assigned, by day, by how much they bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Float, FromClause, String, and_, case, cast, func, literal, select, union_all

from winback.outcomes.figures import CellFigures, DayFigures, Dimension, MoneyCell
from winback.outcomes.statistics import Moments
from winback.store.measured import Measured
from winback.store.outcome_costs import Terms
from winback.store.standing import Standing, day_of
from winback.store.tables import orders, outcomes, recipients

_DAY = 86400
_KNOWN_THEN = {
    Dimension.VALUE_CLASS: recipients.c.value_class,
    Dimension.SIGN: recipients.c.sign,
    Dimension.RECENCY: recipients.c.silence,
    Dimension.LANGUAGE: recipients.c.locale,
    Dimension.COUNTRY: recipients.c.country,
    Dimension.DOMAIN: recipients.c.domain,
    Dimension.MANAGER: recipients.c.manager,
}


def known_then(connection: Connection, dimension: Dimension) -> ColumnElement[str]:
    """What a recipient is in a dimension, as it was when they were assigned."""
    return all_known_then(connection)[dimension]


def all_known_then(connection: Connection) -> Mapping[Dimension, ColumnElement[str]]:
    """The same of every dimension."""
    return {**_KNOWN_THEN, Dimension.WAVE: _wave(connection)}


def strata(connection: Connection, measured: Measured, movers: FromClause, terms: Terms) -> tuple[CellFigures, ...]:
    """Every dimension's cells. Recipients are gone through once for all dimensions."""
    known = (column.label(dimension) for dimension, column in all_known_then(connection).items())
    everybody = select(recipients.c.arm, *known).where(measured.assigned()).subquery("everybody")
    assigned = _by_dimension(connection, everybody, func.count())
    amounts = (movers.c.revenue, terms.margin_of(movers))
    sums = (func.count(movers.c.returned_at), *(func.sum(each) for one in amounts for each in (one, one * one)))
    moved = _by_dimension(connection, movers, *sums)
    order = list(Dimension)
    cells = []
    for (dimension, value, arm), (customers,) in assigned.items():
        returned, *money = moved.get((dimension, value, arm), (0, 0.0, 0.0, 0.0, 0.0))
        revenue, margin = (Moments(int(customers), float(money[place]), float(money[place + 1])) for place in (0, 2))
        cells.append(CellFigures(Dimension(dimension), value, arm, int(customers), int(returned), revenue, margin))
    return tuple(sorted(cells, key=lambda cell: (order.index(cell.dimension), cell.value, cell.arm)))


def _by_dimension(connection: Connection, people: FromClause, *sums: ColumnElement[Any]) -> dict[tuple[str, str, str], Sequence[Any]]:
    """By dimension, value and arm, the sums over these people."""
    keys = [people.c.arm, *(people.c[dimension] for dimension in Dimension)]
    names = [f"sum_{number}" for number in range(len(sums))]
    alike = select(*keys, *(each.label(name) for each, name in zip(sums, names, strict=True))).group_by(*keys).cte("alike")
    parts = [
        select(literal(str(dimension)), alike.c[dimension], alike.c.arm, *(func.sum(alike.c[name]) for name in names)).group_by(
            alike.c[dimension], alike.c.arm
        )
        for dimension in Dimension
    ]
    return {(dimension, value, arm): found for dimension, value, arm, *found in connection.execute(union_all(*parts))}


def _wave(connection: Connection) -> ColumnElement[str]:
    """The wave; of a campaign without waves the month of the assignment, in UTC."""
    month = (
        func.to_char(func.timezone("UTC", recipients.c.assigned_at), "YYYY-MM")
        if connection.dialect.name == "postgresql"
        else func.substr(cast(recipients.c.assigned_at, String), 1, 7)
    )
    return case((recipients.c.wave > 0, cast(recipients.c.wave, String)), else_=month)


def days(connection: Connection, measured: Measured, currency: str, movers: FromClause, stand: Standing) -> tuple[DayFigures, ...]:
    """How each arm stood day by day, from the first assignment on: rows of days on which somebody was assigned, or moved money."""
    if stand.begun_at is None:
        return ()
    moved = _moved(measured, currency)
    returned_on = day_of(movers.c.returned_at, stand.begun_at).label("day")
    back = select(movers.c.arm, returned_on).where(movers.c.returned_at.is_not(None)).subquery("back")
    grown = moved.c.amount * (2 * moved.c.since - moved.c.amount)  # of the square of what a customer came to
    money = select(moved.c.arm, day_of(moved.c.ordered_at, stand.begun_at).label("day"), moved.c.amount, grown.label("grown")).subquery("money")
    counted = (
        ((1,), select(back.c.arm, back.c.day, func.count()).group_by(back.c.arm, back.c.day)),
        ((2, 3), select(money.c.arm, money.c.day, func.sum(money.c.amount), func.sum(money.c.grown)).group_by(money.c.arm, money.c.day)),
    )
    changes: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0, 0, 0.0, 0.0])
    for kind in stand.assigned:
        changes[kind.arm, kind.day][0] += kind.customers
    for places, statement in counted:
        for arm, day, *sums in connection.execute(statement):
            for place, value in zip(places, sums, strict=True):
                changes[arm, day][place] += value
    return tuple(_added_up(changes))


def _added_up(changes: dict[tuple[str, int], list[float]]) -> list[DayFigures]:
    found = []
    for arm, own in groupby(sorted(changes.items()), key=lambda change: change[0][0]):
        assigned, returned, total, squares = 0, 0, 0.0, 0.0
        for (_, day), (more, back, amount, squared) in own:
            assigned, returned, total, squares = assigned + int(more), returned + int(back), total + amount, squares + squared
            found.append(DayFigures(arm, day, assigned, returned, Moments(assigned, total, squares)))
    return found


def _moved(measured: Measured, currency: str) -> Any:
    """Each order of the return windows with what its customer had come to by then."""
    since = func.sum(orders.c.amount_minor).over(partition_by=orders.c.customer_id, order_by=(orders.c.ordered_at, orders.c.id))
    return (
        select(
            recipients.c.arm,
            orders.c.ordered_at,
            cast(orders.c.amount_minor, Float).label("amount"),
            cast(since, Float).label("since"),
        )
        .join(outcomes, and_(outcomes.c.run_id == recipients.c.run_id, outcomes.c.customer_id == recipients.c.customer_id))
        .where(measured.counted(), outcomes.c.currency == currency, orders.c.currency == currency)
        .subquery("moved")
    )


def money(connection: Connection, movers: FromClause) -> tuple[MoneyCell, ...]:
    """Customers with revenue by its first two digits: small enough to be drawn from again and again, fine enough for a mean."""
    digits = cast(cast(func.abs(movers.c.revenue), BigInteger), String)
    bought = (
        select(
            movers.c.arm,
            movers.c.revenue,
            case((movers.c.revenue < 0, -1), else_=1).label("sign"),
            func.length(digits).label("length"),
            func.substr(digits, 1, 2).label("first_two"),
        )
        .where(movers.c.revenue != 0)
        .subquery("bought")
    )
    sums = (func.sum(bought.c.revenue).label("total"), func.sum(bought.c.revenue * bought.c.revenue).label("squares"))
    rows = connection.execute(
        select(bought.c.arm, func.count().label("customers"), *sums).group_by(bought.c.arm, bought.c.sign, bought.c.length, bought.c.first_two)
    ).all()
    cells = (MoneyCell(row.arm, row.customers, float(row.total), float(row.squares)) for row in rows)
    return tuple(sorted(cells, key=lambda cell: (cell.arm, cell.total / cell.customers)))

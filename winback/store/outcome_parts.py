"""Parts of the arms of a run: by what was known of customers when they were assigned, by day, by how much they bought."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Float, String, and_, case, cast, func, literal, select, union_all

from winback.outcomes.figures import CellFigures, DayFigures, Dimension, MoneyCell
from winback.outcomes.statistics import Moments
from winback.store.measured import Measured
from winback.store.moments import seconds_between
from winback.store.tables import Utc, orders, outcomes, recipients

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


def strata(connection: Connection, measured: Measured, currency: str) -> tuple[CellFigures, ...]:
    """Every dimension's cells. The run is gone through once; what is counted of it is put together for each dimension."""
    returns = measured.returns(currency)
    people = (
        select(
            recipients.c.arm,
            *(column.label(dimension) for dimension, column in _KNOWN_THEN.items()),
            _wave(connection).label(Dimension.WAVE),
            returns.c.returned_at,
            returns.c.revenue,
        )
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .subquery("people")
    )
    keys = [people.c.arm, *(people.c[dimension] for dimension in Dimension)]
    alike = (
        select(
            *keys,
            func.count().label("assigned"),
            func.count(people.c.returned_at).label("returned"),
            func.coalesce(func.sum(people.c.revenue), 0.0).label("total"),
            func.coalesce(func.sum(people.c.revenue * people.c.revenue), 0.0).label("squares"),
        )
        .group_by(*keys)
        .cte("alike")
    )
    sums = [func.sum(alike.c[name]).label(name) for name in ("assigned", "returned", "total", "squares")]
    parts = [
        select(literal(str(dimension)).label("dimension"), alike.c[dimension].label("value"), alike.c.arm, *sums).group_by(
            alike.c[dimension], alike.c.arm
        )
        for dimension in Dimension
    ]
    rows = connection.execute(union_all(*parts)).all()
    order = list(Dimension)
    cells = (
        CellFigures(
            Dimension(row.dimension),
            row.value,
            row.arm,
            int(row.assigned),
            int(row.returned),
            Moments(int(row.assigned), float(row.total), float(row.squares)),
        )
        for row in rows
    )
    return tuple(sorted(cells, key=lambda cell: (order.index(cell.dimension), cell.value, cell.arm)))


def _wave(connection: Connection) -> ColumnElement[str]:
    """The wave; of a campaign without waves the month of the assignment, in UTC."""
    month = (
        func.to_char(func.timezone("UTC", recipients.c.assigned_at), "YYYY-MM")
        if connection.dialect.name == "postgresql"
        else func.substr(cast(recipients.c.assigned_at, String), 1, 7)
    )
    return case((recipients.c.wave > 0, cast(recipients.c.wave, String)), else_=month)


def days(connection: Connection, measured: Measured, currency: str) -> tuple[DayFigures, ...]:
    """How each arm stood day by day, from the first assignment on: rows of days on which somebody was assigned, or moved money."""
    begun = connection.execute(select(func.min(recipients.c.assigned_at, type_=Utc())).where(measured.assigned())).scalar()
    if begun is None:
        return ()

    def day_of(moment: ColumnElement[Any]) -> ColumnElement[int]:
        return seconds_between(moment, literal(begun, Utc())) // _DAY + 1

    returns, moved = measured.returns(), _moved(measured, currency)
    came = select(recipients.c.arm, day_of(recipients.c.assigned_at).label("day")).where(measured.assigned()).subquery("came")
    back = (
        select(recipients.c.arm, day_of(returns.c.returned_at).label("day"))
        .join(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned(), returns.c.returned_at.is_not(None))
        .subquery("back")
    )
    grown = moved.c.amount * (2 * moved.c.since - moved.c.amount)  # of the square of what a customer came to
    money = select(moved.c.arm, day_of(moved.c.ordered_at).label("day"), moved.c.amount, grown.label("grown")).subquery("money")
    counted = (
        ((0,), select(came.c.arm, came.c.day, func.count()).group_by(came.c.arm, came.c.day)),
        ((1,), select(back.c.arm, back.c.day, func.count()).group_by(back.c.arm, back.c.day)),
        ((2, 3), select(money.c.arm, money.c.day, func.sum(money.c.amount), func.sum(money.c.grown)).group_by(money.c.arm, money.c.day)),
    )
    changes: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0, 0, 0.0, 0.0])
    for places, statement in counted:
        for arm, day, *values in connection.execute(statement):
            for place, value in zip(places, values, strict=True):
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


def money(connection: Connection, measured: Measured, currency: str) -> tuple[MoneyCell, ...]:
    """Customers with revenue by its first two digits: small enough to be drawn from again and again, fine enough for a mean."""
    returns = measured.returns(currency)
    digits = cast(cast(func.abs(returns.c.revenue), BigInteger), String)
    bought = (
        select(
            recipients.c.arm,
            returns.c.revenue,
            case((returns.c.revenue < 0, -1), else_=1).label("sign"),
            func.length(digits).label("length"),
            func.substr(digits, 1, 2).label("first_two"),
        )
        .join(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned(), returns.c.revenue != 0)
        .subquery("bought")
    )
    sums = (func.sum(bought.c.revenue).label("total"), func.sum(bought.c.revenue * bought.c.revenue).label("squares"))
    rows = connection.execute(
        select(bought.c.arm, func.count().label("customers"), *sums).group_by(bought.c.arm, bought.c.sign, bought.c.length, bought.c.first_two)
    ).all()
    cells = (MoneyCell(row.arm, row.customers, float(row.total), float(row.squares)) for row in rows)
    return tuple(sorted(cells, key=lambda cell: (cell.arm, cell.total / cell.customers)))

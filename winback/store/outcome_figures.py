"""What a report counts of the arms of a run as wholes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Float, FromClause, Row, and_, case, cast, func, literal, or_, select

from winback.outcomes.figures import ArmFigures, CellFigures, CostFigures, CurveCell, Dimension, LocaleFigures, OtherRevenue
from winback.outcomes.statistics import Moments
from winback.store import outcome_costs, standing
from winback.store.measured import Measured, count_if, margin_of
from winback.store.moments import later, seconds_between
from winback.store.outcome_costs import Terms
from winback.store.standing import Standing
from winback.store.tables import outcomes, recipients

_DAY = 86400


def arms(
    connection: Connection,
    measured: Measured,
    currency: str,
    terms: Terms,
    movers: FromClause,
    *,
    stand: Standing,
    reached: Mapping[str, Mapping[str, int]],
) -> tuple[ArmFigures, ...]:
    """Each arm with everything that is counted per assigned customer. `reached`: what responses counted."""
    bought = {row.arm: row for row in _bought(connection, measured, terms, movers)}
    costs = outcome_costs.by_arm(connection, measured, currency, terms, reached)
    return tuple(
        _arm(name, stand, bought.get(name), reached.get(name, {}), costs.get(name, CostFigures()))
        for name in sorted({kind.arm for kind in stand.assigned})
    )


def _bought(connection: Connection, measured: Measured, terms: Terms, movers: FromClause) -> Iterable[Row[Any]]:
    """Sums over those who moved any money in their window; everybody else adds nothing to them."""
    revenue, level = movers.c.revenue, cast(movers.c.level_minor, Float)
    margin = margin_of(revenue, movers.c.margin, movers.c.margin_known, terms.margin)
    capped = literal(0.0) if terms.cap_minor is None else case((revenue > terms.cap_minor, float(terms.cap_minor)), else_=revenue)
    had_time = or_(movers.c.second_at.is_not(None), later(movers.c.returned_at, measured.window) <= measured.now)
    products = {
        "revenue": (revenue, revenue),
        "ordered": (movers.c.ordered, movers.c.ordered),
        "margin": (margin, margin),
        "capped": (capped, capped),
        "revenue_by_orders": (revenue, movers.c.ordered),
        "revenue_by_level": (revenue, level),
    }
    return connection.execute(
        select(
            movers.c.arm,
            func.count(movers.c.returned_at).label("returned"),
            func.count(movers.c.second_at).label("kept"),
            count_if(and_(movers.c.returned_at.is_not(None), had_time)).label("kept_closed"),
            func.sum(movers.c.orders).label("orders"),
            *(func.sum(one).label(f"{name}_total") for name, (one, _) in products.items()),
            *(func.sum(one * other).label(f"{name}_squares") for name, (one, other) in products.items()),
        ).group_by(movers.c.arm)
    )


def _arm(name: str, stand: Standing, bought: Row[Any] | None, reached: Mapping[str, int], cost: CostFigures) -> ArmFigures:
    kinds = stand.of_arm(name)
    assigned = sum(kind.customers for kind in kinds)

    def number(column: str) -> Any:
        return 0 if bought is None else getattr(bought, column)

    def moments(of: str) -> Moments:
        return Moments(assigned, float(number(f"{of}_total")), float(number(f"{of}_squares")))

    return ArmFigures(
        arm=name,
        assigned=assigned,
        closed=sum(kind.customers for kind in kinds if kind.is_closed),
        first_assigned_at=min(kind.first_at for kind in kinds),
        last_assigned_at=max(kind.last_at for kind in kinds),
        returned=number("returned"),
        kept=number("kept"),
        kept_closed=number("kept_closed"),
        orders=int(number("orders")),
        revenue=moments("revenue"),
        ordered=moments("ordered"),
        margin=moments("margin"),
        capped=moments("capped"),
        level=standing.level(kinds),
        revenue_by_orders=float(number("revenue_by_orders_squares")),
        revenue_by_level=float(number("revenue_by_level_squares")),
        cost=cost,
        **{sign: count for sign, count in reached.items() if not sign.endswith("_micros")},
    )


def curve(connection: Connection, measured: Measured, movers: FromClause, stand: Standing) -> tuple[CurveCell, ...]:
    """Customers by arm, days followed and day of return."""
    took = (seconds_between(movers.c.returned_at, movers.c.assigned_at) + (_DAY - 1)) // _DAY
    day = case((took < 1, 1), else_=took).label("day")
    followed = standing.followed(measured, movers.c.assigned_at).label("followed")
    cells = select(movers.c.arm, followed, day).where(movers.c.returned_at.is_not(None)).subquery("cells")
    away: Counter[tuple[str, int]] = Counter()
    for kind in stand.assigned:
        away[kind.arm, kind.followed] += kind.customers
    rows = connection.execute(select(*cells.c, func.count().label("customers")).group_by(*cells.c).order_by(*cells.c))
    back = [CurveCell(**row) for row in rows.mappings()]
    for cell in back:
        away[cell.arm, cell.followed] -= cell.customers
    return (*back, *(CurveCell(arm, followed, None, count) for (arm, followed), count in away.items() if count))


def locales(strata: Iterable[CellFigures]) -> tuple[LocaleFigures, ...]:
    """The languages among the parts."""
    found = (LocaleFigures(cell.value, cell.arm, cell.assigned, cell.returned) for cell in strata if cell.dimension is Dimension.LANGUAGE)
    return tuple(sorted(found, key=lambda row: (row.locale, row.arm)))


def others(connection: Connection, measured: Measured, currency: str) -> tuple[OtherRevenue, ...]:
    """What was bought in other currencies."""
    rows = connection.execute(
        select(
            recipients.c.arm,
            outcomes.c.currency,
            func.sum(outcomes.c.orders).label("orders"),
            func.sum(outcomes.c.revenue_minor).label("revenue_minor"),
        )
        .join(outcomes, and_(outcomes.c.run_id == recipients.c.run_id, outcomes.c.customer_id == recipients.c.customer_id))
        .where(measured.assigned(), outcomes.c.currency != currency)
        .group_by(recipients.c.arm, outcomes.c.currency)
        .order_by(outcomes.c.currency, recipients.c.arm)
    )
    return tuple(OtherRevenue(row.arm, row.currency, int(row.orders), int(row.revenue_minor)) for row in rows)

"""What a report counts of the arms of a run as wholes: each in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Float, FromClause, Row, and_, case, cast, func, literal, or_, select

from winback.journey import ends
from winback.journey.ends import EndState
from winback.model import Reason, RecipientStatus
from winback.outcomes.figures import ArmFigures, CostFigures, CurveCell, EndFigures, LocaleFigures, OtherRevenue
from winback.outcomes.statistics import Moments
from winback.store import outcome_costs, responses
from winback.store.measured import Measured, count_if
from winback.store.moments import later, seconds_between
from winback.store.outcome_costs import Terms
from winback.store.tables import Utc, outcomes, recipients

_DAY = 86400


def arms(connection: Connection, measured: Measured, currency: str, terms: Terms, signs: FromClause) -> tuple[ArmFigures, ...]:
    """Each arm with everything that is counted per assigned customer. `signs`: responses.put_aside's."""
    returns = measured.returns(currency)
    revenue = func.coalesce(returns.c.revenue, 0.0)
    margin = returns.c.margin + (returns.c.revenue - returns.c.margin_known) * terms.margin
    capped = case((returns.c.revenue > terms.cap_minor, float(terms.cap_minor)), else_=returns.c.revenue) if terms.cap_minor is not None else None
    level = cast(recipients.c.level_minor, Float)
    had_time = or_(returns.c.second_at.is_not(None), later(returns.c.returned_at, measured.window) <= measured.now)
    sums = {
        "revenue": (returns.c.revenue, returns.c.revenue),
        "ordered": (returns.c.ordered, returns.c.ordered),
        "margin": (margin, margin),
        "level": (level, level),
        "revenue_by_orders": (revenue, returns.c.ordered),
        "revenue_by_level": (revenue, level),
    } | ({} if capped is None else {"capped": (capped, capped)})
    rows = connection.execute(
        select(
            recipients.c.arm,
            func.count().label("assigned"),
            count_if(measured.closed()).label("closed"),
            func.min(recipients.c.assigned_at).label("first_assigned_at"),
            func.max(recipients.c.assigned_at).label("last_assigned_at"),
            func.count(returns.c.returned_at).label("returned"),
            func.count(returns.c.second_at).label("kept"),
            count_if(and_(returns.c.returned_at.is_not(None), had_time)).label("kept_closed"),
            func.coalesce(func.sum(returns.c.orders), 0).label("orders"),
            *(func.coalesce(func.sum(one), 0.0).label(f"{name}_total") for name, (one, _) in sums.items()),
            *(func.coalesce(func.sum(one * other), 0.0).label(f"{name}_squares") for name, (one, other) in sums.items()),
        )
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .group_by(recipients.c.arm)
        .order_by(recipients.c.arm)
    )
    reached = responses.by_arm(connection, measured, signs)
    costs = outcome_costs.by_arm(connection, measured, currency, terms, reached)
    return tuple(_arm(row, reached.get(row.arm, {}), costs.get(row.arm, CostFigures())) for row in rows)


def _arm(row: Row[Any], reached: Mapping[str, int], cost: CostFigures) -> ArmFigures:
    def moments(name: str) -> Moments:
        return Moments(row.assigned, float(getattr(row, f"{name}_total")), float(getattr(row, f"{name}_squares")))

    return ArmFigures(
        arm=row.arm,
        assigned=row.assigned,
        closed=row.closed,
        first_assigned_at=row.first_assigned_at,
        last_assigned_at=row.last_assigned_at,
        returned=row.returned,
        kept=row.kept,
        kept_closed=row.kept_closed,
        orders=int(row.orders),
        revenue=moments("revenue"),
        ordered=moments("ordered"),
        margin=moments("margin"),
        level=moments("level"),
        capped=moments("capped") if hasattr(row, "capped_total") else Moments(0, 0.0, 0.0),
        revenue_by_orders=float(row.revenue_by_orders_squares),
        revenue_by_level=float(row.revenue_by_level_squares),
        cost=cost,
        **{name: count for name, count in reached.items() if not name.endswith("_micros")},
    )


def merged(connection: Connection, measured: Measured) -> dict[str, int]:
    """By arm, places given up because the person had another one in the run."""
    rows = connection.execute(
        select(recipients.c.arm, func.count())
        .where(recipients.c.run_id == measured.run_id, recipients.c.reason == Reason.MERGED, recipients.c.assigned_at <= measured.now)
        .group_by(recipients.c.arm)
        .order_by(recipients.c.arm)
    )
    return dict(rows.all())


def curve(connection: Connection, measured: Measured) -> tuple[CurveCell, ...]:
    """Customers by arm, days followed and day of return; a window that isn't whole days ends on the day it has begun."""
    returns = measured.returns()
    last_day = -(-int(measured.window.total_seconds()) // _DAY)
    waited = seconds_between(literal(measured.now, Utc()), recipients.c.assigned_at) // _DAY
    took = (seconds_between(returns.c.returned_at, recipients.c.assigned_at) + (_DAY - 1)) // _DAY
    cells = (
        select(
            recipients.c.arm,
            case((measured.closed(), last_day), else_=waited).label("followed"),
            case((took < 1, 1), else_=took).label("day"),
        )
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .subquery("cells")
    )
    rows = connection.execute(select(*cells.c, func.count().label("customers")).group_by(*cells.c))
    return tuple(CurveCell(**row) for row in rows.mappings())


def skips(connection: Connection, measured: Measured) -> tuple[tuple[str, int], ...]:
    rows = connection.execute(
        select(recipients.c.reason, func.count())
        .where(
            recipients.c.run_id == measured.run_id,
            recipients.c.status == RecipientStatus.SKIPPED,
            recipients.c.assigned_at <= measured.now,
        )
        .group_by(recipients.c.reason)
        .order_by(func.count().desc(), recipients.c.reason)
    )
    return tuple((reason, count) for reason, count in rows)


def ends_of(connection: Connection, measured: Measured) -> tuple[EndFigures, ...]:
    """Where those written to stood at the report's moment; the holdout has no journey that could end."""
    open_still = or_(recipients.c.ended_at.is_(None), recipients.c.ended_at > measured.now)
    status = case((open_still, RecipientStatus.ACTIVE), else_=recipients.c.status).label("status")
    reason = case((open_still, ""), else_=recipients.c.reason).label("reason")
    rows = connection.execute(
        select(recipients.c.arm, status, reason, func.count())
        .where(measured.assigned(), recipients.c.status != RecipientStatus.HELD_OUT)
        .group_by(recipients.c.arm, status, reason)
    )
    counts: Counter[tuple[str, EndState]] = Counter()
    for arm, standing, why, count in rows:
        counts[arm, ends.of(standing, why)] += count
    order = list(EndState)
    return tuple(EndFigures(arm, end, count) for (arm, end), count in sorted(counts.items(), key=lambda pair: (pair[0][0], order.index(pair[0][1]))))


def locales(connection: Connection, measured: Measured) -> tuple[LocaleFigures, ...]:
    returns = measured.returns()
    rows = connection.execute(
        select(recipients.c.locale, recipients.c.arm, func.count().label("assigned"), func.count(returns.c.returned_at).label("returned"))
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .group_by(recipients.c.locale, recipients.c.arm)
        .order_by(recipients.c.locale, recipients.c.arm)
    )
    return tuple(LocaleFigures(**row) for row in rows.mappings())


def others(connection: Connection, measured: Measured, currency: str) -> tuple[OtherRevenue, ...]:
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

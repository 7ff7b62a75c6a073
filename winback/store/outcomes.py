"""Who returned, what they bought, and everything that a report counts: each in one statement, over a whole run."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, case, delete, exists, false, func, literal, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite

from winback.journey import ends
from winback.journey.ends import EndState
from winback.model import RecipientStatus
from winback.outcomes.figures import ArmFigures, CurveCell, EndFigures, Figures, LocaleFigures, OtherRevenue
from winback.outcomes.statistics import Moments
from winback.store import code_figures, responses
from winback.store.counting import is_purchase
from winback.store.measured import Measured, count_if
from winback.store.moments import seconds_between
from winback.store.tables import Utc, orders, outcomes, recipients

_DAY = 86400
_KEY = ("run_id", "customer_id", "currency")


def measure(connection: Connection, run_id: int, window: timedelta, now: datetime) -> int:
    """Bring the outcomes of a run up to date; returns how many of its customers returned.

    A return is a purchase after the assignment, at the latest `window` after it (that moment is still inside), known at `now`.
    Revenue is what was bought in that time less the goods brought back in that time; somebody who only brought goods back has
    a row without a purchase. One row per customer and currency. Measuring twice changes nothing.
    """
    measured = Measured(run_id, window, now)
    still_there = exists().where(
        recipients.c.customer_id == outcomes.c.customer_id,
        orders.c.currency == outcomes.c.currency,
        measured.counted(),
    )
    connection.execute(delete(outcomes).where(outcomes.c.run_id == run_id, ~still_there))
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    names = [column.name for column in outcomes.c]
    fill = dialect.insert(outcomes).from_select(names, _fresh(measured))
    newest = {name: fill.excluded[name] for name in names if name not in _KEY}
    connection.execute(fill.on_conflict_do_update(index_elements=_KEY, set_=newest))
    returned = select(func.count(outcomes.c.customer_id.distinct())).where(outcomes.c.run_id == run_id, outcomes.c.orders > 0)
    return connection.execute(returned).scalar_one()


def aggregates(connection: Connection, run_id: int, window: timedelta, now: datetime, currency: str) -> Figures:
    """Everything that the report shows, as counts; `measure` must have been done for the same window and moment."""
    measured = Measured(run_id, window, now)
    return Figures(
        arms=_arms(connection, measured, currency),
        stages=responses.stages(connection, measured),
        curve=_curve(connection, measured),
        skips=_skips(connection, measured),
        locales=_locales(connection, measured),
        others=_others(connection, measured, currency),
        codes=code_figures.by_arm(connection, run_id, now),
        ends=_ends(connection, measured),
    )


def _fresh(measured: Measured) -> Select[Any]:
    """The outcomes as they should be, in the order of the table's columns."""
    return (
        select(
            recipients.c.run_id,
            recipients.c.customer_id,
            orders.c.currency,
            func.min(case((is_purchase(), orders.c.ordered_at))),
            count_if(is_purchase()),
            func.sum(orders.c.amount_minor),
            case((measured.closed(), true()), else_=false()),
            literal(measured.now, Utc()),
        )
        .where(measured.counted())
        .group_by(recipients.c.run_id, recipients.c.customer_id, recipients.c.assigned_at, orders.c.currency)
    )


def _arms(connection: Connection, measured: Measured, currency: str) -> tuple[ArmFigures, ...]:
    returns = measured.returns(currency)
    rows = connection.execute(
        select(
            recipients.c.arm,
            func.count().label("assigned"),
            count_if(measured.closed()).label("closed"),
            func.min(recipients.c.assigned_at).label("first_assigned_at"),
            func.max(recipients.c.assigned_at).label("last_assigned_at"),
            func.count(returns.c.returned_at).label("returned"),
            func.coalesce(func.sum(returns.c.orders), 0).label("orders"),
            func.coalesce(func.sum(returns.c.revenue), 0.0).label("total"),
            func.coalesce(func.sum(returns.c.revenue * returns.c.revenue), 0.0).label("squares"),
        )
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .group_by(recipients.c.arm)
        .order_by(recipients.c.arm)
    )
    reached, heard = responses.reached(connection, measured), responses.heard(connection, measured)
    return tuple(
        ArmFigures(
            arm=row.arm,
            assigned=row.assigned,
            closed=row.closed,
            first_assigned_at=row.first_assigned_at,
            last_assigned_at=row.last_assigned_at,
            returned=row.returned,
            orders=int(row.orders),
            revenue=Moments(row.assigned, float(row.total), float(row.squares)),
            **reached.get(row.arm, {}),
            **heard.get(row.arm, {}),
        )
        for row in rows
    )


def _curve(connection: Connection, measured: Measured) -> tuple[CurveCell, ...]:
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


def _skips(connection: Connection, measured: Measured) -> tuple[tuple[str, int], ...]:
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


def _ends(connection: Connection, measured: Measured) -> tuple[EndFigures, ...]:
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


def _locales(connection: Connection, measured: Measured) -> tuple[LocaleFigures, ...]:
    returns = measured.returns()
    rows = connection.execute(
        select(recipients.c.locale, recipients.c.arm, func.count().label("assigned"), func.count(returns.c.returned_at).label("returned"))
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .group_by(recipients.c.locale, recipients.c.arm)
        .order_by(recipients.c.locale, recipients.c.arm)
    )
    return tuple(LocaleFigures(**row) for row in rows.mappings())


def _others(connection: Connection, measured: Measured, currency: str) -> tuple[OtherRevenue, ...]:
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

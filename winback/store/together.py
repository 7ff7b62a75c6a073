"""Whom campaigns wanted to write to, and what they bought since: those whom some may write to, and the global holdout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Float, Select, and_, case, cast, func, literal, or_, select, union_all

from winback.model import Reason, RecipientStatus
from winback.outcomes.statistics import Moments
from winback.store.counting import is_purchase, moves_money
from winback.store.measured import count_if, margin_of
from winback.store.tables import Utc, campaign_runs, left_alone, orders, recipients

_NOTHING = Moments(0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one group; money in minor units of one currency."""

    customers: int = 0
    returned: int = 0
    revenue: Moments = _NOTHING
    margin: Moments = _NOTHING


def sums(connection: Connection, since: datetime, until: datetime, currency: str, margin: float) -> tuple[Sums, Sums]:
    """Those written to by campaigns, and those whom all left alone; both with no row in each other. `margin`: of orders that don't tell it.

    Somebody belongs where the first decision on them from `since` to `until` put them, and counts from then: what happened to them later
    is what is compared, and what was decided on them later too. Greetings win nobody back and leave nobody alone, so they decide nothing. Somebody
    skipped for any other reason would not have been written to; a record that was merged into another counts as that one.
    """
    decided = union_all(_written_to(since, until), _left_alone(since, until)).subquery("decided")
    left_at, written_at = (func.min(case((decided.c.is_left == side, decided.c.moment)), type_=Utc()) for side in (1, 0))
    wanted = (
        select(
            decided.c.customer_id,
            func.min(decided.c.moment, type_=Utc()).label("first_at"),
            case((and_(left_at.is_not(None), or_(written_at.is_(None), left_at <= written_at)), 1), else_=0).label("is_left"),
        )
        .group_by(decided.c.customer_id)
        .subquery("wanted")
    )
    ours = orders.c.currency == currency
    bought = (
        select(
            wanted.c.customer_id,
            count_if(is_purchase()).label("purchases"),
            cast(func.coalesce(func.sum(case((ours, orders.c.amount_minor))), 0), Float).label("revenue"),
            cast(func.coalesce(func.sum(case((ours, orders.c.margin_minor))), 0), Float).label("margin"),
            cast(func.coalesce(func.sum(case((and_(ours, orders.c.margin_minor.is_not(None)), orders.c.amount_minor))), 0), Float).label("known"),
        )
        .join(orders, orders.c.customer_id == wanted.c.customer_id)
        .where(orders.c.ordered_at > wanted.c.first_at, orders.c.ordered_at <= until, moves_money())
        .group_by(wanted.c.customer_id)
        .subquery("bought")
    )
    money = (bought.c.revenue, margin_of(bought.c.revenue, bought.c.margin, bought.c.known, margin))
    rows = connection.execute(
        select(
            wanted.c.is_left,
            func.count(),
            count_if(bought.c.purchases > 0),
            *(func.coalesce(func.sum(each), 0.0) for column in money for each in (column, column * column)),
        )
        .select_from(wanted.outerjoin(bought, bought.c.customer_id == wanted.c.customer_id))
        .group_by(wanted.c.is_left)
    )
    found = {
        bool(left): Sums(customers, returned, Moments(customers, revenue, revenue_squares), Moments(customers, margin, margin_squares))
        for left, customers, returned, revenue, revenue_squares, margin, margin_squares in rows
    }
    return found.get(False, Sums()), found.get(True, Sums())


def _written_to(since: datetime, until: datetime) -> Select[Any]:
    """Every assignment: customer, moment, and that it left nobody alone. Nothing is decided again on who was assigned."""
    return (
        select(recipients.c.customer_id, recipients.c.assigned_at.label("moment"), literal(0).label("is_left"))
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(
            campaign_runs.c.greets.is_(False),
            recipients.c.status != RecipientStatus.SKIPPED,
            recipients.c.reason != Reason.MERGED,
            recipients.c.assigned_at >= since,
            recipients.c.assigned_at <= until,
        )
    )


def _left_alone(since: datetime, until: datetime) -> Select[Any]:
    """The same of the global holdout: the first decision of each period."""
    return select(left_alone.c.customer_id, left_alone.c.decided_at, literal(1)).where(
        left_alone.c.decided_at >= since, left_alone.c.decided_at <= until
    )

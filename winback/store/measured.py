"""What every question about a run's results shares: who counts, which orders count, and who returned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, Subquery, and_, case, cast, func, or_, select

from winback.model import OrderStatus, Reason, RecipientStatus
from winback.store.counting import is_purchase
from winback.store.moments import later
from winback.store.tables import Utc, deliveries, orders, outcomes, recipients


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, its return window, and the moment after which nothing is known."""

    run_id: int
    window: timedelta
    now: datetime

    def assigned(self) -> ColumnElement[bool]:
        """Everybody counts where they were assigned, written to or not; skipped ones were never assigned.

        A person who was assigned as two records counts once, as the record that stays.
        """
        return and_(
            recipients.c.run_id == self.run_id,
            recipients.c.status != RecipientStatus.SKIPPED,
            recipients.c.reason != Reason.MERGED,
            recipients.c.assigned_at <= self.now,
        )

    def closed(self, assigned_at: ColumnElement[Any] = recipients.c.assigned_at) -> ColumnElement[bool]:
        """Whose return window is over."""
        return later(assigned_at, self.window) <= self.now

    def counted(self) -> ColumnElement[bool]:
        """A recipient's order that counts: after the assignment, in the window, known; a purchase, or goods brought back."""
        return and_(
            self.assigned(),
            orders.c.customer_id == recipients.c.customer_id,
            orders.c.ordered_at > recipients.c.assigned_at,
            self.in_window(orders, recipients.c.assigned_at),
        )

    def in_window(self, bought: FromClause, assigned_at: ColumnElement[Any]) -> ColumnElement[bool]:
        """Of orders since the assignment, those that count."""
        return and_(
            bought.c.ordered_at <= later(assigned_at, self.window),
            bought.c.ordered_at <= self.now,
            or_(is_purchase(bought), bought.c.status == OrderStatus.RETURNED),
        )

    def returns(self, currency: str = "") -> Subquery:
        """One row per customer with an outcome: returned_at (None: only brought goods back), second_at, orders; and in `currency` revenue, margin, ordered."""

        def ours(column: ColumnElement[Any], name: str) -> ColumnElement[float]:
            return cast(func.sum(case((outcomes.c.currency == currency, column), else_=0)), Float).label(name)

        return (
            select(
                outcomes.c.customer_id,
                func.min(outcomes.c.returned_at, type_=Utc()).label("returned_at"),
                func.min(outcomes.c.second_at, type_=Utc()).label("second_at"),
                func.sum(outcomes.c.orders).label("orders"),
                ours(outcomes.c.orders, "ordered"),
                ours(outcomes.c.revenue_minor, "revenue"),
                ours(outcomes.c.margin_minor, "margin"),
                ours(outcomes.c.margin_known_minor, "margin_known"),
            )
            .where(outcomes.c.run_id == self.run_id)
            .group_by(outcomes.c.customer_id)
            .subquery("returns")
        )


def letters() -> FromClause:
    """Deliveries with their recipients, whose arm is the one that counts."""
    return deliveries.join(recipients, and_(recipients.c.run_id == deliveries.c.run_id, recipients.c.customer_id == deliveries.c.customer_id))


def count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows of a group fulfil the condition."""
    return func.count(case((condition, 1)))


def margin_of(revenue: ColumnElement[Any], told: ColumnElement[Any], known: ColumnElement[Any], share: float) -> ColumnElement[Any]:
    """The margin of some revenue: what orders tell, and of the rest, which `known` is no part of, the share that config/value.yaml says."""
    return told + (revenue - known) * share

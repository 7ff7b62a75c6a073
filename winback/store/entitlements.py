"""What letters promise or remind of that hangs on the customer alone: the order that went wrong, and what they have with the shop already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from winback.model import Benefits, FeedbackKind, Money, ProblemOrder
from winback.store.among import among_these
from winback.store.as_of import AsOf
from winback.store.tables import feedback, orders

BENEFITS = ("points", "discount", "code", "code_until")
"""The shop's own columns (`custom:` in sources.yaml) that say what a customer has: a number, a share, a word, a day as YYYY-MM-DD."""


def problem_orders(connection: Connection, ids: Sequence[int], as_of: AsOf) -> dict[int, ProblemOrder]:
    """By customer, the order of their last complaint that isn't mended yet. A complaint that names no order that is there counts nowhere."""
    open_ = or_(feedback.c.mended_at.is_(None), feedback.c.mended_at > as_of.now)
    rows = connection.execute(
        select(feedback.c.customer_id, orders.c.key, orders.c.ordered_on, orders.c.amount_minor, orders.c.currency)
        .join(orders, and_(orders.c.key == feedback.c.order_key, orders.c.customer_id == feedback.c.customer_id))
        .where(among_these(feedback.c.customer_id, ids), feedback.c.kind == FeedbackKind.COMPLAINT, feedback.c.said_at <= as_of.now, open_)
        .order_by(feedback.c.said_at, feedback.c.id)
    )
    return {row.customer_id: ProblemOrder(row.key, row.ordered_on, Money.from_minor(row.amount_minor, row.currency)) for row in rows}


def benefits(custom: Mapping[str, Any]) -> Benefits | None:
    """Out of a customer's own columns; None where they say nothing. What can't be meant is left out rather than promised."""
    found = Benefits(
        points=max(0, int(custom["points"])) if isinstance(custom.get("points"), int | float) else 0,
        discount=float(custom["discount"]) if isinstance(custom.get("discount"), int | float) and 0 < custom["discount"] < 1 else 0.0,
        code=custom["code"] if isinstance(custom.get("code"), str) else "",
        ends_on=_day(custom.get("code_until")),
    )
    return found if found.points or found.discount or found.code else None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None

"""Why the customers of a run had left, and how many of them came back."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from winback.model import HOLDOUT
from winback.outcomes.backdrop import ReasonFigures
from winback.store import leaving_reasons
from winback.store.measured import Measured
from winback.store.tables import recipients


def by_reason(connection: Connection, measured: Measured) -> list[ReasonFigures]:
    """Of those written to and of those left alone, by the latest reason that was known; titles are the caller's to add."""
    told, returns = leaving_reasons.latest(measured.now).subquery("told"), measured.returns()
    is_holdout = (recipients.c.arm == HOLDOUT).label("is_holdout")
    reason = func.coalesce(told.c.reason, "").label("reason")
    rows = connection.execute(
        select(reason, is_holdout, func.count().label("customers"), func.count(returns.c.returned_at).label("returned"))
        .select_from(
            recipients.outerjoin(told, told.c.customer_id == recipients.c.customer_id).outerjoin(
                returns, returns.c.customer_id == recipients.c.customer_id
            )
        )
        .where(measured.assigned())
        .group_by(reason, is_holdout)
        .order_by(reason, is_holdout)
    )
    return [ReasonFigures(row.reason, "", bool(row.is_holdout), row.customers, row.returned) for row in rows]

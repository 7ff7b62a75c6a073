"""How each run stands as it was measured last: customers and returns by arm."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from winback.outcomes.statistics import Counted
from winback.store.measured import Measured
from winback.store.tables import recipients


def by_arm(connection: Connection, measured: Measured) -> tuple[dict[str, Counted], datetime | None]:
    """Who was assigned to each arm and how many of them returned, by the outcomes that are stored; and when the last was assigned."""
    returns = measured.returns()
    rows = connection.execute(
        select(
            recipients.c.arm,
            func.count().label("assigned"),
            func.count(returns.c.returned_at).label("returned"),
            func.max(recipients.c.assigned_at, type_=recipients.c.assigned_at.type).label("last_at"),
        )
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .group_by(recipients.c.arm)
    ).all()
    return {row.arm: Counted(row.returned, row.assigned) for row in rows}, max((row.last_at for row in rows), default=None)

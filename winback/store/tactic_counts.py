"""How each run stands as it was measured last: customers and returns by wave and arm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from winback.outcomes.statistics import Counted
from winback.store.measured import Measured
from winback.store.tables import measurings, recipients


@dataclass(frozen=True, slots=True)
class Standing:
    """A run by the outcomes that are stored."""

    waves: dict[int, dict[str, Counted]]  # by wave and arm: returned out of those assigned; one wave where shares never changed
    last_assigned_at: datetime | None  # None: nobody was
    measured_at: datetime | None  # None: never


def of(connection: Connection, measured: Measured) -> Standing:
    returns = measured.returns()
    rows = connection.execute(
        select(
            recipients.c.wave,
            recipients.c.arm,
            func.count().label("assigned"),
            func.count(returns.c.returned_at).label("returned"),
            func.max(recipients.c.assigned_at, type_=recipients.c.assigned_at.type).label("last_at"),
        )
        .outerjoin(returns, returns.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .group_by(recipients.c.wave, recipients.c.arm)
    ).all()
    waves: dict[int, dict[str, Counted]] = {}
    for row in rows:
        waves.setdefault(row.wave, {})[row.arm] = Counted(row.returned, row.assigned)
    at = connection.execute(select(measurings.c.measured_at).where(measurings.c.run_id == measured.run_id)).scalar()
    return Standing(waves, max((row.last_at for row in rows), default=None), at)

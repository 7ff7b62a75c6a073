"""Who doesn't want it to be seen whether they open letters."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from winback.store.among import among
from winback.store.tables import consents

OPEN_TRACKING = "open-tracking"


def refused(connection: Connection, customers: Collection[int]) -> set[int]:
    """Those of these customers who took back their consent to open tracking, on whichever channel."""
    statement = select(consents.c.customer_id).where(
        among(consents.c.customer_id), consents.c.purpose == OPEN_TRACKING, consents.c.withdrawn_at.is_not(None)
    )
    return set(connection.execute(statement, {"ids": sorted(customers)}).scalars())

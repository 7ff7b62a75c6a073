"""Who comes next in each stratum of a run, and who has a place already."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from winback.store.among import among_these
from winback.store.tables import recipients


def next_places(connection: Connection, run_id: int) -> dict[str, int]:
    """By stratum, the place after the last one that was given out."""
    rows = connection.execute(
        select(recipients.c.stratum, func.max(recipients.c.place) + 1)
        .where(recipients.c.run_id == run_id, recipients.c.place.is_not(None))
        .group_by(recipients.c.stratum)
    )
    return dict(rows.all())


def placed(connection: Connection, run_id: int, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """By customer, stratum and place of those of `ids` who have one."""
    rows = connection.execute(
        select(recipients.c.customer_id, recipients.c.stratum, recipients.c.place).where(
            recipients.c.run_id == run_id, recipients.c.place.is_not(None), among_these(recipients.c.customer_id, ids)
        )
    )
    return {who: (stratum, place) for who, stratum, place in rows}

"""Who comes next in each stratum of a run."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from winback.store.tables import recipients


def next_places(connection: Connection, run_id: int) -> dict[str, int]:
    """By stratum, the place after the last one that was given out."""
    rows = connection.execute(
        select(recipients.c.stratum, func.max(recipients.c.place) + 1)
        .where(recipients.c.run_id == run_id, recipients.c.place.is_not(None))
        .group_by(recipients.c.stratum)
    )
    return dict(rows.all())

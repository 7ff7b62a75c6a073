"""Whom the global holdout left alone, as the first decision of its period said: no later one changes it, of this campaign or another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import left_alone


def record(connection: Connection, ids: Collection[int], *, period: str, until: datetime | None, decided_at: datetime) -> None:
    """Note that these were left alone as of that moment; of whom it is known since an earlier moment of the period nothing changes.

    An enrolment that was broken off goes on as of its own moment, which may be before another campaign's.
    """
    if not ids:
        return
    at_once = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(left_alone)
    earlier = at_once.on_conflict_do_update(
        index_elements=[left_alone.c.customer_id, left_alone.c.period],
        set_={"decided_at": at_once.excluded.decided_at},
        where=at_once.excluded.decided_at < left_alone.c.decided_at,
    )
    rows = [{"customer_id": who, "period": period, "decided_at": decided_at, "until": until} for who in sorted(ids)]  # all lock them in this order
    connection.execute(earlier, rows)


def join(connection: Connection, merged_id: int, into_id: int) -> None:
    """The record that stays was left alone whenever either was; of both in one period, since the earlier moment."""
    both = left_alone.c.customer_id.in_((merged_id, into_id))
    rows = connection.execute(select(left_alone).where(both).order_by(left_alone.c.decided_at)).mappings().all()
    if all(row["customer_id"] == into_id for row in rows):
        return
    first = {row["period"]: row for row in reversed(rows)}
    connection.execute(delete(left_alone).where(both))
    connection.execute(insert(left_alone), [{**row, "customer_id": into_id} for row in first.values()])

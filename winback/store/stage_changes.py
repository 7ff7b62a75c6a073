"""When customers went from one stage to another, as it was seen on the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from winback.audience.arrays import Whole, Words
from winback.store.tables import scores, stage_changes

_AT_ONCE = 5_000


def record(connection: Connection, customers: Whole, stages: Words, *, today: date, now: datetime) -> int:
    """Note whose stage is another than the one they are scored with so far; returns how many. Call it before the new scores are kept.

    A day has one change for each customer: a second look on the same day corrects the first.
    """
    before = {row.customer_id: row.stage for row in connection.execute(select(scores.c.customer_id, scores.c.stage))}
    changed = [(who, str(stage)) for who, stage in zip(customers.tolist(), stages.tolist(), strict=True) if before.get(who) != stage]
    for start in range(0, len(changed), _AT_ONCE):
        _record(connection, changed[start : start + _AT_ONCE], before, today, now)
    return len(changed)


def of(connection: Connection, customer_id: int) -> Sequence[Row[Any, Any, Any]]:
    """The changes of one customer, the oldest first: since, before, stage."""
    columns = (stage_changes.c.since, stage_changes.c.before, stage_changes.c.stage)
    return connection.execute(select(*columns).where(stage_changes.c.customer_id == customer_id).order_by(stage_changes.c.since)).all()


def _record(connection: Connection, changed: Sequence[tuple[int, str]], before: dict[int, str], today: date, now: datetime) -> None:
    ids = [who for who, _ in changed]
    of_today = (stage_changes.c.customer_id.in_(ids), stage_changes.c.since == today)
    known = {row.customer_id: row.before for row in connection.execute(select(stage_changes.c.customer_id, stage_changes.c.before).where(*of_today))}
    connection.execute(delete(stage_changes).where(*of_today))
    rows = [
        {"customer_id": who, "stage": stage, "since": today, "before": known.get(who, before.get(who, "")), "recorded_at": now}
        for who, stage in changed
    ]
    if rows := [row for row in rows if row["stage"] != row["before"]]:
        connection.execute(insert(stage_changes), rows)

"""When customers went from one stage to another, as it was seen on the day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, case, delete, func, select

from winback.audience.arrays import Whole, Words
from winback.audience.lifecycle import Stage
from winback.audience.movements import Change
from winback.store import loading
from winback.store.tables import customers, scores, sqlite_text, stage_changes

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Noted:
    """How many customers were looked at for the first time, and how many others are in another stage than the last time."""

    first_seen: int
    changed: int


def record(connection: Connection, ids: Whole, stages: Words, *, today: date, now: datetime) -> Noted:
    """Note whose stage is another than the one they are scored with so far. Call it before the new scores are kept.

    A day has one change for each customer: a second look on the same day corrects the first.
    """
    scored = {row.customer_id: row.stage for row in connection.execute(select(scores.c.customer_id, scores.c.stage))}
    changed = [(who, str(stage)) for who, stage in zip(ids.tolist(), stages.tolist(), strict=True) if scored.get(who) != stage]
    of_today = stage_changes.c.since == today
    noted = {row.customer_id: row.before for row in connection.execute(select(stage_changes.c.customer_id, stage_changes.c.before).where(of_today))}
    corrected = [who for who, _ in changed if who in noted]
    for start in range(0, len(corrected), _AT_ONCE):
        connection.execute(delete(stage_changes).where(of_today, stage_changes.c.customer_id.in_(corrected[start : start + _AT_ONCE])))
    rows = [(who, stage, noted.get(who, scored.get(who, ""))) for who, stage in changed]
    rows = [row for row in rows if row[1] != row[2]]
    if rows:
        at = now if connection.dialect.name == "postgresql" else sqlite_text(now)
        whose, to, was = zip(*rows, strict=True)
        columns = {"customer_id": whose, "stage": to, "before": was}
        loading.load(connection, stage_changes, {**columns, "since": [today.toordinal()] * len(rows), "recorded_at": [at] * len(rows)})
    first_seen = sum(who not in scored for who, _ in changed)
    return Noted(first_seen, len(changed) - first_seen)


@dataclass(frozen=True, slots=True)
class Net:
    """What became of stages over some days, each customer once: from the stage at their beginning to the one at their end."""

    moved: Mapping[tuple[Stage | None, Stage | None], int]  # who is in the same stage again is not in it
    first_seen: int  # whose stage was not noted before these days: they count from the first one noted
    noted_since: date | None  # the first day that stages were noted on; None: never yet


def net(connection: Connection, since: date, until: date) -> Net:
    """Between the beginning of the day `since` and the end of the day `until`; customers merged into others are not looked at."""
    ends = (
        select(stage_changes.c.customer_id, func.min(stage_changes.c.since).label("first"), func.max(stage_changes.c.since).label("last"))
        .where(stage_changes.c.since.between(since, until))
        .group_by(stage_changes.c.customer_id)
        .subquery("ends")
    )
    first, last = stage_changes.alias("first"), stage_changes.alias("last")
    is_new = first.c.before == ""
    columns = (case((is_new, first.c.stage), else_=first.c.before), last.c.stage, case((is_new, 1), else_=0))
    rows = connection.execute(
        select(*columns, func.count())
        .select_from(
            ends.join(first, and_(first.c.customer_id == ends.c.customer_id, first.c.since == ends.c.first))
            .join(last, and_(last.c.customer_id == ends.c.customer_id, last.c.since == ends.c.last))
            .join(customers, customers.c.id == ends.c.customer_id)
        )
        .where(customers.c.merged_into.is_(None))
        .group_by(*columns)
    ).all()
    moved = Counter[tuple[Stage | None, Stage | None]]()
    for before, after, _, count in rows:
        if before != after:
            moved[Stage(before), Stage(after)] += count
    noted_since = connection.execute(select(func.min(stage_changes.c.since))).scalar_one()
    return Net(moved, sum(count for _, _, is_first, count in rows if is_first), noted_since)


def of(connection: Connection, customer_id: int, until: date) -> list[Change]:
    """The changes of one customer that were noted until the end of a day, the oldest first."""
    noted = select(stage_changes).where(stage_changes.c.customer_id == customer_id, stage_changes.c.since <= until)
    rows = connection.execute(noted.order_by(stage_changes.c.since))
    return [Change(row.since, Stage(row.before) if row.before else None, Stage(row.stage)) for row in rows]

"""What came of the newest letters of each lane: counted by workers in rows of their own, read by whoever decides on a lane."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.journey.lane_rates import Answers
from winback.limits import FuseCause
from winback.model import ChannelName, EventKind
from winback.store.tables import contacts, deliveries, fuses, lane_counts

KEPT_FOR = timedelta(days=7)
"""Letters older than this say nothing about a lane any more."""

_ROWS = (50, 5_000)
"""Rows of one lane that are looked at; then, if they hold too few letters, at the most. Where a worker is busy each holds a hundred."""

_COUNTS = tuple(part.name for part in fields(Answers))


def put(connection: Connection, worker: str, rows: Mapping[tuple[str, int], Answers], now: datetime) -> None:
    """Write a worker's rows, by lane and its number for them; one that is there is written anew. No two workers write the same row."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(lane_counts)
    grown = {name: statement.excluded[name] for name in ("counted_at", *_COUNTS)}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["lane", "counted_by", "number"], set_=grown),
        [_row(lane, worker, number, now, answers) for (lane, number), answers in sorted(rows.items(), key=lambda row: row[0])],
    )


def put_returned(connection: Connection, lanes: Collection[str], kind: EventKind, delivery_id: int, sent_at: datetime, *, refuses_us: bool) -> None:
    """Count a letter that came back, or was called spam, with those that left when it did; once, however often that is told."""
    counts = Answers(errors=1, refused_at_end=0) if refuses_us else Answers(complained=1) if kind is EventKind.COMPLAINT else Answers(bounced=1)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(lane_counts).on_conflict_do_nothing(index_elements=["lane", "counted_by", "number"])
    connection.execute(statement, [_row(lane, kind, delivery_id, sent_at, counts) for lane in sorted(lanes)])


def _row(lane: str, counted_by: str, number: int, at: datetime, answers: Answers) -> dict[str, Any]:
    return {
        "lane": lane,
        "counted_by": counted_by,
        "number": number,
        "counted_at": at,
        **{name: getattr(answers, name) for name in _COUNTS},
    }


def newest(connection: Connection, lanes: Collection[str], now: datetime, letters: int) -> dict[str, Sequence[Answers]]:
    """What came of each lane's newest `letters` (or more) since a person last let it go on, a week at the most; the newest first."""
    by_person = (fuses.c.lane.in_(lanes), fuses.c.cause != FuseCause.CLOSED)
    asked = select(fuses.c.lane, func.max(fuses.c.resumed_at, type_=fuses.c.resumed_at.type)).where(*by_person).group_by(fuses.c.lane)
    resumed = {lane: moment for lane, moment in connection.execute(asked) if moment is not None} if lanes else {}
    week = now - KEPT_FOR
    return {lane: _since(connection, lane, max(resumed.get(lane, week), week), letters) for lane in lanes}


def _since(connection: Connection, lane: str, since: datetime, letters: int) -> Sequence[Answers]:
    found: list[Answers] = []
    for most in _ROWS:
        found = [Answers(*row) for row in connection.execute(_NEWEST, {"b_lane": lane, "b_since": since, "b_most": most})]
        if len(found) < most or sum(each.answered for each in found) >= letters:
            break
    return found


_NEWEST = (
    select(*(lane_counts.c[name] for name in _COUNTS))
    .where(lane_counts.c.lane == bindparam("b_lane"), lane_counts.c.counted_at > bindparam("b_since"))
    .order_by(lane_counts.c.counted_at.desc(), lane_counts.c.number.desc())
    .limit(bindparam("b_most"))
)


def forget_old(connection: Connection, lanes: Collection[str], now: datetime) -> None:
    """Lane by lane: that is how rows are found by their age."""
    old = (lane_counts.c.lane == bindparam("b_lane"), lane_counts.c.counted_at < now - KEPT_FOR)
    connection.execute(delete(lane_counts).where(*old), [{"b_lane": lane} for lane in lanes])


def went_to(connection: Connection, delivery_id: int) -> tuple[str, datetime] | None:
    """The mailbox that an e-mail went to, as far as it is known now, and when it was accepted."""
    row = connection.execute(
        select(contacts.c.address, func.coalesce(deliveries.c.sent_at, deliveries.c.handed_over_at, type_=deliveries.c.sent_at.type))
        .join(contacts, contacts.c.customer_id == deliveries.c.customer_id)
        .where(deliveries.c.id == delivery_id, deliveries.c.channel == ChannelName.EMAIL, contacts.c.channel == ChannelName.EMAIL)
    ).one_or_none()
    return None if row is None or row[1] is None else (row[0], row[1])

"""Messages to other programs: made of facts that stand in the tables, each once for each endpoint; claimed under a lease; taken or given up.

A fact's own transaction writes nothing more for them: what an earlier look may not have seen yet, because its transaction ended later, is
looked at again for an hour, and a message that is there already stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import EventKind, TaskStatus, Verdict
from winback.store.tables import campaign_runs, customers, deliveries, events, outcomes, recipients, tasks, webhook_marks, webhook_messages

_AGAIN = timedelta(hours=1)  # far longer than any transaction lasts
_RETURNS_FOR = timedelta(days=60)
_KEPT_FOR = timedelta(days=90)
_AT_ONCE = 1_000
_HARD = "hard"  # tracking.judging.Meaning: the address is gone

KINDS: Mapping[str, str] = {
    EventKind.UNSUBSCRIBE: "unsubscribed",
    EventKind.COMPLAINT: "complained",
    EventKind.BOUNCE: "bounced",
    EventKind.REPLY: "replied",
    EventKind.ANSWER: "answered",
}
"""What of the events is told, and in which word of operations.webhook_file.Happening."""


class Status(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be sent, or sent again
    TAKEN = "taken"  # the other side said 2xx
    GIVEN_UP = "given-up"  # nobody took it in time


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to tell of. `name` is the same for the same fact, whenever it is looked at."""

    name: str
    kind: str
    customer_id: int
    happened_at: datetime
    run_id: int | None = None
    delivery_id: int | None = None


def look(connection: Connection, endpoint: str, kinds: Collection[str], now: datetime) -> int:
    """Write a message for each fact of these kinds that this endpoint wasn't told of; how many. What came before the first look is not told."""
    marks = connection.execute(select(webhook_marks).where(webhook_marks.c.endpoint == endpoint).order_by(webhook_marks.c.looked_at)).all()
    newest = connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one()
    if not marks:
        _mark(connection, endpoint, now, newest, began_at=now)
        return 0
    mark = next((each for each in reversed(marks) if each.looked_at <= now - _AGAIN), marks[0])
    told = sum(_put(connection, endpoint, part, now) for part in _event_facts(connection, mark.event_id, kinds))
    if "returned" in kinds:
        told += _put(connection, endpoint, _returns(connection, endpoint, max(mark.began_at, now - _RETURNS_FOR)), now)
    if "task-due" in kinds:
        told += _put(connection, endpoint, _tasks_due(connection, endpoint, mark.began_at, now), now)
    connection.execute(delete(webhook_marks).where(webhook_marks.c.endpoint == endpoint, webhook_marks.c.looked_at < mark.looked_at))
    _mark(connection, endpoint, now, newest, began_at=mark.began_at)
    return told


def forget_others(connection: Connection, endpoints: Collection[str], now: datetime) -> None:
    """Endpoints that the file doesn't name any more are told nothing; should one come back, it begins anew. Messages that are long over go."""
    others = webhook_messages.c.endpoint.not_in(endpoints), webhook_messages.c.status == Status.WAITING
    connection.execute(update(webhook_messages).where(*others).values(status=Status.GIVEN_UP, ended_at=now, answer="no such endpoint any more"))
    connection.execute(delete(webhook_marks).where(webhook_marks.c.endpoint.not_in(endpoints)))
    connection.execute(delete(webhook_messages).where(webhook_messages.c.ended_at < now - _KEPT_FOR))


def claim(connection: Connection, now: datetime, *, lease: timedelta, without: Collection[str], limit: int) -> Sequence[Row[Any]]:
    """Messages that are due, the longest waiting first, with what they tell; nobody else gets them before the lease is over.

    What a message says of a customer is read now: of one who was merged, the one who goes on.
    """
    due = (
        select(webhook_messages.c.id)
        .where(webhook_messages.c.status == Status.WAITING, webhook_messages.c.next_at <= now, webhook_messages.c.endpoint.not_in(without))
        .order_by(webhook_messages.c.next_at, webhook_messages.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(due).scalars())
    held = update(webhook_messages).where(webhook_messages.c.id.in_(ids))
    connection.execute(held.values(next_at=now + lease, attempts=webhook_messages.c.attempts + 1))
    return connection.execute(_told().where(webhook_messages.c.id.in_(ids)).order_by(webhook_messages.c.id)).all()


def conclude(connection: Connection, message: Row[Any], status: Status, *, answer: str, next_at: datetime | None = None, now: datetime) -> bool:
    """What came of a try; whether it was still ours: one whose lease is over may be somebody else's by now."""
    ours = (webhook_messages.c.id == message.id, webhook_messages.c.attempts == message.attempts, webhook_messages.c.status == Status.WAITING)
    values = {"status": status, "answer": answer[:100], "ended_at": None if status is Status.WAITING else now}
    done = connection.execute(
        update(webhook_messages).where(*ours).values(**values, next_at=next_at or message.next_at).returning(webhook_messages.c.id)
    )
    return done.one_or_none() is not None


def again(connection: Connection, ids: Collection[int], endpoint: str, now: datetime) -> int:
    """Let messages that were given up be sent again, with as long a time as at first: these, or all of an endpoint. How many."""
    which = webhook_messages.c.id.in_(ids) if ids else webhook_messages.c.endpoint == endpoint
    values = {"status": Status.WAITING, "next_at": now, "asked_at": now, "ended_at": None, "attempts": 0}
    statement = update(webhook_messages).where(which, webhook_messages.c.status == Status.GIVEN_UP).values(values)
    return len(connection.execute(statement.returning(webhook_messages.c.id)).all())


def listed(connection: Connection, *, status: str = "", endpoint: str = "", before: int | None = None, limit: int) -> Sequence[Row[Any]]:
    """Messages, the newest first."""
    wanted = [webhook_messages.c[name] == said for name, said in (("status", status), ("endpoint", endpoint)) if said]
    if before is not None:
        wanted.append(webhook_messages.c.id < before)
    return connection.execute(_told().where(*wanted).order_by(webhook_messages.c.id.desc()).limit(limit)).all()


def _told() -> Select[Any]:
    told_of = customers.alias("told_of")
    return (
        select(
            webhook_messages,
            customers.c.key.label("customer"),
            campaign_runs.c.campaign,
            campaign_runs.c.number.label("run"),
            deliveries.c.stage,
            recipients.c.arm,
        )
        .join(told_of, told_of.c.id == webhook_messages.c.customer_id)
        .join(customers, customers.c.id == func.coalesce(told_of.c.merged_into, told_of.c.id))
        .outerjoin(deliveries, deliveries.c.id == webhook_messages.c.delivery_id)
        .outerjoin(campaign_runs, campaign_runs.c.id == func.coalesce(webhook_messages.c.run_id, deliveries.c.run_id))
        .outerjoin(recipients, and_(recipients.c.run_id == webhook_messages.c.run_id, recipients.c.customer_id == customers.c.id))
    )


def _event_facts(connection: Connection, after: int, kinds: Collection[str]) -> Iterable[list[Fact]]:
    """Events above a number, a thousand at a time. Of bounces only those for good; what a machine did is nobody's wish."""
    wanted = [kind for kind, word in KINDS.items() if word in kinds]
    meant = or_(
        and_(events.c.kind == EventKind.BOUNCE, events.c.verdict == _HARD),
        and_(events.c.kind != EventKind.BOUNCE, events.c.verdict != Verdict.MACHINE),
    )
    while wanted:
        columns = (events.c.id, events.c.kind, events.c.customer_id, events.c.delivery_id, events.c.happened_at)
        rows = connection.execute(
            select(*columns).where(events.c.id > after, events.c.kind.in_(wanted), meant).order_by(events.c.id).limit(_AT_ONCE)
        ).all()
        if not rows:
            return
        yield [Fact(f"event:{row.id}", KINDS[row.kind], row.customer_id, row.happened_at, None, row.delivery_id) for row in rows]
        after = rows[-1].id


def _returns(connection: Connection, endpoint: str, since: datetime) -> list[Fact]:
    known = exists().where(
        webhook_messages.c.customer_id == outcomes.c.customer_id,
        webhook_messages.c.endpoint == endpoint,
        webhook_messages.c.kind == "returned",
        webhook_messages.c.run_id == outcomes.c.run_id,
    )
    first = func.min(outcomes.c.returned_at).label("at")
    statement = select(outcomes.c.run_id, outcomes.c.customer_id, first).where(outcomes.c.returned_at >= since, ~known)
    rows = connection.execute(statement.group_by(outcomes.c.run_id, outcomes.c.customer_id)).all()
    return [Fact(f"return:{row.run_id}:{row.customer_id}", "returned", row.customer_id, row.at, row.run_id) for row in rows]


def _tasks_due(connection: Connection, endpoint: str, since: datetime, now: datetime) -> list[Fact]:
    known = exists().where(
        webhook_messages.c.customer_id == tasks.c.customer_id,
        webhook_messages.c.endpoint == endpoint,
        webhook_messages.c.kind == "task-due",
        webhook_messages.c.delivery_id == tasks.c.delivery_id,
    )
    due = (tasks.c.status == TaskStatus.OPEN, tasks.c.due_at > since, tasks.c.due_at <= now, ~known)
    rows = connection.execute(select(tasks.c.delivery_id, tasks.c.customer_id, tasks.c.due_at).where(*due)).all()
    return [Fact(f"task:{row.delivery_id}", "task-due", row.customer_id, row.due_at, None, row.delivery_id) for row in rows]


def _put(connection: Connection, endpoint: str, facts: Sequence[Fact], now: datetime) -> int:
    if not facts:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [
        {
            "message_id": f"msg_{hashlib.sha256(f'{endpoint} {fact.name}'.encode()).hexdigest()[:32]}",
            "endpoint": endpoint,
            "kind": fact.kind,
            "customer_id": fact.customer_id,
            "run_id": fact.run_id,
            "delivery_id": fact.delivery_id,
            "happened_at": fact.happened_at,
            "status": Status.WAITING,
            "next_at": now,
            "asked_at": now,
        }
        for fact in facts
    ]
    statement = dialect.insert(webhook_messages).on_conflict_do_nothing(index_elements=["message_id"]).returning(webhook_messages.c.id)
    return len(connection.execute(statement, rows).all())


def _mark(connection: Connection, endpoint: str, now: datetime, event_id: int, *, began_at: datetime) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"endpoint": endpoint, "looked_at": now, "event_id": event_id, "began_at": began_at}
    connection.execute(dialect.insert(webhook_marks).values(values).on_conflict_do_nothing(index_elements=["endpoint", "looked_at"]))

"""Details that were kept longer than their time, cleared some rows at a time; what figures count stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, cast, delete, exists, func, or_, select, tuple_, update

from winback.audience.consents import ConsentDeed
from winback.journey.threads import ThreadStatus
from winback.model import DeliveryStatus, EventKind, RecipientStatus, TaskStatus
from winback.store.tables import (
    answers,
    consent_proofs,
    consent_requests,
    deliveries,
    events,
    forwards,
    lane_counts,
    recipients,
    reminders,
    tasks,
    thread_words,
    threads,
)

AT_ONCE = 2000
"""Rows of one transaction: nobody waits long for them."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """Rows of one kind. `to` is what their columns become; None: the rows go."""

    table: Table
    moment: ColumnElement[datetime]
    is_there: ColumnElement[bool]  # there is something to clear
    to: Mapping[str, Any] | None


def _says_something(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return cast(column, String).not_in(["{}", "null"])


_OVER = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.STOPPED, DeliveryStatus.SKIPPED, DeliveryStatus.HELD_OUT)
_later = consent_proofs.alias("later")
_IS_SUPERSEDED = or_(
    consent_proofs.c.deed == ConsentDeed.WITHDRAWN,
    exists().where(
        _later.c.customer_id == consent_proofs.c.customer_id,
        _later.c.channel == consent_proofs.c.channel,
        _later.c.purpose == consent_proofs.c.purpose,
        _later.c.id > consent_proofs.c.id,
    ),
)
"""Nothing that we do rests on this proof any more: it was taken back, or said anew."""
CLEARINGS: Mapping[str, Sequence[Clearing]] = {
    "hits": (
        Clearing(
            events, events.c.happened_at, events.c.kind.in_([EventKind.OPEN, EventKind.CLICK]) & _says_something(events.c.signals), {"signals": {}}
        ),
    ),
    "replies": (Clearing(events, events.c.happened_at, events.c.text != "", {"text": ""}),),
    "answers": (Clearing(answers, answers.c.answered_at, answers.c.text != "", {"text": ""}),),
    "decisions": (
        Clearing(
            recipients, recipients.c.assigned_at, (recipients.c.status != RecipientStatus.ACTIVE) & _says_something(recipients.c.facts), {"facts": {}}
        ),
    ),
    "server_answers": (
        Clearing(
            deliveries,
            deliveries.c.due_at,
            deliveries.c.status.in_(_OVER) & or_(deliveries.c.detail != "", deliveries.c.message_id != "", deliveries.c.remote_id != ""),
            {"detail": "", "message_id": "", "remote_id": ""},
        ),
        Clearing(forwards, forwards.c.asked_at, forwards.c.detail != "", {"detail": ""}),
        Clearing(consent_requests, consent_requests.c.asked_at, consent_requests.c.detail != "", {"detail": ""}),
        Clearing(reminders, reminders.c.handed_over_at, reminders.c.detail != "", {"detail": ""}),
    ),
    "tasks": (
        Clearing(tasks, tasks.c.done_at, (tasks.c.status != TaskStatus.OPEN) & or_(tasks.c.text != "", tasks.c.note != ""), {"text": "", "note": ""}),
    ),
    "threads": (
        Clearing(
            thread_words,
            thread_words.c.happened_at,
            or_(thread_words.c.text != "", thread_words.c.detail != "")
            & thread_words.c.thread_id.in_(select(threads.c.id).where(threads.c.status == ThreadStatus.CLOSED)),
            {"text": "", "detail": ""},
        ),
    ),
    "strangers": (
        Clearing(
            threads,
            threads.c.closed_at,
            threads.c.customer_id.is_(None) & or_(threads.c.chat_id != "", threads.c.name != ""),
            {"chat_id": "", "name": "", "language": ""},
        ),
    ),
    "evidence": (
        Clearing(consent_proofs, consent_proofs.c.recorded_at, _says_something(consent_proofs.c.evidence) & _IS_SUPERSEDED, {"evidence": {}}),
    ),
    "lane_counts": (Clearing(lane_counts, lane_counts.c.counted_at, lane_counts.c.number.is_not(None), None),),
}
"""By the names of config/retention.yaml."""


def count(connection: Connection, name: str, before: datetime) -> int:
    """How many rows wait to be cleared."""
    counted = (select(func.count()).select_from(each.table).where(each.moment < before, each.is_there) for each in CLEARINGS[name])
    return sum(connection.execute(statement).scalar_one() for statement in counted)


def clear(connection: Connection, name: str, before: datetime) -> int:
    """Clear the next rows; returns how many. 0: nothing is left. Rows that somebody else holds are passed over."""
    return next((done for each in CLEARINGS[name] if (done := _clear(connection, each, before))), 0)


def _clear(connection: Connection, each: Clearing, before: datetime) -> int:
    key = tuple(each.table.primary_key.columns)
    some = select(*key).where(each.moment < before, each.is_there).limit(AT_ONCE).with_for_update(skip_locked=True)
    chosen = connection.execute(some).all()
    if not chosen:
        return 0
    these = tuple_(*key).in_([tuple(row) for row in chosen])
    return connection.execute(delete(each.table).where(these) if each.to is None else update(each.table).where(these).values(each.to)).rowcount

"""What became of a run's letters, and what came back: counts per arm and per stage.

What came back of each letter is put aside as marks, so that events are gone through once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, func, or_, select

from winback.model import TASK, DeliveryStatus, EventKind, TaskStatus, Verdict
from winback.outcomes.figures import StageFigures
from winback.store import aside
from winback.store.either import either, has
from winback.store.measured import Measured, count_if, letters
from winback.store.moments import later
from winback.store.tables import deliveries, events, recipients, tasks

_MARKS = {
    name: 1 << bit
    for bit, name in enumerate(
        (
            *("opened_human", "opened_unverified", "opened_machine", "clicked", "clicked_unverified", "clicked_machine"),
            *("replied", "unsubscribed", "complained", "delivered", "failed", "uncertain", "contacted"),
        )
    )
}
_BY_VERDICT = {
    (EventKind.OPEN, Verdict.HUMAN): "opened_human",
    (EventKind.OPEN, Verdict.UNVERIFIED): "opened_unverified",
    (EventKind.OPEN, Verdict.MACHINE): "opened_machine",
    (EventKind.CLICK, Verdict.HUMAN): "clicked",
    (EventKind.CLICK, Verdict.UNVERIFIED): "clicked_unverified",
    (EventKind.CLICK, Verdict.MACHINE): "clicked_machine",
    (EventKind.REPLY, Verdict.HUMAN): "replied",
    (EventKind.ANSWER, Verdict.HUMAN): "replied",
}
_WHOEVER = {EventKind.UNSUBSCRIBE: "unsubscribed", EventKind.COMPLAINT: "complained"}
_BEST = (("opened_human", "opened_unverified", "opened_machine"), ("clicked", "clicked_unverified", "clicked_machine"))
"""Of several verdicts on one person the first counts."""
_INTERESTED = _MARKS["opened_human"] | _MARKS["clicked"] | _MARKS["replied"]
_ASIDE = "signs_of_letters"
_UNDER_WAY = (DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER)


@contextmanager
def put_aside(connection: Connection, measured: Measured) -> Iterator[FromClause]:
    """What came back of each letter of the run, as marks: delivery_id, marks."""
    of_letters = (
        select(events.c.delivery_id, either(_mark()).label("marks"))
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(deliveries.c.run_id == measured.run_id, events.c.happened_at <= measured.now, _counts())
        .group_by(events.c.delivery_id)
    )
    put = aside.put(connection, _ASIDE, of_letters, key="delivery_id")
    try:
        yield put
    finally:
        if connection.in_transaction():
            aside.drop(connection, _ASIDE)


def by_arm(connection: Connection, measured: Measured, signs: FromClause) -> dict[str, dict[str, int]]:
    """Per arm, recipients who were reached, opened and clicked (by their best verdict), replied, asked to stop; and micros spent on letters and calls.

    What came back without naming a letter (a new mail, a word to the bot) counts when it came inside the return window.
    """
    by_letter = _by_letter(measured, signs).subquery("by_letter")
    itself = _by_itself(measured).subquery("itself")
    marks = func.coalesce(by_letter.c.marks, 0).bitwise_or(func.coalesce(itself.c.marks, 0))
    person = (
        select(recipients.c.arm, marks.label("marks"), by_letter.c.messages_micros, by_letter.c.calls_micros)
        .outerjoin(by_letter, by_letter.c.customer_id == recipients.c.customer_id)
        .outerjoin(itself, itself.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
        .subquery("person")
    )
    counts = [count_if(_is_best(person.c.marks, name)).label(name) for name in _MARKS]
    counts.append(count_if(has(person.c.marks, any_of=_INTERESTED)).label("interested"))
    micros = [func.coalesce(func.sum(person.c[name]), 0).label(name) for name in ("messages_micros", "calls_micros")]
    rows = connection.execute(select(person.c.arm, *counts, *micros).group_by(person.c.arm)).mappings()
    return {row["arm"]: {name: int(row[name]) for name in row if name != "arm"} for row in rows}


def stages(connection: Connection, measured: Measured, signs: FromClause) -> tuple[StageFigures, ...]:
    """Stages in the order in which they fall due, arms by name; opens and clicks by people, once per letter."""
    ends = {
        "planned": deliveries.c.status.in_(_UNDER_WAY),
        "sent": _sent(measured),
        "failed": deliveries.c.status == DeliveryStatus.FAILED,
        "uncertain": deliveries.c.status == DeliveryStatus.UNCERTAIN,
        "stopped": deliveries.c.status == DeliveryStatus.STOPPED,
        "skipped": deliveries.c.status == DeliveryStatus.SKIPPED,
        "held_out": deliveries.c.status == DeliveryStatus.HELD_OUT,
        "opened": and_(_sent(measured), has(signs.c.marks, any_of=_MARKS["opened_human"])),
        "clicked": and_(_sent(measured), has(signs.c.marks, any_of=_MARKS["clicked"])),
    }
    rows = connection.execute(
        select(
            deliveries.c.stage,
            recipients.c.arm,
            func.min(deliveries.c.due_at).label("first_due_at"),
            *(count_if(end).label(name) for name, end in ends.items()),
        )
        .select_from(letters().outerjoin(signs, signs.c.delivery_id == deliveries.c.id))
        .where(measured.assigned())
        .group_by(deliveries.c.stage, recipients.c.arm)
    ).all()
    first = {stage: min(row.first_due_at for row in rows if row.stage == stage) for stage in {row.stage for row in rows}}
    in_order = sorted(rows, key=lambda row: (first[row.stage], row.stage, row.arm))
    return tuple(StageFigures(row.stage, row.arm, *(getattr(row, name) for name in ends)) for row in in_order)


def _is_best(marks: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    better = next((names[: names.index(name)] for names in _BEST if name in names), ())
    found = has(marks, any_of=_MARKS[name])
    return and_(found, ~has(marks, any_of=sum(_MARKS[each] for each in better))) if better else found


def _mark() -> ColumnElement[int]:
    """Of an event; 0: it says nothing that is counted."""
    signs = [(and_(events.c.kind == kind, events.c.verdict == verdict), _MARKS[name]) for (kind, verdict), name in _BY_VERDICT.items()]
    return case(*signs, *((events.c.kind == kind, _MARKS[name]) for kind, name in _WHOEVER.items()), else_=0)


def _counts() -> ColumnElement[bool]:
    return events.c.kind.in_([*dict.fromkeys(kind for kind, _ in _BY_VERDICT), *_WHOEVER])


def _sent(measured: Measured) -> Any:
    return and_(deliveries.c.status == DeliveryStatus.SENT, deliveries.c.sent_at <= measured.now)


def _by_letter(measured: Measured, signs: FromClause) -> Select[Any]:
    """What each recipient's letters came to."""
    by_hand = deliveries.c.channel == TASK
    may_have_left = and_(deliveries.c.status.in_((DeliveryStatus.UNCERTAIN, DeliveryStatus.HANDED_OVER)), deliveries.c.handed_over_at <= measured.now)
    was_done = and_(tasks.c.status.in_((TaskStatus.DONE, TaskStatus.DECLINED)), tasks.c.done_at <= measured.now)  # who declined was called too
    left = and_(~by_hand, or_(_sent(measured), may_have_left))
    status = case(
        (and_(by_hand, was_done), _MARKS["contacted"]),
        (by_hand, 0),
        (_sent(measured), _MARKS["delivered"] | _MARKS["contacted"]),
        (deliveries.c.status == DeliveryStatus.FAILED, _MARKS["failed"]),
        (deliveries.c.status == DeliveryStatus.UNCERTAIN, _MARKS["uncertain"] | _MARKS["contacted"]),
        (may_have_left, _MARKS["contacted"]),
        else_=0,
    )
    return (
        select(
            deliveries.c.customer_id,
            either(status.bitwise_or(func.coalesce(signs.c.marks, 0))).label("marks"),
            func.sum(case((left, deliveries.c.cost_micros), else_=0)).label("messages_micros"),
            func.sum(case((and_(by_hand, was_done), deliveries.c.cost_micros), else_=0)).label("calls_micros"),
        )
        .select_from(
            deliveries.outerjoin(signs, signs.c.delivery_id == deliveries.c.id).outerjoin(
                tasks, and_(by_hand, tasks.c.delivery_id == deliveries.c.id)
            )
        )
        .where(deliveries.c.run_id == measured.run_id)
        .group_by(deliveries.c.customer_id)
    )


def _by_itself(measured: Measured) -> Select[Any]:
    return (
        select(recipients.c.customer_id, either(_mark()).label("marks"))
        .join(events, events.c.customer_id == recipients.c.customer_id)
        .where(
            measured.assigned(),
            events.c.delivery_id.is_(None),
            _counts(),
            events.c.happened_at > recipients.c.assigned_at,
            events.c.happened_at <= later(recipients.c.assigned_at, measured.window),
            events.c.happened_at <= measured.now,
        )
        .group_by(recipients.c.customer_id)
    )

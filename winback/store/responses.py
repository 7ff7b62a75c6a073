"""What became of a run's letters, and what came back: counts per arm and per stage.

A customer has one letter of each stage at the most, so what became of all of them is a few bits of one number, and so is what came back.
Letters and events are gone through once, customer by customer, and counted arm by arm from these numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, auto
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Integer,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    union_all,
    values,
)

from winback.model import TASK, DeliveryStatus, EventKind, TaskStatus, Verdict
from winback.outcomes.figures import StageFigures
from winback.store.either import either, has
from winback.store.measured import Measured
from winback.store.moments import later
from winback.store.tables import Utc, deliveries, events, recipients, tasks

SIGNS = (
    *("opened_human", "opened_unverified", "opened_machine", "clicked", "clicked_unverified", "clicked_machine"),
    *("replied", "unsubscribed", "complained"),
)
"""What recipients did; a mark each."""
_MARKS = {name: 1 << bit for bit, name in enumerate(SIGNS)}
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
_INTERESTED = _MARKS["opened_human"] | _MARKS["clicked"] | _MARKS["replied"]
"""People who did any of these showed interest."""
_BEST = (("opened_human", "opened_unverified", "opened_machine"), ("clicked", "clicked_unverified", "clicked_machine"))
"""Of several verdicts on one person the first counts."""


class _Fate(IntEnum):
    """What became of a letter, as its mark says it."""

    PLANNED = 0
    HANDED_OVER = auto()
    SENT = auto()
    GIVEN = auto()  # a task, and nobody has done it yet
    DONE = auto()
    FAILED = auto()
    UNCERTAIN = auto()
    STOPPED = auto()
    SKIPPED = auto()
    HELD_OUT = auto()


_PACKED = 6
"""Stages whose letters' fates share a number of 63 bits."""
_FATES_OF = {
    "planned": (_Fate.PLANNED, _Fate.HANDED_OVER),
    "sent": (_Fate.SENT, _Fate.GIVEN, _Fate.DONE),
    "failed": (_Fate.FAILED,),
    "uncertain": (_Fate.UNCERTAIN,),
    "stopped": (_Fate.STOPPED,),
    "skipped": (_Fate.SKIPPED,),
    "held_out": (_Fate.HELD_OUT,),
}
_REACHED = {
    "delivered": _FATES_OF["sent"],
    "failed": (_Fate.FAILED,),
    "uncertain": (_Fate.UNCERTAIN,),
    "contacted": (_Fate.SENT, _Fate.DONE, _Fate.UNCERTAIN, _Fate.HANDED_OVER),
}
"""Whoever has a letter with one of these fates counts."""


@dataclass(frozen=True, slots=True)
class Responses:
    """Counts of the stages, in the order in which they fall due; and by arm those of ArmFigures, with micros spent."""

    stages: tuple[StageFigures, ...]
    by_arm: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class _Packed:
    """Where a stage's marks are: in which number, and at which place of it."""

    stage: str
    number: int
    place: int

    def fates(self, fates: Sequence[_Fate]) -> int:
        return sum(1 << (fate * _PACKED + self.place) for fate in fates)

    def seen(self, name: str) -> int:
        return 1 << (self.place + _PACKED * (name == "clicked"))


def count(connection: Connection, measured: Measured) -> Responses:
    """Recipients who were reached, opened and clicked (by their best verdict), replied, asked to stop; and every stage's letters.

    What came back without naming a letter (a new mail, a word to the bot) counts when it came inside the return window.
    """
    begun = _stages(connection, measured)
    packed = [_Packed(stage, *divmod(index, _PACKED)) for index, stage in enumerate(begun)]
    people = _alike(_people(measured, packed, connection.dialect.name).subquery("each_one")).subquery("people")
    columns = [*_arm_counts(people, packed), *(each for one in packed for each in _stage_counts(people, one))]
    rows = connection.execute(select(people.c.arm, *columns).group_by(people.c.arm).order_by(people.c.arm)).all()
    by_arm = {
        row.arm: {name: int(getattr(row, name)) for name in (*_REACHED, *SIGNS, "interested", "messages_micros", "calls_micros")} for row in rows
    }
    stages = (_stage(row, place, one) for place, one in enumerate(packed) for row in rows)
    return Responses(tuple(one for one in stages if one is not None), by_arm)


def _stages(connection: Connection, measured: Measured) -> list[str]:
    """In the order in which they fall due."""
    first: ColumnElement[datetime] = func.min(deliveries.c.due_at, type_=Utc())
    rows = connection.execute(select(deliveries.c.stage, first).where(deliveries.c.run_id == measured.run_id).group_by(deliveries.c.stage))
    return [stage for stage, _ in sorted(rows, key=lambda row: (row[1], row[0]))]


def _people(measured: Measured, packed: Sequence[_Packed], dialect: str) -> Select[Any]:
    """Everybody assigned, with the marks of their letters and of what they did."""
    places = _places(packed, dialect)
    letters, came = _of_letters(measured, packed, places), _of_events(measured, packed, places)
    itself = _by_itself(measured).subquery("itself")
    numbers = range(packed[-1].number + 1 if packed else 0)
    marks = [func.coalesce(part.c.marks, 0) for part in (came, itself) if part is not None]
    return (
        select(
            recipients.c.arm,
            marks[0].bitwise_or(marks[1]).label("marks"),
            *(func.coalesce(letters.c[name], 0).label(name) for name in ("messages_micros", "calls_micros")),
            *(func.coalesce(letters.c[f"fates_{number}"], 0).label(f"fates_{number}") for number in numbers),
            *(func.coalesce(came.c[f"seen_{number}"], 0).label(f"seen_{number}") for number in numbers),
        )
        .outerjoin(letters, letters.c.customer_id == recipients.c.customer_id)
        .outerjoin(came, came.c.customer_id == recipients.c.customer_id)
        .outerjoin(itself, itself.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned())
    )


def _alike(each: FromClause) -> Select[Any]:
    """How many have the very same marks: of a million people a few thousand kinds are left to be counted."""
    marks = [column for column in each.c if not column.name.endswith("_micros")]
    spent = [func.sum(each.c[name]).label(name) for name in ("messages_micros", "calls_micros")]
    return select(*marks, *spent, func.count().label("customers")).group_by(*marks)


def _how_many(people: FromClause, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, people.c.customers), else_=0)), 0)


def _places(packed: Sequence[_Packed], dialect: str) -> FromClause:
    """The stages as a table: name, number, place. PostgreSQL would look through all letters once for each part of a UNION."""
    rows = [(one.stage, one.number, one.place) for one in packed] or [("", 0, 0)]
    if dialect == "postgresql":
        return values(column("name", String), column("number", Integer), column("place", Integer), name="places").data(rows)
    selects = [select(literal(name).label("name"), literal(number).label("number"), literal(place).label("place")) for name, number, place in rows]
    return union_all(*selects).subquery("places")


def _of_letters(measured: Measured, packed: Sequence[_Packed], places: FromClause) -> FromClause:
    """By customer, the fates of their letters, and what these cost."""
    by_hand = deliveries.c.channel == TASK
    was_done = and_(tasks.c.status.in_((TaskStatus.DONE, TaskStatus.DECLINED)), tasks.c.done_at <= measured.now)  # who declined was called too
    status, known = deliveries.c.status, deliveries.c.sent_at <= measured.now
    fate = case(
        (and_(status == DeliveryStatus.SENT, known, by_hand, was_done), _Fate.DONE),
        (and_(status == DeliveryStatus.SENT, known, by_hand), _Fate.GIVEN),
        (and_(status == DeliveryStatus.SENT, known), _Fate.SENT),
        (status == DeliveryStatus.HELD_OUT, _Fate.HELD_OUT),
        (status == DeliveryStatus.FAILED, _Fate.FAILED),
        (status == DeliveryStatus.UNCERTAIN, _Fate.UNCERTAIN),
        (status == DeliveryStatus.STOPPED, _Fate.STOPPED),
        (status == DeliveryStatus.SKIPPED, _Fate.SKIPPED),
        (status == DeliveryStatus.HANDED_OVER, _Fate.HANDED_OVER),
        (status.in_((DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED)), _Fate.PLANNED),
    )
    left = and_(status.in_((DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN, DeliveryStatus.HANDED_OVER)), deliveries.c.handed_over_at <= measured.now)
    each = (
        select(
            deliveries.c.customer_id,
            case((and_(left, ~by_hand), deliveries.c.cost_micros), else_=0).label("messages_micros"),
            case((and_(by_hand, was_done), deliveries.c.cost_micros), else_=0).label("calls_micros"),
            places.c.number,
            literal(1, BigInteger).bitwise_lshift(cast(fate, Integer) * _PACKED + places.c.place).label("mark"),
        )
        .select_from(
            deliveries.join(places, places.c.name == deliveries.c.stage).outerjoin(tasks, and_(by_hand, tasks.c.delivery_id == deliveries.c.id))
        )
        .where(deliveries.c.run_id == measured.run_id)
        .subquery("each_letter")
    )
    spent = [func.sum(cast(each.c[name], Float)).label(name) for name in ("messages_micros", "calls_micros")]  # whole numbers, exact to 9e15
    return (
        select(each.c.customer_id, *spent, *_numbers(each, each.c.mark, packed, "fates", len(_Fate) * _PACKED))
        .group_by(each.c.customer_id)
        .subquery("letters_of")
    )


def _of_events(measured: Measured, packed: Sequence[_Packed], places: FromClause) -> FromClause:
    """By customer, what came back of their letters: at all, and from people by stage."""
    by_people = events.c.verdict == Verdict.HUMAN
    seen = case((and_(by_people, events.c.kind == EventKind.OPEN), 0), (and_(by_people, events.c.kind == EventKind.CLICK), _PACKED))
    each = (
        select(
            deliveries.c.customer_id,
            _mark().label("mark"),
            places.c.number,
            literal(1, BigInteger).bitwise_lshift(cast(seen, Integer) + places.c.place).label("seen"),
        )
        .select_from(events.join(deliveries, deliveries.c.id == events.c.delivery_id).join(places, places.c.name == deliveries.c.stage))
        .where(deliveries.c.run_id == measured.run_id, events.c.happened_at <= measured.now, _counts())
        .subquery("each_event")
    )
    return (
        select(each.c.customer_id, either(each.c.mark, len(SIGNS)).label("marks"), *_numbers(each, each.c.seen, packed, "seen", 2 * _PACKED))
        .group_by(each.c.customer_id)
        .subquery("came_back")
    )


def _numbers(each: FromClause, mark: ColumnElement[int], packed: Sequence[_Packed], name: str, bits: int) -> list[ColumnElement[int]]:
    """A number for each six stages."""
    numbers = range(packed[-1].number + 1 if packed else 0)
    if len(numbers) == 1:
        return [either(mark, bits).label(f"{name}_0")]
    return [either(case((each.c.number == number, mark)), bits).label(f"{name}_{number}") for number in numbers]


def _arm_counts(people: FromClause, packed: Sequence[_Packed]) -> list[ColumnElement[int]]:
    reached = {
        name: or_(literal(False), *(has(people.c[f"fates_{one.number}"], one.fates(fates)) for one in packed)) for name, fates in _REACHED.items()
    }
    counts = [_how_many(people, condition).label(name) for name, condition in reached.items()]
    counts += [_how_many(people, _is_best(people.c.marks, name)).label(name) for name in SIGNS]
    counts.append(_how_many(people, has(people.c.marks, any_of=_INTERESTED)).label("interested"))
    return [*counts, *(func.coalesce(func.sum(people.c[name]), 0).label(name) for name in ("messages_micros", "calls_micros"))]


def _stage_counts(people: FromClause, one: _Packed) -> list[ColumnElement[int]]:
    fates, seen = people.c[f"fates_{one.number}"], people.c[f"seen_{one.number}"]
    ends = {name: has(fates, one.fates(those)) for name, those in _FATES_OF.items()}
    ends |= {name: and_(ends["sent"], has(seen, one.seen(name))) for name in ("opened", "clicked")}
    ends["letters"] = has(fates, one.fates(tuple(_Fate)))
    return [_how_many(people, end).label(f"{name}_{one.number * _PACKED + one.place}") for name, end in ends.items()]


def _stage(row: Row[Any], place: int, one: _Packed) -> StageFigures | None:
    """None where no letter of the arm was in the stage."""
    if not getattr(row, f"letters_{place}"):
        return None
    return StageFigures(one.stage, row.arm, **{name: int(getattr(row, f"{name}_{place}")) for name in (*_FATES_OF, "opened", "clicked")})


def _is_best(marks: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    better = next((names[: names.index(name)] for names in _BEST if name in names), ())
    found = has(marks, _MARKS[name])
    return and_(found, ~has(marks, sum(_MARKS[each] for each in better))) if better else found


def _mark() -> ColumnElement[int]:
    """Of an event; NULL: it says nothing that is counted."""
    kinds = dict.fromkeys(kind for kind, _ in _BY_VERDICT)
    by_verdict = [
        (kind, case({verdict: _MARKS[name] for (of, verdict), name in _BY_VERDICT.items() if of == kind}, value=events.c.verdict)) for kind in kinds
    ]
    return case(
        *((events.c.kind == kind, mark) for kind, mark in by_verdict), *((events.c.kind == kind, _MARKS[name]) for kind, name in _WHOEVER.items())
    )


def _counts() -> ColumnElement[bool]:
    return events.c.kind.in_([*dict.fromkeys(kind for kind, _ in _BY_VERDICT), *_WHOEVER])


def _by_itself(measured: Measured) -> Select[Any]:
    each = (
        select(recipients.c.customer_id, _mark().label("mark"))
        .join(events, events.c.customer_id == recipients.c.customer_id)
        .where(
            measured.assigned(),
            events.c.delivery_id.is_(None),
            _counts(),
            events.c.happened_at > recipients.c.assigned_at,
            events.c.happened_at <= later(recipients.c.assigned_at, measured.window),
            events.c.happened_at <= measured.now,
        )
        .subquery("each_word")
    )
    return select(each.c.customer_id, either(each.c.mark, len(SIGNS)).label("marks")).group_by(each.c.customer_id)

"""What became of a run's letters, and what came back: counts per arm and per stage.

A customer has one letter of each stage at the most, so what became of all of them is a few bits of one number, and so is what came back.
Letters are gone through once, customer by customer, what came back is kept as such numbers, and both are counted arm by arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from winback.model import TASK, DeliveryStatus, TaskStatus
from winback.outcomes.figures import StageFigures
from winback.store import came_back, slices, stage_places
from winback.store.came_back import SIGNS
from winback.store.either import has
from winback.store.measured import Measured
from winback.store.slices import Slice
from winback.store.stage_places import PACKED, Place
from winback.store.tables import deliveries, recipients, tasks


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


def count(connection: Connection, measured: Measured, stages: Sequence[str]) -> Responses:
    """Recipients who were reached, opened and clicked (by their best verdict), replied, asked to stop; and every stage's letters.

    `stages` in the order by which `came_back.count` made its marks.
    """
    packed = stage_places.places(stages)
    dialect = connection.dialect.name
    several = slices.find(connection, measured.run_id)
    people = slices.together(several, lambda those: _alike(_people(measured, packed, dialect, those).subquery("each_one"))).subquery("people")
    columns = [*_arm_counts(people, packed), *(each for one in packed for each in _stage_counts(people, one))]
    rows = connection.execute(select(people.c.arm, *columns).group_by(people.c.arm).order_by(people.c.arm)).all()
    by_arm = {
        row.arm: {name: int(getattr(row, name)) for name in (*_REACHED, *SIGNS, "interested", "messages_micros", "calls_micros")} for row in rows
    }
    found = (_stage(row, place, one) for place, one in enumerate(packed) for row in rows)
    return Responses(tuple(one for one in found if one is not None), by_arm)


def _people(measured: Measured, packed: Sequence[Place], dialect: str, those: Slice) -> Select[Any]:
    """Everybody assigned in this slice, with the marks of their letters and of what they did."""
    letters = _of_letters(measured, packed, stage_places.table(packed, dialect), those)
    came = came_back.by_customer(measured, packed, those)
    numbers = range(packed[-1].number + 1 if packed else 0)
    return (
        select(
            recipients.c.arm,
            func.coalesce(came.c.marks, 0).label("marks"),
            *(func.coalesce(letters.c[name], 0).label(name) for name in ("messages_micros", "calls_micros")),
            *(func.coalesce(letters.c[f"fates_{number}"], 0).label(f"fates_{number}") for number in numbers),
            *(func.coalesce(came.c[f"seen_{number}"], 0).label(f"seen_{number}") for number in numbers),
        )
        .outerjoin(letters, letters.c.customer_id == recipients.c.customer_id)
        .outerjoin(came, came.c.customer_id == recipients.c.customer_id)
        .where(measured.assigned(), those.has(recipients.c.customer_id))
    )


def _alike(each: FromClause) -> Select[Any]:
    """How many have the very same marks: of a million people a few thousand kinds are left to be counted."""
    marks = [column for column in each.c if not column.name.endswith("_micros")]
    spent = [func.sum(each.c[name]).label(name) for name in ("messages_micros", "calls_micros")]
    return select(*marks, *spent, func.count().label("customers")).group_by(*marks)


def _how_many(people: FromClause, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, people.c.customers), else_=0)), 0)


def _of_letters(measured: Measured, packed: Sequence[Place], places: FromClause, those: Slice) -> FromClause:
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
            literal(1, BigInteger).bitwise_lshift(cast(fate, Integer) * PACKED + places.c.place).label("mark"),
        )
        .select_from(
            deliveries.join(places, places.c.name == deliveries.c.stage).outerjoin(tasks, and_(by_hand, tasks.c.delivery_id == deliveries.c.id))
        )
        .where(deliveries.c.run_id == measured.run_id, those.has(deliveries.c.customer_id))
        .subquery("each_letter")
    )
    spent = [func.sum(cast(each.c[name], Float)).label(name) for name in ("messages_micros", "calls_micros")]  # whole numbers, exact to 9e15
    return (
        select(each.c.customer_id, *spent, *stage_places.numbers(each, each.c.mark, packed, "fates", len(_Fate) * PACKED))
        .group_by(each.c.customer_id)
        .subquery("letters_of")
    )


def _any_of(one: Place, fates: Sequence[_Fate]) -> int:
    return sum(one.bit(fate) for fate in fates)


def _arm_counts(people: FromClause, packed: Sequence[Place]) -> list[ColumnElement[int]]:
    reached = {
        name: or_(literal(False), *(has(people.c[f"fates_{one.number}"], _any_of(one, fates)) for one in packed)) for name, fates in _REACHED.items()
    }
    counts = [_how_many(people, condition).label(name) for name, condition in reached.items()]
    counts += [_how_many(people, came_back.did(people.c.marks, name)).label(name) for name in SIGNS]
    counts.append(_how_many(people, came_back.is_interested(people.c.marks)).label("interested"))
    return [*counts, *(func.coalesce(func.sum(people.c[name]), 0).label(name) for name in ("messages_micros", "calls_micros"))]


def _stage_counts(people: FromClause, one: Place) -> list[ColumnElement[int]]:
    fates, seen = people.c[f"fates_{one.number}"], people.c[f"seen_{one.number}"]
    ends = {name: has(fates, _any_of(one, those)) for name, those in _FATES_OF.items()}
    ends |= {name: and_(ends["sent"], has(seen, one.bit(kind))) for name, kind in (("opened", came_back.OPENED), ("clicked", came_back.CLICKED))}
    ends["letters"] = has(fates, _any_of(one, tuple(_Fate)))
    return [_how_many(people, end).label(f"{name}_{one.number * PACKED + one.place}") for name, end in ends.items()]


def _stage(row: Row[Any], place: int, one: Place) -> StageFigures | None:
    """None where no letter of the arm was in the stage."""
    if not getattr(row, f"letters_{place}"):
        return None
    return StageFigures(one.stage, row.arm, **{name: int(getattr(row, f"{name}_{place}")) for name in (*_FATES_OF, "opened", "clicked")})

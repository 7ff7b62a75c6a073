"""What came back of a run's letters, kept as marks for each recipient, and made anew for whom something changed.

Ten million events are gone through once. After that, what came in since is counted for those whom it concerns; see store/outcomes_due.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    text,
    true,
)

from winback.model import EventKind, Verdict
from winback.store import aside, outcomes_due, slices, stage_places
from winback.store.as_of import of
from winback.store.either import either, has
from winback.store.jumps import jumping
from winback.store.measured import Measured
from winback.store.moments import later
from winback.store.slices import Slice
from winback.store.stage_places import PACKED, Place
from winback.store.tables import came_back, deliveries, events, recipients
from winback.store.tables.campaigns import RARE

SIGNS = (
    *("opened_human", "opened_unverified", "opened_machine", "clicked", "clicked_unverified", "clicked_machine"),
    *("replied", "unsubscribed", "complained"),
)
"""What recipients did; a mark each."""
MARKS = {name: 1 << bit for bit, name in enumerate(SIGNS)}
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
_INTERESTED = MARKS["opened_human"] | MARKS["clicked"] | MARKS["replied"]
"""People who did any of these showed interest."""
RARELY = frozenset({"replied", "unsubscribed", "complained"})
_BEST = (("opened_human", "opened_unverified", "opened_machine"), ("clicked", "clicked_unverified", "clicked_machine"))
"""Of several verdicts on one person the first counts."""
_NO_LETTER = -1
"""The number of what came back without naming a letter."""
OPENED, CLICKED = 0, 1
"""What people did with the letter of a stage, as `Place.bit` marks it."""


def count(connection: Connection, measured: Measured, stages: Sequence[str], whose: Select[Any], places: FromClause) -> None:
    """Make the marks of these recipients anew, as known at the moment of measuring; of whom something lies in the future still stays due.

    What came back without naming a letter (a new mail, a word to the bot) counts when it came inside the return window.
    `places`: (customer_id, assigned_at) of them.
    """
    with jumping(connection):
        connection.execute(delete(came_back).where(came_back.c.run_id == measured.run_id, of(came_back.c.customer_id, whose)))
        happened = aside.put(connection, "what_happened", _happened(of(events.c.customer_id, whose)), key=None, analysed=False)
        mails = aside.put(connection, "their_letters", _mails(measured, of(deliveries.c.customer_id, whose)), key="id", analysed=False)
    _put(connection, _of_letters(connection, measured, stages, happened, mails))
    _put(connection, _by_itself(measured, happened, places))
    outcomes_due.keep(connection, _to_come(measured, happened, places))
    aside.drop(connection, "what_happened", "their_letters")


def count_all(connection: Connection, measured: Measured, stages: Sequence[str]) -> None:
    """The same of everybody."""
    connection.execute(delete(came_back).where(came_back.c.run_id == measured.run_id))
    several = slices.find(connection, measured.run_id)

    def of_slice(those: Slice) -> Select[Any]:
        happened = _happened(those.has(events.c.customer_id)).subquery("happened")
        mails = _mails(measured, those.has(deliveries.c.customer_id)).subquery("mails")
        return _of_letters(connection, measured, stages, happened, mails)

    of_letters = select(slices.together(several, of_slice).subquery("of_letters"))
    if connection.dialect.name == "postgresql":  # several processes at work
        found = aside.put(connection, "came_back_aside", of_letters)
        _put(connection, select(found).order_by(found.c.customer_id, found.c.number))  # as their key goes: in half the time
        aside.drop(connection, "came_back_aside")
    else:
        _put(connection, of_letters)
    places = select(recipients.c.customer_id, recipients.c.assigned_at).where(measured.assigned()).subquery("places")
    _put(connection, _by_itself(measured, events, places))
    ahead = aside.put(connection, "still_ahead", _to_come(measured, events, places))
    outcomes_due.keep(connection, select(ahead))
    aside.drop(connection, "still_ahead")
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE came_back"))


def by_customer(measured: Measured, those: Sequence[Place], whose: Slice) -> FromClause:
    """One row per customer of this slice of whom anything came back: marks, and for each six stages what people did with their letters."""
    seen = stage_places.numbers(came_back, came_back.c.seen, those, "seen", 2 * PACKED)
    return (
        select(came_back.c.customer_id, either(came_back.c.marks, len(SIGNS)).label("marks"), *seen)
        .where(came_back.c.run_id == measured.run_id, whose.has(came_back.c.customer_id))
        .group_by(came_back.c.customer_id)
        .subquery("came")
    )


def has_mark(marks: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether that is known of somebody, whatever else is. Of what few do, an index knows who."""
    return and_(text(RARE), has(marks, MARKS[name])) if name in RARELY else has(marks, MARKS[name])


def did(marks: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether that is the best that is known of somebody."""
    better = next((names[: names.index(name)] for names in _BEST if name in names), ())
    found = has(marks, MARKS[name])
    return and_(found, ~has(marks, sum(MARKS[each] for each in better))) if better else found


def is_interested(marks: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether they opened, clicked or answered themselves."""
    return has(marks, any_of=_INTERESTED)


def _put(connection: Connection, marks: Select[Any]) -> None:
    connection.execute(insert(came_back).from_select([column.name for column in came_back.c], marks))


def _happened(whose: ColumnElement[bool]) -> Select[Any]:
    """Events of some customers, as far as they are counted; an index has all of these columns."""
    named = (events.c[name] for name in ("customer_id", "kind", "happened_at", "delivery_id", "verdict"))
    return select(*named).where(whose, _counts(events))


def _mails(measured: Measured, whose: ColumnElement[bool]) -> Select[Any]:
    """The run's letters to them."""
    return select(deliveries.c.id, deliveries.c.customer_id, deliveries.c.stage).where(deliveries.c.run_id == measured.run_id, whose)


def _of_letters(connection: Connection, measured: Measured, stages: Sequence[str], happened: FromClause, mails: FromClause) -> Select[Any]:
    """Of what happened with letters of the run, both of the same customers."""
    by_people = happened.c.verdict == Verdict.HUMAN
    seen = case(
        (and_(by_people, happened.c.kind == EventKind.OPEN), OPENED * PACKED),
        (and_(by_people, happened.c.kind == EventKind.CLICK), CLICKED * PACKED),
    )
    where = stage_places.table(stage_places.places(stages), connection.dialect.name)
    # a record merged into another one keeps its letters, and counts no more
    whose: ColumnElement[bool] = happened.c.customer_id == mails.c.customer_id
    if connection.dialect.name == "postgresql":  # it would take that for as rare as one letter among all, and expect a single row of millions
        whose = case((whose, true()), else_=false())
    each = (
        select(
            mails.c.customer_id,
            _mark(happened).label("mark"),
            where.c.number,
            literal(1, BigInteger).bitwise_lshift(cast(seen, Integer) + where.c.place).label("seen"),
        )
        .select_from(happened.join(mails, mails.c.id == happened.c.delivery_id).join(where, where.c.name == mails.c.stage))
        .where(happened.c.happened_at <= measured.now, whose)
        .subquery("each_event")
    )
    marks = either(each.c.mark, len(SIGNS)).label("marks"), either(each.c.seen, 2 * PACKED).label("seen")
    return select(literal(measured.run_id).label("run_id"), each.c.customer_id, each.c.number, *marks).group_by(each.c.customer_id, each.c.number)


def _by_itself(measured: Measured, happened: FromClause, places: FromClause) -> Select[Any]:
    each = (
        select(places.c.customer_id, _mark(happened).label("mark"))
        .join(happened, happened.c.customer_id == places.c.customer_id)
        .where(
            happened.c.delivery_id.is_(None),
            _counts(happened),
            happened.c.happened_at > places.c.assigned_at,
            happened.c.happened_at <= later(places.c.assigned_at, measured.window),
            happened.c.happened_at <= measured.now,
        )
        .subquery("each_word")
    )
    marks = func.max(literal(_NO_LETTER)), either(each.c.mark, len(SIGNS)), func.max(literal(0))
    return select(literal(measured.run_id), each.c.customer_id, *marks).group_by(each.c.customer_id)


def _to_come(measured: Measured, happened: FromClause, places: FromClause) -> Select[Any]:
    """(run, customer) of recipients with something that happens in the future still, by another clock than ours: they stay due until it doesn't."""
    return (
        select(literal(measured.run_id).label("run_id"), places.c.customer_id)
        .join(happened, happened.c.customer_id == places.c.customer_id)
        .where(_counts(happened), happened.c.happened_at > measured.now)
        .distinct()
    )


def _mark(happened: FromClause) -> ColumnElement[int]:
    """Of an event; NULL: it says nothing that is counted."""
    kinds = dict.fromkeys(kind for kind, _ in _BY_VERDICT)
    by_verdict = [
        (kind, case({str(verdict): MARKS[name] for (of, verdict), name in _BY_VERDICT.items() if of == kind}, value=happened.c.verdict))
        for kind in kinds
    ]
    return case(
        *((happened.c.kind == kind, mark) for kind, mark in by_verdict), *((happened.c.kind == kind, MARKS[name]) for kind, name in _WHOEVER.items())
    )


def _counts(happened: FromClause) -> ColumnElement[bool]:
    return happened.c.kind.in_([*dict.fromkeys(kind for kind, _ in _BY_VERDICT), *_WHOEVER])

"""What became of a run's letters, and what came back: counts per arm and per stage."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, union_all

from winback.model import DeliveryStatus, EventKind, Verdict
from winback.outcomes.figures import StageFigures
from winback.store.measured import Measured, count_if, letters
from winback.store.moments import later
from winback.store.tables import deliveries, events, recipients

_BY_PEOPLE = events.c.verdict == Verdict.HUMAN
_SIGNS = {
    "opened_human": and_(events.c.kind == EventKind.OPEN, _BY_PEOPLE),
    "opened_unverified": and_(events.c.kind == EventKind.OPEN, events.c.verdict == Verdict.UNVERIFIED),
    "opened_machine": and_(events.c.kind == EventKind.OPEN, events.c.verdict == Verdict.MACHINE),
    "clicked": and_(events.c.kind == EventKind.CLICK, _BY_PEOPLE),
    "clicked_unverified": and_(events.c.kind == EventKind.CLICK, events.c.verdict == Verdict.UNVERIFIED),
    "clicked_machine": and_(events.c.kind == EventKind.CLICK, events.c.verdict == Verdict.MACHINE),
    "replied": and_(events.c.kind.in_([EventKind.REPLY, EventKind.ANSWER]), _BY_PEOPLE),
    "unsubscribed": events.c.kind == EventKind.UNSUBSCRIBE,
}
_UNDER_WAY = (DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER)


def reached(connection: Connection, measured: Measured) -> dict[str, dict[str, int]]:
    """Per arm, recipients with at least one letter delivered, failed, uncertain."""
    ends = {
        "delivered": _sent(measured),
        "failed": deliveries.c.status == DeliveryStatus.FAILED,
        "uncertain": deliveries.c.status == DeliveryStatus.UNCERTAIN,
    }
    columns = [func.count(case((end, deliveries.c.customer_id)).distinct()).label(name) for name, end in ends.items()]
    return _by_arm(connection, select(recipients.c.arm, *columns).select_from(letters()).where(measured.assigned()).group_by(recipients.c.arm))


def heard(connection: Connection, measured: Measured) -> dict[str, dict[str, int]]:
    """Per arm, recipients who opened and clicked (by their best verdict), replied, unsubscribed.

    What came back without naming a letter (a new mail, a word to the bot) counts when it came inside the return window.
    """
    came = union_all(_about_letters(measured), _by_itself(measured)).subquery("came")
    person = (
        select(came.c.arm, came.c.customer_id, *(func.max(came.c[name]).label(name) for name in _SIGNS))
        .group_by(came.c.arm, came.c.customer_id)
        .subquery("person")
    )
    best: dict[str, ColumnElement[bool]] = {"interested": or_(*(person.c[name] == 1 for name in ("opened_human", "clicked", "replied")))}
    for names in (("opened_human", "opened_unverified", "opened_machine"), ("clicked", "clicked_unverified", "clicked_machine")):
        human, unverified, machine = (person.c[name] == 1 for name in names)
        best |= {names[1]: and_(~human, unverified), names[2]: and_(~human, ~unverified, machine)}
    counts = [count_if(sign).label(name) for name, sign in ({name: person.c[name] == 1 for name in _SIGNS} | best).items()]
    return _by_arm(connection, select(person.c.arm, *counts).group_by(person.c.arm))


def stages(connection: Connection, measured: Measured) -> tuple[StageFigures, ...]:
    """Stages in the order in which they fall due, arms by name; opens and clicks by people, once per letter."""
    signs = _signs_of_letters(measured)
    ends = {
        "planned": deliveries.c.status.in_(_UNDER_WAY),
        "sent": _sent(measured),
        "failed": deliveries.c.status == DeliveryStatus.FAILED,
        "uncertain": deliveries.c.status == DeliveryStatus.UNCERTAIN,
        "stopped": deliveries.c.status == DeliveryStatus.STOPPED,
        "skipped": deliveries.c.status == DeliveryStatus.SKIPPED,
        "held_out": deliveries.c.status == DeliveryStatus.HELD_OUT,
        "opened": and_(_sent(measured), signs.c.opened == 1),
        "clicked": and_(_sent(measured), signs.c.clicked == 1),
    }
    begun = (
        select(deliveries.c.stage, func.min(deliveries.c.due_at).label("first_due_at"))
        .where(deliveries.c.run_id == measured.run_id)
        .group_by(deliveries.c.stage)
        .subquery("begun")
    )
    rows = connection.execute(
        select(deliveries.c.stage, recipients.c.arm, *(count_if(end).label(name) for name, end in ends.items()))
        .select_from(letters().join(begun, begun.c.stage == deliveries.c.stage).outerjoin(signs, signs.c.delivery_id == deliveries.c.id))
        .where(measured.assigned())
        .group_by(deliveries.c.stage, recipients.c.arm, begun.c.first_due_at)
        .order_by(begun.c.first_due_at, deliveries.c.stage, recipients.c.arm)
    )
    return tuple(StageFigures(**row) for row in rows.mappings())


def _sent(measured: Measured) -> Any:
    return and_(deliveries.c.status == DeliveryStatus.SENT, deliveries.c.sent_at <= measured.now)


def _about_letters(measured: Measured) -> Select[Any]:
    return (
        select(recipients.c.arm, recipients.c.customer_id, *_flags())
        .select_from(letters().join(events, events.c.delivery_id == deliveries.c.id))
        .where(measured.assigned(), events.c.happened_at <= measured.now)
    )


def _by_itself(measured: Measured) -> Select[Any]:
    return (
        select(recipients.c.arm, recipients.c.customer_id, *_flags())
        .join(events, events.c.customer_id == recipients.c.customer_id)
        .where(
            measured.assigned(),
            events.c.delivery_id.is_(None),
            events.c.happened_at > recipients.c.assigned_at,
            events.c.happened_at <= later(recipients.c.assigned_at, measured.window),
            events.c.happened_at <= measured.now,
        )
    )


def _flags() -> list[Any]:
    return [case((sign, 1), else_=0).label(name) for name, sign in _SIGNS.items()]


def _signs_of_letters(measured: Measured) -> Any:
    return (
        select(
            events.c.delivery_id,
            func.max(case((_SIGNS["opened_human"], 1), else_=0)).label("opened"),
            func.max(case((_SIGNS["clicked"], 1), else_=0)).label("clicked"),
        )
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(deliveries.c.run_id == measured.run_id, _BY_PEOPLE, events.c.happened_at <= measured.now)
        .group_by(events.c.delivery_id)
        .subquery("signs")
    )


def _by_arm(connection: Connection, statement: Select[Any]) -> dict[str, dict[str, int]]:
    return {row.pop("arm"): row for row in map(dict, connection.execute(statement).mappings())}

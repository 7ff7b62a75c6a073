"""Messages that customers asked to be reminded of: the journey goes back to the stage, and waits for the day that they chose.

The reminder is a delivery of its own, `first-letter+1` beside `first-letter`: claimed, checked for the last time, sent once and recorded
as every other. When it is behind, the journey goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from winback.journey import repeats
from winback.model import DeliveryStatus, EventKind, RecipientStatus, RunStatus, Verdict
from winback.shapes import read_duration
from winback.store import codes, events
from winback.store.events import Event
from winback.store.persons import person_id
from winback.store.tables import campaign_runs, customers, deliveries, recipients

_CAME = (DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN, DeliveryStatus.HANDED_OVER)
_ON_THE_WAY = (DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER)
_OPEN_RUNS = (RunStatus.ACTIVE, RunStatus.WAITING, RunStatus.PAUSED, RunStatus.FINISHED)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A message that may come once more."""

    delivery_id: int
    run_id: int
    customer_id: int
    stage: str
    time_zone: str  # of the recipient (journey/zones.py)
    country: str
    ends_on: date  # the campaign's last day
    offer_ends_at: datetime | None  # the end of the offer's last day for this customer; None: no offer
    number: int  # of the reminder that waits or would be the next
    is_busy: bool  # the journey's next message is being sent this very moment


def find(connection: Connection, delivery_id: int, customer_id: int) -> Repeatable | None:
    """The message of a delivery of this customer's; None where there is nothing to be reminded of.

    That is: the journey ended for a reason, the campaign was cancelled, greets or is over, the stage comes on a day of its own, or it
    has been put off as often as it can be.
    """
    row = connection.execute(_found(delivery_id, customer_id)).one_or_none()
    if row is None or row.status not in _CAME or row.standing not in {RecipientStatus.ACTIVE, RecipientStatus.FINISHED} or row.ended_for:
        return None
    stage, plan = repeats.stage_of(row.stage), row.plan
    told = next((each for each in plan.get("stages", ()) if each["name"] == stage), None)
    if row.greets or told is None or told.get("on_day") or told.get("occasion"):
        return None
    theirs = _deliveries(connection, row.run_id, row.customer_id)
    again = [each for each in theirs if repeats.stage_of(each.stage) == stage and repeats.number_of(each.stage)]
    waiting = [repeats.number_of(each.stage) for each in again if each.status == DeliveryStatus.PLANNED]
    number = waiting[0] if waiting else 1 + max((repeats.number_of(each.stage) for each in again), default=0)
    if number > repeats.MOST:
        return None
    return Repeatable(
        delivery_id,
        row.run_id,
        row.customer_id,
        stage,
        row.time_zone,
        row.country,
        date.fromisoformat(plan["ends_on"]),
        _offer_ends_at(connection, row),
        number,
        is_busy=any(each.status in _ON_THE_WAY or _left_once(each) for each in theirs),
    )


def _found(delivery_id: int, customer_id: int) -> Any:
    return (
        select(
            deliveries.c.stage,
            deliveries.c.status,
            deliveries.c.tactic,
            deliveries.c.run_id,
            recipients.c.customer_id,
            recipients.c.status.label("standing"),
            recipients.c.reason.label("ended_for"),
            recipients.c.time_zone,
            recipients.c.assigned_at,
            customers.c.country,
            campaign_runs.c.plan,
            campaign_runs.c.greets,
        )
        .join(recipients, (recipients.c.run_id == deliveries.c.run_id) & (recipients.c.customer_id == deliveries.c.customer_id))
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(deliveries.c.id == delivery_id, person_id() == customer_id, campaign_runs.c.status.in_(_OPEN_RUNS))
    )


def _deliveries(connection: Connection, run_id: int, customer_id: int, *, held: bool = False) -> Sequence[Row[Any]]:
    columns = (deliveries.c.id, deliveries.c.stage, deliveries.c.status, deliveries.c.handed_over_at, deliveries.c.tactic, deliveries.c.locale)
    theirs = select(*columns).where(deliveries.c.run_id == run_id, deliveries.c.customer_id == customer_id).order_by(deliveries.c.id)
    rows: Sequence[Any] = connection.execute(theirs.with_for_update() if held else theirs).all()
    return rows


def _left_once(delivery: Row[Any]) -> bool:
    """Planned again after the other side had put it off: its code may be given, so that it can't be unplanned."""
    return bool(delivery.status == DeliveryStatus.PLANNED and delivery.handed_over_at is not None)


def _offer_ends_at(connection: Connection, row: Row[Any]) -> datetime | None:
    held = codes.of(connection, row.run_id, [row.customer_id]).get(row.customer_id)
    if held is not None:
        return held.expires_at
    name = row.plan.get("tactics", {}).get(row.tactic, {}).get("offer")
    offer = row.plan.get("offers", {}).get(name) if name else None
    ends_at: datetime | None = row.assigned_at + read_duration(offer["valid_for"]) if offer else None
    return ends_at


def put_off(connection: Connection, message: Repeatable, due_at: datetime, *, dedupe_key: str, now: datetime) -> bool:
    """Let the message come again at `due_at`, and the rest of the journey wait for it. False: something else is on its way after all.

    Chosen again while it waits, it only waits for another day. A journey that had come to its last stage goes on for this, and the run
    with it.
    """
    _deliveries(connection, message.run_id, message.customer_id, held=True)
    place = (recipients.c.run_id == message.run_id, recipients.c.customer_id == message.customer_id)
    connection.execute(select(recipients.c.customer_id).where(*place).with_for_update()).all()
    known = find(connection, message.delivery_id, message.customer_id)  # again: what others wrote before the rows were ours
    if known is None or known.is_busy:
        return False
    theirs = _deliveries(connection, known.run_id, known.customer_id, held=True)
    mine = next(each for each in theirs if each.id == known.delivery_id)
    planned = [each.id for each in theirs if each.status == DeliveryStatus.PLANNED]
    connection.execute(delete(deliveries).where(deliveries.c.id.in_(planned)))  # nobody has tried them: they are planned anew afterwards
    (plan,) = connection.execute(select(campaign_runs.c.plan).where(campaign_runs.c.id == known.run_id)).one()
    row = {"run_id": known.run_id, "customer_id": known.customer_id, "tactic": mine.tactic, "locale": mine.locale}
    again = repeats.named(known.stage, known.number)
    connection.execute(insert(deliveries).values(**row, stage=again, status=DeliveryStatus.PLANNED, due_at=due_at))
    back = {"status": RecipientStatus.ACTIVE, "ended_at": None, "next_stage": plan["order_of_stages"].index(known.stage), "next_due_at": None}
    connection.execute(update(recipients).where(*place).values(back))
    finished = (campaign_runs.c.id == known.run_id, campaign_runs.c.status == RunStatus.FINISHED)
    connection.execute(update(campaign_runs).where(*finished).values(status=RunStatus.ACTIVE))
    events.record(connection, [_asked(known, due_at, dedupe_key, now)])
    events.confirm(connection, [known.delivery_id])
    return True


def _asked(message: Repeatable, due_at: datetime, dedupe_key: str, now: datetime) -> Event:
    return Event(
        dedupe_key=dedupe_key,
        kind=EventKind.LATER,
        customer_id=message.customer_id,
        delivery_id=message.delivery_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"by": "telegram", "until": due_at.isoformat()},
    )


def last_stages(connection: Connection, run_id: int, ids: Collection[int], stages: Sequence[str]) -> dict[int, int]:
    """Of each customer the number of the last stage whose turn has come, for the first time or again: the next one follows it."""
    rows = connection.execute(
        select(deliveries.c.customer_id, deliveries.c.stage).where(deliveries.c.run_id == run_id, deliveries.c.customer_id.in_(list(ids)))
    )
    found: dict[int, int] = {}
    for customer_id, stage in rows:
        name = repeats.stage_of(stage)
        if name in stages:
            found[customer_id] = max(found.get(customer_id, 0), stages.index(name))
    return found

"""Journeys of two records that are one person: in each run one of them goes on, and no stage reaches the person twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, text, update

from winback.model import UNFINISHED, DeliveryStatus, Reason, RecipientStatus
from winback.speech import N_, said
from winback.store import merged_codes
from winback.store.among import among_these
from winback.store.tables import back_fill, came_back, campaign_runs, customers, deliveries, outcomes, recipients, tasks

_ON_THE_WAY = (DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER)


@dataclass(frozen=True, slots=True)
class JourneyFate:
    """What became of the merged record's place in a run."""

    campaign: str
    number: int
    fate: str  # moved (it goes on as the other record's); ended (both were assigned: the other one's goes on); left (it was only skipped)


def hold(connection: Connection, merged_id: int, into_id: int) -> str:
    """Keep everybody else from these two records' journeys until the transaction ends. Returns what stands in the way, or nothing.

    A run that is still deciding on its cohort may decide on either record any moment, and a letter that a worker holds is known to it
    by the customer's number. Raises database.Failure at once when somebody else is writing to these rows just now (PostgreSQL).
    """
    if connection.dialect.name == "postgresql":  # a run that begins now waits, and sees what was merged
        connection.execute(text("LOCK TABLE campaign_runs IN SHARE ROW EXCLUSIVE MODE"))
    enrolling = select(campaign_runs.c.campaign).where(
        campaign_runs.c.enrolled_at.is_(None),
        or_(campaign_runs.c.enrolled_on.is_(None), campaign_runs.c.enrolling_at.is_not(None)),  # between two days a daily one decides on nobody
        campaign_runs.c.status.in_(UNFINISHED),
    )
    if campaign := connection.execute(enrolling.limit(1)).scalar():
        return said(N_("the campaign `%(campaign)s` is still deciding on its cohort"), campaign=campaign)
    both = (merged_id, into_id)
    for table in (deliveries, recipients, deliveries):  # deliveries again: some may have been queued before the recipients were ours
        connection.execute(select(table.c.customer_id).where(table.c.customer_id.in_(both)).with_for_update(nowait=True)).all()
    on_the_way = (
        select(campaign_runs.c.campaign)
        .join(deliveries, deliveries.c.run_id == campaign_runs.c.id)
        .where(deliveries.c.customer_id == merged_id, deliveries.c.status.in_(_ON_THE_WAY))
    )
    campaign = connection.execute(on_the_way.limit(1)).scalar()
    return said(N_("a letter of the campaign `%(campaign)s` to the customer is on its way"), campaign=campaign) if campaign else ""


def join(connection: Connection, merged_id: int, into_id: int, merged_key: str, now: datetime) -> list[JourneyFate]:
    """Leave one place in each run to the record that stays.

    Where only the merged record was assigned, its place and letters move, with the shop's id that its arm was drawn by. Where both were,
    the merged one's journey ends and its letters stay with it, as evidence: nobody is in two arms, and nobody counts twice.
    """
    standing = connection.execute(
        select(recipients, campaign_runs.c.campaign, campaign_runs.c.number)
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(recipients.c.customer_id.in_((merged_id, into_id)))
        .order_by(recipients.c.run_id)
    ).all()
    merged_codes.keep_one(connection, merged_id, into_id)
    theirs, ours = ({row.run_id: row for row in standing if row.customer_id == who} for who in (merged_id, into_id))
    fates = []
    for run_id, place in theirs.items():
        other = ours.get(run_id)
        if other is None or (_is_skipped(other) and not _is_skipped(place)):
            _move(connection, place, other, into_id, merged_key)
            fates.append(JourneyFate(place.campaign, place.number, "moved"))
        elif _is_skipped(place):
            fates.append(JourneyFate(place.campaign, place.number, "left"))
        else:
            _end(connection, place, now)
            fates.append(JourneyFate(place.campaign, place.number, "ended"))
    _wait_on(connection, merged_id, into_id)
    return fates


def _wait_on(connection: Connection, merged_id: int, into_id: int) -> None:
    """Who waits in a back-fill as the merged record waits on as the one that stays, unless that one has a place of its own."""
    own = back_fill.alias("own")
    connection.execute(
        update(back_fill)
        .where(back_fill.c.customer_id == merged_id, back_fill.c.run_id.not_in(select(own.c.run_id).where(own.c.customer_id == into_id)))
        .values(customer_id=into_id)
    )


def reached(connection: Connection, run_id: int, ids: Sequence[int]) -> set[tuple[int, str]]:
    """(customer, stage) of those of `ids` whom a stage of this run reached, or may have reached, as a record merged into theirs."""
    rows = connection.execute(
        select(customers.c.merged_into, deliveries.c.stage)
        .join(deliveries, deliveries.c.customer_id == customers.c.id)
        .where(
            among_these(customers.c.merged_into, ids),
            deliveries.c.run_id == run_id,
            deliveries.c.status.in_([DeliveryStatus.SENT, DeliveryStatus.HANDED_OVER, DeliveryStatus.UNCERTAIN]),
        )
    )
    return {(customer_id, stage) for customer_id, stage in rows}


def _is_skipped(place: Row[Any]) -> bool:
    return bool(place.status == RecipientStatus.SKIPPED)


def _move(connection: Connection, place: Row[Any], other: Row[Any] | None, into_id: int, merged_key: str) -> None:
    """The record that stays takes the place; where it was skipped itself, the merged record takes over the skip."""
    run_id, merged_id = place.run_id, place.customer_id
    connection.execute(delete(recipients).where(recipients.c.run_id == run_id, recipients.c.customer_id.in_((merged_id, into_id))))
    drawn_by = {} if _is_skipped(place) else {"assigned_as": place.facts.get("assigned_as", merged_key)}
    _put(connection, place, customer_id=into_id, facts={**place.facts, **drawn_by})
    if other is not None:
        _put(connection, other, customer_id=merged_id)
    asked = select(deliveries.c.id).where(deliveries.c.run_id == run_id, deliveries.c.customer_id == merged_id)
    connection.execute(update(tasks).where(tasks.c.delivery_id.in_(asked)).values(customer_id=into_id))
    for table in (deliveries, outcomes, came_back):
        connection.execute(update(table).where(table.c.run_id == run_id, table.c.customer_id == merged_id).values(customer_id=into_id))
    merged_codes.move(connection, run_id, merged_id, into_id)


def _put(connection: Connection, place: Row[Any], **changes: Any) -> None:
    values = {column.name: getattr(place, column.name) for column in recipients.c}
    connection.execute(insert(recipients).values(**{**values, **changes}))


def _end(connection: Connection, place: Row[Any], now: datetime) -> None:
    here = (recipients.c.run_id == place.run_id, recipients.c.customer_id == place.customer_id)
    before = {"before_merge": {"status": place.status, "reason": place.reason}}
    connection.execute(
        update(recipients)
        .where(*here)
        .values(
            status=RecipientStatus.STOPPED,
            reason=Reason.MERGED,
            ended_at=func.coalesce(recipients.c.ended_at, now),
            next_due_at=None,
            facts={**place.facts, **before},
        )
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.run_id == place.run_id, deliveries.c.customer_id == place.customer_id, deliveries.c.status == DeliveryStatus.PLANNED)
        .values(status=DeliveryStatus.STOPPED, reason=Reason.MERGED)
    )
    merged_codes.end(connection, place.run_id, place.customer_id)
    for table in (outcomes, came_back):
        connection.execute(delete(table).where(table.c.run_id == place.run_id, table.c.customer_id == place.customer_id))

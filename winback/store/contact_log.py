"""When customers were written or spoken to, by whatever campaign, channel or person; and who wants to write to them next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, or_, select, text, union_all, update

from winback.journey.contact_policy import Rival
from winback.journey.notices import NoticeStatus
from winback.journey.policy import SPANS
from winback.model import ChannelName, DeliveryStatus, RecipientStatus, RunStatus
from winback.store.among import among, among_these
from winback.store.persons import person_id
from winback.store.tables import Utc, campaign_runs, consent_requests, customers, deliveries, recipients, tasks, touches

_LEFT = (DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)
_BACK = timedelta(days=SPANS["year"] + 1)  # a day more: the customer's day may have begun before ours
_CLOCKS_DIFFER = timedelta(hours=1)  # what another machine's clock may be ahead of ours
_FORGOTTEN = timedelta(days=1)
"""A stage that has been due for longer than this isn't sent by anybody just now: nobody waits for it."""


def hold(connection: Connection, ids: Collection[int]) -> None:
    """Let nobody else hand letters to these customers over until the transaction ends: what is read of them from now on stays true.

    PostgreSQL: locks by number, taken in order, which hold up nobody but each other; locked rows would wait for a whole import. SQLite
    has one writer.
    """
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(-id) FROM (SELECT unnest(CAST(:ids AS bigint[])) AS id ORDER BY 1) AS numbers")
        connection.execute(lock, {"ids": sorted(set(ids))})


def contacts(connection: Connection, ids: Collection[int], now: datetime) -> Mapping[int, list[datetime]]:
    """The moments of the last year at which each customer was written to, or may have been, or was spoken to.

    Letters to a record that was merged into theirs count too, and so do those that asked to confirm a consent. What a person was asked to do counts when it was done, as a touch.
    """
    found: dict[int, list[datetime]] = defaultdict(list)
    for customer_id, moment in connection.execute(_CONTACTS, {"ids": list(ids), "since": now - _BACK, "until": now + _CLOCKS_DIFFER}).all():
        found[customer_id].append(moment)
    return found


def _contacts() -> CompoundSelect[Any]:
    """Built once: it is asked for every few letters."""
    since, until = bindparam("since", type_=Utc), bindparam("until", type_=Utc)
    left = (deliveries.c.status.in_(_LEFT), deliveries.c.handed_over_at > since, deliveries.c.handed_over_at <= until)
    own = (
        select(deliveries.c.customer_id, deliveries.c.handed_over_at.label("moment"))
        .outerjoin(tasks, tasks.c.delivery_id == deliveries.c.id)
        .where(among(deliveries.c.customer_id), *left, or_(tasks.c.delivery_id.is_(None), deliveries.c.channel.in_(list(ChannelName))))
    )
    merged = (
        select(customers.c.merged_into, deliveries.c.handed_over_at)
        .join(deliveries, deliveries.c.customer_id == customers.c.id)
        .where(among(customers.c.merged_into), *left)
    )
    elsewhere = select(touches.c.customer_id, touches.c.touched_at).where(
        among(touches.c.customer_id), touches.c.touched_at > since, touches.c.touched_at <= until
    )
    requested = (
        select(person_id(), consent_requests.c.asked_at)
        .join(consent_requests, consent_requests.c.customer_id == customers.c.id)
        .where(among(customers.c.id), consent_requests.c.status != NoticeStatus.FAILED)
        .where(consent_requests.c.asked_at > since, consent_requests.c.asked_at <= until)
    )
    return union_all(own, merged, elsewhere, requested)


_CONTACTS = _contacts()


def rivals(connection: Connection, run_id: int, due: Mapping[int, datetime], now: datetime, within: timedelta) -> dict[int, Rival]:
    """By customer, the stage of another active run that goes before this run's, which is `due`: of a higher priority, or of the same and earlier.

    Stages count that fall due `within` a time from now, queued or not.
    """
    if not due:
        return {}
    own = connection.execute(select(campaign_runs.c.priority).where(campaign_runs.c.id == run_id)).scalar_one()
    others = (campaign_runs.c.status == RunStatus.ACTIVE, campaign_runs.c.priority >= own, campaign_runs.c.id != run_id)
    earliest, latest = now - _FORGOTTEN, now + within  # looked at here: whoever asks by customer shall find them by customer, not by day
    queued = (
        select(deliveries.c.customer_id, deliveries.c.due_at.label("due_at"), campaign_runs.c.campaign, campaign_runs.c.priority, campaign_runs.c.id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(
            among_these(deliveries.c.customer_id, due),
            deliveries.c.status.in_([DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED]),
            *others,
        )
    )
    to_come = (
        select(recipients.c.customer_id, recipients.c.next_due_at, campaign_runs.c.campaign, campaign_runs.c.priority, campaign_runs.c.id)
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(
            among_these(recipients.c.customer_id, due), recipients.c.status == RecipientStatus.ACTIVE, recipients.c.next_due_at.is_not(None), *others
        )
        .where(or_(campaign_runs.c.greets.is_(False), recipients.c.next_occasion != ""))  # who has no occasion waits for no letter
    )
    found: dict[int, Rival] = {}
    for customer_id, due_at, campaign, priority, run in connection.execute(union_all(queued, to_come)):
        goes_first = priority > own or (due_at, run) < (due[customer_id], run_id)
        if goes_first and earliest <= due_at <= latest and (customer_id not in found or due_at < found[customer_id].due_at):
            found[customer_id] = Rival(campaign, due_at)
    return found


def forget_later(connection: Connection, moment: datetime) -> None:
    """For a rehearsal that begins in the past: what left after that moment hasn't left yet."""
    connection.execute(update(deliveries).where(deliveries.c.handed_over_at > moment).values(handed_over_at=None))

"""The ledger of letters. One row per (run, stage, customer), written before anything is sent; claimed under a lease.

    planned ──claim──> claimed ──hand over──> handed_over ──record──> sent | failed | planned (again later)
       │                  │ lease ran out: planned      │ lease ran out, or it may have left: uncertain
       └─ stopped, skipped (last check)

Every change of a claimed row asks for the claim's own token, so a worker whose lease ran out can change nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Row, Select, Text, Update, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningUpdate

from winback.model import DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.store import refreshing
from winback.store.among import among
from winback.store.given import rows as given_rows
from winback.store.tables import Id, Utc, campaign_runs, customers, deliveries, recipients
from winback.store.writable import writable


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that a worker holds."""

    id: int
    run_id: int
    customer_id: int
    stage: str
    tactic: str
    locale: str
    attempts: int
    due_at: datetime
    occasion: str = ""  # of a greeting
    first_tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery; `due_at` only when it is planned again, `sent_at` only when it was accepted."""

    delivery_id: int
    status: DeliveryStatus
    reason: str = ""
    detail: str = ""
    remote_id: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    sent_at: datetime | None = None
    is_unsent: bool = False  # decided before anything was handed over, and true only as long as nothing was
    relay: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Letters alike that left at one moment; `manager` is the one of the customers they went to."""

    sent_at: datetime
    stage: str
    channel: str
    language: str
    manager: str
    letters: int


def plan(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write planned (or held-out) deliveries; one that exists already stays as it is. Returns how many are new."""
    if not rows:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(deliveries).on_conflict_do_nothing(index_elements=["run_id", "stage", "customer_id"])
    return len(connection.execute(statement.returning(deliveries.c.id), rows).all())


def claim(connection: Connection, run_id: int, *, worker: str, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Take up to `limit` due deliveries of an active run, oldest first, for `lease`. Nobody else can take them meanwhile."""
    due = (
        select(deliveries.c.id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(
            deliveries.c.run_id == run_id,
            deliveries.c.status == DeliveryStatus.PLANNED,
            deliveries.c.due_at <= now,
            campaign_runs.c.status == RunStatus.ACTIVE,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=deliveries)
        # a plain subquery may be run again for each row by PostgreSQL, and take more than `limit`; a CTE with a lock is run once
        .cte("due")
    )
    rows = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(select(due.c.id)), deliveries.c.status == DeliveryStatus.PLANNED)
        .values(status=DeliveryStatus.CLAIMED, claimed_by=worker, lease_until=now + lease)
        .returning(
            deliveries.c.id,
            deliveries.c.run_id,
            deliveries.c.customer_id,
            deliveries.c.stage,
            deliveries.c.tactic,
            deliveries.c.locale,
            deliveries.c.attempts,
            deliveries.c.due_at,
            deliveries.c.occasion,
            deliveries.c.first_tried_at,
        )
    )
    return sorted((Claimed(*row) for row in rows.all()), key=lambda claimed: (claimed.due_at, claimed.id))


def record_hand_over(connection: Connection, rows: Sequence[Mapping[str, Any]], *, worker: str, now: datetime, lease: timedelta) -> set[int]:
    """Mark deliveries as handed over, just before they are; each row holds id, channel, letter, message_id and cost_micros.

    Returns the ids that may be sent: still this worker's, of a run that is still active, to a recipient whose journey isn't over.
    """
    given = [(row["id"], row["channel"], row["letter"], row["message_id"], row["cost_micros"]) for row in rows]
    alike = {"now": now, "until": now + lease, "worker": worker}
    return set(connection.execute(_hand_over(connection.dialect.name), {"rows": given, **alike}).scalars())


@cache
def _hand_over(dialect: str) -> ReturningUpdate[Any]:
    """Like those below built once, for it runs for every few letters."""
    given = given_rows(dialect, id=Id, channel=Text(), letter=Text(), message_id=Text(), cost_micros=BigInteger())
    wanted = (
        select(recipients.c.customer_id)
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(
            recipients.c.run_id == deliveries.c.run_id,
            recipients.c.customer_id == deliveries.c.customer_id,
            recipients.c.status == RecipientStatus.ACTIVE,
            campaign_runs.c.status == RunStatus.ACTIVE,
        )
        .correlate(deliveries)
        .exists()
    )
    return (
        update(deliveries)
        .where(
            deliveries.c.id == given.c.id,
            deliveries.c.claimed_by == bindparam("worker", type_=Text()),
            deliveries.c.status == DeliveryStatus.CLAIMED,
            wanted,
        )
        .values(
            status=DeliveryStatus.HANDED_OVER,
            handed_over_at=bindparam("now", type_=Utc),
            first_tried_at=func.coalesce(deliveries.c.first_tried_at, bindparam("now", type_=Utc)),
            lease_until=bindparam("until", type_=Utc),
            **{name: given.c[name] for name in ("channel", "letter", "message_id", "cost_micros")},
        )
        .returning(deliveries.c.id)
    )


def take_back(connection: Connection, ids: Collection[int], *, worker: str) -> None:
    """Letters of this worker that were marked as handed over in this transaction, and aren't after all: claimed, as before."""
    if ids:
        mine = (deliveries.c.id.in_(list(ids)), deliveries.c.claimed_by == worker, deliveries.c.status == DeliveryStatus.HANDED_OVER)
        before = {"status": DeliveryStatus.CLAIMED, "channel": "", "letter": "", "message_id": "", "cost_micros": 0, "handed_over_at": None}
        connection.execute(update(deliveries).where(*mine).values(before))


def record(connection: Connection, outcomes: Sequence[Outcome], *, worker: str) -> set[int]:
    """Write what became of this worker's deliveries. Returns the ids that were still its own.

    Of one that was settled as uncertain meanwhile, because the answer came later than the lease, the answer is kept all the same; but
    the journey has gone on, so a letter that was put off counts as failed and isn't repeated, and its id is not among those returned.

    What the last check decided counts only while the letter is claimed. A worker that claims ahead may hold one twice, when its lease ran
    out between the two claims: by then the other copy may be on its way, and mustn't be planned again.
    """
    if not outcomes:
        return set()
    asked = connection.execute(_OWN, {"ids": [outcome.delivery_id for outcome in outcomes], "worker": worker})
    found = {number: DeliveryStatus(status) for number, status in asked}
    unsent = {outcome.delivery_id for outcome in outcomes if outcome.is_unsent}
    own = {number: status for number, status in found.items() if number not in unsent or status is DeliveryStatus.CLAIMED}
    mine = {delivery for delivery, status in own.items() if status is not DeliveryStatus.UNCERTAIN}
    answers = [_answer(outcome, is_late=outcome.delivery_id not in mine) for outcome in outcomes if outcome.delivery_id in own]
    if known := [answer for answer in answers if answer[0] in mine or answer[1] is not DeliveryStatus.UNCERTAIN]:
        connection.execute(_record(connection.dialect.name), {"rows": known})
    touched = [outcome.delivery_id for outcome in outcomes if outcome.sent_at is not None]
    if touched:
        connection.execute(_NOTE_WHOSE, {"ids": touched})
    return mine


_OWN = (
    select(deliveries.c.id, deliveries.c.status)
    .where(
        among(deliveries.c.id),
        deliveries.c.claimed_by == bindparam("worker"),
        deliveries.c.status.in_([DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER, DeliveryStatus.UNCERTAIN]),
    )
    .with_for_update()
)
_NOTE_WHOSE = refreshing.due_of(select(deliveries.c.customer_id).where(among(deliveries.c.id)))


@cache
def _record(dialect: str) -> Update:
    texts = {name: Text() for name in ("status", "reason", "detail", "remote_id", "relay")}
    given = given_rows(dialect, id=Id, **texts, attempts=Integer(), due_at=Utc(), sent_at=Utc())
    return (
        update(deliveries)
        .where(deliveries.c.id == given.c.id)
        .values(
            **{name: given.c[name] for name in (*texts, "attempts")},
            due_at=func.coalesce(given.c.due_at, deliveries.c.due_at),
            sent_at=func.coalesce(given.c.sent_at, deliveries.c.sent_at),
            claimed_by="",
            lease_until=None,
        )
    )


def _answer(outcome: Outcome, *, is_late: bool) -> tuple[int, DeliveryStatus, str, str, str, str, int, datetime | None, datetime | None]:
    """The row that `_record` is given."""
    status = outcome.status
    if is_late and status not in {DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN}:
        status = DeliveryStatus.FAILED
    detail, remote_id = writable(outcome.detail, 1000), writable(outcome.remote_id, 500)
    return (outcome.delivery_id, status, outcome.reason, detail, remote_id, outcome.relay, outcome.attempts, outcome.due_at, outcome.sent_at)


def renew(connection: Connection, run_id: int, *, worker: str, until: datetime) -> int:
    """What this worker holds, handed over or not, is its own until then. Returns how many these are."""
    held = [DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER]
    mine = (deliveries.c.run_id == run_id, deliveries.c.claimed_by == worker, deliveries.c.status.in_(held))
    return connection.execute(update(deliveries).where(*mine).values(lease_until=until)).rowcount


def release(connection: Connection, run_id: int, *, worker: str) -> int:
    """Give back what this worker claimed and didn't hand over. Returns how many."""
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.run_id == run_id, deliveries.c.claimed_by == worker, deliveries.c.status == DeliveryStatus.CLAIMED)
        .values(status=DeliveryStatus.PLANNED, claimed_by="", lease_until=None)
    )
    return done.rowcount


def stop_those_of_ended(connection: Connection, ids: Sequence[int]) -> int:
    """Planned letters, among these, of recipients whose journey is over will never leave: say so, with the recipient's reason. Returns how many."""
    if not ids:
        return 0
    ended = (recipients.c.run_id == deliveries.c.run_id, recipients.c.customer_id == deliveries.c.customer_id, recipients.c.ended_at.is_not(None))
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.status == DeliveryStatus.PLANNED, select(recipients.c.run_id).where(*ended).exists())
        .values(status=DeliveryStatus.STOPPED, reason=select(recipients.c.reason).where(*ended).scalar_subquery())
    )
    return done.rowcount


def settle_dead_claims(connection: Connection, run_id: int, now: datetime, *, but: str = "") -> list[Row[Any]]:
    """Settle what workers left behind whose lease ran out: not handed over -> planned again; handed over -> uncertain.

    An uncertain row keeps its worker's token: should the worker live after all, its answer is still taken. Returns the uncertain ones
    (id, customer_id, stage, handed_over_at). Rows that somebody is changing just now are left to them, or to the next time: a worker that
    froze in the middle of a transaction holds up nobody. `but` is the worker that asks: it is alive, whatever its clock says.
    """
    held = deliveries.c.status.in_([DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER])
    free = select(deliveries.c.id).where(deliveries.c.run_id == run_id, deliveries.c.lease_until < now, held, deliveries.c.claimed_by != but)
    dead = connection.execute(free.with_for_update(skip_locked=True)).scalars().all()
    if not dead:
        return []
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(dead), deliveries.c.status == DeliveryStatus.CLAIMED)
        .values(status=DeliveryStatus.PLANNED, claimed_by="", lease_until=None)
    )
    return list(
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(dead), deliveries.c.status == DeliveryStatus.HANDED_OVER)
            .values(status=DeliveryStatus.UNCERTAIN, reason=Reason.NO_ANSWER, lease_until=None)
            .returning(deliveries.c.id, deliveries.c.customer_id, deliveries.c.stage, deliveries.c.handed_over_at)
        )
    )


def resolve(connection: Connection, delivery_id: int, *, was_sent: bool, now: datetime) -> str:
    """A person says what became of an uncertain letter. Sent -> sent; not sent -> failed. Returns the status found before.

    A letter that did not leave is not sent again by itself: the next stage follows in its time.
    """
    before = connection.execute(select(deliveries.c.status).where(deliveries.c.id == delivery_id)).scalar()
    values: dict[str, Any] = {"status": DeliveryStatus.SENT, "reason": "", "sent_at": func.coalesce(deliveries.c.handed_over_at, now)}
    if not was_sent:
        values = {"status": DeliveryStatus.FAILED, "reason": Reason.RESOLVED_NOT_SENT}
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.status == DeliveryStatus.UNCERTAIN).values(values))
    refreshing.due(connection, select(deliveries.c.customer_id).where(deliveries.c.id == delivery_id))
    return str(before or "")


def ledger(campaign: str, *, status: str | None = None, customer: str | None = None, number: int | None = None) -> Select[Any]:
    """The statement behind `winback deliveries`: letters of a campaign's newest run, or of the one of that number, oldest first."""
    wanted = select(func.max(campaign_runs.c.id)).where(campaign_runs.c.campaign == campaign)
    newest = (wanted if number is None else wanted.where(campaign_runs.c.number == number)).scalar_subquery()
    statement = (
        select(deliveries, customers.c.key.label("customer"))
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(deliveries.c.run_id == newest)
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    if status:
        statement = statement.where(deliveries.c.status == status)
    return statement.where(customers.c.key == customer) if customer else statement


def counts(connection: Connection, run_id: int) -> dict[tuple[str, DeliveryStatus], int]:
    """Deliveries by (stage, status)."""
    rows = connection.execute(
        select(deliveries.c.stage, deliveries.c.status, func.count())
        .where(deliveries.c.run_id == run_id)
        .group_by(deliveries.c.stage, deliveries.c.status)
    )
    return {(stage, DeliveryStatus(status)): count for stage, status, count in rows}


def sent_by_moment(connection: Connection, run_id: int) -> list[Sent]:
    """Sent letters counted by all that a calendar tells of them."""
    columns = (deliveries.c.sent_at, deliveries.c.stage, deliveries.c.channel, deliveries.c.locale, customers.c.manager)
    statement = (
        select(*columns, func.count())
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(deliveries.c.run_id == run_id, deliveries.c.sent_at.is_not(None))
        .group_by(*columns)
    )
    return [Sent(*row) for row in connection.execute(statement)]

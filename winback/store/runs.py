"""Campaign runs and their recipients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, Text, Update, and_, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import UNFINISHED, DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.store.among import among
from winback.store.given import rows as given_rows
from winback.store.persons import person_id
from winback.store.tables import Id, Utc, campaign_runs, customers, deliveries, recipients


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a campaign."""

    id: int
    campaign: str
    number: int
    status: RunStatus
    salt: str
    started_at: datetime
    enrolled_at: datetime | None  # when everybody of the cohort had been decided on; of a daily campaign, when it stopped taking anybody in
    enrolling_at: datetime | None  # as of when a day's decisions are being made
    enrolled_on: date | None  # the last day whose decisions are all made
    shares: Mapping[str, float]  # of every arm as planned when the run began; a file edited later changes nothing of it
    stages: tuple[str, ...]  # their names, in order
    enrol: str  # once or daily
    greets: bool  # on occasions: nothing is under test
    window: timedelta  # how long after assignment an order counts as a return
    fingerprint: str = ""  # of the files that it last went on with
    made_of: Mapping[str, Any] | None = field(default=None, repr=False)  # what that fingerprint was made of
    restored_at: datetime | None = None  # when a backup was restored in which it took people in, as long as nobody told whom it took in since
    went_on_at: datetime | None = None  # the latest moment at which it was worked at
    expected: Mapping[str, Any] | None = field(
        default=None, repr=False
    )  # what the plan said when it began, as a person was or would have been shown it

    @property
    def is_deciding(self) -> bool:
        """Whether its decisions are begun and not all made: between two days, a daily one has made those that were its to make."""
        return self.enrolled_at is None and (self.enrolled_on is None or self.enrolling_at is not None)


def latest(connection: Connection, campaign: str) -> Run | None:
    """The newest run of a campaign, whatever its status."""
    row = connection.execute(
        select(campaign_runs).where(campaign_runs.c.campaign == campaign).order_by(campaign_runs.c.number.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _run(row)


def numbered(connection: Connection, campaign: str, number: int) -> Run | None:
    """A campaign's run by its number."""
    row = connection.execute(select(campaign_runs).where(campaign_runs.c.campaign == campaign, campaign_runs.c.number == number)).one_or_none()
    return None if row is None else _run(row)


def of_campaign(connection: Connection, campaign: str) -> list[Run]:
    """Every run of a campaign, the newest first."""
    rows = connection.execute(select(campaign_runs).where(campaign_runs.c.campaign == campaign).order_by(campaign_runs.c.number.desc()))
    return [_run(row) for row in rows]


def unfinished(connection: Connection) -> list[Run]:
    """Every run that may still send, the oldest first."""
    rows = connection.execute(select(campaign_runs).where(campaign_runs.c.status.in_(UNFINISHED)).order_by(campaign_runs.c.id))
    return [_run(row) for row in rows]


def begun_by(connection: Connection, now: datetime) -> list[Run]:
    """Every run that ever began, the oldest first; those that greet, in which nothing is under test, aside."""
    rows = connection.execute(
        select(campaign_runs)
        .where(campaign_runs.c.started_at <= now, campaign_runs.c.greets.is_(False))
        .order_by(campaign_runs.c.started_at, campaign_runs.c.id)
    )
    return [_run(row) for row in rows]


def begun(connection: Connection, since: datetime, until: datetime) -> list[Run]:
    """Every run that began from `since` to `until`, the oldest first."""
    began = campaign_runs.c.started_at
    rows = connection.execute(select(campaign_runs).where(began >= since, began <= until).order_by(began, campaign_runs.c.id))
    return [_run(row) for row in rows]


def unfinished_of(connection: Connection, campaign: str) -> list[Run]:
    """Those of one campaign, the oldest first: one that takes nobody in any more may go on beside the next."""
    return [run for run in unfinished(connection) if run.campaign == campaign]


def get(connection: Connection, run_id: int) -> Run:
    """The run as it is now."""
    return _run(connection.execute(select(campaign_runs).where(campaign_runs.c.id == run_id)).one())


def plan(connection: Connection, run_id: int) -> Mapping[str, Any]:
    """The campaign's file as it was when the run began, with what was declared then."""
    found: Mapping[str, Any] = connection.execute(select(campaign_runs.c.plan).where(campaign_runs.c.id == run_id)).scalar_one()
    return found


def of_customer(connection: Connection, campaign: str, customer_id: int) -> Run | None:
    """The newest run of a campaign that decided on a customer."""
    row = connection.execute(
        select(campaign_runs)
        .join(recipients, recipients.c.run_id == campaign_runs.c.id)
        .where(campaign_runs.c.campaign == campaign, recipients.c.customer_id == customer_id)
        .order_by(campaign_runs.c.number.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _run(row)


def campaigns(connection: Connection) -> list[str]:
    """Names of all campaigns that ever ran."""
    return list(connection.execute(select(campaign_runs.c.campaign).distinct().order_by(campaign_runs.c.campaign)).scalars())


def start(
    connection: Connection,
    campaign: str,
    *,
    number: int,
    salt: str,
    plan: Mapping[str, Any],
    now: datetime,
    fingerprint: str = "",
    made_of: Mapping[str, Any] | None = None,
) -> Run:
    """Begin a run. When somebody else began the same number at the same moment, theirs is the run of both."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    priority = plan.get("priority", 0)
    connection.execute(
        dialect.insert(campaign_runs)
        .values(
            campaign=campaign,
            number=number,
            status=RunStatus.ACTIVE,
            salt=salt,
            started_at=now,
            priority=priority,
            greets=plan.get("greet") is not None,
            plan=dict(plan),
            fingerprint=fingerprint,
            made_of=made_of and dict(made_of),
        )
        .on_conflict_do_nothing(index_elements=["campaign", "number"])
    )
    return _run(connection.execute(select(campaign_runs).where(campaign_runs.c.campaign == campaign, campaign_runs.c.number == number)).one())


def follow_priority(connection: Connection, run_id: int, priority: int) -> None:
    """The campaign's file gives it another priority than the run has."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.id == run_id, campaign_runs.c.priority != priority).values(priority=priority))


def record_enrolled(connection: Connection, run_id: int, now: datetime) -> None:
    """Everybody has been decided on: enrolment is never taken up again."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.id == run_id).values(enrolled_at=now))


def vouch(connection: Connection, campaign: str) -> None:
    """A person says that its runs took nobody in between a backup and its being restored."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.campaign == campaign).values(restored_at=None))


def change_status(connection: Connection, run_id: int, status: RunStatus, now: datetime) -> None:
    """Pause, resume, cancel or finish. A cancelled run's recipients and planned letters are stopped with it."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.id == run_id).values(status=status))
    if status is RunStatus.CANCELLED:
        connection.execute(
            update(recipients)
            .where(recipients.c.run_id == run_id, recipients.c.status == RecipientStatus.ACTIVE)
            .values(status=RecipientStatus.STOPPED, reason=Reason.CANCELLED, ended_at=now, next_due_at=None)
        )
        connection.execute(
            update(deliveries)
            .where(deliveries.c.run_id == run_id, deliveries.c.status == DeliveryStatus.PLANNED)
            .values(status=DeliveryStatus.STOPPED, reason=Reason.CANCELLED)
        )


def finish_if_done(connection: Connection, run_id: int) -> bool:
    """Finish an active run whose recipients and letters have all come to an end."""
    is_open = deliveries.c.status.in_([DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER])
    undone = (  # in this order: a recipient goes from the calendar to a letter and back; only the last has no index, and is asked at the end
        select(recipients.c.customer_id).where(recipients.c.run_id == run_id, recipients.c.next_due_at.is_not(None)),
        select(deliveries.c.id).where(deliveries.c.run_id == run_id, is_open),
        select(recipients.c.customer_id).where(recipients.c.run_id == run_id, recipients.c.status == RecipientStatus.ACTIVE),
    )
    if any(connection.execute(each.limit(1)).first() is not None for each in undone):
        return False
    done = connection.execute(
        update(campaign_runs)
        .where(
            campaign_runs.c.id == run_id,
            campaign_runs.c.status == RunStatus.ACTIVE,
            campaign_runs.c.enrolled_at.is_not(None),
        )
        .values(status=RunStatus.FINISHED)
    )
    return done.rowcount > 0


def member_batches(connection: Connection, members: Select[Any], size: int) -> Iterator[list[int]]:
    """Ids of a cohort's members in batches, in order. All are read at once, so that no cursor stays open between commits."""
    ids: list[int] = sorted(connection.execute(members).scalars())
    yield from (ids[at : at + size] for at in range(0, len(ids), size))


def get_recipients(connection: Connection, run_id: int, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """By customer id."""
    return {row.customer_id: row for row in connection.execute(_RECIPIENTS, {"run": run_id, "ids": list(ids)}).all()}


def get_standing(connection: Connection, run_id: int, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Where recipients stand, by customer id, and what their next stage's time asks: of what they were decided on, the hour alone."""
    return {row.customer_id: row for row in connection.execute(_STANDING, {"run": run_id, "ids": list(ids)}).all()}


_RECIPIENTS: Select[Any] = select(recipients).where(recipients.c.run_id == bindparam("run"), among(recipients.c.customer_id))
_STANDING: Select[Any] = (
    select(
        *(recipients.c[name] for name in ("customer_id", "next_stage", "time_zone", "assigned_at")),
        recipients.c.facts["send_hour", "hour"].as_integer().label("hour"),
        customers.c.country,
    )
    .join(customers, customers.c.id == recipients.c.customer_id)
    .where(recipients.c.run_id == bindparam("run"), among(recipients.c.customer_id))
)


def end(connection: Connection, run_id: int, reasons: Mapping[int, str], status: RecipientStatus, now: datetime) -> None:
    """The journey of these active recipients is over; `reasons` by customer id."""
    if reasons:
        alike = {"run": run_id, "new_status": status, "now": now}
        connection.execute(_end(connection.dialect.name), {"rows": list(reasons.items()), **alike})


def advance(
    connection: Connection, run_id: int, changes: Sequence[Mapping[str, Any]], *, finished: Mapping[int, str] = MappingProxyType({}), now: datetime
) -> None:
    """Write where recipients stand now: each change holds customer_id, next_stage, next_due_at. Those who came to an end stay there.

    Active ones of whom `finished` has a reason are at the end of their journey with this, as `end` has it.
    """
    if changes:
        given = [(each["customer_id"], each["next_stage"], each["next_due_at"], finished.get(each["customer_id"])) for each in changes]
        connection.execute(_advance(connection.dialect.name), {"rows": given, "run": run_id, "now": now})


def _run_number(dialect: str) -> ColumnElement[int]:
    """SQLite would look through the whole run for each of the given rows, if it could find it."""
    return recipients.c.run_id + 0 if dialect == "sqlite" else recipients.c.run_id


@cache
def _end(dialect: str) -> Update:
    given = given_rows(dialect, customer_id=Id, reason=Text())
    return (
        update(recipients)
        .where(
            _run_number(dialect) == bindparam("run"),
            recipients.c.customer_id == given.c.customer_id,
            recipients.c.status == RecipientStatus.ACTIVE,
        )
        .values(status=bindparam("new_status", type_=Text()), reason=given.c.reason, ended_at=bindparam("now", type_=Utc), next_due_at=None)
    )


@cache
def _advance(dialect: str) -> Update:
    given = given_rows(dialect, customer_id=Id, next_stage=Integer(), next_due_at=Utc(), finished=Text())
    is_over = and_(given.c.finished.is_not(None), recipients.c.status == RecipientStatus.ACTIVE)
    return (
        update(recipients)
        .where(_run_number(dialect) == bindparam("run"), recipients.c.customer_id == given.c.customer_id, recipients.c.ended_at.is_(None))
        .values(
            next_stage=given.c.next_stage,
            next_due_at=given.c.next_due_at,
            status=case((is_over, RecipientStatus.FINISHED), else_=recipients.c.status),
            reason=case((is_over, given.c.finished), else_=recipients.c.reason),
            ended_at=case((is_over, bindparam("now", type_=Utc)), else_=recipients.c.ended_at),
        )
    )


def next_due(connection: Connection, run_id: int) -> datetime | None:
    """When the next recipient's stage or planned letter of a run falls due; None when nothing is to come."""
    stage = select(func.min(recipients.c.next_due_at)).where(recipients.c.run_id == run_id)
    letter = select(func.min(deliveries.c.due_at)).where(deliveries.c.run_id == run_id, deliveries.c.status == DeliveryStatus.PLANNED)
    moments = [moment for statement in (stage, letter) if (moment := connection.execute(statement).scalar()) is not None]
    return min(moments, default=None)


def counts(connection: Connection, run_id: int) -> dict[tuple[RecipientStatus, str], int]:
    """Recipients by (status, reason)."""
    columns = (recipients.c.status, recipients.c.reason)
    rows = connection.execute(select(*columns, func.count()).where(recipients.c.run_id == run_id).group_by(*columns).order_by(*columns))
    return {(RecipientStatus(status), reason): count for status, reason, count in rows}


def customer_id(connection: Connection, key: str) -> int | None:
    """The id of the customer that the shop knows by `key`: of a merged one, that of the customer who goes on."""
    return connection.execute(select(person_id()).where(customers.c.key == key)).scalar()


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        campaign=row.campaign,
        number=row.number,
        status=RunStatus(row.status),
        salt=row.salt,
        started_at=row.started_at,
        enrolled_at=row.enrolled_at,
        enrolling_at=row.enrolling_at,
        enrolled_on=row.enrolled_on,
        shares=row.plan.get("shares", {}),
        stages=tuple(row.plan.get("order_of_stages", ())),
        enrol=row.plan.get("enrol", "once"),
        greets=row.greets,
        window=timedelta(seconds=row.plan.get("window_seconds", 0)),
        fingerprint=row.fingerprint,
        made_of=row.made_of,
        restored_at=row.restored_at,
        went_on_at=row.went_on_at,
        expected=row.plan.get("expected"),
    )

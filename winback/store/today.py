"""What the day holds, in counts that cost the same however many customers there are: each comes from an index and stops at a limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from winback.model import HOLDOUT, UNFINISHED, DeliveryStatus, Reason, RecipientStatus
from winback.store.measured import count_if
from winback.store.tables import Utc, campaign_runs, deliveries, measurings, outcomes, recipients

MOST = 10_000
"""No count goes further: a page says `more than`."""


@dataclass(frozen=True, slots=True)
class RunToday:
    """One run that may still send."""

    run_id: int
    campaign: str
    number: int
    status: str
    started_at: datetime
    due: int  # planned letters that are due by now
    later_today: int  # planned letters, and stages of which the letter isn't planned yet, that fall due until the day ends
    waits_for_pace: int  # of the planned letters due today, so many have waited for their place


def runs(connection: Connection, now: datetime, until: datetime) -> list[RunToday]:
    """Every unfinished run, the oldest first; counts go up to MOST."""
    planned = deliveries.c.status == DeliveryStatus.PLANNED
    columns = {
        "due": _letters(planned, deliveries.c.due_at <= now),
        "later": _letters(planned, deliveries.c.due_at > now, deliveries.c.due_at <= until),
        "paced": _paced(planned, deliveries.c.due_at <= until),
        "stages": _up_to(recipients.c.next_due_at, recipients.c.run_id == campaign_runs.c.id, recipients.c.next_due_at <= until),
    }
    rows = connection.execute(
        select(campaign_runs, *(column.label(name) for name, column in columns.items()))
        .where(campaign_runs.c.status.in_(UNFINISHED))
        .order_by(campaign_runs.c.id)
    )
    return [RunToday(row.id, row.campaign, row.number, row.status, row.started_at, row.due, row.later + row.stages, row.paced) for row in rows]


def _letters(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return _up_to(deliveries.c.due_at, deliveries.c.run_id == campaign_runs.c.id, *conditions)


def _paced(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Among the first MOST of them: no index tells the reason."""
    own = (deliveries.c.run_id == campaign_runs.c.id, *conditions)
    few = select(deliveries.c.reason).where(*own).order_by(deliveries.c.due_at).correlate(campaign_runs).limit(MOST).subquery()
    return select(count_if(few.c.reason == Reason.PACE)).select_from(few).scalar_subquery()


def _up_to(moment: ColumnElement[datetime], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Rows of a run, taken in the order of their index: without it PostgreSQL would look through the table for those of a run that has none."""
    few = select(moment).where(*conditions).order_by(moment).correlate(campaign_runs).limit(MOST).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def uncertain(connection: Connection) -> list[tuple[str, int]]:
    """Letters of which nobody knows whether they left, by campaign, of all runs."""
    count = _letters(deliveries.c.status == DeliveryStatus.UNCERTAIN)
    rows = connection.execute(select(campaign_runs.c.campaign, count).order_by(campaign_runs.c.id))
    found: dict[str, int] = {}
    for campaign, letters in rows:
        found[campaign] = found.get(campaign, 0) + letters
    return [(campaign, letters) for campaign, letters in found.items() if letters]


def sent_since(connection: Connection, since: datetime) -> int:
    """Letters that left since then, up to MOST."""
    sent = (deliveries.c.sent_at.is_not(None), deliveries.c.sent_at >= since)
    few = select(deliveries.c.sent_at).where(*sent).order_by(deliveries.c.sent_at).limit(MOST).subquery()
    return connection.execute(select(func.count()).select_from(few)).scalar_one()


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """A run whose outcomes are counted, and as of when."""

    run_id: int
    campaign: str
    number: int
    measured_at: datetime


def measured(connection: Connection) -> list[MeasuredRun]:
    """Runs that were measured ever, in which something is under test; the newest first."""
    rows = connection.execute(
        select(measurings.c.run_id, campaign_runs.c.campaign, campaign_runs.c.number, measurings.c.measured_at)
        .join(campaign_runs, campaign_runs.c.id == measurings.c.run_id)
        .where(measurings.c.measured_at > campaign_runs.c.started_at, campaign_runs.c.greets.is_(False))
        .order_by(campaign_runs.c.id.desc())
    )
    return [MeasuredRun(*row) for row in rows]


def returned(connection: Connection, run_id: int, since: datetime, until: datetime) -> tuple[int, int]:
    """Of a run's measured outcomes, customers whose return lies in that time: of those written to, and of those left alone."""
    first = (
        select(outcomes.c.customer_id, func.min(outcomes.c.returned_at, type_=Utc()).label("returned_at"))
        .where(outcomes.c.run_id == run_id, outcomes.c.returned_at.is_not(None))
        .group_by(outcomes.c.customer_id)
        .subquery("first")
    )
    row = connection.execute(
        select(count_if(recipients.c.arm != HOLDOUT), count_if(recipients.c.arm == HOLDOUT))
        .select_from(first)
        .join(recipients, recipients.c.customer_id == first.c.customer_id)
        .where(recipients.c.run_id == run_id, _counts(), first.c.returned_at >= since, first.c.returned_at < until)
    ).one()
    return row[0], row[1]


def assigned(connection: Connection, run_id: int, until: datetime) -> tuple[int, int]:
    """How many of a run had been assigned by then: to be written to, and to be left alone."""
    row = connection.execute(
        select(count_if(recipients.c.arm != HOLDOUT), count_if(recipients.c.arm == HOLDOUT)).where(
            recipients.c.run_id == run_id, _counts(), recipients.c.assigned_at <= until
        )
    ).one()
    return row[0], row[1]


def _counts() -> ColumnElement[bool]:
    """Who was assigned, each person once: as reports count them (store/measured.py)."""
    return (recipients.c.status != RecipientStatus.SKIPPED) & (recipients.c.reason != Reason.MERGED)

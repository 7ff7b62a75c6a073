"""Figures for whoever watches: each from an index or a small table, the same whichever process is asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from winback.model import UNFINISHED
from winback.store.tables import campaign_runs, deliveries, fuses, measurings, owed_answers, recipients, source_states, threads


def runs(connection: Connection) -> dict[str, int]:
    """By status."""
    counted = select(campaign_runs.c.status, func.count()).group_by(campaign_runs.c.status)
    return {status: count for status, count in connection.execute(counted)}  # noqa: C416  rows, not pairs, to the type checker


def letters(connection: Connection) -> dict[tuple[str, str], int]:
    """Deliveries of unfinished runs, by campaign and status: read from the index of run and status alone."""
    unfinished = select(campaign_runs.c.id, campaign_runs.c.campaign).where(campaign_runs.c.status.in_(UNFINISHED))
    names = {run_id: campaign for run_id, campaign in connection.execute(unfinished)}  # noqa: C416  as above
    counted = (
        select(deliveries.c.run_id, deliveries.c.status, func.count())
        .where(deliveries.c.run_id.in_(names))
        .group_by(deliveries.c.run_id, deliveries.c.status)
    )
    found: dict[tuple[str, str], int] = {}
    for run_id, status, count in connection.execute(counted):
        found[names[run_id], status] = found.get((names[run_id], status), 0) + count
    return found


def overdue(connection: Connection, now: datetime) -> dict[str, float]:
    """Seconds since when the oldest stage or planned letter of an active campaign has been due; 0: nothing is."""
    found: dict[str, float] = {}
    for run_id, campaign in connection.execute(select(campaign_runs.c.id, campaign_runs.c.campaign).where(campaign_runs.c.status == "active")):
        planned = select(func.min(deliveries.c.due_at)).where(deliveries.c.run_id == run_id, deliveries.c.status == "planned")
        stage = select(func.min(recipients.c.next_due_at)).where(recipients.c.run_id == run_id)
        moments = [moment for each in (planned, stage) if (moment := connection.execute(each).scalar()) is not None]
        found[campaign] = max([found.get(campaign, 0.0), *((now - moment).total_seconds() for moment in moments)])
    return found


def stopped_lanes(connection: Connection) -> list[str]:
    return list(connection.execute(select(fuses.c.lane).where(fuses.c.resumed_at.is_(None)).distinct()).scalars())


def threads_waiting(connection: Connection, now: datetime) -> tuple[int, int]:
    """Customers who wait for a person's answer, and those whose promise is over."""
    waiting = (threads.c.closed_at.is_(None), threads.c.waiting_since.is_not(None))
    first = connection.execute(select(func.count()).select_from(threads).where(*waiting)).scalar_one()
    return first, connection.execute(select(func.count()).select_from(threads).where(*waiting, threads.c.due_at < now)).scalar_one()


def answers_owed(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(owed_answers)).scalar_one()


def imported(connection: Connection) -> dict[str, datetime]:
    """When each source was read last."""
    own = source_states.c.source.startswith("import:")
    rows = connection.execute(select(source_states.c.source, source_states.c.imported_at).where(own))
    return {source.removeprefix("import:"): moment for source, moment in rows}


def measured(connection: Connection) -> dict[str, datetime]:
    """When each campaign was measured last."""
    newest = (
        select(campaign_runs.c.campaign, func.max(measurings.c.measured_at, type_=measurings.c.measured_at.type))
        .join(measurings, measurings.c.run_id == campaign_runs.c.id)
        .group_by(campaign_runs.c.campaign)
    )
    return {campaign: moment for campaign, moment in connection.execute(newest)}  # noqa: C416  as above

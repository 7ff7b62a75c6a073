"""Which files a run goes on with, what was changed while it ran, and who of it is still to be written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from winback.model import RecipientStatus
from winback.store import enrolling
from winback.store.runs import Run
from winback.store.tables import campaign_runs, customers, recipients, run_changes


@dataclass(frozen=True, slots=True)
class RunChange:
    """Files that were others when a run went on."""

    changed_at: datetime
    fingerprint: str
    changed: tuple[Mapping[str, Any], ...]


def go_on_with(
    connection: Connection,
    run_id: int,
    fingerprint: str,
    *,
    before: str,
    made_of: Mapping[str, Any],
    changed: Sequence[Mapping[str, Any]],
    now: datetime,
) -> bool:
    """The run goes on with other files from now on, and that is recorded; False when somebody else has done so already."""
    done = connection.execute(
        update(campaign_runs)
        .where(campaign_runs.c.id == run_id, campaign_runs.c.fingerprint == before)
        .values(fingerprint=fingerprint, made_of=dict(made_of))
    )
    if done.rowcount and before:
        connection.execute(run_changes.insert().values(run_id=run_id, changed_at=now, fingerprint=fingerprint, changed=list(changed)))
    return done.rowcount > 0


def changes(connection: Connection, run_id: int) -> list[RunChange]:
    """Everything that was changed while a run lasted, the oldest first."""
    rows = connection.execute(select(run_changes).where(run_changes.c.run_id == run_id).order_by(run_changes.c.id))
    return [RunChange(row.changed_at, row.fingerprint, tuple(row.changed)) for row in rows]


def went_on(connection: Connection, run_id: int, now: datetime) -> None:
    """The run was worked at; an earlier moment than the latest one changes nothing."""
    latest = campaign_runs.c.went_on_at
    connection.execute(update(campaign_runs).where(campaign_runs.c.id == run_id, or_(latest.is_(None), latest < now)).values(went_on_at=now))


def set_clock(connection: Connection, run_id: int, now: datetime) -> None:
    """A person says that the clock is right now, whatever it showed before."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.id == run_id).values(went_on_at=now))


def count_to_come(connection: Connection, found: Sequence[Run]) -> int:
    """How many people these runs still write to, those among them who wait in a back-fill that is still taken from."""
    ids = [run.id for run in found]
    active = select(func.count()).where(recipients.c.run_id.in_(ids), recipients.c.status == RecipientStatus.ACTIVE)
    return int(connection.execute(active).scalar_one()) + sum(len(waiting(connection, run)) for run in found)


def waiting(connection: Connection, run: Run) -> list[int]:
    """Who waits in a run's back-fill; nobody once it takes nobody in any more."""
    return enrolling.waiting(connection, run.id) if run.enrolled_at is None else []


def arms(connection: Connection, run_id: int) -> dict[str, int]:
    """Everybody whom a run decided on, by arm; the empty word: skipped."""
    return dict(connection.execute(select(recipients.c.arm, func.count()).where(recipients.c.run_id == run_id).group_by(recipients.c.arm)).all())


@dataclass(frozen=True, slots=True)
class ToCome:
    """People of one arm and language who wait for the same stage."""

    arm: str
    language: str
    next_stage: int
    people: int
    example: str  # one of them, by the shop's id


def to_come(connection: Connection, found: Sequence[Run]) -> list[ToCome]:
    """Everybody whom these runs still write to, in groups."""
    columns = (recipients.c.arm, recipients.c.locale, recipients.c.next_stage)
    grouped = (
        select(*columns, func.count().label("people"), func.min(recipients.c.customer_id).label("customer_id"))
        .where(recipients.c.run_id.in_([run.id for run in found]), recipients.c.status == RecipientStatus.ACTIVE)
        .group_by(*columns)
        .subquery()
    )
    rows = connection.execute(
        select(grouped.c.arm, grouped.c.locale, grouped.c.next_stage, grouped.c.people, customers.c.key)
        .join(customers, customers.c.id == grouped.c.customer_id)
        .order_by(grouped.c.arm, grouped.c.locale, grouped.c.next_stage)
    )
    return [ToCome(*row) for row in rows]

"""winback tactics: what every tactic brought in all campaigns that are over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback.model import HOLDOUT
from winback.operations import measuring
from winback.outcomes import tactics
from winback.outcomes.statistics import Counted
from winback.outcomes.tactics import Known, Tried
from winback.store import database, runs, tactic_counts
from winback.store.measured import Measured
from winback.store.runs import Run


def library(engine: Engine, *, now: datetime) -> tuple[Known, ...]:
    """All tactics, of every run whose return windows are over at `now`; those are measured first."""
    with database.reading(engine) as connection:
        over = [run for run in runs.begun_by(connection, now) if _closed(connection, run, now) is not None]
    for run in over:
        measuring.measure(engine, run.id, run.window, now)
    return known(engine, now=now)


def known(engine: Engine, *, now: datetime) -> tuple[Known, ...]:
    """The same by what was measured last; nothing is written."""
    with database.reading(engine) as connection:
        return tactics.library(one for run in runs.begun_by(connection, now) for one in _tried(connection, run, now))


def _tried(connection: Connection, run: Run, now: datetime) -> Iterable[Tried]:
    arms = _closed(connection, run, now)
    if arms is None:
        return []
    nobody = Counted(0, 0)
    return [
        Tried(arm, run.campaign, run.number, run.started_at, counted, arms.get(HOLDOUT, nobody))
        for arm, counted in sorted(arms.items())
        if arm != HOLDOUT
    ]


def _closed(connection: Connection, run: Run, now: datetime) -> dict[str, Counted] | None:
    """Its arms, once the last window is over; None before that, and of a run that nobody was assigned in."""
    arms, last_at = tactic_counts.by_arm(connection, Measured(run.id, run.window, now))
    return None if last_at is None or last_at + run.window > now else arms


def begin_with(engine: Engine, tactics_of_campaign: Sequence[str], *, now: datetime) -> list[str]:
    """What is known of a campaign's tactics, and of the best that it doesn't try: sentences for who plans it."""
    found = known(engine, now=now)
    told = [one.sentence for one in found if one.tactic in tactics_of_campaign]
    best = next((one for one in found if one.believed.interval.low > 0), None)
    if best is not None and best.tactic not in tactics_of_campaign:
        told.append(f"Not tried here, and the best that is known: {best.sentence}")
    return told

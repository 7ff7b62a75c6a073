"""winback tactics: what every tactic brought in all campaigns that are over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback.model import HOLDOUT
from winback.operations import measuring
from winback.outcomes import tactics, waves
from winback.outcomes.statistics import Counted
from winback.outcomes.tactics import Known, Tried
from winback.store import database, runs, tactic_counts
from winback.store.measured import Measured
from winback.store.runs import Run
from winback.store.tactic_counts import Standing


def library(engine: Engine, *, now: datetime) -> tuple[Known, ...]:
    """All tactics, of every run whose return windows are over at `now`; those that weren't measured since then are measured first."""
    with database.reading(engine) as connection:
        over = [(run, found) for run in runs.begun_by(connection, now) if _is_over(run, found := _standing(connection, run, now), now)]
    for run, found in over:
        if not _is_final(run, found):
            measuring.measure(engine, run.id, run.window, now)
    return known(engine, now=now)


def known(engine: Engine, *, now: datetime) -> tuple[Known, ...]:
    """The same of the runs that were measured since their windows closed; nothing is written."""
    with database.reading(engine) as connection:
        found = [(run, _standing(connection, run, now)) for run in runs.begun_by(connection, now)]
    return tactics.library(
        one for run, standing in found if _is_over(run, standing, now) and _is_final(run, standing) for one in _tried(run, standing)
    )


def _standing(connection: Connection, run: Run, now: datetime) -> Standing:
    return tactic_counts.of(connection, Measured(run.id, run.window, now))


def _is_over(run: Run, standing: Standing, now: datetime) -> bool:
    return standing.last_assigned_at is not None and standing.last_assigned_at + run.window <= now


def _is_final(run: Run, standing: Standing) -> bool:
    """Measured since its last window closed."""
    assert standing.last_assigned_at is not None
    return standing.measured_at is not None and standing.measured_at >= standing.last_assigned_at + run.window


def _tried(run: Run, standing: Standing) -> Iterator[Tried]:
    """Every tactic beside those left alone; inside each wave where shares changed."""
    by_wave = list(standing.waves.values())
    totals = {arm: _added(wave[arm] for wave in by_wave if arm in wave) for arm in sorted({arm for wave in by_wave for arm in wave})}
    left_alone = totals.get(HOLDOUT, Counted(0, 0))
    for arm, counted in totals.items():
        if arm != HOLDOUT:
            weighted = waves.rates(by_wave, arm, HOLDOUT) if len(by_wave) > 1 else None
            yield Tried(arm, run.campaign, run.number, run.started_at, counted, left_alone, weighted)


def _added(counted: Iterable[Counted]) -> Counted:
    found = list(counted)
    return Counted(sum(one.successes for one in found), sum(one.n for one in found))


def begin_with(engine: Engine, tactics_of_campaign: Sequence[str], *, now: datetime) -> list[str]:
    """What is known of a campaign's tactics, and of the best that it doesn't try: sentences for who plans it."""
    found = known(engine, now=now)
    told = [one.sentence for one in found if one.tactic in tactics_of_campaign]
    best = next((one for one in found if one.believed.interval.low > 0), None)
    if best is not None and best.tactic not in tactics_of_campaign:
        told.append(f"Not tried here, and the best that is known: {best.sentence}")
    return told

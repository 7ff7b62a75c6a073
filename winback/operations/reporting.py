"""The report on a campaign's newest run, or on the one that is asked for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.journey import campaign
from winback.operations import backdrop, costing, measuring
from winback.outcomes import languages
from winback.outcomes.report import Report
from winback.settings import Project
from winback.speech import Language
from winback.store import database, outcomes, runs
from winback.store.runs import Run

log = logging.getLogger(__name__)


def measure_and_report(
    project: Project,
    engine: Engine,
    name: str,
    *,
    now: datetime,
    truth: Mapping[str, float] | None = None,
    number: int | None = None,
    language: Language | None = None,
) -> Report:
    """Measure the campaign's newest run, or the one of that number, as of `now`, and tell in `language`, or that of settings.yaml.

    Arms that haven't the sizes that were planned are an error in the log: whatever is compared then can't be trusted, and a schedule reads no report.
    Raises ConfigError when there is no such run.
    """
    with database.reading(engine) as connection:
        run = runs.latest(connection, name) if number is None else runs.numbered(connection, name, number)
    if run is None and number is not None:
        raise ConfigError(Problem("", None, f"`{name}` has no run {number}.", "Leave --run out for the newest."))
    if run is None:
        document = campaign.read(project, name)
        raise ConfigError(document.problem((), f"`{name}` has not run yet; there is nothing to report.", f"Begin with: winback run {name}"))
    measuring.measure(engine, run.id, run.window, now)
    told = as_measured(project, engine, run, now=now, truth=truth, language=language)
    if told.sample_ratio.alarm:
        log.error("%s, run %d: %s", run.campaign, run.number, told.sample_ratio.sentence)
    return told


def as_measured(
    project: Project, engine: Engine, run: Run, *, now: datetime, truth: Mapping[str, float] | None = None, language: Language | None = None
) -> Report:
    """The report on a run that was measured as of `now`; nothing is written."""
    with database.reading(engine) as connection:
        plan = runs.plan(connection, run.id)
    return measuring.as_measured(
        engine,
        run_id=run.id,
        campaign=run.campaign,
        shares=run.shares,
        window=run.window,
        currency=project.settings.currency,
        now=now,
        truth=truth,
        terms=costing.terms(project, plan),
        backdrop=backdrop.gather(project, engine, run, now=now),
        words=languages.words(language or project.settings.report_language),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A run and the moment as of which its results are known."""

    run: Run
    measured_at: datetime | None  # None: never measured


def known(engine: Engine, *, now: datetime) -> list[Known]:
    """Every run in which something is under test, the newest first."""
    with database.reading(engine) as connection:
        measured = outcomes.measured_at(connection)
        return [Known(run, measured.get(run.id)) for run in reversed(runs.begun_by(connection, now))]


def known_of(engine: Engine, campaign: str, number: int | None = None) -> Known | None:
    """The newest run of a campaign, or that of a number; None when there is no such run."""
    with database.reading(engine) as connection:
        run = runs.latest(connection, campaign) if number is None else runs.numbered(connection, campaign, number)
        return None if run is None else Known(run, outcomes.measured_at(connection).get(run.id))

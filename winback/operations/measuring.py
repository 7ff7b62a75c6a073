"""Who came back: measure a run's outcomes, and report on them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from winback import clock, tracing
from winback.outcomes import composing
from winback.outcomes.backdrop import NOTHING_BEHIND, Backdrop
from winback.outcomes.report import Report
from winback.outcomes.sentences import ENGLISH, Words
from winback.store import database, outcomes
from winback.store.outcome_costs import NO_TERMS, Terms
from winback.store.runs import Run

log = logging.getLogger(__name__)


def measure(engine: Engine, run_id: int, window: timedelta, now: datetime) -> int:
    """Bring the run's outcomes up to date; returns how many of its customers returned. Measuring twice changes nothing."""
    with tracing.span("measure", run=run_id):
        with database.writing(engine) as connection:
            outcomes.begin(connection, run_id)
        with database.writing(engine) as connection:
            returned = outcomes.measure(connection, run_id, window, now)
    log.info("measured", extra={"run": run_id, "returned": returned})
    return returned


def once_a_day(engine: Engine, run: Run, zone: ZoneInfo, now: datetime) -> None:
    """The same, the first time on each of the shop's days, so that a report has no more to count than what happened since.

    Greetings win nobody back, and aren't counted. Letters have left by then: a database that fails now fails nobody, the next go tries again.
    """
    if run.greets:
        return
    try:
        with database.reading(engine) as connection:
            before = outcomes.measured_at(connection).get(run.id)
        if before is None or clock.local_day(before, zone) < clock.local_day(now, zone):
            measure(engine, run.id, run.window, now)
    except database.Failure as failure:
        log.warning(
            "who came back in %s, run %d, can't be counted now (%s); the next go tries again", run.campaign, run.number, type(failure).__name__
        )


def report(
    engine: Engine,
    *,
    run_id: int,
    campaign: str,
    shares: Mapping[str, float],
    window: timedelta,
    currency: str,
    now: datetime,
    truth: Mapping[str, float] | None = None,
    terms: Terms = NO_TERMS,
    backdrop: Backdrop = NOTHING_BEHIND,
    words: Words = ENGLISH,
) -> Report:
    """What the run did, as known at `now`. It is measured first, so that no number is older than the report.

    `shares` are the planned shares of all arms, the holdout among them; `truth` holds the true differences of return rates to the
    holdout, where they are known (a made-up shop); `terms` say how money is counted, `backdrop` is what the
    report tells beside, `words` its language.
    """
    measure(engine, run_id, window, now)
    return as_measured(
        engine,
        run_id=run_id,
        campaign=campaign,
        shares=shares,
        window=window,
        currency=currency,
        now=now,
        truth=truth,
        terms=terms,
        backdrop=backdrop,
        words=words,
    )


def as_measured(
    engine: Engine,
    *,
    run_id: int,
    campaign: str,
    shares: Mapping[str, float],
    window: timedelta,
    currency: str,
    now: datetime,
    truth: Mapping[str, float] | None = None,
    terms: Terms = NO_TERMS,
    backdrop: Backdrop = NOTHING_BEHIND,
    words: Words = ENGLISH,
) -> Report:
    """The same of a run that was measured as of `now` already; nothing is written."""
    with database.reading(engine) as connection:
        figures = outcomes.aggregates(connection, run_id, window, now, currency, terms=terms)
    return composing.compose(
        figures,
        run_id=run_id,
        campaign=campaign,
        shares=shares,
        window=window,
        currency=currency,
        now=now,
        truth=truth,
        backdrop=backdrop,
        words=words,
    )

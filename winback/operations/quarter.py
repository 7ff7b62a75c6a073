"""winback report --quarter: the figures that a shop keeps, gathered over one quarter."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Engine

from winback import clock
from winback.audience import periods, reasons, value
from winback.audience.movements import Retention
from winback.audience.periods import Per, Period
from winback.audience.segment import By
from winback.errors import ConfigError, Problem
from winback.model import Money
from winback.operations import costing, following, measuring
from winback.outcomes import languages, quarterly, together
from winback.outcomes.quarterly import Part, Quarterly, Ran
from winback.outcomes.statistics import Counted, Moments
from winback.outcomes.together import Group, Together
from winback.settings import Project
from winback.speech import N_, Language, said
from winback.store import database, runs
from winback.store import together as together_in_store
from winback.store.together import Sums

PARTS = (By.MANAGER, By.REASON, By.VALUE)


def last_over(project: Project, now: datetime) -> str:
    """The name of the last quarter that is over."""
    return periods.before(Per.QUARTER, clock.local_day(now, project.zone))


def tell(project: Project, engine: Engine, name: str, *, now: datetime, language: Language | None = None) -> Quarterly:
    """The quarter of that name (2026Q3 or 2026-Q3), as known at `now`. Raises ConfigError where it can't be meant or hasn't begun.

    Who left and came back is counted at the quarter's end, or now while it lasts. Campaigns are those whose runs began in it: what
    they cost and brought is counted as known at `now`, so that letters of its last days have time to work.
    """
    period = _period(project, name, now)
    told = {by: _retentions(project, engine, period, by, now) for by in (None, *PARTS)}
    titles = {word: reason.title for word, reason in reasons.read(project).reasons.items()}
    return Quarterly(
        period=period,
        now=now,
        lost_after_days=following.lost_after_days(project),
        currency=project.settings.currency,
        retention=next((retention for _, retention in told[None]), None),
        parts={
            by: tuple(Part(word, titles.get(word, _title(word)) if by is By.REASON else _title(word), found) for word, found in told[by])
            for by in PARTS
        },
        ran=tuple(_ran(project, engine, period, now)),
        together=_together(project, engine, period, now),
        words=languages.words(language or project.settings.report_language),
    )


def check(project: Project, name: str, *, now: datetime) -> None:
    """Raises ConfigError for what is no quarter, or one that hasn't begun."""
    _period(project, name, now)


def _title(word: str) -> str:
    return "" if word == following.UNKNOWN else word


def _period(project: Project, name: str, now: datetime) -> Period:
    today = clock.local_day(now, project.zone)
    found = periods.quarter(name, today, is_over=now >= clock.end_of_day(today, project.zone))
    if found is None:
        how = said(N_("Write for example %(quarter)s."), quarter=periods.before(Per.QUARTER, today).replace("-", ""))
        raise ConfigError(Problem("", None, said(N_("`%(name)s` is no quarter."), name=name), how))
    if found.first > today:
        how = said(N_("The last that is over is %(quarter)s."), quarter=periods.before(Per.QUARTER, today))
        raise ConfigError(Problem("", None, said(N_("%(quarter)s hasn't begun."), quarter=found.name), how))
    return found


def _retentions(project: Project, engine: Engine, period: Period, by: By | None, now: datetime) -> list[tuple[str, Retention]]:
    """Of the quarter, by group; of everybody where `by` is None. Nothing where nobody had bought by then."""
    end = min(now, clock.end_of_day(period.last, project.zone))
    life = following.life(project, engine, per=Per.QUARTER, last=1, by=by, now=end, present=now)
    place = next((number for number, span in enumerate(life.periods) if span.name == period.name), None)
    if place is None:
        return []
    if by is None:
        return [("", life.retentions[place])]
    found = [(group.word, group.retentions[place]) for group in life.groups]
    return sorted((row for row in found if row[1].at_start or row[1].at_end), key=lambda row: (-row[1].left, row[0]))


def _ran(project: Project, engine: Engine, period: Period, now: datetime) -> list[Ran]:
    since, until = clock.start_of_day(period.first, project.zone), clock.end_of_day(period.last, project.zone)
    with database.reading(engine) as connection:
        begun = runs.begun(connection, since, min(until, now))
        plans = [runs.plan(connection, run.id) for run in begun]
    reports = (
        measuring.report(
            engine,
            run_id=run.id,
            campaign=run.campaign,
            shares=run.shares,
            window=run.window,
            currency=project.settings.currency,
            now=now,
            terms=costing.terms(project, plan),
        )
        for run, plan in zip(begun, plans, strict=True)
    )
    return [quarterly.of_report(report, run.number, run.started_at) for run, report in zip(begun, reports, strict=True)]


def _together(project: Project, engine: Engine, period: Period, now: datetime) -> Together | None:
    """All campaigns against the global holdout, from the first day of its period to the quarter's end; None where nobody is kept for that."""
    rule = project.settings.global_holdout
    if rule is None:
        return None
    first = rule.first_day_of(period.last)
    until = min(now, clock.end_of_day(period.last, project.zone))
    with database.reading(engine) as connection:
        if first > date.min:
            since = clock.start_of_day(first, project.zone)
        else:
            since = next((run.started_at for run in runs.begun_by(connection, until)), until)
        written, left = together_in_store.sums(connection, since, until, project.settings.currency, value.read(project).margin)
    groups = (_group(each, project.settings.currency) for each in (written, left))
    return together.compare(*groups, since=since, until=until, share=rule.share, closed=period.is_over)


def _group(sums: Sums, currency: str) -> Group:
    unit = float(Money.from_minor(1, currency).amount)
    revenue, margin = (Moments(each.n, each.total * unit, each.squares * unit * unit) for each in (sums.revenue, sums.margin))
    return Group(Counted(sums.returned, sums.customers), revenue, margin)

"""How well a cohort, and other definitions of "lost", would have told the lost from the slow on a past day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.audience import backtesting, chance, cohort, definitions, verdicts
from winback.audience.arrays import Flags, Whole
from winback.audience.backtesting import Definition, Standing
from winback.audience.chance import Fitted, Refusal
from winback.audience.cohort import Cohort
from winback.audience.definitions import Lost
from winback.audience.purchase_days import PurchaseDays
from winback.errors import ConfigError, Problem
from winback.operations import knowing
from winback.settings import Project
from winback.speech import N_, said
from winback.store import cohorts, database, facts, purchases
from winback.store.as_of import AsOf
from winback.strictyaml import Document

MISSING = 30
"""A window may lack one day in so many at its end: the last day of an export is seldom whole, and nobody buys on some days."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """Definitions over the same customers, the cohort's own first."""

    cohort: str
    title: str
    cut: date
    days: int  # of the window after the cut
    customers: int  # judged: members by every rule but those about silence, who had bought by the cut
    stayed_away: int  # of them, whoever picked them
    standings: tuple[Standing, ...]
    fitted: Fitted | None  # in days, on everybody who had bought by the cut
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        rows = [
            {
                "name": standing.name,
                "picked": standing.picked,
                "ordered_again": standing.ordered_again,
                "stayed_away": standing.precision_of_picked,
                "auc": standing.auc,
            }
            for standing in self.standings
        ]
        fitted = self.fitted and {name: getattr(self.fitted, name) for name in ("r", "alpha", "a", "b", "customers")}
        return {
            "cohort": self.cohort,
            "cut": self.cut.isoformat(),
            "days": self.days,
            "customers": self.customers,
            "definitions": rows,
            "fitted": fitted,
        }


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What the data says, cut and window laid over it."""

    known: PurchaseDays  # of the customers to judge, up to the cut
    members: Whole
    ordered_again: Flags  # by `known.customers`
    fitted: Fitted | Refusal


def backtest(
    project: Project, engine: Engine, name: str, *, cut: date, days: int, now: datetime, document: Document[Cohort] | None = None
) -> Backtest:
    """Judge at the end of the day `cut`, hold it against the `days` days after it, of what is known `now`.

    `document`: what the cohort's file would say, where that isn't saved yet.
    Raises ConfigError with a sentence where nothing can be held against anything: no purchases, a window that isn't over in the data,
    a cohort that was empty, a shop where nobody had come a second time.
    """
    document = document or cohort.read(project, name)
    gathered = _gather(project, engine, name, document, cut=cut, days=days, now=now)
    fitted = gathered.fitted if isinstance(gathered.fitted, Fitted) else None
    compared = definitions.side_by_side(gathered.known, cut.toordinal(), gathered.members, fitted, days)
    standings = backtesting.compare(compared, gathered.ordered_again)
    judged = int(gathered.ordered_again.size)
    sentences = tuple(_sentences(gathered, compared, standings))
    return Backtest(name, document.value.title, cut, days, judged, judged - int(gathered.ordered_again.sum()), standings, fitted, sentences)


def usual_cut(project: Project, engine: Engine, days: int, *, now: datetime) -> date:
    """The latest day to judge by, as far as can be told at once: so many days before the last thing that is known."""
    with database.reading(engine) as connection:
        state = facts.read_state(connection)
    last = now if state is None else min(now, state.known_until)
    return clock.local_day(last, project.zone) - timedelta(days=days)


def _sentences(gathered: _Gathered, compared: Sequence[Definition], standings: Sequence[Standing]) -> Iterator[str]:
    judged = gathered.ordered_again.size
    stayed_away = judged - int(gathered.ordered_again.sum())
    yield verdicts.best(standings, judged, stayed_away)
    if isinstance(gathered.fitted, Refusal):
        yield said(N_("No chance is told: %(because)s"), because=gathered.fitted.sentence)
    for definition in compared:
        if definition.name == Lost.CHANCE:
            yield verdicts.of_chance(float(definition.score.mean()), stayed_away / judged)


def _gather(project: Project, engine: Engine, name: str, document: Document[Cohort], *, cut: date, days: int, now: datetime) -> _Gathered:
    selection = cohort.selection(project, document)
    with database.reading(engine) as connection:
        bought = purchases.days(connection, AsOf.of(project, now))
        _window_is_over(bought, cut, days)
        at_cut = AsOf.of(project, clock.end_of_day(cut, project.zone))
        members, judged = (
            purchases.customers(connection, cohorts.members(knowing.ground(connection, project, replace(selection, cohort=rules), at_cut)))
            for rules in (document.value, definitions.judged(document.value))
        )
    past = chance.history(bought, cut.toordinal())
    known = bought.until(cut.toordinal()).of(judged)
    if not known.of(members).day.size:
        raise _refused(
            said(N_("nobody who had bought by %(day)s was in the cohort `%(cohort)s`."), day=cut, cohort=name),
            said(N_("Choose another --cut; winback cohort show %(cohort)s --as-of %(day)s says which rule leaves nobody."), day=cut, cohort=name),
        )
    if not past.x.any():
        raise _refused(
            said(N_("nobody had bought on a second day by %(day)s, so nobody shows what coming back looks like."), day=cut),
            said(N_("Choose a later --cut, or wait until customers have come back.")),
        )
    return _Gathered(known, members, bought.bought_within(known.customers, cut.toordinal(), days), chance.fit(past))


def _window_is_over(bought: PurchaseDays, cut: date, days: int) -> None:
    if not bought.day.size:
        raise _refused(said(N_("there is no purchase in the database yet.")), said(N_("Bring some in with winback import.")))
    first, last = int(bought.day.min()), int(bought.day.max())
    if cut.toordinal() + days <= last + days // MISSING:
        return
    latest = last - days
    how = (
        said(N_("Choose --cut %(day)s or earlier."), day=date.fromordinal(latest))
        if latest > first
        else said(N_("Choose an earlier --cut and fewer --days."))
    )
    sentence = N_("the %(days)s days after %(day)s aren't over in the data: its last purchase is of %(last)s.")
    raise _refused(said(sentence, days=days, day=cut, last=date.fromordinal(last)), how)


def _refused(message: str, how: str) -> ConfigError:
    return ConfigError(Problem("", None, message, how))

"""What is known of customers, brought up to date before anybody asks for it, and where a cohort's statement reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, FromClause

from winback import clock
from winback.audience import conditions
from winback.audience.cohort import Cohort, Rule, Selection, flat
from winback.audience.signs import Sign
from winback.errors import ConfigError, Problem
from winback.journey import campaign, costs
from winback.journey.campaign import Campaign
from winback.model import Money
from winback.operations import scoring
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import cohorts, counting, database, evidence, facts, phones, refreshing, scores
from winback.store.as_of import AsOf, Whose
from winback.store.evidence import Evidence
from winback.store.ground import Ground, SequenceCost
from winback.store.refreshing import Refreshed
from winback.store.tables import scores as stored
from winback.strictyaml import Document

ALL_SIGNS = Cohort(title="any sign", rules=(Rule(sign=tuple(Sign)),))


def refresh(project: Project, engine: Engine, *, now: datetime) -> Refreshed:
    """Count anew what changed since the last time: nearly nothing after a small import, everything after the first one."""
    as_of = AsOf.of(project, now)
    with database.reading(engine) as connection:
        if not refreshing.is_due(connection, as_of):
            return Refreshed(0, was_rebuilt=False)
        everybody = refreshing.is_everybodys_turn(connection, as_of)
    with database.writing(engine, sorts=everybody) as connection:
        refreshed = refreshing.refresh(connection, as_of)
        if refreshed.was_rebuilt:  # what everybody was scored by is another now
            scores.forget(connection)
        return refreshed


def rebuild(project: Project, engine: Engine, *, now: datetime) -> Refreshed:
    """Count everything anew."""
    with database.writing(engine, sorts=True) as connection:
        scores.forget(connection)
        return refreshing.rebuild(connection, AsOf.of(project, now))


def prepare(project: Project, engine: Engine, cohort: Cohort, *, now: datetime, scores_too: bool = False, present: datetime | None = None) -> None:
    """Bring up to date what a cohort's statement, or a campaign with it, will ask for.

    `present`: where `now` is a moment that somebody merely asks about.
    """
    refresh(project, engine, now=now)
    if scores_too or conditions.asks_scores(cohort):
        bring_up_scores(project, engine, now=now, present=present)


def prepare_campaign(prepared: Prepared, engine: Engine, *, now: datetime, present: datetime | None = None) -> None:
    """The same for what a campaign's cohort and the conditions of its stages will ask for. Raises ConfigError as `ground` does."""
    reach_by_phone(prepared.project, engine, now=present or now)
    asking = [stage.cohort for stage in prepared.asked.values()]
    scores_too = prepared.campaign.worth_it or any(map(conditions.asks_scores, asking))
    prepare(prepared.project, engine, prepared.selection.cohort, now=now, scores_too=scores_too, present=present)
    if any(map(conditions.asks_money, asking)):
        with database.reading(engine) as connection:
            _refuse_sums_of_several(connection, prepared.project, AsOf.of(prepared.project, now))


def reach_by_phone(project: Project, engine: Engine, *, now: datetime) -> None:
    """Customers' phones are addresses of the channels that have a gateway."""
    if project.settings.gateways:
        with database.writing(engine) as connection:
            phones.reach(connection, project.settings.gateways.keys(), project.key, now)


def bring_up_scores(project: Project, engine: Engine, *, now: datetime, present: datetime | None = None) -> None:
    """Score everybody where that is due today. Of another day than the present nothing is kept: `scoring.as_of` answers for it."""
    present = present or now
    if clock.local_day(now, project.zone) == clock.local_day(present, project.zone):
        scoring.bring_up(project, engine, now=present)


def ground(
    connection: Connection,
    project: Project,
    selection: Selection,
    as_of: AsOf,
    *,
    run_id: int | None = None,
    whose: Whose = None,
    beside: FromClause | None = None,
) -> Ground:
    """What a cohort's statement stands on; `prepare` comes first. `beside`: scores as of that moment, where somebody made them already.

    Raises ConfigError where it compares amounts that have no common currency.
    """
    if conditions.asks_money(selection.cohort):
        _refuse_sums_of_several(connection, project, as_of)
    made: FromClause = stored
    if conditions.asks_scores(selection.cohort):
        made = scoring.as_of(connection, project, as_of) if beside is None else beside
    priced = dict(_costs(project, selection))
    return cohorts.ground(connection, selection, as_of, scored=made, costs=priced, run_id=run_id, whose=whose)


def _refuse_sums_of_several(connection: Connection, project: Project, as_of: AsOf) -> None:
    """Amounts of currencies that have no rate can't be compared."""
    if sums := counting.unpriced(connection, as_of):
        told = ", ".join(f"{Money.from_minor(minor, code).amount:f} {code} in {count:,} orders" for code, count, minor in sums)
        how = f"Write what one is worth in {as_of.currency}, for example: rates: {{{sums[0][0]}: 1.00}}."
        raise ConfigError(Problem(project.shown(project.config("settings.yaml")), None, f"amounts can't be compared: there are {told}.", how))


def scores_for(connection: Connection, stand: Ground) -> FromClause:
    """Where scores of the cohort's moment are: what its rules asked, else the stored ones; of a past moment nobody asked for, none."""
    asked = conditions.asks_scores(stand.selection.cohort)
    if asked and stand.scores is not None:
        return stand.scores
    counted = facts.read_state(connection)
    is_past = counted is not None and stand.as_of.now < counted.known_until
    return scores.nobody() if is_past else stored


def _costs(project: Project, selection: Selection) -> Iterator[tuple[str, tuple[SequenceCost, ...]]]:
    """What the sequences of campaigns cost that the cohort names. Raises ConfigError when there is no such campaign."""
    for name in {rule.worth_it for rule in flat(selection.cohort.rules) if rule.worth_it is not None}:
        outlays = costs.outlays(campaign.read(project, name).value, costs.prices(project)).values()
        currency = project.settings.currency
        yield name, tuple(SequenceCost(Money(outlay.fixed, currency).minor, float(outlay.share_of_order)) for outlay in outlays)


def scored(connection: Connection, project: Project, as_of: AsOf, document: Document[Campaign]) -> FromClause:
    """Where the scores are by which a campaign decides whether somebody is worth it. Raises ConfigError where nobody's value can be told."""
    found = scoring.as_of(connection, project, as_of)
    if not scores.tell_expected_values(connection, found):
        raise ConfigError(
            document.problem(("worth_it",), "nobody's expected value can be told yet.", "Take the line out until more customers have bought twice.")
        )
    return found


def signs_of(connection: Connection, selection: Selection, as_of: AsOf, ids: Sequence[int]) -> dict[int, Evidence]:
    """The signs of being lost that customers show, whatever the cohort asks for."""
    asking = replace(selection, cohort=ALL_SIGNS)
    return evidence.signs(connection, cohorts.ground(connection, asking, as_of, whose=list(ids)), ids)

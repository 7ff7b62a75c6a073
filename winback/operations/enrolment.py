"""Decide on every member of a campaign's cohort: recipient of a tactic, held out, or skipped with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from winback import clock
from winback.audience.worth import Verdict
from winback.errors import ConfigError
from winback.journey import assignment, costs, eligibility, schedule
from winback.journey.eligibility import Candidate, Eligible, Skip
from winback.journey.fingerprint import Fingerprint
from winback.model import HOLDOUT, UNFINISHED, ChannelName, Money, RecipientStatus, RunStatus
from winback.operations import knowing
from winback.sending.prepared import Prepared
from winback.store import candidates, cohorts, database, runs
from winback.store.as_of import AsOf
from winback.store.evidence import Evidence
from winback.store.runs import Run
from winback.store.tables import scores

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on one member, and on which facts."""

    candidate: Candidate
    verdict: Eligible | Skip
    arm: str  # tactic, "holdout", or empty for a skip
    bucket: float
    zone: str
    first_due_at: datetime | None
    signs: Evidence = field(default_factory=dict)  # of being lost, with what shows them
    worth: dict[str, str] = field(default_factory=dict)  # expected value and cost, where the campaign asks whether it pays


def decide(prepared: Prepared, candidate: Candidate, *, salt: str, now: datetime, signs: Evidence | None = None) -> Decision:
    """The whole decision on one candidate: eligibility first, then assignment, then when the first stage falls due. Pure."""
    plan = prepared.campaign
    rules = prepared.policy.for_country(candidate.person.country)
    preferred = tuple(dict.fromkeys(channel for stage in plan.stages for channel in stage.channels))
    pays = worth_of(prepared, candidate)
    verdict = eligibility.decide(
        candidate,
        preferred,
        prepared.policy,
        lambda demanded: prepared.language_for(candidate.person, demanded),
        is_worth_it=not plan.worth_it or pays.is_worth_it,
    )
    worth = {"expected_value": f"{pays.expected:f}", "cost": f"{pays.cost:f}"} if plan.worth_it else {}
    zone = schedule.zone_of(candidate.person.time_zone, rules, prepared.project.settings.time_zone)
    if isinstance(verdict, Skip):
        return Decision(candidate, verdict, "", 0.0, zone, None, signs or {}, worth)
    arm = assignment.assign(salt, candidate.person.key, plan.holdout, {name: tactic.share for name, tactic in plan.tactics.items()})
    opens = max(now, clock.start_of_day(plan.starts_on, ZoneInfo(zone)))
    due_at = schedule.due_at(plan.stages[0], opens, zone, rules)
    return Decision(candidate, verdict, arm, assignment.bucket(salt, candidate.person.key), zone, due_at, signs or {}, worth)


def worth_of(prepared: Prepared, candidate: Candidate) -> Verdict:
    """What is expected of a return, against the cost of the dearest tactic's whole sequence, in the project's currency."""
    currency = prepared.project.settings.currency
    order = Money.from_minor(candidate.average_order_minor, currency).amount
    expected = Money.from_minor(candidate.expected_value_minor or 0, currency).amount
    return Verdict(expected, costs.dearest(prepared.outlays, order).amount)


def decisions(
    connection: Connection, prepared: Prepared, *, run_id: int | None, salt: str, as_of: datetime, now: datetime
) -> Iterator[list[Decision]]:
    """Decisions on the whole cohort as of a moment, in batches: what a plan counts and a run writes."""
    facts = AsOf.of(prepared.project, as_of)
    members = cohorts.members(knowing.ground(connection, prepared.project, prepared.selection, facts, run_id=run_id))
    scored = knowing.scored(connection, prepared.project, facts, prepared.document) if prepared.campaign.worth_it else scores
    for ids in runs.member_batches(connection, members, BATCH):
        found = candidates.find(connection, ids, facts, run_id=run_id, scored=scored)
        shown = knowing.signs_of(connection, prepared.selection, facts, ids)
        yield [decide(prepared, found[each], salt=salt, now=now, signs=shown.get(each, {})) for each in ids]


def current_run(
    engine: Engine,
    prepared: Prepared,
    *,
    now: datetime,
    again: bool = False,
    made_of: Fingerprint | None = None,
    is_cleared: Callable[[Connection], bool] = lambda _: True,
) -> Run:
    """The campaign's unfinished run, or a new one: the first, or the next when `again` is asked for.

    `made_of` is kept with a new one, and `is_cleared` asked in the same transaction whether it may begin. Raises ConfigError when it may
    not, the last run is over and no new one was asked for, the campaign is over by its dates, or its file has other arms or stages than
    the run began with.
    """
    knowing.prepare(prepared.project, engine, prepared.selection.cohort, now=now, scores_too=prepared.campaign.worth_it)
    with database.writing(engine) as connection:
        run = runs.latest(connection, prepared.name)
        if run is not None and run.status in UNFINISHED:
            _refuse_another_structure(prepared, run)
            return run
        _refuse_to_begin(connection, prepared, run, now=now, again=again)
        if not is_cleared(connection):
            raise ConfigError(prepared.document.problem((), "its approval was withdrawn a moment ago.", f"See: winback campaign {prepared.name}"))
        number = 1 if run is None else run.number + 1
        plan = {
            **prepared.campaign.model_dump(mode="json"),
            "shares": prepared.campaign.shares(),
            "order_of_stages": _order_of_stages(prepared),
            "window_seconds": prepared.campaign.window(prepared.project).total_seconds(),
        }
        return runs.start(connection, prepared.name, number=number, salt=salt_of(prepared, number), plan=plan, now=now, **_kept(made_of))


def _kept(made_of: Fingerprint | None) -> dict[str, Any]:
    return {} if made_of is None else {"fingerprint": made_of.digest, "made_of": made_of.as_json()}


def refuse_to_begin(engine: Engine, prepared: Prepared, *, now: datetime, again: bool) -> None:
    """Raises ConfigError when a new run can't begin now, before anybody is asked about it."""
    knowing.prepare(prepared.project, engine, prepared.selection.cohort, now=now, scores_too=prepared.campaign.worth_it)
    with database.reading(engine) as connection:
        _refuse_to_begin(connection, prepared, runs.latest(connection, prepared.name), now=now, again=again)


def size(engine: Engine, prepared: Prepared, *, now: datetime) -> int:
    """How many are in the campaign's cohort now, whether they may be written to or not."""
    with database.reading(engine) as connection:
        facts = AsOf.of(prepared.project, now)
        return cohorts.count(connection, knowing.ground(connection, prepared.project, prepared.selection, facts))


def _refuse_to_begin(connection: Connection, prepared: Prepared, run: Run | None, *, now: datetime, again: bool) -> None:
    if run is not None and not again:
        raise ConfigError(
            prepared.document.problem((), f"run {run.number} of `{prepared.name}` is {run.status}.", "Add --again to write to its cohort anew.")
        )
    today = clock.local_day(now, prepared.project.zone)
    if today > prepared.campaign.ends_on:
        raise ConfigError(prepared.document.problem(("ends_on",), f"the campaign ended on {prepared.campaign.ends_on}.", "Write later dates."))
    if today < prepared.campaign.starts_on:  # everybody counts from their assignment on, which must be the day of the first letters
        message = f"the campaign begins on {prepared.campaign.starts_on}."
        raise ConfigError(prepared.document.problem(("starts_on",), message, "Run it then, or write an earlier day."))
    facts = AsOf.of(prepared.project, now)
    if cohorts.is_empty(connection, knowing.ground(connection, prepared.project, prepared.selection, facts)):
        message = f"nobody is in the cohort `{prepared.campaign.cohort}` now."
        how = f"Import first, or see: winback cohort show {prepared.campaign.cohort}"
        raise ConfigError(prepared.document.problem(("cohort",), message, how))


def _refuse_another_structure(prepared: Prepared, run: Run) -> None:
    """Texts, hours and waits may change while a run lasts; who is in which arm, and which stage comes after which, may not."""
    plan = prepared.campaign
    arms = [[f"{name} {share:g}" for name, share in shares.items()] for shares in (run.shares, plan.shares())]  # their order counts too
    for key, (began_with, now) in {"stages": (run.stages, _order_of_stages(prepared)), "tactics": arms}.items():
        if list(began_with) != now:
            message = f"run {run.number} began with the {key} {', '.join(began_with)}; the file now has {', '.join(now)}."
            how = f"Put them back, or end the run first: winback cancel {prepared.name}"
            raise ConfigError(prepared.document.problem((key,), message, how))


def _order_of_stages(prepared: Prepared) -> list[str]:
    return [stage.name for stage in prepared.campaign.stages]


def is_over(engine: Engine, campaign: str) -> bool:
    """The campaign's newest run is finished or cancelled; a schedule has nothing more to do with it."""
    with database.reading(engine) as connection:
        run = runs.latest(connection, campaign)
    return run is not None and run.status in {RunStatus.FINISHED, RunStatus.CANCELLED}


def salt_of(prepared: Prepared, number: int) -> str:
    """The salt of a run's assignment: the campaign's own, else its name with the run's number."""
    return prepared.campaign.salt or f"{prepared.name}-{number}"


def enrol(engine: Engine, prepared: Prepared, run: Run, *, now: datetime, progress: Callable[[int], None] | None = None) -> int:
    """Write every decision of a run, once. A run that was interrupted goes on where it stopped and comes to the same. Returns how many are new."""
    if run.enrolled_at is not None:
        return 0
    new = 0
    with database.reading(engine) as connection:
        batches = decisions(connection, prepared, run_id=run.id, salt=run.salt, as_of=run.started_at, now=run.started_at)
        for batch in batches:
            with database.writing(engine) as writer:
                new += runs.enrol(writer, [_row(run, decision, prepared.project.zone) for decision in batch])
            if progress:
                progress(len(batch))
    with database.writing(engine) as connection:
        runs.record_enrolled(connection, run.id, now)
    return new


def _row(run: Run, decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    verdict = decision.verdict
    skipped = isinstance(verdict, Skip)
    held_out = decision.arm == HOLDOUT
    return {
        "run_id": run.id,
        "customer_id": decision.candidate.customer_id,
        "status": RecipientStatus.SKIPPED if skipped else RecipientStatus.HELD_OUT if held_out else RecipientStatus.ACTIVE,
        "reason": verdict.reason if isinstance(verdict, Skip) else "",
        "arm": decision.arm,
        "bucket": "" if skipped else f"{decision.bucket:.12f}",
        "locale": "" if isinstance(verdict, Skip) else verdict.locale,
        "time_zone": decision.zone,
        "facts": evidence(decision.candidate, zone) | {"signs": decision.signs} | decision.worth,
        "assigned_at": run.started_at,
        "ended_at": run.started_at if skipped else None,
        "next_stage": 0,
        "next_due_at": decision.first_due_at,
    }


def evidence(candidate: Candidate, zone: ZoneInfo) -> dict[str, Any]:
    """The facts that a decision was made on, without addresses or names: kept with the recipient, shown by explain. Days are the shop's."""
    return {
        "orders": candidate.orders,
        "last_order_at": candidate.last_order_at and candidate.last_order_at.isoformat(),
        "country": candidate.person.country,
        "language": candidate.person.locale,
        "black_list": candidate.black_list,
        "other_campaign": candidate.other_campaign,
        "shares_address": candidate.shares_address,
        "channels": {str(channel): _reach(candidate, channel, zone) for channel in candidate.reach},
    }


def _reach(candidate: Candidate, channel: ChannelName, zone: ZoneInfo) -> dict[str, Any]:
    reach = candidate.reach[channel]
    return {
        "address": bool(reach.address),
        "blocked": reach.blocked,
        "suppressed": reach.suppressed,
        "consent": reach.consented,
        "consent_on": reach.consent_given_at and clock.local_day(reach.consent_given_at, zone).isoformat(),
        "consent_source": reach.consent_source,
    }

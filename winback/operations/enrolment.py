"""Decide on every member of a campaign's cohort: recipient of a tactic, held out, or skipped with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from winback import clock
from winback.audience.worth import Verdict
from winback.journey import assignment, costs, eligibility, promises, recurrence, send_hour, stage_times, zones
from winback.journey.eligibility import Candidate, Eligible, Skip
from winback.journey.policy import Rules
from winback.journey.promises import Promised
from winback.journey.recurrence import NOTHING, Past
from winback.journey.send_hour import Learnt
from winback.journey.stage_times import Traveller
from winback.journey.zones import Home, Whereabouts
from winback.model import HOLDOUT, ChannelName, Money, Reason, RecipientStatus, RunStatus
from winback.operations import knowing, rationing, recurring
from winback.operations import lots as drawing
from winback.operations.lots import Lot, Lots
from winback.operations.rationing import Rations
from winback.sending import offering
from winback.sending.greeting import Greeter
from winback.sending.prepared import Prepared, city_zones
from winback.store import candidates, cohorts, database, enrolling, left_alone, past_journeys, reactions, runs
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
    home: Home
    first_due_at: datetime | None
    signs: Evidence = field(default_factory=dict)  # of being lost, with what shows them
    worth: dict[str, str] = field(default_factory=dict)  # expected value and cost, where the campaign asks whether it pays
    usual: Learnt | None = None  # hour of day, where a stage of the campaign asks for it
    past: Past = NOTHING  # what earlier journeys say
    offer: str = ""  # of their tactic
    promised: Promised | None = None  # what it comes to; None: nothing that it could be counted from
    holds_code: bool = False  # of another campaign: they get no second one
    occasion: str = ""  # of their first greeting, in a campaign that greets
    noted: Mapping[str, Any] = field(default_factory=dict)  # what reports look at parts by
    lot: Lot | None = None  # how the arm was drawn; None: it wasn't

    @property
    def is_written_to(self) -> bool:
        """Whether letters are sent: neither skipped nor held out."""
        return bool(self.arm) and self.arm != HOLDOUT


def decide(
    prepared: Prepared,
    candidate: Candidate,
    *,
    salt: str,
    now: datetime,
    signs: Evidence | None = None,
    reacted: Sequence[datetime] = (),
    past: Past = NOTHING,
    lots: Lots | None = None,
) -> Decision:
    """The whole decision on one candidate: eligibility first, then assignment, then when the first stage falls due.

    Pure but for `lots`, which goes over a cohort in its order; without it the candidate is drawn as the first of a run.
    """
    plan = prepared.campaign
    rules = prepared.policy.for_country(candidate.person.country)
    preferred = tuple(dict.fromkeys(channel for stage in plan.stages for channel in stage.channels))
    greeter = Greeter.of(prepared)
    if greeter:  # a greeting wins nobody back: whoever another campaign writes to or holds out may be greeted
        candidate = replace(candidate, other_campaign="")
    pays = worth_of(prepared, candidate)
    home = _home(prepared, candidate, rules)
    verdict = eligibility.decide(
        candidate,
        preferred,
        prepared.policy,
        lambda demanded: prepared.language_for(candidate.person, demanded),
        is_worth_it=not plan.worth_it or pays.is_worth_it,
        asks=plan.asks,
        topics=prepared.topics,
        today=clock.local_day(now, zones.calendar(home.zone, rules)),
    )
    worth = {"expected_value": f"{pays.expected:f}", "cost": f"{pays.cost:f}"} if plan.worth_it else {}
    if isinstance(verdict, Eligible) and (reason := recurrence.refuse(past, plan.rests_for, now)):
        verdict = Skip(reason)
    if isinstance(verdict, Eligible) and (reason := _left_to_others(prepared, candidate.person.key, now)):
        verdict = Skip(reason)
    noted = {} if isinstance(verdict, Skip) else drawing.noted(prepared, candidate, verdict.locale, signs or {}, now)
    if isinstance(verdict, Skip):
        return Decision(candidate, verdict, "", 0.0, home, None, signs or {}, worth, past=past)
    lot = (lots or Lots.of(prepared, salt)).draw(candidate, noted)
    arm = lot.arm
    calendar = zones.calendar(home.zone, rules)
    usual = send_hour.learn(reacted, calendar) if reacted and not zones.is_anywhere(home.zone) else None
    opens = max(now, clock.start_of_day(plan.starts_on, calendar))
    offer = None if arm == HOLDOUT else plan.tactics[arm].offer
    promised = offering.promise(prepared, offer, candidate, salt) if offer else None
    decided = Decision(candidate, verdict, arm, lot.bucket, home, opens, signs or {}, worth, usual, past, offer or "", promised, noted=noted, lot=lot)
    if greeter:
        occasion, due_at = greeter.upcoming(greeter.circumstances(candidate, home.zone, usual.hour if usual else None), now)
        return replace(decided, first_due_at=due_at, occasion=occasion)
    due_at = stage_times.due_at(plan, plan.stages[0], opens, traveller(decided, rules, now), prepared.calendar)
    return replace(decided, first_due_at=due_at)


def _left_to_others(prepared: Prepared, key: str, now: datetime) -> Reason | None:
    """Why somebody who may be written to isn't this campaign's: another part of its layer, or nobody's for a while."""
    plan, project = prepared.campaign, prepared.project
    if plan.layer is not None and not assignment.is_in(plan.layer, key):
        return Reason.OTHER_LAYER
    today = clock.local_day(now, project.zone)
    if plan.greet is None and assignment.is_left_alone(project.settings.global_holdout, key, today):
        return Reason.GLOBAL_HOLDOUT
    return None


def traveller(decision: Decision, rules: Rules, now: datetime) -> Traveller:
    """What a stage's time asks about somebody who is assigned at `now`."""
    usual = decision.usual.hour if decision.usual else None
    return Traveller(decision.candidate.person.country, decision.home.zone, rules, now, usual)


def _home(prepared: Prepared, candidate: Candidate, rules: Rules) -> Home:
    person = candidate.person
    known = Whereabouts(stored=person.time_zone, country=person.country, city=person.city, phone=candidate.phone)
    return zones.find(known, rules, prepared.project.settings.time_zone, city_zones)


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
    batches = runs.member_batches(connection, members, BATCH)
    yield from decide_on(connection, prepared, batches, run_id=run_id, salt=salt, as_of=as_of, now=now)


def decide_on(
    connection: Connection, prepared: Prepared, batches: Iterable[list[int]], *, run_id: int | None, salt: str, as_of: datetime, now: datetime
) -> Iterator[list[Decision]]:
    """Decisions on these members as of a moment, batch by batch."""
    facts = AsOf.of(prepared.project, as_of)
    lots = Lots.of(prepared, salt) if run_id is None else Lots.going_on(connection, prepared, run_id, salt)
    scored = knowing.scored(connection, prepared.project, facts, prepared.document) if prepared.campaign.worth_it else scores
    for ids in batches:
        found = candidates.find(connection, ids, facts, run_id=run_id, scored=scored)
        shown = knowing.signs_of(connection, prepared.selection, facts, ids)
        reacted = reactions.moments(connection, ids, as_of) if any(stage.send_hour for stage in prepared.campaign.stages) else {}
        lots.know(connection, run_id, ids)
        past = past_journeys.of(connection, ids, campaign=prepared.name, run_id=run_id, now=as_of)
        yield [
            decide(
                prepared,
                found[each],
                salt=salt,
                now=now,
                signs=shown.get(each, {}),
                reacted=reacted.get(each, ()),
                past=past_journeys.get(past, each),
                lots=lots,
            )
            for each in ids
        ]


def enrol(engine: Engine, prepared: Prepared, run: Run, *, now: datetime, progress: Callable[[int], None] | None = None) -> int:
    """Write every decision of a run, once; of a daily campaign, every decision of the day. Returns how many are new.

    A run that was interrupted goes on where it stopped and comes to the same. A daily one takes nobody in while it is paused: their
    return windows would begin with nothing to come of them.
    """
    if run.enrolled_at is not None:
        return 0
    if prepared.campaign.is_daily:
        return _enrol_today(engine, prepared, run, now=now, progress=progress) if run.status is RunStatus.ACTIVE else 0
    new, rations = 0, Rations(prepared, run.salt)
    offering.stock(engine, prepared, now=now)
    with database.reading(engine) as connection:
        batches = decisions(connection, prepared, run_id=run.id, salt=run.salt, as_of=run.started_at, now=run.started_at)
        for batch in batches:
            with database.writing(engine) as writer:
                dealt = rations.deal(writer, batch, now=now, run=run)
                new += enrolling.enrol(writer, [row(run, decision, prepared.project.zone, run.started_at) for decision in dealt])
                _record_left_alone(writer, prepared, dealt, run.started_at)
                rationing.reserve(writer, prepared, run, dealt, assigned_at=run.started_at, now=now)
            if progress:
                progress(len(batch))
    with database.writing(engine) as connection:
        runs.record_enrolled(connection, run.id, now)
    return new


def _enrol_today(engine: Engine, prepared: Prepared, run: Run, *, now: datetime, progress: Callable[[int], None] | None) -> int:
    """Decide on those whose turn it is today, and anew on those who were skipped so far. Returns how many decisions are new."""
    moment = recurring.begin(engine, prepared, run, now)
    if moment is None:
        return 0
    drawing.begin_wave(engine, prepared, run, moment)
    new, rations = 0, Rations(prepared, run.salt)
    offering.stock(engine, prepared, now=now)
    with database.reading(engine) as connection:
        turn = recurring.turn(connection, prepared, run, moment)
        again = frozenset(turn.again)
        batches = recurring.batches([*turn.fresh, *turn.again], BATCH)
        for batch in decide_on(connection, prepared, batches, run_id=run.id, salt=run.salt, as_of=moment, now=moment):
            with database.writing(engine) as writer:
                dealt = rations.deal(writer, batch, now=now, run=run, again=again)
                rows = [row(run, decision, prepared.project.zone, moment) for decision in dealt]
                new += enrolling.enrol(writer, [each for each in rows if each["customer_id"] not in again])
                new += enrolling.decide_again(writer, [each for each in rows if each["customer_id"] in again])
                _record_left_alone(writer, prepared, dealt, moment)
                rationing.reserve(writer, prepared, run, dealt, assigned_at=moment, now=now)
            if progress:
                progress(len(batch))
    recurring.end(engine, prepared, run, moment)
    return new


def _record_left_alone(connection: Connection, prepared: Prepared, decided: Sequence[Decision], moment: datetime) -> None:
    """Keep for the period whom the global holdout left alone, whatever is decided on them afterwards."""
    rule, zone = prepared.project.settings.global_holdout, prepared.project.zone
    ids = [each.candidate.customer_id for each in decided if isinstance(each.verdict, Skip) and each.verdict.reason is Reason.GLOBAL_HOLDOUT]
    if rule is None or not ids:
        return
    today = clock.local_day(moment, zone)
    last = rule.last_day_of(today)
    until = None if last is None else clock.end_of_day(last, zone)
    left_alone.record(connection, ids, period=rule.period_of(today), until=until, decided_at=moment)


def row(run: Run, decision: Decision, zone: ZoneInfo, moment: datetime) -> dict[str, Any]:
    """The recipient's row of a decision that was made as of `moment`."""
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
        "time_zone": decision.home.zone,
        "facts": _facts(decision, zone),
        "assigned_at": moment,
        "ended_at": moment if skipped else None,
        "next_stage": 0,
        "next_due_at": decision.first_due_at,
        "next_occasion": decision.occasion,
        **_drawn(decision),
    }


def _drawn(decision: Decision) -> dict[str, Any]:
    """What reports look at parts by, and how the arm was drawn; whoever the rations refused afterwards keeps the place that they had."""
    lot = decision.lot
    kept = {name: decision.noted.get(name, "") for name in _NOTED} | {"level_minor": decision.noted.get("level_minor", 0)}
    return kept | {"wave": lot.wave if lot else 0, "stratum": lot.stratum if lot else "", "place": lot.place if lot else None}


_NOTED = ("value_class", "sign", "silence", "country", "domain", "manager")


def _facts(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    """What is kept with the recipient: on what the decision was made, and what it promises."""
    kept = evidence(decision.candidate, zone) | {"signs": decision.signs} | decision.worth
    return kept | _clock(decision) | _promised(decision) | _told(decision.past)


def _clock(decision: Decision) -> dict[str, Any]:
    """How the zone is known, and the hour that was learnt."""
    return {"zone_known_by": decision.home.known_by} | ({"send_hour": asdict(decision.usual)} if decision.usual else {})


def _promised(decision: Decision) -> dict[str, Any]:
    """What every letter of theirs will say; nothing for who is left alone."""
    return {promises.FACT: decision.promised and decision.promised.as_fact()} if decision.offer else {}


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
        "phone": "known" if candidate.phone else "",
        "channels": {str(channel): _reach(candidate, channel, zone) for channel in candidate.reach},
    }


def _told(past: Past) -> dict[str, str]:
    moments = {"exhausted_at": past.exhausted_at, "assigned_before_at": past.assigned_at}
    return {name: moment.isoformat() for name, moment in moments.items() if moment is not None}


def _reach(candidate: Candidate, channel: ChannelName, zone: ZoneInfo) -> dict[str, Any]:
    reach = candidate.reach[channel]
    return {
        "address": bool(reach.address),
        "blocked": reach.blocked,
        "suppressed": reach.suppressed,
        "consent": reach.consented,
        "consent_on": reach.consent_given_at and clock.local_day(reach.consent_given_at, zone).isoformat(),
        "consent_source": reach.consent_source,
        "confirmed": reach.confirmed,
        "withdrawn": reach.withdrawn,
        "quiet_days": reach.quiet_for and reach.quiet_for.days,
        "bought_days": reach.bought_for and reach.bought_for.days,
        **({"off": True} if reach.off else {}),
    }

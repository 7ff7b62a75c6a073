"""What a campaign would do: who would get what, when, why not, what it costs, and what it could show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.audience.signs import Sign
from winback.journey import expected_way, last_check, stage_times, zones
from winback.journey.eligibility import Eligible, Skip
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.model import HOLDOUT, TASK, ChannelName, Money, Reason, TaskKind
from winback.operations import branches, campaign_run, daily_plan, enrolment, greeting_plan, knowing, pace_plan, plan_power, recurring
from winback.operations.branches import Branch
from winback.operations.daily_plan import DailyPlan
from winback.operations.enrolment import Decision
from winback.operations.greeting_plan import GreetingsOfDay
from winback.operations.pace_plan import Paced
from winback.operations.rationing import Budget, Pool, Rations
from winback.operations.stage_conditions import Outlook
from winback.outcomes.power import Planned
from winback.sending import lanes as ways
from winback.sending import meeting, offering
from winback.sending.pace import Terms
from winback.sending.prepared import Prepared
from winback.speech import N_
from winback.store import contact_log, database, runs
from winback.store.as_of import AsOf


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage: how many get it at most, over which way, in which days."""

    name: str
    recipients: int
    channels: dict[str, int]
    texts: dict[str, str]  # tactic -> letter or message
    first_on: str
    last_on: str
    asks: tuple[str, ...]  # its conditions; those about what customers do leave open who meets them
    skips: dict[str, int]  # who wouldn't get it as things stand, by reason
    timing: str = ""  # in words: 7 days later, 10:00-13:00, Tue Wed Thu
    branches: tuple[Branch, ...] = ()
    paced: tuple[Paced, ...] = ()  # how long its lanes need at the least, the slowest first


@dataclass(frozen=True, slots=True)
class WorthOfAll:
    """What the returns of all who would be written to are expected to bring, and what the whole sequence costs for all of them."""

    expected: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; cohort = recipients + holdout + skips, always; of a daily campaign's next day, with those assigned before and waiting."""

    campaign: str
    as_of: str
    cohort: int
    arms: dict[str, int]
    skips: dict[str, int]
    languages: dict[str, int]
    countries: dict[str, int]
    stages: tuple[StagePlan, ...]
    currency: str
    cost_of_sending: Decimal
    cost_of_offers: dict[str, Decimal]  # per tactic, for every 100 returned customers
    detectable: dict[str, float | None]  # per tactic: smallest difference of return rates seen with 80 % power; None: none with so few
    base_rate: float
    worth: WorthOfAll | None  # of those who would be written to; None where nobody's value was told yet
    contact_policy: dict[str, dict[str, int]]  # of the first stage: what becomes of it for the customers' sake, and why
    pools: tuple[Pool, ...] = ()
    budgets: tuple[Budget, ...] = ()
    holding: int = 0  # recipients who hold a code of another campaign
    daily: DailyPlan | None = None  # of a campaign that enrols daily
    greetings: tuple[GreetingsOfDay, ...] | None = None  # of the next days, of a campaign that greets
    power: Planned | None = None  # against the lift that the campaign hopes for, where it names one
    examples: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (tactic, language) -> one who would get it, by the shop's id

    @property
    def people(self) -> int:
        """How many would be written to; of a daily campaign at most, since those who wait in its back-fill aren't decided on yet."""
        return sum(count for arm, count in self.arms.items() if arm != HOLDOUT) + (self.daily.waiting if self.daily else 0)

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "as_of": self.as_of,
            "cohort": self.cohort,
            "arms": self.arms,
            "skips": self.skips,
            "languages": self.languages,
            "countries": self.countries,
            "stages": [
                {
                    "name": stage.name,
                    "recipients": stage.recipients,
                    "channels": stage.channels,
                    "texts": stage.texts,
                    "first_on": stage.first_on,
                    "last_on": stage.last_on,
                    "asks": list(stage.asks),
                    "skips": stage.skips,
                    "timing": stage.timing,
                    "branches": [branch.as_json() for branch in stage.branches],
                    "pace": [lane.as_json() for lane in stage.paced],
                }
                for stage in self.stages
            ],
            "cost": {
                "currency": self.currency,
                "sending": str(self.cost_of_sending),
                "offers_per_100_returns": {tactic: str(cost) for tactic, cost in self.cost_of_offers.items()},
            },
            "contact_policy": self.contact_policy,
            "worth": None if self.worth is None else {name: str(amount) for name, amount in asdict(self.worth).items()},
            "daily": None if self.daily is None else self.daily.as_json(),
            "power": {"base_rate": self.base_rate, "detectable_difference": self.detectable, **self._hoped()},
            "codes": [{**asdict(pool), "missing": pool.missing} for pool in self.pools],
            "budgets": [{name: str(value) for name, value in asdict(budget).items()} for budget in self.budgets],
            "holding_another_code": self.holding,
            **({} if self.greetings is None else {"greetings": [each.as_json() for each in self.greetings]}),
        }

    def _hoped(self) -> dict[str, Any]:
        return {} if self.power is None else {"hoped": self.power.as_json()}


def plan(
    prepared: Prepared, engine: Engine, *, now: datetime, progress: Callable[[int], None] | None = None, present: datetime | None = None
) -> Plan:
    """Decide on the whole cohort exactly as a run would, and write nothing. `now` may be another moment than the present."""
    tally, greetings = _Tally(prepared, now), greeting_plan.Tally(prepared, now)
    knowing.prepare_campaign(prepared, engine, now=now, present=present)
    with database.reading(engine) as connection:
        run = runs.latest(connection, prepared.name)
        own = run.id if run is not None and campaign_run.goes_on(prepared, run, now) else None
        number = run.number + (own is None) if run is not None else 1
        salt = campaign_run.salt_of(prepared, number)
        offering.check_pools(connection, prepared)
        rations, outlook = Rations(prepared, salt), Outlook.of(connection, prepared, AsOf.of(prepared.project, now))
        batches, daily = enrolment.decisions(connection, prepared, run_id=own, salt=salt, as_of=now, now=now), None
        but_run = own
        if prepared.campaign.is_daily:
            going_on = run if own is not None else None
            chosen = daily_plan.turn(connection, prepared, going_on, salt=salt, now=now)
            daily = daily_plan.of(connection, prepared, going_on, chosen, now=now)
            turns = recurring.batches([*chosen.fresh, *chosen.again], enrolment.BATCH)
            batches = enrolment.decide_on(connection, prepared, turns, run_id=own, salt=salt, as_of=now, now=now)
            but_run = None  # what it promised on earlier days stays promised
        for batch in batches:
            greetings.add(connection, batch)
            written_to = [each.candidate.customer_id for each in batch if each.is_written_to]
            contacts, unmet = contact_log.contacts(connection, written_to, now), outlook.unmet(written_to)
            for decision in rations.deal(connection, batch, now=now, but_run=but_run):
                tally.add(decision, contacts.get(decision.candidate.customer_id, ()), unmet)
            if progress:
                progress(len(batch))
        pools, budgets = rations.pools(connection, now, but_run=but_run), rations.budgets(connection, now, but_run=but_run)
        planned = _with_days(prepared, replace(tally.plan(now), pools=tuple(pools), budgets=tuple(budgets), holding=rations.holding), daily)
        power = plan_power.hoped(connection, prepared, _everybody(prepared, planned), now=now)
    return replace(planned, power=power) if greetings.greeter is None else _greeting(prepared, planned, greetings.greetings() or ())


def _greeting(prepared: Prepared, planned: Plan, greetings: tuple[GreetingsOfDay, ...]) -> Plan:
    """A plan of greetings costs as many letters as it greets; nothing is under test."""
    price = _prices(prepared)
    cost = sum((price[each.channel] * each.letters for each in greetings), Decimal(0))
    return replace(planned, greetings=greetings, cost_of_sending=cost, detectable={})


def _prices(prepared: Prepared) -> dict[str, Decimal]:
    return {channel: prepared.project.settings.way(channel).cost for channel in ChannelName}


def _with_days(prepared: Prepared, planned: Plan, daily: DailyPlan | None) -> Plan:
    """A daily campaign's cohort holds those too whose turn was before, or is to come; they count in what its numbers can show."""
    if daily is None:
        return planned
    planned = replace(planned, cohort=planned.cohort + daily.before + daily.waiting, daily=daily)
    return replace(planned, detectable=plan_power.detectable(prepared, _everybody(prepared, planned)))


def _everybody(prepared: Prepared, planned: Plan) -> dict[str, int]:
    """The arms, with those of a daily campaign who were assigned before or wait, as its shares divide them."""
    others = planned.daily.before + planned.daily.waiting if planned.daily else 0
    return {arm: planned.arms.get(arm, 0) + round(share * others) for arm, share in prepared.campaign.shares().items()}


class _Tally:
    """Counts decisions one by one, so that a plan for a million needs no more memory than one for ten."""

    def __init__(self, prepared: Prepared, now: datetime) -> None:
        self.prepared, self.now = prepared, now
        self.skipped: list[Counter[str]] = [Counter() for _ in prepared.campaign.stages]
        self.arms = Counter(dict.fromkeys(prepared.campaign.shares(), 0))
        self.skips: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.countries: Counter[str] = Counter()
        self.channels: list[Counter[str]] = [Counter() for _ in prepared.campaign.stages]
        self.branches = [branches.Tally(stage) for stage in prepared.campaign.stages]
        self.expected, self.cost, self.known_worth = Decimal(0), Decimal(0), 0
        self.late = {word: Counter[str]() for word in ("postponed", "skipped", "expired")}
        self.examples: dict[tuple[str, str], str] = {}
        self.days: list[list[datetime]] = [[] for _ in prepared.campaign.stages]
        self.lanes: list[Counter[Terms]] = [Counter() for _ in prepared.campaign.stages]

    def add(self, decision: Decision, contacts: Sequence[datetime], unmet: Mapping[str, Collection[int]]) -> None:
        verdict = decision.verdict
        if isinstance(verdict, Skip):
            self.skips[str(verdict.reason)] += 1
            return
        self.arms[decision.arm] += 1
        if decision.arm == HOLDOUT or decision.first_due_at is None:
            return
        self._add_worth(decision)
        self._add_stages(decision, verdict, contacts, unmet)
        self.examples.setdefault((decision.arm, verdict.locale), decision.candidate.person.key)
        self.languages[verdict.locale] += 1
        self.countries[decision.candidate.person.country or "unknown"] += 1

    def _add_stages(self, decision: Decision, verdict: Eligible, contacts: Sequence[datetime], unmet: Mapping[str, Collection[int]]) -> None:
        """Count somebody in every stage, as it would go."""
        rules = self.prepared.policy.for_country(decision.candidate.person.country)
        due_at, campaign, calendar = decision.first_due_at, self.prepared.campaign, self.prepared.calendar
        assert due_at is not None
        if campaign.greet and (not decision.occasion or due_at > self.now + timedelta(days=greeting_plan.DAYS)):
            self.branches[0].pass_over(decision.arm, Reason.NO_OCCASION, verdict.locale)
            self.skipped[0][Reason.NO_OCCASION] += 1
            return
        late = last_check.turn(campaign.ends_on, campaign.stages[0], rules, decision.home.zone, due_at, contacts, wishes=decision.candidate.wishes)
        if late is not None:
            self._add_late(late)
        if isinstance(late, Stop):
            for tally in self.branches:
                tally.pass_over(decision.arm, late.reason, verdict.locale)
            return
        if isinstance(late, Postpone):
            due_at = late.due_at
        who = enrolment.traveller(decision, rules, self.now)
        for index, stage in enumerate(campaign.stages):
            if not index and isinstance(late, SkipStage):
                self.branches[index].pass_over(decision.arm, late.reason, verdict.locale)
                continue
            if index:
                due_at = stage_times.due_at(campaign, stage, due_at, who, calendar)
            way = expected_way.decide(
                stage,
                decision.arm,
                decision.candidate,
                verdict.channels,
                due_on=clock.local_day(due_at, who.calendar),
                day=stage_times.day_of(campaign, stage, who, calendar),
                is_met=decision.candidate.customer_id not in unmet.get(stage.name, ()),
            )
            if isinstance(way, Reason):
                self.skipped[index][way] += 1
                self.branches[index].pass_over(decision.arm, way, verdict.locale)
                continue
            self.channels[index][way] += 1
            self.lanes[index].update(self._lanes(decision, way))
            self.branches[index].add(decision.arm, way, decision.signs, verdict.locale)
            span = self.days[index]
            local = due_at.astimezone(zones.calendar(decision.home.zone, rules))
            self.days[index] = [min([*span[:1], local]), max([*span[1:], local])]

    def _lanes(self, decision: Decision, way: str) -> tuple[Terms, ...]:
        """Those of a letter that the pace limits."""
        pace = self.prepared.pace
        if pace.is_unlimited or not isinstance(way, ChannelName):
            return ()
        relay = ways.relay_of(self.prepared.project.settings.email, pace.paced_relays, decision.candidate.customer_id)
        return pace.lanes(way, decision.candidate.reach[way].address, relay)

    def _add_late(self, late: Postpone | SkipStage | Stop) -> None:
        word = "postponed" if isinstance(late, Postpone) else "skipped" if isinstance(late, SkipStage) else "expired"
        self.late[word][late.reason or N_("outside of the hours")] += 1

    def _add_worth(self, decision: Decision) -> None:
        """By the tactic that they got, which may be cheaper than the dearest."""
        currency = self.prepared.project.settings.currency
        order = Money.from_minor(decision.candidate.average_order_minor, currency).amount
        self.expected += Money.from_minor(decision.candidate.expected_value_minor or 0, currency).amount
        self.cost += self.prepared.outlays[decision.arm].cost(order).amount
        self.known_worth += decision.candidate.expected_value_minor is not None

    def plan(self, now: datetime) -> Plan:
        campaign, settings = self.prepared.campaign, self.prepared.project.settings
        costs = _prices(self.prepared)
        sending = Decimal(0)
        for stage, counts in zip(campaign.stages, self.channels, strict=True):
            calls = {TASK: settings.call_cost if stage.task is not None and stage.task.kind is TaskKind.CALL else Decimal(0)}
            sending += sum(((costs | calls)[way] * count for way, count in counts.items()), Decimal(0))
        return Plan(
            campaign=self.prepared.name,
            as_of=clock.local_day(now, self.prepared.project.zone).isoformat(),
            cohort=sum(self.arms.values()) + sum(self.skips.values()),
            arms=dict(self.arms),
            skips=dict(self.skips.most_common()),
            languages=dict(self.languages.most_common()),
            countries=dict(self.countries.most_common()),
            stages=tuple(self._stage(index) for index in range(len(campaign.stages))),
            currency=settings.currency,
            cost_of_sending=sending,
            cost_of_offers={tactic: 100 * offer.usual[0] for tactic in campaign.tactics if (offer := campaign.offer_of(tactic))},
            detectable=plan_power.detectable(self.prepared, self.arms),
            base_rate=plan_power.ASSUMED_RETURN_RATE,
            worth=WorthOfAll(self.expected, self.cost) if self.known_worth else None,
            contact_policy={word: dict(counts.most_common()) for word, counts in self.late.items()},
            examples=self.examples,
        )

    def _stage(self, index: int) -> StagePlan:
        stage, days = self.prepared.campaign.stages[index], self.days[index]
        texts = {
            tactic: " or ".join(dict.fromkeys(text for channel in stage.channels for text in stage.texts_for(channel, tactic, frozenset(Sign))))
            for tactic in self.prepared.campaign.tactics
        }
        if stage.task is not None:
            texts = {tactic: " or ".join(filter(None, (text, f"a {stage.task.kind}" * stage.is_for(tactic)))) for tactic, text in texts.items()}
        asked = self.prepared.asked.get(stage.name)
        return StagePlan(
            name=stage.name,
            recipients=self.channels[index].total(),
            channels=dict(self.channels[index].most_common()),
            texts={tactic: text for tactic, text in texts.items() if text},
            first_on=days[0].date().isoformat() if days else "",
            last_on=days[1].date().isoformat() if days else "",
            asks=() if asked is None else tuple(meeting.told(stage, rule, asked) for rule in asked.cohort.rules),
            skips={str(reason): count for reason, count in self.skipped[index].most_common()},
            timing=branches.timing(stage),
            branches=self.branches[index].branches(self.prepared.campaign.tactics),
            paced=pace_plan.of(self.lanes[index], days[0].date() if days else None),
        )

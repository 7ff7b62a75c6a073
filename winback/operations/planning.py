"""What a campaign would do: who would get what, when, why not, what it costs, and what it could show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from winback import clock
from winback.audience.signs import Sign
from winback.journey import schedule
from winback.journey.eligibility import Skip
from winback.model import HOLDOUT, ChannelName, Money, RunStatus
from winback.operations import branches, enrolment, knowing
from winback.operations.branches import Branch
from winback.operations.enrolment import Decision
from winback.outcomes import statistics
from winback.sending.prepared import Prepared
from winback.store import database, runs

ASSUMED_RETURN_RATE = 0.03
"""Share of lost customers who come back by themselves within the window, when nothing better is known; 1-5 % is usual."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage: how many start on it at most, over which channel, in which days."""

    name: str
    recipients: int
    channels: dict[str, int]
    texts: dict[str, str]  # tactic -> letter or message
    first_on: str
    last_on: str
    timing: str = ""  # in words: 7 days later, 10:00-13:00, Tue Wed Thu
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class WorthOfAll:
    """What the returns of all who would be written to are expected to bring, and what the whole sequence costs for all of them."""

    expected: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; cohort = recipients + holdout + skips, always."""

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
                    "timing": stage.timing,
                    "branches": [branch.as_json() for branch in stage.branches],
                }
                for stage in self.stages
            ],
            "cost": {
                "currency": self.currency,
                "sending": str(self.cost_of_sending),
                "offers_per_100_returns": {tactic: str(cost) for tactic, cost in self.cost_of_offers.items()},
            },
            "worth": None if self.worth is None else {name: str(amount) for name, amount in asdict(self.worth).items()},
            "power": {"base_rate": self.base_rate, "detectable_difference": self.detectable},
        }


def plan(
    prepared: Prepared, engine: Engine, *, now: datetime, progress: Callable[[int], None] | None = None, present: datetime | None = None
) -> Plan:
    """Decide on the whole cohort exactly as a run would, and write nothing. `now` may be another moment than the present."""
    tally = _Tally(prepared)
    knowing.prepare(prepared.project, engine, prepared.selection.cohort, now=now, scores_too=prepared.campaign.worth_it, present=present)
    with database.reading(engine) as connection:
        run = runs.latest(connection, prepared.name)
        own = run.id if run is not None and run.status in {RunStatus.ACTIVE, RunStatus.PAUSED} else None
        number = run.number + (own is None) if run is not None else 1
        salt = enrolment.salt_of(prepared, number)
        for batch in enrolment.decisions(connection, prepared, run_id=own, salt=salt, as_of=now, now=now):
            for decision in batch:
                tally.add(decision)
            if progress:
                progress(len(batch))
    return tally.plan(now)


class _Tally:
    """Counts decisions one by one, so that a plan for a million needs no more memory than one for ten."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.arms = Counter(dict.fromkeys(prepared.campaign.shares(), 0))
        self.skips: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.countries: Counter[str] = Counter()
        self.channels: list[Counter[str]] = [Counter() for _ in prepared.campaign.stages]
        self.branches = [branches.Tally(stage) for stage in prepared.campaign.stages]
        self.expected, self.cost, self.known_worth = Decimal(0), Decimal(0), 0
        self.days: list[list[datetime]] = [[] for _ in prepared.campaign.stages]

    def add(self, decision: Decision) -> None:
        verdict = decision.verdict
        if isinstance(verdict, Skip):
            self.skips[str(verdict.reason)] += 1
            return
        self.arms[decision.arm] += 1
        if decision.arm == HOLDOUT or decision.first_due_at is None:
            return
        self._add_worth(decision)
        self.languages[verdict.locale] += 1
        self.countries[decision.candidate.person.country or "unknown"] += 1
        rules = self.prepared.policy.for_country(decision.candidate.person.country)
        due_at = decision.first_due_at
        for index, stage in enumerate(self.prepared.campaign.stages):
            if index:
                due_at = schedule.due_at(stage, due_at, decision.zone, rules)
            channel = self.branches[index].add(decision.arm, verdict.channels, decision.signs, verdict.locale)
            if channel is None:
                continue
            self.channels[index][channel] += 1
            span = self.days[index]
            local = due_at.astimezone(ZoneInfo(decision.zone))
            self.days[index] = [min([*span[:1], local]), max([*span[1:], local])]

    def _add_worth(self, decision: Decision) -> None:
        """By the tactic that they got, which may be cheaper than the dearest."""
        currency = self.prepared.project.settings.currency
        order = Money.from_minor(decision.candidate.average_order_minor, currency).amount
        self.expected += Money.from_minor(decision.candidate.expected_value_minor or 0, currency).amount
        self.cost += self.prepared.outlays[decision.arm].cost(order).amount
        self.known_worth += decision.candidate.expected_value_minor is not None

    def plan(self, now: datetime) -> Plan:
        campaign, settings = self.prepared.campaign, self.prepared.project.settings
        costs = {ChannelName.EMAIL: settings.email.cost, ChannelName.TELEGRAM: settings.telegram.cost}
        sending = sum((costs[ChannelName(channel)] * count for counts in self.channels for channel, count in counts.items()), Decimal(0))
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
            cost_of_offers={tactic: 100 * offer.cost for tactic in campaign.tactics if (offer := campaign.offer_of(tactic))},
            detectable={
                tactic: statistics.detectable_difference(ASSUMED_RETURN_RATE, self.arms[tactic], self.arms[HOLDOUT]) for tactic in campaign.tactics
            },
            base_rate=ASSUMED_RETURN_RATE,
            worth=WorthOfAll(self.expected, self.cost) if self.known_worth else None,
        )

    def _stage(self, index: int) -> StagePlan:
        stage, days = self.prepared.campaign.stages[index], self.days[index]
        texts = {
            tactic: " or ".join(dict.fromkeys(text for channel in stage.channels for text in stage.texts_for(channel, tactic, frozenset(Sign))))
            for tactic in self.prepared.campaign.tactics
        }
        return StagePlan(
            name=stage.name,
            recipients=self.channels[index].total(),
            channels=dict(self.channels[index].most_common()),
            texts={tactic: text for tactic, text in texts.items() if text},
            first_on=days[0].date().isoformat() if days else "",
            last_on=days[1].date().isoformat() if days else "",
            timing=branches.timing(stage),
            branches=self.branches[index].branches(self.prepared.campaign.tactics),
        )

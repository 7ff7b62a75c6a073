"""What a person is shown before they approve: counts, languages, cost, expected power, sample letters of real customers."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.errors import Refused
from winback.model import HOLDOUT, UNFINISHED
from winback.operations import campaign_run, plan_power, plan_words, planning, previewing, scenes
from winback.operations.plan_power import ASSUMED_RETURN_RATE
from winback.operations.planning import Plan
from winback.operations.scenes import Wanted
from winback.sending.prepared import Prepared
from winback.speech import N_, figure, from_json, said
from winback.store import database, run_files, runs
from winback.store.runs import Run

_WAIT = N_(
    "%(number)s of them wait in the back-fill at the most: their tactic, language and letters are decided on their day, and the cost grows with them."
)
_LOST = N_(
    "%(number)s of them get nothing as it stands: a letter isn't whole in %(language)s any more. What it lacks: winback translate check %(language)s"
)
_TOLD_APART = N_(
    "%(tactic)s is told from the holdout when it brings back %(points)s points more than the %(rate)s %% who return by themselves (80 %% power)."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One plan, or what is still to come of a run, in the figures that somebody decides by. Kept as JSON with the approval."""

    campaign: str
    run: int  # its number
    has_begun: bool
    as_of: str
    cohort: int
    people: int  # who would be written to, or still are
    held_out: int
    arms: dict[str, int]  # of those people
    languages: dict[str, int]
    stages: dict[str, int]  # letters of each stage, if nobody orders or answers before
    currency: str
    cost_of_sending: str  # at the most
    cost_of_offers: dict[str, str]  # per tactic, for every 100 who take it up
    detectable: dict[str, float | None]  # per tactic: the smallest difference of return rates seen with 80 % power; None: none with so few
    base_rate: float
    changed: list[str] = field(default_factory=list)  # what is other than was approved, or begun with, before: sentences
    letters: list[str] = field(default_factory=list)  # files of sample letters below out/approval/<campaign>/, the sheet of all last
    note: str = ""  # why there are none
    lost: dict[str, int] = field(default_factory=dict)  # of the people, by language, those for whom the letters aren't whole any more
    waiting: int = 0  # of the people, who stand in the back-fill: which tactic and language is theirs is decided on their day

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def sentences(self) -> Iterator[str]:
        """Who comes later, what it costs, and what the numbers can show."""
        if self.waiting:
            yield said(_WAIT, number=figure(self.waiting))
        for language, people in self.lost.items():
            yield said(_LOST, number=figure(people), language=language)
        yield plan_words.sending(Decimal(self.cost_of_sending), self.currency)
        yield from plan_words.offers({tactic: Decimal(cost) for tactic, cost in self.cost_of_offers.items()}, self.currency)
        for tactic, difference in self.detectable.items():
            if difference is None:
                yield plan_words.chance_alone(tactic)
            else:
                yield said(_TOLD_APART, tactic=tactic, points=figure(100 * difference, 1), rate=f"{100 * self.base_rate:.0f}")

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Asked:
        return cls(**{part.name: from_json(stored[part.name]) for part in fields(cls) if part.name in stored})


@dataclass(frozen=True, slots=True)
class Question:
    """The figures, and whose letters are shown with them."""

    asked: Asked
    examples: Mapping[tuple[str, str], str]  # (tactic, language) -> customer, by the shop's id


def of_plan(plan: Plan, number: int) -> Question:
    """What a campaign would do that hasn't begun."""
    asked = Asked(
        campaign=plan.campaign,
        run=number,
        has_begun=False,
        as_of=plan.as_of,
        cohort=plan.cohort,
        people=plan.people,
        held_out=plan.arms[HOLDOUT],
        arms={arm: count for arm, count in plan.arms.items() if arm != HOLDOUT},
        languages=plan.languages,
        stages={stage.name: stage.recipients for stage in plan.stages},
        currency=plan.currency,
        cost_of_sending=f"{plan.cost_of_sending:f}",
        cost_of_offers={tactic: f"{cost:f}" for tactic, cost in plan.cost_of_offers.items()},
        detectable=plan.detectable,
        base_rate=plan.base_rate,
        waiting=plan.daily.waiting if plan.daily else 0,
    )
    return Question(asked, plan.examples)


def of_run(prepared: Prepared, engine: Engine, run: Run, *, now: datetime) -> Question:
    """What is still to come of a run that has begun, and of an older one that goes on beside it."""
    plan, settings = prepared.campaign, prepared.project.settings
    with database.reading(engine) as connection:
        groups = run_files.to_come(connection, runs.unfinished_of(connection, prepared.name))
        everybody, waiting = run_files.arms(connection, run.id), len(run_files.waiting(connection, run))
    arms, languages, letters = Counter[str](), Counter[str](), Counter[str]()
    for group in groups:
        arms[group.arm] += group.people
        languages[group.language] += group.people
        letters.update({stage.name: group.people for stage in plan.stages[group.next_stage :]})
    dearest = {stage.name: max((settings.way(channel).cost for channel in stage.channels), default=Decimal(0)) for stage in plan.stages}
    asked = Asked(
        campaign=prepared.name,
        run=run.number,
        has_begun=True,
        as_of=clock.local_day(now, prepared.project.zone).isoformat(),
        cohort=sum(everybody.values()),
        people=arms.total() + waiting,
        held_out=everybody.get(HOLDOUT, 0),
        arms=dict(arms),
        languages=dict(languages.most_common()),
        stages={stage.name: letters[stage.name] for stage in plan.stages if letters[stage.name]},
        currency=settings.currency,
        cost_of_sending=f"{sum((dearest[stage] * count for stage, count in letters.items()), Decimal(0)):f}",
        cost_of_offers={tactic: f"{100 * offer.usual[0]:f}" for tactic in plan.tactics if (offer := plan.offer_of(tactic))},
        detectable=plan_power.detectable(prepared, everybody),
        base_rate=ASSUMED_RETURN_RATE,
        lost={language: people for language, people in languages.most_common() if language not in prepared.languages},
        waiting=waiting,
    )
    return Question(asked, {(group.arm, group.language): group.example for group in reversed(groups)})


def question(prepared: Prepared, engine: Engine, run: Run | None, *, now: datetime) -> Question:
    """What is to come: of a run that is under way, else of the one that would begin now; of both where the next one begins by itself."""
    if run is not None and campaign_run.goes_on(prepared, run, now):
        return of_run(prepared, engine, run, now=now)
    begins = of_plan(planning.plan(prepared, engine, now=now), 1 if run is None else run.number + 1)
    if run is None or run.status not in UNFINISHED:
        return begins
    return _together(begins, of_run(prepared, engine, run, now=now))


def _together(begins: Question, before: Question) -> Question:
    """A run that begins, and the letters still to come of the one before it."""
    new, old = begins.asked, before.asked
    arms, languages, stages = (
        {name: first.get(name, 0) + second.get(name, 0) for name in first | second}
        for first, second in ((new.arms, old.arms), (new.languages, old.languages), (new.stages, old.stages))
    )
    cost = Decimal(new.cost_of_sending) + Decimal(old.cost_of_sending)
    people = new.people + sum(old.arms.values())
    both = replace(new, people=people, arms=arms, languages=languages, stages=stages, cost_of_sending=f"{cost:f}")
    return Question(both, {**before.examples, **begins.examples})


def number_of(run: Run | None) -> int:
    """The number of the run that is under way, or would begin."""
    return 1 if run is None else run.number + (run.status not in UNFINISHED)


def folder(prepared: Prepared) -> Path:
    """Where a campaign's sample letters lie."""
    return prepared.project.out / "approval" / prepared.name


def write_letters(prepared: Prepared, engine: Engine, question: Question, *, now: datetime) -> tuple[list[str], str]:
    """Each tactic's letters of the stages to come in each language, to a real customer who would get them. Returns the files, or why there are none.

    The folder is emptied first. A letter that can't be shown stands in no one's way: the person is told, and decides.
    """
    into = folder(prepared)
    shutil.rmtree(into, ignore_errors=True)
    wanted = [
        Wanted(campaign=prepared.name, tactic=tactic, locale=language, customers=(key,))
        for (tactic, language), key in sorted(question.examples.items())
    ]
    try:
        gathered = [scene for each in wanted for scene in scenes.gather(prepared.project, engine, each, now=now, texts=prepared.library)]
        to_come = [scene for scene in gathered if scene.stage in question.asked.stages]
        if not to_come:
            return [], said(N_("nobody would be written to."))
        shown = previewing.show(prepared.project, _by_stage(prepared, to_come), folder=into, title=prepared.name, whole=True)
    except Refused as refused:
        return [], str(refused)
    return [path.name for path in shown.paths], ""


def _by_stage(prepared: Prepared, gathered: Sequence[scenes.Scene]) -> Sequence[scenes.Scene]:
    order = [stage.name for stage in prepared.campaign.stages]
    return sorted(gathered, key=lambda scene: (order.index(scene.stage), scene.tactic, scene.language))

"""A plan as a tree: the cohort, who is left alone and skipped, each stage with its tactics, letters, channels and languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from winback.model import HOLDOUT, TASK
from winback.operations import greeting_plan
from winback.operations.branches import Branch
from winback.operations.daily_plan import DailyPlan
from winback.operations.planning import Plan, StagePlan
from winback.speech import N_, called, joined, said


@dataclass(frozen=True, slots=True)
class Node:
    """What it says, how many it concerns, and what it divides into."""

    says: str
    count: int
    parts: tuple[Node, ...] = ()


def of(plan: Plan) -> Node:
    """The whole plan, as it would go if nobody ordered or answered meanwhile."""
    whys = tuple(Node(called(reason, "reason"), count) for reason, count in plan.skips.items())
    skipped = Node(said(N_("skipped")), sum(plan.skips.values()), whys)
    alone = Node(said(N_("left alone, to compare with")), plan.arms.get(HOLDOUT, 0))
    written_to = {tactic: count for tactic, count in plan.arms.items() if tactic != HOLDOUT}
    tactics = tuple(Node(said(N_("tactic %(name)s"), name=tactic), count) for tactic, count in written_to.items())
    journey = Node(said(N_("written to")), sum(written_to.values()), (*tactics, *map(_stage, plan.stages), *_greetings(plan)))
    days = () if plan.daily is None else tuple(_days(plan.daily))
    whole = said(N_("%(campaign)s, as of %(day)s: in the cohort"), campaign=plan.campaign, day=plan.as_of)
    return Node(whole, plan.cohort, (journey, alone, *([skipped] if plan.skips else []), *days))


def _days(daily: DailyPlan) -> Iterator[Node]:
    yield Node(said(N_("taken in on earlier days")), daily.before)
    yield Node(said(N_("waiting in the back-fill")), daily.waiting)


def _greetings(plan: Plan) -> tuple[Node, ...]:
    """The greetings of the next days by occasion, each with its letters' days and their languages; one customer may get several."""
    by_occasion: dict[str, dict[tuple[date, date], Counter[str]]] = {}
    for each in plan.greetings or ():
        days = by_occasion.setdefault(each.occasion, {})
        days.setdefault((each.day, each.occasion_on), Counter())[each.language] += each.letters
    nodes = []
    for occasion, days in by_occasion.items():
        parts = tuple(Node(_day(day, on, _counted(dict(counts.most_common()))), counts.total()) for (day, on), counts in sorted(days.items()))
        nodes.append(Node(occasion, sum(part.count for part in parts), parts))
    if plan.greetings is None:
        return ()
    return (Node(said(N_("greetings of the next %(days)s days"), days=greeting_plan.DAYS), sum(node.count for node in nodes), tuple(nodes)),)


def _day(day: date, on: date, languages: str) -> str:
    if on == day:
        return said("%(day)s (%(languages)s)", day=day.isoformat(), languages=languages)
    return said(N_("%(day)s, for %(on)s (%(languages)s)"), day=day.isoformat(), on=on.isoformat(), languages=languages)


def _stage(stage: StagePlan) -> Node:
    days = stage.first_on
    if stage.first_on != stage.last_on:
        days = said(N_("%(first)s to %(last)s"), first=stage.first_on, last=stage.last_on)
    name = said(N_("stage %(name)s"), name=stage.name)
    return Node(joined(filter(None, (name, stage.timing, days, *stage.asks)), "; "), stage.recipients, tuple(map(_branch, stage.branches)))


def _branch(branch: Branch) -> Node:
    if branch.because:
        says = said(N_("%(tactic)s: passed over, %(reason)s"), tactic=branch.tactic, reason=called(branch.because, "reason"))
        return Node(says, branch.recipients)
    by = (
        said(N_("a %(task)s by a person"), task=called(branch.letter, "task"))
        if branch.channel == TASK
        else said(N_("%(letter)s by %(channel)s"), letter=branch.letter, channel=called(branch.channel, "channel"))
    )
    says = said("%(tactic)s: %(by)s (%(languages)s)", tactic=branch.tactic, by=by, languages=_counted(branch.languages))
    return Node(says, branch.recipients)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in counts.items())

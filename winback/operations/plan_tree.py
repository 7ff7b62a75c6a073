"""A plan as a tree: the cohort, who is left alone and skipped, each stage with its tactics, letters, channels and languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from winback.model import HOLDOUT, TASK
from winback.operations import greeting_plan
from winback.operations.branches import Branch
from winback.operations.planning import Plan, StagePlan


@dataclass(frozen=True, slots=True)
class Node:
    """What it says, how many it concerns, and what it divides into."""

    says: str
    count: int
    parts: tuple[Node, ...] = ()


def of(plan: Plan) -> Node:
    """The whole plan, as it would go if nobody ordered or answered meanwhile."""
    skipped = Node("skipped", sum(plan.skips.values()), tuple(Node(reason, count) for reason, count in plan.skips.items()))
    alone = Node("left alone, to compare with", plan.arms.get(HOLDOUT, 0))
    written_to = {tactic: count for tactic, count in plan.arms.items() if tactic != HOLDOUT}
    tactics = tuple(Node(f"tactic {tactic}", count) for tactic, count in written_to.items())
    journey = Node("written to", sum(written_to.values()), (*tactics, *map(_stage, plan.stages), *_greetings(plan)))
    days = () if plan.daily is None else (Node("taken in on earlier days", plan.daily.before), Node("waiting in the back-fill", plan.daily.waiting))
    return Node(f"{plan.campaign}, as of {plan.as_of}: in the cohort", plan.cohort, (journey, alone, *([skipped] if plan.skips else []), *days))


def _greetings(plan: Plan) -> tuple[Node, ...]:
    """The greetings of the next days by occasion, each with its letters' days and their languages; one customer may get several."""
    by_occasion: dict[str, dict[tuple[date, date], Counter[str]]] = {}
    for each in plan.greetings or ():
        days = by_occasion.setdefault(each.occasion, {})
        days.setdefault((each.day, each.occasion_on), Counter())[each.language] += each.letters
    nodes = []
    for occasion, days in by_occasion.items():
        parts = tuple(
            Node(f"{day}{f', for {on}' if on != day else ''} ({_counted(dict(counts.most_common()))})", counts.total())
            for (day, on), counts in sorted(days.items())
        )
        nodes.append(Node(occasion, sum(part.count for part in parts), parts))
    if plan.greetings is None:
        return ()
    return (Node(f"greetings of the next {greeting_plan.DAYS} days", sum(node.count for node in nodes), tuple(nodes)),)


def _stage(stage: StagePlan) -> Node:
    days = stage.first_on if stage.first_on == stage.last_on else f"{stage.first_on} to {stage.last_on}"
    says = "; ".join(part for part in (f"stage {stage.name}", stage.timing, days, *stage.asks) if part)
    return Node(says, stage.recipients, tuple(map(_branch, stage.branches)))


def _branch(branch: Branch) -> Node:
    if branch.because:
        return Node(f"{branch.tactic}: passed over, {branch.because}", branch.recipients)
    by = f"a {branch.letter} by a person" if branch.channel == TASK else f"{branch.letter} by {branch.channel}"
    return Node(f"{branch.tactic}: {by} ({_counted(branch.languages)})", branch.recipients)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in counts.items())

"""The plan that a run began with, held against what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from winback.model import HOLDOUT, Money
from winback.outcomes.backdrop import Expected
from winback.outcomes.figures import ArmFigures, StageFigures
from winback.outcomes.statistics import round_to_digits


class Planned(StrEnum):
    """What was planned."""

    WRITTEN_TO = "written-to"  # people
    LEFT_ALONE = "left-alone"  # people
    LETTERS = "letters"  # of a stage
    COST = "cost"  # of sending, in the report's currency
    BY_THEMSELVES = "by-themselves"  # the share of those left alone who return
    VISIBLE = "visible"  # the smallest rise of a tactic that would show, as a fraction


@dataclass(frozen=True, slots=True)
class Kept:
    """One line: planned, and what came of it; None where it can't be told."""

    what: Planned
    of: str  # the stage, or the tactic; empty: the whole campaign
    planned: float | None
    happened: float | None

    def as_json(self) -> dict[str, object]:
        return {"what": self.what, "of": self.of, "planned": round_to_digits(self.planned), "happened": round_to_digits(self.happened)}


def hold(
    expected: Expected | None, arms: Sequence[ArmFigures], stages: Sequence[StageFigures], visible: Mapping[str, float | None], currency: str
) -> tuple[Kept, ...]:
    """Line by line; nothing where nobody counted before the run began. `visible`: the rise that would show now, by tactic."""
    return () if expected is None else tuple(_lines(expected, arms, stages, visible, currency))


def _lines(
    expected: Expected, arms: Sequence[ArmFigures], stages: Sequence[StageFigures], visible: Mapping[str, float | None], currency: str
) -> Iterator[Kept]:
    tactics = [arm for arm in arms if arm.arm != HOLDOUT]
    holdout = next((arm for arm in arms if arm.arm == HOLDOUT), None)
    yield Kept(Planned.WRITTEN_TO, "", expected.people, sum(arm.assigned for arm in tactics))
    yield Kept(Planned.LEFT_ALONE, "", expected.held_out, holdout.assigned if holdout else 0)
    for stage, letters in expected.stages.items():
        yield Kept(Planned.LETTERS, stage, letters, sum(row.sent for row in stages if row.stage == stage and row.arm != HOLDOUT))
    spent = float(Money.from_minor(sum(arm.cost.messages_minor for arm in tactics), currency).amount)
    yield Kept(Planned.COST, "", float(expected.cost_of_sending), spent)
    returned = holdout.returned / holdout.assigned if holdout and holdout.assigned else None
    yield Kept(Planned.BY_THEMSELVES, "", expected.base_rate, returned)
    for tactic, rise in expected.detectable.items():
        yield Kept(Planned.VISIBLE, tactic, rise, visible.get(tactic))

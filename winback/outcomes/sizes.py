"""Why the arms of a run may have other sizes than planned: the likely causes of a sample-ratio alarm, from the figures of its parts.

A mismatch means that something other than chance decided who is in which arm, and then differences between arms may be that something's
(Fabijan et al. 2019, KDD). What the assignment itself can't do wrong - a hash has no favourites - its surroundings can.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from winback.outcomes import statistics
from winback.outcomes.figures import Dimension, Figures
from winback.outcomes.statistics import SAMPLE_RATIO_ALARM


class CauseKind(StrEnum):
    """What is likely behind sizes that can't be chance."""

    UNPLANNED = "unplanned"  # somebody is in an arm that the plan doesn't have: the tactics were renamed, or rows came from elsewhere
    MERGED = "merged"  # records of one person that were both assigned gave up their place more often in some arms
    PART = "part"  # one part of the customers is off, and everybody else is right
    DAY = "day"  # one day of enrolment is off, and all others are right
    EVERYWHERE = "everywhere"  # every part is off alike: the shares of the file aren't those of the run, or rows were taken away


@dataclass(frozen=True, slots=True)
class Cause:
    """One likely cause with where it lies."""

    kind: CauseKind
    where: str = ""  # the arm, the value of the part (UA), or the day of the run
    p_value: float = 0.0
    dimension: Dimension | None = None  # of a part

    def as_json(self) -> dict[str, object]:
        return {"cause": self.kind, "dimension": self.dimension, "where": self.where, "p_value": statistics.round_to_digits(self.p_value)}


def planned(figures: Figures, shares: Mapping[str, float]) -> Mapping[str, float]:
    """The shares that sizes are held against: the plan's; where waves had their own, these, weighed by how many entered in each."""
    by_wave = {str(wave.wave): wave.shares for wave in figures.waves}
    entered: dict[str, int] = defaultdict(int)
    for cell in figures.strata:
        if cell.dimension is Dimension.WAVE:
            entered[cell.value] += cell.assigned
    if not by_wave or not all(value in by_wave for value in entered):
        return shares
    total = sum(entered.values())
    arms = dict.fromkeys(arm for wave in by_wave.values() for arm in wave)
    return {arm: math.fsum(count * by_wave[value].get(arm, 0.0) for value, count in entered.items()) / total for arm in arms} if total else shares


def causes(figures: Figures, shares: Mapping[str, float]) -> tuple[Cause, ...]:
    """The likely causes, the most telling first; empty where the sizes are as planned."""
    expected = planned(figures, shares)
    counts = {arm.arm: arm.assigned for arm in figures.arms}
    if _p(counts, expected) >= SAMPLE_RATIO_ALARM:
        return ()
    unplanned = [Cause(CauseKind.UNPLANNED, arm) for arm, count in counts.items() if count and not expected.get(arm)]
    found = [*unplanned, *_merged(figures, counts, expected), *_parts(figures, counts, expected), *_day(figures, counts, expected)]
    return tuple(found) or (Cause(CauseKind.EVERYWHERE, p_value=_p(counts, expected)),)


def _merged(figures: Figures, counts: Mapping[str, int], shares: Mapping[str, float]) -> Iterator[Cause]:
    """With the places that were given up the sizes would be right."""
    if figures.merged and _p(_together(counts, figures.merged), shares) >= SAMPLE_RATIO_ALARM:
        yield Cause(CauseKind.MERGED, p_value=_p(figures.merged, shares))


def _parts(figures: Figures, counts: Mapping[str, int], shares: Mapping[str, float]) -> Iterator[Cause]:
    parts: dict[tuple[Dimension, str], dict[str, int]] = defaultdict(dict)
    for cell in figures.strata:
        if cell.dimension is not Dimension.WAVE:
            parts[cell.dimension, cell.value][cell.arm] = cell.assigned
    for (dimension, value), own in parts.items():
        if _explains(own, counts, shares):
            yield Cause(CauseKind.PART, value, _p(own, shares), dimension)


def _day(figures: Figures, counts: Mapping[str, int], shares: Mapping[str, float]) -> Iterator[Cause]:
    days: dict[int, dict[str, int]] = defaultdict(dict)
    before: dict[str, int] = defaultdict(int)
    for one in figures.days:
        days[one.day][one.arm] = one.assigned - before[one.arm]
        before[one.arm] = one.assigned
    for day, own in days.items():
        if not figures.waves and _explains(own, counts, shares):
            yield Cause(CauseKind.DAY, str(day), _p(own, shares))


def _explains(own: Mapping[str, int], counts: Mapping[str, int], shares: Mapping[str, float]) -> bool:
    """Off itself, and the rest, where there is one, is right."""
    rest = {arm: count - own.get(arm, 0) for arm, count in counts.items()}
    return bool(sum(rest.values())) and _p(own, shares) < SAMPLE_RATIO_ALARM and _p(rest, shares) >= SAMPLE_RATIO_ALARM


def _together(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {arm: one.get(arm, 0) + other.get(arm, 0) for arm in dict.fromkeys((*one, *other))}


def _p(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    return statistics.sample_ratio(counts, shares)[1]

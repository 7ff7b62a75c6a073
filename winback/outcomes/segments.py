"""Who responds: a tactic's effect on each kind of customer, drawn towards its effect on all.

Twenty segments looked at one by one always show one with p < 0.05. Here every segment is an estimate of its own and a member of a
family at once (pooling.py): what few customers show counts little, and intervals allow for having looked at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from winback.outcomes import pooling
from winback.outcomes.pooling import Estimate, Shrunk
from winback.outcomes.statistics import Counted, round_to_digits
from winback.outcomes.strata import MoneyStratum, Stratum

_BORROWED = 5.0
"""So many returns, at the arm's own rate, are added to each segment's before its variance is taken: no returns among 20 is not certainty, and
a segment that was unlucky must not seem surer than one that was lucky."""

SMALLEST = 20
"""With fewer customers of either arm a segment has no estimate: the one who returned of one would seem to prove a hundred points."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One kind of customer: the plain difference, and what is believed of it among the others."""

    value: str
    n: int
    against_n: int
    difference: float | None  # None where an arm has too few there
    believed: Shrunk  # in the same unit; where nothing is known, what is believed of any other segment

    def as_json(self) -> dict[str, object]:
        return {
            "value": self.value,
            "assigned": self.n,
            "against_assigned": self.against_n,
            "difference": round_to_digits(self.difference),
            "shrunken": round_to_digits(self.believed.value),
            "low": round_to_digits(self.believed.interval.low),
            "high": round_to_digits(self.believed.interval.high),
            "positive": round_to_digits(self.believed.positive),
        }


@dataclass(frozen=True, slots=True)
class Segments:
    """All kinds, in the order given, and how different they seem to be."""

    rows: tuple[Segment, ...]
    spread: float  # how far true effects lie apart, in the unit of the difference

    def as_json(self) -> dict[str, object]:
        return {"spread": round_to_digits(self.spread), "segments": [row.as_json() for row in self.rows]}


def of_rates(strata: Sequence[Stratum]) -> Segments | None:
    """Effects on a rate by segment. None where no segment has enough customers of both arms."""
    ours = Counted(sum(one.ours.successes for one in strata), sum(one.ours.n for one in strata))
    theirs = Counted(sum(one.theirs.successes for one in strata), sum(one.theirs.n for one in strata))
    return _pooled(
        [(one.value, one.ours.n, one.theirs.n, _rates(one, ours.rate or 0.0, theirs.rate or 0.0) if _is_enough(one) else None) for one in strata]
    )


def of_money(strata: Sequence[MoneyStratum]) -> Segments | None:
    """Effects on money per customer by segment. None where in no segment of enough customers it varies in both arms."""
    return _pooled([(one.value, one.ours.n, one.theirs.n, _money(one)) for one in strata])


def _is_enough(one: Stratum | MoneyStratum) -> bool:
    return min(one.ours.n, one.theirs.n) >= SMALLEST


def _pooled(found: Sequence[tuple[str, int, int, Estimate | None]]) -> Segments | None:
    pooled = pooling.pool([estimate for _, _, _, estimate in found if estimate is not None])
    if pooled is None:
        return None
    believed = {shrunk.name: shrunk for shrunk in pooled.each}
    rows = (
        Segment(value, n, against_n, None if estimate is None else estimate.value, believed.get(value, pooled.next_one))
        for value, n, against_n, estimate in found
    )
    return Segments(tuple(rows), pooled.spread)


def _rates(one: Stratum, our_rate: float, their_rate: float) -> Estimate:
    variance = _variance(one.ours, our_rate) + _variance(one.theirs, their_rate)
    return Estimate(one.value, one.ours.successes / one.ours.n - one.theirs.successes / one.theirs.n, math.sqrt(variance))


def _variance(counted: Counted, usual: float) -> float:
    usual = max(usual, 1 / (counted.n + 2))
    rate = (counted.successes + _BORROWED) / (counted.n + _BORROWED / usual)
    return rate * (1 - rate) / counted.n


def _money(one: MoneyStratum) -> Estimate | None:
    if not _is_enough(one) or not one.ours.variance or not one.theirs.variance:
        return None
    error = math.sqrt(one.ours.variance / one.ours.n + one.theirs.variance / one.theirs.n)
    return Estimate(one.value, one.ours.total / one.ours.n - one.theirs.total / one.theirs.n, error)

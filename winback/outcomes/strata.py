"""A difference within strata, put together: customers are compared with those of their own kind only.

For rates Mantel & Haenszel's weights n1 n2 / (n1 + n2), which lose least where the effect is alike everywhere; the p-value is Cochran's,
Mantel's and Haenszel's without continuity correction (Mantel & Haenszel 1959, Journal of the National Cancer Institute 22). Money is
weighted by the strata's sizes (post-stratified: Holt & Smith 1979, Journal of the Royal Statistical Society A 142).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from winback.outcomes import statistics
from winback.outcomes.distributions import normal_two_sided
from winback.outcomes.statistics import LEVEL, Counted, Interval, MeansCompared, Moments


@dataclass(frozen=True, slots=True)
class Stratum:
    """Two arms' customers of one kind, and how many of each did it."""

    value: str
    ours: Counted
    theirs: Counted

    @property
    def weight(self) -> float:
        """Mantel & Haenszel's; nothing where one arm has nobody to compare with."""
        both = self.ours.n + self.theirs.n
        return self.ours.n * self.theirs.n / both if both else 0.0


@dataclass(frozen=True, slots=True)
class MoneyStratum:
    """Two arms' customers of one kind, and their money."""

    value: str
    ours: Moments
    theirs: Moments


def rates(strata: Sequence[Stratum], level: float = LEVEL) -> MeansCompared | None:
    """The common difference of rates. None where no stratum has customers of both arms.

    Its interval is Newcombe's, each arm's weighted rate standing for as many customers as would give its variance (after Yan & Su 2010,
    Biometrical Journal 52): with one stratum it is the plain one.
    """
    used = [one for one in strata if one.weight]
    if not used:
        return None
    whole = math.fsum(one.weight for one in used)
    ours = _weighted([(one.weight / whole, one.ours) for one in used])
    theirs = _weighted([(one.weight / whole, one.theirs) for one in used])
    one, two = (statistics.wilson(rate * n, n, level) for rate, n in (ours, theirs))
    difference = ours[0] - theirs[0]
    low = difference - math.hypot(ours[0] - one.low, two.high - theirs[0])
    high = difference + math.hypot(one.high - ours[0], theirs[0] - two.low)
    return MeansCompared(difference, Interval(low, high), _mantel_haenszel(used))


def money(strata: Sequence[MoneyStratum], level: float = LEVEL) -> MeansCompared | None:
    """The difference of money per customer. None where no stratum has two of both arms, or nothing varies."""
    used = [one for one in strata if one.ours.n > 1 and one.theirs.n > 1]
    whole = sum(one.ours.n + one.theirs.n for one in used)
    parts = [
        ((one.ours.n + one.theirs.n) / whole, side.variance / side.n, side.n, sign * side.total / side.n)
        for one in used
        for side, sign in ((one.ours, 1), (one.theirs, -1))
    ]
    variance = math.fsum(weight * weight * spread for weight, spread, _, _ in parts)
    if not variance:
        return None
    degrees = variance**2 / math.fsum((weight * weight * spread) ** 2 / (n - 1) for weight, spread, n, _ in parts)
    return statistics.by_student(math.fsum(weight * mean for weight, _, _, mean in parts), math.sqrt(variance), degrees, level)


def _weighted(parts: Sequence[tuple[float, Counted]]) -> tuple[float, float]:
    """The weighted rate, and the number of customers that would give its variance."""
    rate = math.fsum(weight * counted.successes / counted.n for weight, counted in parts)
    variance = math.fsum(weight * weight * _spread(counted) for weight, counted in parts)
    if variance and 0 < rate < 1:
        return rate, rate * (1 - rate) / variance
    return rate, 1 / math.fsum(weight * weight / counted.n for weight, counted in parts)


def _spread(counted: Counted) -> float:
    rate = counted.successes / counted.n
    return rate * (1 - rate) / counted.n


def _mantel_haenszel(strata: Sequence[Stratum]) -> float:
    def over(part: Callable[[Counted, Counted], float]) -> float:
        return math.fsum(part(one.ours, one.theirs) for one in strata)

    surplus = over(lambda ours, theirs: ours.successes - ours.n * (ours.successes + theirs.successes) / (ours.n + theirs.n))
    variance = over(_hypergeometric)
    return normal_two_sided(surplus / math.sqrt(variance)) if variance else 1.0


def _hypergeometric(ours: Counted, theirs: Counted) -> float:
    """The variance of a table's cell when its margins are given."""
    n, did = ours.n + theirs.n, ours.successes + theirs.successes
    return ours.n * theirs.n * did * (n - did) / (n * n * (n - 1)) if n > 1 else 0.0

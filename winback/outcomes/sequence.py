"""Confidence sequences: intervals for a difference that hold on all days at once, so that looking every day is honest.

An interval for one fixed day is wrong on some day far more often than it promises: who looks fourteen times at two equal arms finds a
"difference" in one of five campaigns. A confidence sequence covers the truth on *every* day of a campaign with its level's chance.

What is followed is S = m (p1 - p2), where m = n1 n2 / (n1 + n2). It is a sum of independent contributions of customers, whether all
are assigned on one day and return later, or new ones come in daily; its variance U = m^2 (p1 q1/n1 + p2 q2/n2) only grows. Robbins'
normal mixture (Robbins 1970, Annals of Mathematical Statistics 41; as an asymptotic sequence: Waudby-Smith, Arbour, Sinha, Kennedy &
Ramdas 2024, Annals of Statistics 52) gives |S - m d| <= sqrt((U + r) ln((U + r) / (r a^2))) for all days at once with chance 1 - a.
Rates enter the variance with one success and one failure added, and r acts as a run-in: a handful of returns decides nothing.

The truth that is covered is that day's: the difference of the shares that have returned by then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from winback.outcomes.distributions import bisect, normal_quantile
from winback.outcomes.statistics import LEVEL, POWER, Counted, Interval, MeansCompared, Moments

TUNED_FOR = 16.0
"""The variance U at which the sequence is narrowest: 64 returns in two arms of one size, 100 where one holds four fifths. A factor of
ten either way costs a tenth of the width; it is fixed before anything is seen."""


def rates(ours: Counted, theirs: Counted, level: float = LEVEL) -> MeansCompared | None:
    """The difference of two rates on the day on which they stand so, its interval of the sequence, and a p-value valid on any day.

    None where an arm is empty. The p-value is below 1 - level just where the interval leaves zero out.
    """
    if ours.rate is None or theirs.rate is None:
        return None
    m = _harmonic(ours.n, theirs.n)
    found = _followed(ours.rate - theirs.rate, m, m * m * (_variance(ours) + _variance(theirs)), _run_in(), level)
    return MeansCompared(found.difference, Interval(max(-1.0, found.interval.low), min(1.0, found.interval.high)), found.p_value)


def detectable(n: int, theirs: Counted, alpha: float, power: float = POWER) -> float | None:
    """The smallest rise over their rate that n customers show with `power` on one day, by a sequence of level 1 - alpha; None: none would.

    Half the interval's width, and the quantile of `power` of the difference's own spread, both with the rise in them.
    """
    if not n or theirs.rate is None:
        return None
    base, m, against = theirs.rate, _harmonic(n, theirs.n), _variance(theirs)

    def lacking(rise: float) -> float:
        variance = (base + rise) * (1 - base - rise) / n + against
        seen = _followed(rise, m, m * m * variance, _run_in(), 1 - alpha)
        return normal_quantile(power) * math.sqrt(variance) - seen.interval.low

    return None if lacking(1 - base) > 0 else bisect(lacking, 1e-9, 1 - base)


def rates_sequence(days: Iterable[tuple[Counted, Counted]], level: float = LEVEL) -> list[Interval]:
    """The interval of each day, from what is known of a tactic and of the holdout by then; everything is possible while an arm is empty."""
    found = (rates(ours, theirs, level) for ours, theirs in days)
    return [Interval(-1.0, 1.0) if one is None else one.interval for one in found]


def money(ours: Moments, theirs: Moments, paid: int, level: float = LEVEL) -> MeansCompared | None:
    """The same of money per assigned customer; `paid` is how many of both arms have any.

    None where it doesn't vary enough to tell. Amounts have a scale of their own: the run-in is in mean squares of those who paid.
    """
    if ours.n < 2 or theirs.n < 2 or not paid:
        return None
    variance = ours.variance / ours.n + theirs.variance / theirs.n
    if variance <= 0:
        return None
    m = _harmonic(ours.n, theirs.n)
    return _followed(ours.total / ours.n - theirs.total / theirs.n, m, m * m * variance, _run_in() * (ours.squares + theirs.squares) / paid, level)


def _followed(difference: float, m: float, grown: float, run_in: float, level: float) -> MeansCompared:
    alpha = 1 - level
    half = math.sqrt((grown + run_in) * math.log((grown + run_in) / (run_in * alpha * alpha))) / m
    evidence = (m * difference) ** 2 / (2 * (grown + run_in)) - math.log((grown + run_in) / run_in) / 2
    return MeansCompared(difference, Interval(difference - half, difference + half), math.exp(-max(0.0, evidence)))


def _run_in() -> float:
    """The r that makes the sequence narrowest at `TUNED_FOR` (Waudby-Smith & others, appendix on tuning), for 95 % whatever the level."""
    spent = -2 * math.log(1 - LEVEL)
    return TUNED_FOR / (spent + math.log(1 + spent))


def _harmonic(one: int, other: int) -> float:
    return one * other / (one + other)


def _variance(counted: Counted) -> float:
    rate = (counted.successes + 1) / (counted.n + 2)
    return rate * (1 - rate) / counted.n

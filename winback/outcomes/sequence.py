"""Confidence sequences: intervals for a difference that hold on all days at once, so that looking every day is honest.

An interval for one fixed day is wrong on some day far more often than it promises: who looks fourteen times at two equal arms finds a
"difference" in one of five campaigns. A confidence sequence covers the truth on *every* day of a campaign with its level's chance.

What is followed is S = m (p1 - p2), where m = n1 n2 / (n1 + n2). It is a sum of independent contributions of customers, whether all
are assigned on one day and return later, or new ones come in daily; its variance U = m^2 (p1 q1/n1 + p2 q2/n2) only grows. Robbins'
normal mixture (Robbins 1970, Annals of Mathematical Statistics 41; as an asymptotic sequence: Waudby-Smith, Arbour, Sinha, Kennedy &
Ramdas 2024, Annals of Statistics 52) gives |S - m d| <= sqrt((U + r) ln((U + r) / (r a^2))) for all days at once with chance 1 - a.
Rates enter the variance with one success and one failure added, and r acts as a run-in: a handful of returns decides nothing.

Where shares changed from wave to wave, arms can be compared inside a wave only. S and U are then sums over waves, each with the m of its own,
which no return of that wave has touched; divided by the sum of m they are about the effect of all waves, each weighing by its m.

The truth that is covered is that day's: the difference of the shares that have returned by then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from winback.outcomes.distributions import bisect, normal_quantile
from winback.outcomes.statistics import LEVEL, POWER, Counted, Interval, MeansCompared, Moments

TUNED_FOR = 16.0
"""The variance U at which the sequence is narrowest: 64 returns in two arms of one size, 100 where one holds four fifths. A factor of
ten either way costs a tenth of the width; it is fixed before anything is seen."""


def rates(ours: Counted, theirs: Counted, level: float = LEVEL) -> MeansCompared | None:
    """The difference of two rates on the day on which they stand so, its interval of the sequence, and a p-value valid on any day.

    None where an arm is empty. The p-value is below 1 - level just where the interval leaves zero out.
    """
    return rates_by_wave([(ours, theirs)], level)


def rates_by_wave(waves: Iterable[tuple[Counted, Counted]], level: float = LEVEL) -> MeansCompared | None:
    """The same over waves, whose shares may differ; those in which an arm is empty are passed over."""
    parts = [
        (weight(ours, theirs), ours.rate - theirs.rate, _variance(ours) + _variance(theirs))
        for ours, theirs in waves
        if ours.rate is not None and theirs.rate is not None
    ]
    if not parts:
        return None
    found = _followed(parts, _run_in(), level)
    return MeansCompared(found.difference, Interval(max(-1.0, found.interval.low), min(1.0, found.interval.high)), found.p_value)


def detectable(n: int, theirs: Counted, alpha: float, power: float = POWER) -> float | None:
    """The smallest rise over their rate that n customers show with `power` on one day, by a sequence of level 1 - alpha; None: none would.

    Half the interval's width, and the quantile of `power` of the difference's own spread, both with the rise in them.
    """
    return detectable_by_wave([(n, theirs)], alpha, power)


def detectable_by_wave(waves: Iterable[tuple[int, Counted]], alpha: float, power: float = POWER) -> float | None:
    """The same over waves, each with its n customers and those left alone; those in which an arm is empty are passed over."""
    used = [(n, theirs, theirs.rate, _variance(theirs)) for n, theirs in waves if n and theirs.rate is not None]
    if not used:
        return None
    whole = math.fsum(_weight(n, theirs.n) for n, theirs, _, _ in used)

    def lacking(rise: float) -> float:
        parts = [(_weight(n, theirs.n), rise, (base + rise) * (1 - base - rise) / n + against) for n, theirs, base, against in used]
        error = math.sqrt(math.fsum(m * m * variance for m, _, variance in parts)) / whole
        return normal_quantile(power) * error - _followed(parts, _run_in(), 1 - alpha).interval.low

    most = 1 - max(base for _, _, base, _ in used)
    return None if lacking(most) > 0 else bisect(lacking, 1e-9, most)


def rates_sequence(days: Iterable[tuple[Counted, Counted]], level: float = LEVEL) -> list[Interval]:
    """The interval of each day, from what is known of a tactic and of the holdout by then; everything is possible while an arm is empty."""
    found = (rates(ours, theirs, level) for ours, theirs in days)
    return [Interval(-1.0, 1.0) if one is None else one.interval for one in found]


def money(ours: Moments, theirs: Moments, paid: int, level: float = LEVEL) -> MeansCompared | None:
    """The same of money per assigned customer; `paid` is how many of both arms have any.

    None where it doesn't vary enough to tell. Amounts have a scale of their own: the run-in is in mean squares of those who paid.
    """
    return money_by_wave([(ours, theirs, paid)], level)


def money_by_wave(waves: Iterable[tuple[Moments, Moments, int]], level: float = LEVEL) -> MeansCompared | None:
    """The same over waves, each with how many paid; those in which an arm has fewer than two are passed over."""
    used = [(ours, theirs, paid) for ours, theirs, paid in waves if ours.n > 1 and theirs.n > 1]
    parts = [
        (weight(ours, theirs), ours.total / ours.n - theirs.total / theirs.n, ours.variance / ours.n + theirs.variance / theirs.n)
        for ours, theirs, _ in used
    ]
    paid = sum(each for _, _, each in used)
    if not paid or not any(variance > 0 for _, _, variance in parts):
        return None
    return _followed(parts, _run_in() * math.fsum(ours.squares + theirs.squares for ours, theirs, _ in used) / paid, level)


def weight(ours: Counted | Moments, theirs: Counted | Moments) -> float:
    """The m of two arms."""
    return _weight(ours.n, theirs.n)


def _weight(one: int, other: int) -> float:
    return one * other / (one + other)


def _followed(parts: Sequence[tuple[float, float, float]], run_in: float, level: float) -> MeansCompared:
    """From each wave's m, its difference and the variance of that."""
    alpha, m = 1 - level, math.fsum(one for one, _, _ in parts)
    followed, grown = math.fsum(one * difference for one, difference, _ in parts), math.fsum(one * one * variance for one, _, variance in parts)
    half = math.sqrt((grown + run_in) * math.log((grown + run_in) / (run_in * alpha * alpha))) / m
    evidence = followed**2 / (2 * (grown + run_in)) - math.log((grown + run_in) / run_in) / 2
    return MeansCompared(followed / m, Interval(followed / m - half, followed / m + half), math.exp(-max(0.0, evidence)))


def _run_in() -> float:
    """The r that makes the sequence narrowest at `TUNED_FOR` (Waudby-Smith & others, appendix on tuning), for 95 % whatever the level."""
    spent = -2 * math.log(1 - LEVEL)
    return TUNED_FOR / (spent + math.log(1 + spent))


def _variance(counted: Counted) -> float:
    rate = (counted.successes + 1) / (counted.n + 2)
    return rate * (1 - rate) / counted.n

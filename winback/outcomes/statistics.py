"""Intervals, tests and power for rates and money, chosen for what holds at return rates of a few per cent.

A rate is given as successes out of n; differences are first minus second. P-values are two-sided. The reasons for these methods and
not their better known cousins stand in docs/decisions/0007-which-statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winback.outcomes.distributions import (
    bisect,
    chi_square_above,
    normal_below,
    normal_quantile,
    normal_two_sided,
    student_quantile,
    student_two_sided,
)

LEVEL = 0.95
"""Of every interval, unless said otherwise."""
ALPHA = 0.05
"""The chance of a false alarm that a verdict accepts."""
POWER = 0.8
"""The chance of seeing a difference that is there, which planning asks for."""
SAMPLE_RATIO_ALARM = 0.001
"""Arms whose sizes are less likely than this under the plan were not filled as planned."""
SMALL_CELL = 5
"""Below this expected count in any cell of the two-by-two table the normal approximation is not trusted."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies, at a level that is said elsewhere."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Counted:
    """How many out of how many."""

    successes: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n:
            raise ValueError(f"{self.successes} out of {self.n} is no rate")

    @property
    def rate(self) -> float | None:
        """As a fraction; nothing out of nothing has none."""
        return self.successes / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Moments:
    """What Welch's test needs of a column: how many values, their sum, and the sum of their squares."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float:
        """Of the sample, with n - 1; zero when there are fewer than two values."""
        return max(0.0, self.squares - self.total * self.total / self.n) / (self.n - 1) if self.n > 1 else 0.0


def wilson(successes: float, n: float, level: float = LEVEL) -> Interval:
    """The score interval of a rate (Wilson 1927). Everything is possible where nobody was counted; an effective n needn't be whole."""
    if n == 0:
        return Interval(0.0, 1.0)
    z2 = _z(level) ** 2
    rate = successes / n
    middle = (successes + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return Interval(max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate)))


def newcombe(first: Counted, second: Counted, level: float = LEVEL) -> Interval:
    """The interval of a difference of two rates from their Wilson intervals (Newcombe 1998, Statistics in Medicine 17, method 10)."""
    p1, p2 = _rate(first), _rate(second)
    one, two = wilson(first.successes, first.n, level), wilson(second.successes, second.n, level)
    difference = p1 - p2
    return Interval(difference - math.hypot(p1 - one.low, two.high - p2), difference + math.hypot(one.high - p1, p2 - two.low))


def rates_differ(first: Counted, second: Counted) -> float:
    """P-value of no difference: pooled z, or Fisher's exact test when an expected cell is below `SMALL_CELL`."""
    return fisher_exact(first, second) if _smallest_expected(first, second) < SMALL_CELL else pooled_z(first, second)


def pooled_z(first: Counted, second: Counted) -> float:
    """P-value of the score test with the pooled variance; it equals Pearson's chi-square without continuity correction."""
    pooled = (first.successes + second.successes) / (first.n + second.n)
    variance = pooled * (1 - pooled) * (1 / first.n + 1 / second.n)
    return normal_two_sided((_rate(first) - _rate(second)) / math.sqrt(variance)) if variance else 1.0


def fisher_exact(first: Counted, second: Counted) -> float:
    """P-value given both margins (Fisher 1935): the chance of every table no likelier than the one seen."""
    together = first.successes + second.successes
    least, most = max(0, together - second.n), min(together, first.n)
    logs = [_log_choose(first.n, k) + _log_choose(second.n, together - k) for k in range(least, most + 1)]
    top = max(logs)
    weights = [math.exp(value - top) for value in logs]
    seen = weights[first.successes - least]
    nearly = 1 + 1e-7  # tables equally likely on paper differ in their last digits
    return min(1.0, math.fsum(weight for weight in weights if weight <= seen * nearly) / math.fsum(weights))


@dataclass(frozen=True, slots=True)
class MeansCompared:
    """A difference of two means, its interval, and the p-value of no difference."""

    difference: float
    interval: Interval
    p_value: float


ENOUGH_PAID = 20
"""With fewer payers in an arm, most of its customers paying nothing, Welch's test is too sure: at nine payers against one it finds a
difference in three of ten campaigns that have none, with this many in one of fifteen at the most."""


def few_paid(*arms: tuple[int, int]) -> bool:
    """Whether so few customers of one of these arms paid (payers, all of them) that Welch's test can't compare their money."""
    return any(paid < min(ENOUGH_PAID, n / 2) for paid, n in arms)


def welch(first: Moments, second: Moments, level: float = LEVEL) -> MeansCompared | None:
    """Two means without the assumption of equal spread (Welch 1947). None where the values don't vary enough to tell."""
    if first.n < 2 or second.n < 2:
        return None
    one, two = first.variance / first.n, second.variance / second.n
    if one + two <= 0:
        return None
    degrees = (one + two) ** 2 / (one * one / (first.n - 1) + two * two / (second.n - 1))
    return by_student(first.total / first.n - second.total / second.n, math.sqrt(one + two), degrees, level)


def by_student(difference: float, error: float, degrees: float, level: float = LEVEL) -> MeansCompared:
    """A difference with a standard error that was estimated with so many degrees of freedom."""
    half = student_quantile(level, degrees) * error
    return MeansCompared(difference, Interval(difference - half, difference + half), student_two_sided(difference / error, degrees))


def sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> tuple[float, float]:
    """Pearson's chi-square of counts against planned shares (of any sum), and its p-value.

    Somebody in an arm that was planned to be empty can't be chance: chi-square is infinite.
    """
    arms = sorted(set(counts) | set(shares))
    planned, total = math.fsum(shares.values()), sum(counts.values())
    if not total or not planned:
        return 0.0, 1.0
    expected = {arm: total * shares.get(arm, 0.0) / planned for arm in arms}
    if any(counts.get(arm, 0) and not expected[arm] for arm in arms):
        return math.inf, 0.0
    filled = [arm for arm in arms if expected[arm]]
    chi2 = math.fsum((counts.get(arm, 0) - expected[arm]) ** 2 / expected[arm] for arm in filled)
    return chi2, chi_square_above(chi2, len(filled) - 1) if len(filled) > 1 else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of a family, adjusted so that a false alarm anywhere in it keeps its chance (Holm 1979); in the order given."""
    adjusted, running = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, p_values[index] * (len(p_values) - place)))
        adjusted[index] = running
    return adjusted


def n_per_arm(base: float, expected: float, *, ratio: float = 1.0, alpha: float = ALPHA, power: float = POWER) -> int:
    """Customers that the holdout needs for `power` to see `expected` against its `base` rate; the tactic needs `ratio` times as many.

    The sample size of the pooled z test (Fleiss, Levin & Paik 2003, chapter 4, without continuity correction).
    """
    return math.ceil(_n_needed(base, expected, ratio, alpha, power))


def power_of(base: float, rise: float, n: int, against_n: int, *, alpha: float = ALPHA) -> float | None:
    """The chance that n customers against `against_n` left alone show a `rise` over `base`; None where an arm is empty.

    Of the pooled z test, by the same formula as `n_per_arm` turned round.
    """
    if not n or not against_n or not 0 < base + rise < 1 or not rise:
        return None
    k = n / against_n
    p1, mean = base + rise, (base + k * (base + rise)) / (1 + k)
    under_none = math.sqrt((1 + 1 / k) * mean * (1 - mean))
    under_some = math.sqrt(base * (1 - base) + p1 * (1 - p1) / k)
    return normal_below((abs(rise) * math.sqrt(against_n) - normal_quantile(1 - alpha / 2) * under_none) / under_some)


def detectable_difference(base: float, n: int, against_n: int, *, alpha: float = ALPHA, power: float = POWER) -> float | None:
    """The smallest rise over `base` that n customers against `against_n` left alone show with `power`; None when none would show."""
    if not n or not against_n or base >= 1:
        return None
    ratio = n / against_n

    def lacking(rise: float) -> float:
        return _n_needed(base, base + rise, ratio, alpha, power) - against_n

    return None if lacking(1 - base) > 0 else bisect(lacking, 1e-9, 1 - base)


def detectable_mean(ours: Moments, theirs: Moments, *, alpha: float = ALPHA, power: float = POWER) -> float | None:
    """The smallest difference of means that as many customers, spending as differently, show with `power`; None where nothing varies."""
    if ours.n < 2 or theirs.n < 2:
        return None
    error = math.sqrt(ours.variance / ours.n + theirs.variance / theirs.n)
    return (normal_quantile(1 - alpha / 2) + normal_quantile(power)) * error or None


def round_to_digits(value: float | None, digits: int = 10) -> float | None:
    """A number to so many significant digits: enough for every use, and alike on every database."""
    return None if value is None else float(f"{value:.{digits}g}")


def _n_needed(p0: float, p1: float, k: float, alpha: float, power: float) -> float:
    mean = (p0 + k * p1) / (1 + k)
    under_none = normal_quantile(1 - alpha / 2) * math.sqrt((1 + 1 / k) * mean * (1 - mean))
    under_some = normal_quantile(power) * math.sqrt(p0 * (1 - p0) + p1 * (1 - p1) / k)
    return ((under_none + under_some) / (p1 - p0)) ** 2


def _smallest_expected(first: Counted, second: Counted) -> float:
    together, n = first.successes + second.successes, first.n + second.n
    return min(first.n, second.n) * min(together, n - together) / n


def _z(level: float) -> float:
    return normal_quantile((1 + level) / 2)


def _rate(counted: Counted) -> float:
    if counted.rate is None:
        raise ValueError("nothing out of nothing has no rate to compare")
    return counted.rate


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

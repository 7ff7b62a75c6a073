"""Money per assigned customer: Welch's test, the same under a cap declared beforehand, and a bootstrap to check both by.

One wholesale buyer can make a tactic. A cap, named before the figures are seen, says what is left without such customers; the bootstrap
(Efron & Tibshirani 1993, chapter 13: percentiles) asks whether so few payers are enough for Welch's approximation at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from winback.audience.arrays import Real
from winback.outcomes import statistics
from winback.outcomes.statistics import LEVEL, Interval, MeansCompared, Moments

REPLICATES = 1_000
_DRAWS_AT_ONCE = 4_000_000
_KEPT_WHOLE = 500
_BINS = 2_000
APART = 0.2
"""Bounds further apart than this part of Welch's width don't agree."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """One arm's money: how many customers it has, and what those paid who paid (or were paid back) anything."""

    n: int
    paid: Real

    @classmethod
    def joined(cls, n: int, pieces: Sequence[Any]) -> Amounts:
        """From the pieces in which they were read."""
        return cls(n, np.concatenate([np.asarray(piece, dtype=np.float64) for piece in pieces]) if pieces else np.zeros(0))

    @property
    def payers(self) -> int:
        """Whose amount isn't zero."""
        return int(np.count_nonzero(self.paid))

    def moments(self, cap: float | None = None) -> Moments:
        """Zeros included; with a cap, of amounts no larger than it either way."""
        paid = self.paid if cap is None else np.clip(self.paid, -cap, cap)
        return Moments(self.n, float(paid.sum()), float(paid @ paid))


@dataclass(frozen=True, slots=True)
class Checked:
    """What the bootstrap says of a difference of means, and whether Welch's interval says the same."""

    interval: Interval
    agrees: bool
    few_paid: bool = False  # then it makes the same mistake as Welch's, and agreeing would mean nothing


def bootstrap(ours: Amounts, theirs: Amounts, *, level: float = LEVEL, replicates: int = REPLICATES, seed: int = 0) -> Checked | None:
    """Percentiles of the difference over resampled arms, customers drawn with replacement. None where Welch's test has no answer.

    The two agree where they leave zero out, or in, together, and their bounds lie close; never where few paid, of whom both make the same
    too much. The same seed gives the same numbers.
    """
    plain = statistics.welch(ours.moments(), theirs.moments(), level)
    if plain is None:
        return None
    dice = np.random.default_rng(seed)
    differences = _resampled(ours, replicates, dice) - _resampled(theirs, replicates, dice)
    low, high = (float(bound) for bound in np.quantile(differences, ((1 - level) / 2, (1 + level) / 2)))
    near = APART * (plain.interval.high - plain.interval.low)
    is_close = abs(low - plain.interval.low) <= near and abs(high - plain.interval.high) <= near
    few = statistics.few_paid((ours.payers, ours.n), (theirs.payers, theirs.n))
    return Checked(Interval(low, high), not few and is_close and (low <= 0 <= high) == (0.0 in plain.interval), few)


def capped(ours: Amounts, theirs: Amounts, cap: float, level: float = LEVEL) -> MeansCompared | None:
    """Welch's test with no customer counted for more than the cap."""
    return statistics.welch(ours.moments(cap), theirs.moments(cap), level)


def _resampled(amounts: Amounts, replicates: int, dice: np.random.Generator) -> Real:
    """Means of resampled arms. Zeros needn't be drawn: how many customers paid is binomial, and who they are comes next."""
    values, counts = _compressed(amounts.paid)
    if not values.size:
        return np.zeros(replicates)
    chances = counts / amounts.n
    rest = max(0.0, 1 - float(chances.sum()))
    means = np.empty(replicates)
    at_once = max(1, _DRAWS_AT_ONCE // (values.size + 1))
    weights = np.append(chances, rest)
    weights /= weights.sum()
    padded = np.append(values, 0.0)
    for start in range(0, replicates, at_once):
        drawn = dice.multinomial(amounts.n, weights, size=min(at_once, replicates - start))
        means[start : start + at_once] = drawn @ padded / amounts.n
    return means


def _compressed(paid: Real) -> tuple[Real, Real]:
    """Distinct amounts with their counts; of very many, the largest stay whole and neighbours among the others share their mean."""
    values, counts = np.unique(paid, return_counts=True)
    if values.size <= _KEPT_WHOLE + _BINS:
        return values, counts.astype(np.float64)
    order = np.argsort(np.abs(values), kind="stable")
    rest, whole = np.sort(order[:-_KEPT_WHOLE]), order[-_KEPT_WHOLE:]
    edges = np.linspace(0, rest.size, _BINS + 1).astype(np.int64)[:-1]
    weights = np.add.reduceat(counts[rest].astype(np.float64), edges)
    sums = np.add.reduceat(values[rest] * counts[rest], edges)
    return np.concatenate([sums / weights, values[whole]]), np.concatenate([weights, counts[whole].astype(np.float64)])

"""A tactic's effect over waves whose shares changed with what was learnt, kept right by weights.

Shares that follow success put tactics unevenly into good and bad weeks, and an arm that began unluckily gets few to mend its figure:
the plain average of all waves is wrong for both reasons. Inside one wave the arms are assigned by chance. So every customer counts as
many times as their wave has customers for each of their arm's in it, which is the inverse of the chance they had (Horvitz & Thompson
1952; Hadad, Hirshberg, Zhan, Wager & Athey 2021, PNAS 118), and waves weigh by their size, which no result has touched.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from winback.outcomes.distributions import normal_quantile, normal_two_sided
from winback.outcomes.statistics import LEVEL, Counted, Interval, MeansCompared, Moments

Wave = Mapping[str, Counted]
"""Every arm of a wave, the holdout among them: how many came back out of those assigned."""


def rates(waves: Sequence[Wave], arm: str, against: str, level: float = LEVEL) -> MeansCompared | None:
    """The difference of return rates over the waves in which both arms had customers. None where there was no such wave."""
    used = [(sum(one.n for one in wave.values()), wave[arm], wave[against]) for wave in waves if _both(wave, arm, against)]
    parts = [(size, _rate(ours) - _rate(theirs), _variance(ours) + _variance(theirs)) for size, ours, theirs in used]
    return _weighted(parts, level)


def money(waves: Sequence[Mapping[str, Moments]], arm: str, against: str, level: float = LEVEL) -> MeansCompared | None:
    """The same of money per customer; waves where an arm had fewer than two are passed over."""
    parts = []
    for wave in waves:
        ours, theirs = wave.get(arm), wave.get(against)
        if ours is not None and theirs is not None and ours.n > 1 and theirs.n > 1:
            difference, variance = ours.total / ours.n - theirs.total / theirs.n, ours.variance / ours.n + theirs.variance / theirs.n
            parts.append((sum(one.n for one in wave.values()), difference, variance))
    return _weighted(parts, level)


def _weighted(parts: Sequence[tuple[int, float, float]], level: float) -> MeansCompared | None:
    whole = sum(size for size, _, _ in parts)
    variance = math.fsum((size / whole) ** 2 * spread for size, _, spread in parts) if whole else 0.0
    if not variance:
        return None
    difference, error = math.fsum(size / whole * one for size, one, _ in parts), math.sqrt(variance)
    half = normal_quantile((1 + level) / 2) * error
    return MeansCompared(difference, Interval(difference - half, difference + half), normal_two_sided(difference / error))


def _both(wave: Wave, arm: str, against: str) -> bool:
    return all(name in wave and wave[name].n > 0 for name in (arm, against))


def _rate(counted: Counted) -> float:
    return counted.successes / counted.n


def _variance(counted: Counted) -> float:
    """With one success and one failure added (Agresti & Caffo 2000): a small arm without returns isn't certain of it."""
    rate = (counted.successes + 1) / (counted.n + 2)
    return rate * (1 - rate) / counted.n

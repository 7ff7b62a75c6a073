"""A tactic's effect over waves whose shares changed with what was learnt, kept right by weights.

Shares that follow success put tactics unevenly into good and bad weeks, and an arm that began unluckily gets few to mend its figure:
the plain average of all waves is wrong for both reasons. Inside one wave the arms are assigned by chance. So every customer counts as
many times as their wave has customers for each of their arm's in it, which is the inverse of the chance they had (Horvitz & Thompson
1952; Hadad, Hirshberg, Zhan, Wager & Athey 2021, PNAS 118), and waves weigh by their size, which no result has touched.

While windows are open, waves weigh as the confidence sequence needs it (sequence.py). Either way a rate, an amount of money, its interval
and the rise that would show are all of the same weights.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winback.outcomes import sequence
from winback.outcomes.distributions import normal_quantile, normal_two_sided
from winback.outcomes.statistics import LEVEL, POWER, Counted, Interval, MeansCompared, Moments

Wave = Mapping[str, Counted]
"""Every arm of a wave, the holdout among them: how many came back out of those assigned."""


@dataclass(frozen=True, slots=True)
class Weighted(Counted):
    """An arm's counts over several waves, and the rate that their weights make of them."""

    weighted: float

    @property
    def rate(self) -> float:
        return self.weighted


def rates(waves: Sequence[Wave], arm: str, against: str, level: float = LEVEL) -> MeansCompared | None:
    """The difference of return rates over the waves in which both arms had customers. None where there was no such wave."""
    return _weighted(_of_rates(waves, arm, against), level)


def rates_so_far(waves: Sequence[Wave], arm: str, against: str) -> MeansCompared | None:
    """The same while windows are open: by the confidence sequence over waves."""
    return sequence.rates_by_wave((ours, theirs) for _, ours, theirs in _used(waves, arm, against))


def money(waves: Sequence[Mapping[str, Moments]], arm: str, against: str, level: float = LEVEL) -> MeansCompared | None:
    """The same of money per customer; waves where an arm had fewer than two are passed over."""
    parts = [
        (size, ours.total / ours.n - theirs.total / theirs.n, ours.variance / ours.n + theirs.variance / theirs.n)
        for _, size, ours, theirs in _with_money(waves, arm, against)
    ]
    return _weighted(parts, level)


def weighted(waves: Sequence[Wave], arm: str, against: str, *, closed: bool) -> tuple[Counted, Counted]:
    """Both arms with the rates whose difference is the estimate; plain ones where no wave has both."""
    used = [(size if closed else sequence.weight(ours, theirs), ours, theirs) for size, ours, theirs in _used(waves, arm, against)]
    return (
        _mean(waves, arm, [(weight, ours) for weight, ours, _ in used]),
        _mean(waves, against, [(weight, theirs) for weight, _, theirs in used]),
    )


def detectable(waves: Sequence[Wave], arm: str, against: str, *, closed: bool, alpha: float) -> float | None:
    """The smallest rise that so many customers, returning as they do, show with `POWER` at `alpha`. None where none would."""
    if closed:
        parts = _of_rates(waves, arm, against)
        rise = (normal_quantile(1 - alpha / 2) + normal_quantile(POWER)) * _error(parts) if parts else 0.0
    else:
        rise = sequence.detectable_by_wave([(ours.n, theirs) for _, ours, theirs in _used(waves, arm, against)], alpha) or 0.0
    base = weighted(waves, arm, against, closed=closed)[1].rate
    return None if not rise or base is None or base + rise >= 1 else rise


def total(waves: Sequence[Mapping[str, Moments]], arms: Mapping[str, int], against: str, level: float = LEVEL) -> tuple[float, Interval] | None:
    """What arms of so many customers brought beyond what `against` shows: the sum of each one's weighted difference times its customers.

    None where of none of them anything can be told.
    """
    parts: dict[tuple[int, str], float] = defaultdict(float)
    for arm, customers in arms.items():
        used = _with_money(waves, arm, against)
        whole = sum(size for _, size, _, _ in used)
        for place, size, _, _ in used:
            parts[place, arm] += customers * size / whole
            parts[place, against] -= customers * size / whole
    own = [(times, waves[place][name]) for (place, name), times in parts.items()]
    variance = math.fsum(times * times * one.variance / one.n for times, one in own)
    if not variance:
        return None
    amount, half = math.fsum(times * one.total / one.n for times, one in own), normal_quantile((1 + level) / 2) * math.sqrt(variance)
    return amount, Interval(amount - half, amount + half)


def _of_rates(waves: Sequence[Wave], arm: str, against: str) -> list[tuple[int, float, float]]:
    return [(size, _rate(ours) - _rate(theirs), _variance(ours) + _variance(theirs)) for size, ours, theirs in _used(waves, arm, against)]


def _used(waves: Sequence[Wave], arm: str, against: str) -> list[tuple[int, Counted, Counted]]:
    """With the size of each wave."""
    return [(sum(one.n for one in wave.values()), wave[arm], wave[against]) for wave in waves if _both(wave, arm, against)]


def _with_money(waves: Sequence[Mapping[str, Moments]], arm: str, against: str) -> list[tuple[int, int, Moments, Moments]]:
    """With the place and the size of each wave."""
    return [
        (place, sum(one.n for one in wave.values()), wave[arm], wave[against])
        for place, wave in enumerate(waves)
        if all(name in wave and wave[name].n > 1 for name in (arm, against))
    ]


def _mean(waves: Sequence[Wave], name: str, used: Sequence[tuple[float, Counted]]) -> Counted:
    own = [wave[name] for wave in waves if name in wave]
    successes, n, whole = sum(one.successes for one in own), sum(one.n for one in own), math.fsum(weight for weight, _ in used)
    return Weighted(successes, n, math.fsum(weight * _rate(one) for weight, one in used) / whole) if used else Counted(successes, n)


def _weighted(parts: Sequence[tuple[int, float, float]], level: float) -> MeansCompared | None:
    error = _error(parts)
    if not error:
        return None
    difference = math.fsum(size * one for size, one, _ in parts) / sum(size for size, _, _ in parts)
    half = normal_quantile((1 + level) / 2) * error
    return MeansCompared(difference, Interval(difference - half, difference + half), normal_two_sided(difference / error))


def _error(parts: Sequence[tuple[int, float, float]]) -> float:
    whole = sum(size for size, _, _ in parts)
    return math.sqrt(math.fsum((size / whole) ** 2 * spread for size, _, spread in parts))


def _both(wave: Wave, arm: str, against: str) -> bool:
    return all(name in wave and wave[name].n > 0 for name in (arm, against))


def _rate(counted: Counted) -> float:
    return counted.successes / counted.n


def _variance(counted: Counted) -> float:
    """With one success and one failure added (Agresti & Caffo 2000): a small arm without returns isn't certain of it."""
    rate = (counted.successes + 1) / (counted.n + 2)
    return rate * (1 - rate) / counted.n

"""The library of tactics: what each brought in all campaigns that tried it, so that the next one starts from what is known.

A tactic is known by its name in campaign files: the same name is the same idea. One lucky campaign of two hundred people is drawn towards
what tactics bring on the whole, one of twenty thousand stays nearly as it was measured (pooling.py). Several campaigns of one tactic are
averaged by their customers; how far they lie apart widens what is said of the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from winback.outcomes import pooling, wording
from winback.outcomes.distributions import normal_quantile
from winback.outcomes.pooling import Estimate, Shrunk
from winback.outcomes.statistics import LEVEL, Counted, Interval, MeansCompared, round_to_digits


@dataclass(frozen=True, slots=True)
class Tried:
    """One tactic in one run of a campaign whose return windows are all over."""

    tactic: str
    campaign: str
    run: int
    began_at: datetime
    ours: Counted
    theirs: Counted  # left alone in the same run
    weighted: MeansCompared | None = None  # over waves, where the run changed its shares

    @property
    def estimate(self) -> Estimate | None:
        """The difference of return rates and its error; None where nobody can be compared.

        One success and one failure are added to each side before its error is taken (Agresti & Caffo 2000): no return among twenty
        left alone is not certainty.
        """
        name = f"{self.campaign} {self.run}"
        if self.weighted is not None:
            width = self.weighted.interval.high - self.weighted.interval.low
            return Estimate(name, self.weighted.difference, width / (2 * normal_quantile((1 + LEVEL) / 2))) if width > 0 else None
        if self.ours.rate is None or self.theirs.rate is None:
            return None
        return Estimate(name, self.ours.rate - self.theirs.rate, math.sqrt(_variance(self.ours) + _variance(self.theirs)))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one tactic. Differences of return rates to those left alone, as fractions."""

    tactic: str
    tried: tuple[Tried, ...]  # the newest last
    believed: Shrunk  # what it brings on the whole
    next_one: Interval  # where it would lie in another campaign

    @property
    def customers(self) -> int:
        return sum(one.ours.n for one in self.tried)

    @property
    def returned(self) -> int:
        return sum(one.ours.successes for one in self.tried)

    def as_json(self) -> dict[str, Any]:
        return {
            "tactic": self.tactic,
            "campaigns": len(self.tried),
            "customers": self.customers,
            "returned": self.returned,
            "believed_difference": round_to_digits(self.believed.value),
            "low": round_to_digits(self.believed.interval.low),
            "high": round_to_digits(self.believed.interval.high),
            "next_low": round_to_digits(self.next_one.low),
            "next_high": round_to_digits(self.next_one.high),
            "chance_above_zero": round_to_digits(self.believed.positive),
            "last_began_at": self.tried[-1].began_at.isoformat(),
            "tried": [
                {
                    "campaign": one.campaign,
                    "run": one.run,
                    "assigned": one.ours.n,
                    "returned": one.ours.successes,
                    "left_alone": one.theirs.n,
                    "left_alone_returned": one.theirs.successes,
                    "difference": None if one.estimate is None else round_to_digits(one.estimate.value),
                }
                for one in self.tried
            ],
        }

    @property
    def sentence(self) -> str:
        """For people who plan the next campaign."""
        times = "once" if len(self.tried) == 1 else f"in {len(self.tried)} campaigns"
        low, high = (wording.signed(100 * end, 1) for end in (self.believed.interval.low, self.believed.interval.high))
        return (
            f"{self.tactic} was tried {times}, with {wording.number(self.customers)} customers: it brings back {wording.signed(100 * self.believed.value, 1)} points "
            f"compared with leaving people alone (95% interval {low} to {high})."
        )


def library(tried: Iterable[Tried]) -> tuple[Known, ...]:
    """Every tactic that could ever be compared; first the one that brings most at the least: by the lower end of its interval."""
    by_tactic: dict[str, list[Tried]] = {}
    for one in sorted(tried, key=lambda one: (one.began_at, one.campaign, one.run)):
        if one.estimate is not None:
            by_tactic.setdefault(one.tactic, []).append(one)
    own = {tactic: _own(found) for tactic, found in by_tactic.items()}
    among = pooling.pool([estimate for estimate, _ in own.values()])
    if among is None:
        return ()
    known = [
        Known(tactic, tuple(by_tactic[tactic]), believed, _widened(believed, spread))
        for (tactic, (_, spread)), believed in zip(own.items(), among.each, strict=True)
    ]
    return tuple(sorted(known, key=lambda one: (-one.believed.interval.low, one.tactic)))


def _own(tried: Sequence[Tried]) -> tuple[Estimate, float]:
    """What one tactic brought on the average of its customers, and how far its campaigns lie apart; a single one says nothing of that.

    The average is of the campaigns that there were. What campaigns have in common behind them is hardly known from two of them, however
    well each is measured, and it is the next one that asks for it.
    """
    estimates = [one.estimate for one in tried if one.estimate is not None]
    pooled = pooling.pool(estimates)
    assert pooled is not None, "only those that could be compared are in it"
    shares = [one.ours.n / sum(each.ours.n for each in tried) for one in tried]
    value = math.fsum(share * one.value for share, one in zip(shares, estimates, strict=True))
    error = math.hypot(*(share * one.error for share, one in zip(shares, estimates, strict=True)))
    return Estimate(tried[0].tactic, value, error), pooled.spread if len(estimates) > 1 else error


def _widened(believed: Shrunk, spread: float) -> Interval:
    """Where the next campaign's effect would lie: not only the mean is unknown, campaigns differ."""
    z = normal_quantile((1 + LEVEL) / 2)
    half = math.hypot((believed.interval.high - believed.interval.low) / 2, z * spread)
    return Interval(believed.value - half, believed.value + half)


def _variance(counted: Counted) -> float:
    rate = (counted.successes + 1) / (counted.n + 2)
    return rate * (1 - rate) / counted.n

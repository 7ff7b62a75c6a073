"""Two arms held against each other, and what may be said of the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from winback.outcomes import sequence, statistics
from winback.outcomes.guardrails import Guarded, Standing
from winback.outcomes.statistics import ALPHA, Counted, MeansCompared, Moments

RETURNED = "returned"
"""The outcome that a verdict is about: the share of those assigned who bought again."""
REVENUE = "revenue"
"""Money per assigned customer."""


class Finding(StrEnum):
    """What may be said of a tactic against those left alone."""

    BETTER = "better"  # it brings people back
    WORSE = "worse"  # it keeps people away
    NO_DIFFERENCE = "no-difference"  # none found yet, with enough customers to see a doubling
    TOO_FEW = "too-few"  # even a doubling would probably not show
    HARMFUL = "harmful"  # more of its customers unsubscribe or complain than may: stop it, whatever it brings back
    NOT_COMPARABLE = "not-comparable"  # nobody was left alone, or nobody was assigned


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm's outcome less another's: a difference of rates as a fraction, or of money per customer in the currency's unit.

    What can't be computed (an empty arm, money that doesn't vary) is None. `p_adjusted` is Holm's, over the arms compared with
    the same one, or over all pairs of tactics.
    """

    outcome: str
    arm: str
    against: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None

    def covers(self, value: float) -> bool | None:
        """Whether the interval holds the value; None without an interval."""
        return None if self.low is None or self.high is None else self.low <= value <= self.high

    def turned_round(self) -> Comparison:
        """The same, seen from the other arm."""
        return replace(
            self,
            arm=self.against,
            against=self.arm,
            difference=None if self.difference is None else -self.difference,
            low=None if self.high is None else -self.high,
            high=None if self.low is None else -self.low,
        )

    def as_json(self) -> dict[str, object]:
        numbers = {name: statistics.round_to_digits(getattr(self, name)) for name in ("difference", "low", "high", "p_value", "p_adjusted")}
        return {"outcome": self.outcome, "arm": self.arm, "against": self.against, **numbers}


def of_rates(outcome: str, arm: str, ours: Counted, against: str, theirs: Counted) -> Comparison:
    """Newcombe's interval, and the p-value of the pooled z or Fisher's test."""
    if ours.rate is None or theirs.rate is None:
        return Comparison(outcome, arm, against)
    interval = statistics.newcombe(ours, theirs)
    return Comparison(outcome, arm, against, ours.rate - theirs.rate, interval.low, interval.high, statistics.rates_differ(ours, theirs))


def of_rates_so_far(outcome: str, arm: str, ours: Counted, against: str, theirs: Counted) -> Comparison:
    """The same while the window is open: the interval and p-value of a confidence sequence, which hold however often one looks."""
    return of_means(outcome, arm, against, sequence.rates(ours, theirs))


def of_money(outcome: str, arm: str, ours: Moments, against: str, theirs: Moments, *, few_paid: bool = False) -> Comparison:
    """Welch's interval and p-value for money per customer; neither where too few paid for them (`statistics.few_paid`)."""
    return of_means(outcome, arm, against, None if few_paid else statistics.welch(ours, theirs), less(ours.mean, theirs.mean))


def of_money_so_far(outcome: str, arm: str, ours: Moments, against: str, theirs: Moments, *, paid: int) -> Comparison:
    """The same while the window is open; `paid` is how many of both arms have any money."""
    return of_means(outcome, arm, against, sequence.money(ours, theirs, paid), less(ours.mean, theirs.mean))


def of_means(outcome: str, arm: str, against: str, found: MeansCompared | None, plain: float | None = None) -> Comparison:
    """What any method found (strata, waves, ratios), in the same shape; `plain` is the difference where it found nothing."""
    if found is not None:
        return Comparison(outcome, arm, against, found.difference, found.interval.low, found.interval.high, found.p_value)
    return Comparison(outcome, arm, against, plain)


def adjust(family: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons with Holm's p-values over all of them that have one."""
    computed = iter(statistics.holm([one.p_value for one in family if one.p_value is not None]))
    return [one if one.p_value is None else replace(one, p_adjusted=next(computed)) for one in family]


def find(compared: Comparison, left_alone: Counted, detectable: float | None, guards: Sequence[Guarded] = ()) -> Finding:
    """The verdict on a tactic: Holm's p-value and the interval must both speak, and both for the same side.

    Before the window closes `compared` must be of a confidence sequence (`of_rates_so_far`): then no verdict is owed to the day on which
    one looked. Without a difference, "none found yet" is said only where at least a doubling of the holdout's rate would probably have
    shown (`detectable` is the rise that would; None: no rise would). A guard that says stop goes before everything.
    """
    return Finding.HARMFUL if any(guard.standing is Standing.STOP for guard in guards) else find_mean(compared, left_alone.rate, detectable)


def find_mean(compared: Comparison, base: float | None, detectable: float | None) -> Finding:
    """The same of any mean, such as money per customer, against that of those left alone."""
    if compared.p_adjusted is None or compared.low is None or compared.high is None or base is None:
        return Finding.NOT_COMPARABLE
    if compared.p_adjusted < ALPHA and compared.low > 0:
        return Finding.BETTER
    if compared.p_adjusted < ALPHA and compared.high < 0:
        return Finding.WORSE
    return Finding.TOO_FEW if detectable is None or detectable > base else Finding.NO_DIFFERENCE


def less(ours: float | None, theirs: float | None) -> float | None:
    """The plain difference; None where one isn't known."""
    return None if ours is None or theirs is None else ours - theirs

"""Ratios of two sums over customers, such as the average check (money / orders), compared by the delta method.

A customer is what was assigned, so that a customer, not an order, is what varies independently: orders of one customer resemble each
other, and a test on orders as if they were customers finds differences that aren't there (Deng, Knoblich & Lu 2018, KDD).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from winback.outcomes import statistics
from winback.outcomes.statistics import LEVEL, MeansCompared


@dataclass(frozen=True, slots=True)
class Joint:
    """What the delta method needs of two columns: sums of the numerator y, the denominator x, their squares and products."""

    n: int
    y: float
    x: float
    yy: float
    xx: float
    xy: float

    @property
    def ratio(self) -> float | None:
        return self.y / self.x if self.x else None

    @property
    def effective(self) -> float:
        """How many customers alike would make as even a denominator (Kish 1965, Survey Sampling, 11.7)."""
        return self.x * self.x / self.xx if self.xx else 0.0

    @property
    def variance(self) -> float | None:
        """Of the ratio: that of y - ratio x over n and the squared mean of x."""
        if self.n < 2 or not self.x:
            return None
        ratio = self.y / self.x
        squares = self.yy - 2 * ratio * self.xy + ratio * ratio * self.xx
        return max(0.0, squares) / (self.n - 1) * self.n / (self.x * self.x)


ENOUGH = 10
"""Customers below the line that an arm must have, where most have nothing there: around a ratio made by one of them nothing varies, so that
it would pass for certain."""


def compare(ours: Joint, theirs: Joint, level: float = LEVEL) -> MeansCompared | None:
    """The difference of two ratios. None where one has too few customers below the line, or nothing varies."""
    one, two = ours.variance, theirs.variance
    if ours.ratio is None or theirs.ratio is None or one is None or two is None or one + two <= 0 or any(map(_is_of_few, (ours, theirs))):
        return None
    degrees = (one + two) ** 2 / (one * one / (ours.n - 1) + two * two / (theirs.n - 1))
    return statistics.by_student(ours.ratio - theirs.ratio, math.sqrt(one + two), degrees, level)


def _is_of_few(one: Joint) -> bool:
    return one.effective < min(ENOUGH, one.n / 2)

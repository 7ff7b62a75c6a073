"""Several estimates of like things, each drawn towards their common mean the more, the less is known of it (partial pooling).

The model is the usual one of normal estimates with normal true values (Rubin 1981, Journal of Educational Statistics 6; Gelman & others,
Bayesian Data Analysis, chapter 5). How far the true values lie apart (tau) isn't estimated and then believed, which makes intervals too
narrow; it is averaged over. Before anything is seen s/(s + tau), where s^2 is the harmonic mean of the squared errors, is as likely to
be any number between 0 and 1 (DuMouchel 1994; Daniels 1999, Canadian Journal of Statistics 27).

Of segments of one campaign it says who responds; of one tactic over several campaigns, what is to be expected of the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Real
from winback.outcomes.distributions import bisect, normal_below, normal_quantile
from winback.outcomes.statistics import LEVEL, Interval

_NODES = 128


@dataclass(frozen=True, slots=True)
class Estimate:
    """Something measured, and its standard error."""

    name: str
    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is believed of one after all were seen."""

    name: str
    value: float
    interval: Interval
    positive: float  # the chance that it is above zero


@dataclass(frozen=True, slots=True)
class Pooled:
    """What is believed of all of them."""

    mean: Shrunk  # of the things alike: their common mean
    spread: float  # how far true values lie apart: the median of tau
    each: tuple[Shrunk, ...]  # in the order given
    next_one: Shrunk  # another of the kind, of which nothing is known yet


def pool(estimates: Sequence[Estimate], level: float = LEVEL) -> Pooled | None:
    """What is believed of each and of all; None of no estimates. Errors must be above zero.

    A single estimate has nothing to be drawn to: it stays itself, and of the next nothing is said beyond a spread as large as its error.
    """
    if not estimates:
        return None
    y = np.array([one.value for one in estimates])
    variance = np.array([one.error for one in estimates]) ** 2
    likely = (np.arange(_NODES) + 0.5) / _NODES
    tau = math.sqrt(y.size / float(np.sum(1 / variance))) * likely / (1 - likely)
    total = variance[None, :] + (tau * tau)[:, None]
    precision = (1 / total).sum(axis=1)
    mean = (y / total).sum(axis=1) / precision
    logs = -0.5 * (np.log(total).sum(axis=1) + np.log(precision) + ((y - mean[:, None]) ** 2 / total).sum(axis=1))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    own = (tau * tau)[:, None] / total
    centres = own * y + (1 - own) * mean[:, None]
    spreads = np.sqrt(own * variance + (1 - own) ** 2 / precision[:, None])
    return Pooled(
        mean=_mixture("", weights, mean, np.sqrt(1 / precision), level),
        spread=float(tau[np.searchsorted(np.cumsum(weights), 0.5)]),
        each=tuple(_mixture(one.name, weights, centres[:, place], spreads[:, place], level) for place, one in enumerate(estimates)),
        next_one=_mixture("", weights, mean, np.sqrt(1 / precision + tau * tau), level),
    )


def _mixture(name: str, weights: Real, means: Real, spreads: Real, level: float) -> Shrunk:
    """Mean and quantiles of normals mixed by weights; what weighs less than a millionth is left out."""
    kept = weights > 1e-6
    parts = list(zip((weights[kept] / weights[kept].sum()).tolist(), means[kept].tolist(), spreads[kept].tolist(), strict=True))
    middle = math.fsum(weight * mean for weight, mean, _ in parts)

    def above(value: float) -> float:
        return math.fsum(weight * normal_below((mean - value) / spread) for weight, mean, spread in parts)

    def quantile(share: float) -> float:
        return bisect(lambda value: above(value) - (1 - share), lowest, highest, steps=45)

    reach = -normal_quantile(1e-7)
    lowest, highest = min(mean - reach * spread for _, mean, spread in parts), max(mean + reach * spread for _, mean, spread in parts)
    return Shrunk(name, middle, Interval(quantile((1 - level) / 2), quantile((1 + level) / 2)), above(0.0))

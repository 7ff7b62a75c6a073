"""Several estimates of like things, each drawn towards their common mean the more, the less is known of it (partial pooling).

The model is the usual one of normal estimates with normal true values (Rubin 1981, Journal of Educational Statistics 6; Gelman & others,
Bayesian Data Analysis, chapter 5). How far the true values lie apart (tau) isn't estimated and then believed, which makes intervals too
narrow; it is averaged over. Before anything is seen ln(1 + tau/s), where s is the estimates' typical error, is as likely to be any number
up to ln 21. DuMouchel's prior (1994), which falls off faster, covers 91 instead of 95 of a hundred where kinds differ about as much as their errors.

Of segments of one campaign it says who responds; of one tactic over several campaigns, what is to be expected of the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Real
from winback.outcomes.statistics import LEVEL, Interval

_NODES = 128
_WIDEST = 20.0
_REACH = 6.0
_HALVINGS = 36
_ROOT = math.sqrt(2 * math.pi)


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

    A single estimate has nothing to be drawn to: it stays itself, and of the next one very little is said.
    """
    if not estimates:
        return None
    y = np.array([one.value for one in estimates])
    variance = np.array([one.error for one in estimates]) ** 2
    tau = math.sqrt(float(variance.mean())) * np.expm1(math.log1p(_WIDEST) * (np.arange(_NODES) + 0.5) / _NODES)
    total = variance[None, :] + (tau * tau)[:, None]
    precision = (1 / total).sum(axis=1)
    mean = (y / total).sum(axis=1) / precision
    logs = -0.5 * (np.log(total).sum(axis=1) + np.log(precision) + ((y - mean[:, None]) ** 2 / total).sum(axis=1))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    own = (tau * tau)[:, None] / total
    common = 1 / precision
    centres = np.column_stack([own * y + (1 - own) * mean[:, None], mean, mean])
    spreads = np.column_stack([np.sqrt(own * variance + ((1 - own) ** 2 * common[:, None])), np.sqrt(common), np.sqrt(common + tau * tau)])
    *each, of_all, next_one = _mixtures([*(one.name for one in estimates), "", ""], weights, centres, spreads, level)
    spread = float(np.interp(0.5, np.cumsum(weights) - weights / 2, tau))
    return Pooled(mean=of_all, spread=spread, each=tuple(each), next_one=next_one)


def _mixtures(names: Sequence[str], weights: Real, means: Real, spreads: Real, level: float) -> list[Shrunk]:
    """Mean and quantiles of normals mixed by weights, a column for each name; what weighs less than a millionth is left out."""
    kept = weights > 1e-6
    weights, means, spreads = weights[kept] / weights[kept].sum(), means[kept], spreads[kept]
    lowest, highest = (means - _REACH * spreads).min(axis=0), (means + _REACH * spreads).max(axis=0)

    def quantiles(share: float) -> Real:
        low, high = lowest.copy(), highest.copy()
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_below = weights @ _normal_below((middle - means) / spreads) < share
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        return np.asarray((low + high) / 2)

    columns = zip(
        names, weights @ means, quantiles((1 - level) / 2), quantiles((1 + level) / 2), weights @ _normal_below(means / spreads), strict=True
    )
    return [Shrunk(name, float(middle), Interval(float(low), float(high)), float(positive)) for name, middle, low, high, positive in columns]


def _normal_below(z: Real) -> Real:
    """Of many at once, to seven digits (Abramowitz & Stegun 1964, formula 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    tail = np.exp(-z * z / 2) * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    return np.asarray(np.where(z > 0, 1 - tail / _ROOT, tail / _ROOT))

"""The chance of each arm to be the best, and what choosing it may cost: a description, never a verdict.

Rates have the posterior Beta(successes + 1, failures + 1), every rate being equally likely beforehand. Both figures are integrals over
one variable (Berry & Fristedt 1985, chapter 4), reckoned on a grid; no dice are thrown, so that a report says the same each time.
Stopping when the chance exceeds 95 % raises false alarms in a third of campaigns that did nothing: docs/decisions/0007.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Real
from winback.outcomes.statistics import Counted

_POINTS = 401
_REACH = 9.0
"""The grid of each arm: so many points over so many standard deviations to each side."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One arm among the others."""

    best: float  # the chance that its rate is the highest of all
    expected_loss: float  # by how much the best is expected to be better: what choosing this one may cost


def best(arms: Mapping[str, Counted]) -> dict[str, Standing]:
    """Each arm's standing among all of them; an arm without customers may be anything."""
    if not arms:
        return {}
    x = _grid(arms.values())
    densities = np.array([_density(x, counted) for counted in arms.values()])
    steps = np.diff(x)
    below = np.concatenate([np.zeros((len(arms), 1)), np.cumsum((densities[:, 1:] + densities[:, :-1]) / 2 * steps, axis=1)], axis=1)
    whole = below[:, -1:]
    densities, below = densities / whole, below / whole
    chances = np.array([_area(density * others, steps) for density, others in zip(densities, _products_of_others(below), strict=True)])
    highest = float(x[-1]) - _area(np.prod(below, axis=0), steps)
    means = [(counted.successes + 1) / (counted.n + 2) for counted in arms.values()]
    chances /= chances.sum()
    return {name: Standing(float(chance), max(0.0, highest - mean)) for name, chance, mean in zip(arms, chances, means, strict=True)}


def _products_of_others(rows: Real) -> Real:
    """For each row the product of all but it, without dividing by what may be zero."""
    ones = np.ones((1, rows.shape[1]))
    before = np.cumprod(np.concatenate([ones, rows[:-1]]), axis=0)
    after = np.cumprod(np.concatenate([ones, rows[:0:-1]]), axis=0)[::-1]
    return np.asarray(before * after)


def _grid(arms: Iterable[Counted]) -> Real:
    """Points where any of the densities is: fine for arms of a million beside arms of ten."""
    pieces = []
    for counted in arms:
        a, b = counted.successes + 1, counted.n - counted.successes + 1
        mean, spread = a / (a + b), math.sqrt(a * b / (a + b + 1)) / (a + b)
        pieces.append(np.linspace(max(0.0, mean - _REACH * spread), min(1.0, mean + _REACH * spread), _POINTS))
    return np.unique(np.concatenate(pieces))


def _density(x: Real, counted: Counted) -> Real:
    """Of the posterior, up to a factor."""
    successes, failures = counted.successes, counted.n - counted.successes
    with np.errstate(divide="ignore"):
        logs = (successes * np.log(x) if successes else 0.0) + (failures * np.log1p(-x) if failures else np.zeros(x.size))
    return np.asarray(np.exp(logs - logs.max()))


def _area(values: Real, steps: Real) -> float:
    return float(((values[1:] + values[:-1]) / 2) @ steps)

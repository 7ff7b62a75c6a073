"""The highest point of a smooth function of a few numbers, climbed with its slope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from winback.audience.arrays import Real

Slope: TypeAlias = Callable[[Real], tuple[float, Real]]
"""From a point to the height there and the slope in every direction."""

_WORTH_A_STEP = 1e-4
_HIDDEN = 1e-14
_MOST_STEPS = 200
_LONGEST_STEP = 2.0
_SHORTEST_STEP = 1e-10
_EDGE = 20.0


@dataclass(frozen=True, slots=True)
class Summit:
    """Where the climb ended, and how high that is."""

    point: Real
    height: float


def climb(slope: Slope, start: Real) -> Summit:
    """Quasi-Newton ascent (BFGS; Nocedal & Wright, Numerical Optimization, 2006, algorithm 6.1) with backtracking steps.

    It ends when the next step promises no rise that rounding would not hide, or 20 away from zero, which for logarithms is as good as
    infinity. No step is longer than 2 in any direction.
    """
    point, (height, rise) = start, slope(start)
    curve = np.eye(start.size)
    for _ in range(_MOST_STEPS):
        way = curve @ rise
        if float(way @ rise) <= _HIDDEN * abs(height) or np.max(np.abs(point)) > _EDGE:
            break
        way = way * min(1.0, _LONGEST_STEP / float(np.max(np.abs(way))))
        found = _higher(slope, point, height, way, float(way @ rise))
        if found is None:
            break
        there, height, rise_there = found
        curve = _bent(curve, there - point, rise - rise_there)
        point, rise = there, rise_there
    return Summit(point, height)


def _higher(slope: Slope, point: Real, height: float, way: Real, promise: float) -> tuple[Real, float, Real] | None:
    """The first of ever shorter steps that keeps some of what the slope promised (Armijo's rule); None when none does."""
    step = 1.0
    while step > _SHORTEST_STEP:
        there = point + step * way
        height_there, rise = slope(there)
        if height_there >= height + _WORTH_A_STEP * step * promise:
            return there, height_there, rise
        step /= 2
    return None


def _bent(curve: Real, moved: Real, flattened: Real) -> Real:
    """The inverse Hessian after a step (Nocedal & Wright, 6.17); as it was where the step tells nothing about it."""
    bend = float(moved @ flattened)
    if bend <= 1e-12 * float(np.linalg.norm(moved) * np.linalg.norm(flattened)):
        return curve
    turn = np.eye(moved.size) - np.outer(moved, flattened) / bend
    turned: Real = turn @ curve @ turn.T + np.outer(moved, moved) / bend
    return turned

from __future__ import annotations

import numpy as np
import pytest

from winback.audience import ascent


def banana(point):
    """Rosenbrock's curved ridge, upside down: its top is 0 at (1, 1)."""
    x, y = point
    return -((1 - x) ** 2) - 100 * (y - x * x) ** 2, np.array([2 * (1 - x) + 400 * x * (y - x * x), -200 * (y - x * x)])


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (2.0, -1.0)])
def test_a_curved_ridge_is_climbed_to_its_top(start):
    top = ascent.climb(banana, np.array(start))
    assert top.point == pytest.approx([1, 1], abs=1e-6)
    assert top.height == pytest.approx(0, abs=1e-12)


def test_a_slope_without_a_top_is_left_at_the_edge():
    end = ascent.climb(lambda point: (float(point.sum()), np.ones(2)), np.zeros(2))
    assert 20 < end.point.max() <= 22


def test_a_top_that_ever_more_steps_come_nearer_to_is_called_reached():
    end = ascent.climb(lambda point: (5 - float(np.exp(-point).sum()), np.exp(-point)), np.zeros(1))
    assert end.height == pytest.approx(5, abs=1e-6)

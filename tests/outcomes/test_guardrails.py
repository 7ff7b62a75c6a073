from __future__ import annotations

import math

import numpy as np
import pytest

from winback.outcomes import comparison, guardrails
from winback.outcomes.comparison import Comparison, Finding
from winback.outcomes.guardrails import Standing
from winback.outcomes.statistics import Counted


def test_evidence_is_the_mixed_likelihood_over_that_of_the_limit():
    """10 of 1,000 against .3 %: scipy's quadrature over rates above the limit has 47.928198."""
    assert guardrails.judge("complained", Counted(10, 1000), 0.003).evidence == pytest.approx(47.928198, rel=1e-6)


@pytest.mark.parametrize(
    ("counted", "standing"),
    [
        (Counted(0, 0), Standing.FINE),
        (Counted(0, 5000), Standing.FINE),
        (Counted(3, 1000), Standing.FINE),
        (Counted(1, 1), Standing.WATCH),
        (Counted(6, 1000), Standing.WATCH),
        (Counted(10, 1000), Standing.STOP),
        (Counted(5, 20), Standing.STOP),
    ],
)
def test_above_the_limit_is_watched_and_stopped_when_it_is_no_chance(counted, standing):
    assert guardrails.judge("complained", counted, guardrails.COMPLAINTS).standing is standing


@pytest.mark.parametrize(("limit", "rate"), [(0.003, 0.003), (0.003, 0.001), (0.03, 0.03)])
def test_a_tactic_at_its_limit_is_stopped_in_less_than_five_of_a_hundred_however_often_one_looks(limit, rate):
    """After every twentieth letter, 4,000 letters long."""
    dice = np.random.default_rng([int(limit * 1000), int(rate * 1000)])
    stopped = 0
    for _ in range(300):
        so_far = np.cumsum(dice.binomial(20, rate, 200)).tolist()
        stopped += any(
            guardrails.judge("complained", Counted(did, 20 * day), limit).standing is Standing.STOP
            for day, did in enumerate(so_far, 1)
            if did > limit * 20 * day
        )
    assert stopped / 300 < 0.05


def test_three_times_the_limit_is_soon_found_out():
    dice = np.random.default_rng(8)
    found = []
    for _ in range(100):
        so_far = np.cumsum(dice.random(6000) < 0.009)
        found.append(
            next((n for n in range(50, 6000, 50) if guardrails.judge("c", Counted(int(so_far[n - 1]), n), 0.003).standing is Standing.STOP), math.inf)
        )
    assert np.median(found) < 2_500
    assert np.mean(np.isfinite(found)) > 0.95


def test_a_guard_goes_before_every_verdict():
    better = Comparison("returned", "gift", "holdout", 0.05, 0.03, 0.07, 0.0001, 0.0001)
    fine, stop = (guardrails.judge("complained", counted, 0.003) for counted in (Counted(1, 1000), Counted(12, 1000)))
    assert comparison.find(better, Counted(40, 1000), 0.02, [fine]) is Finding.BETTER
    assert comparison.find(better, Counted(40, 1000), 0.02, [fine, stop]) is Finding.HARMFUL

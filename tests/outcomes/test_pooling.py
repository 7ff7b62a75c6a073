from __future__ import annotations

import numpy as np
import pytest

from winback.outcomes import pooling, segments
from winback.outcomes.pooling import Estimate
from winback.outcomes.statistics import Counted, Moments
from winback.outcomes.strata import MoneyStratum, Stratum

# Coaching in eight schools (Rubin 1981, Journal of Educational Statistics 6)
SCHOOLS = [
    Estimate(name, effect, error)
    for name, effect, error in zip("ABCDEFGH", (28, 8, -3, 7, -1, 1, 18, 12), (15, 10, 16, 11, 9, 11, 10, 18), strict=True)
]


def test_eight_schools_as_a_fine_grid_has_them():
    """400,000 values of tau and scipy's normal distribution, under the same prior."""
    found = pooling.pool(SCHOOLS)
    assert found.mean.value == pytest.approx(7.87998, abs=1e-3)
    assert found.each[0].value == pytest.approx(10.54641, abs=1e-3)
    assert (found.each[0].interval.low, found.each[0].interval.high) == pytest.approx((-1.8513, 28.8157), abs=2e-3)
    assert found.spread == pytest.approx(4.134, abs=0.01)


def test_the_next_one_is_less_certain_than_the_mean_of_all():
    found = pooling.pool(SCHOOLS)
    assert found.next_one.value == pytest.approx(found.mean.value)
    assert found.next_one.interval.low < found.mean.interval.low < found.mean.interval.high < found.next_one.interval.high
    assert 0.5 < found.next_one.positive < found.mean.positive < 1


def test_much_data_stay_themselves_and_little_data_are_drawn_to_the_rest():
    found = pooling.pool([Estimate("sure", 5.0, 0.01), Estimate("sure too", 1.0, 0.01), Estimate("hardly", 40.0, 30.0)])
    assert [one.value for one in found.each[:2]] == pytest.approx([5.0, 1.0], abs=0.05)
    assert found.each[2].value < 15


def test_a_single_estimate_stays_itself_and_none_is_nothing():
    (only,) = pooling.pool([Estimate("a", 0.02, 0.01)]).each
    assert only.value == pytest.approx(0.02)
    assert (only.interval.low, only.interval.high) == pytest.approx((0.02 - 1.96 * 0.01, 0.02 + 1.96 * 0.01), abs=2e-4)
    assert pooling.pool([]) is None


@pytest.mark.parametrize("spread", [0.0, 0.005, 0.02])
@pytest.mark.parametrize("kinds", [2, 5, 12])
def test_shrunken_intervals_cover_and_lie_nearer_to_the_truth_than_plain_ones(spread, kinds):
    """Segments of 100 to 3,000 customers, 4 % of whom return by themselves, on whom a tactic works by 2 points, more or less."""
    dice = np.random.default_rng([int(spread * 1000), kinds])
    covered, plain_errors, errors, alarms = [], [], [], 0
    for _ in range(250):
        truth = np.clip(dice.normal(0.02, spread, kinds), -0.03, 0.3)
        n, left_alone = dice.integers(100, 3000, kinds), dice.integers(50, 1500, kinds)
        made = [
            Stratum(str(k), Counted(int(dice.binomial(a, 0.04 + t)), int(a)), Counted(int(dice.binomial(b, 0.04)), int(b)))
            for k, (t, a, b) in enumerate(zip(truth, n, left_alone, strict=True))
        ]
        rows = segments.of_rates(made).rows
        for row, true in zip(rows, truth, strict=True):
            covered.append(true in row.believed.interval)
            plain_errors.append((row.difference - true) ** 2)
            errors.append((row.believed.value - true) ** 2)
        alarms += any(row.believed.interval.high < 0 for row in rows)
    assert 0.93 <= np.mean(covered) <= 0.995
    assert np.mean(errors) < np.mean(plain_errors)
    if spread == 0.0:
        assert alarms / 250 < 0.05, "nobody is kept away, and no kind is found where it seems so"


def test_a_kind_that_an_arm_lacks_is_believed_as_any_other_would_be():
    made = segments.of_rates([Stratum("gold", Counted(30, 300), Counted(5, 100)), Stratum("copper", Counted(2, 20), Counted(0, 0))])
    gold, copper = made.rows
    assert (copper.n, copper.against_n, copper.difference) == (20, 0, None)
    assert copper.believed.interval.high - copper.believed.interval.low > gold.believed.interval.high - gold.believed.interval.low
    assert segments.of_rates([Stratum("copper", Counted(2, 20), Counted(0, 0))]) is None


def test_one_who_returned_of_one_proves_nothing():
    many = Stratum("many", Counted(125, 980), Counted(30, 658))
    alone, beside = segments.of_rates([many]), segments.of_rates([many, Stratum("one", Counted(1, 1), Counted(0, 1))])
    assert beside.rows[0].believed.value == pytest.approx(alone.rows[0].believed.value, abs=1e-4)
    assert beside.rows[0].believed.interval.high == pytest.approx(alone.rows[0].believed.interval.high, abs=1e-4)
    assert beside.rows[1].difference is None
    assert beside.rows[1].n == beside.rows[1].against_n == 1


def test_no_returns_among_a_few_are_not_taken_for_certainty():
    few, many = segments.of_rates([Stratum("few", Counted(0, 24), Counted(0, 20)), Stratum("many", Counted(300, 3000), Counted(120, 3000))]).rows
    assert few.difference == 0.0
    assert few.believed.value > 0.02
    assert many.believed.value == pytest.approx(0.06, abs=0.01)


def test_money_by_kind_is_drawn_together_too():
    made = segments.of_money(
        [MoneyStratum("a", Moments(500, 900, 40_000), Moments(500, 400, 20_000)), MoneyStratum("b", Moments(1, 5, 25), Moments(9, 5, 25))]
    )
    assert made.rows[0].difference == pytest.approx(1.0)
    assert made.rows[1].difference is None
    assert segments.of_money([]) is None

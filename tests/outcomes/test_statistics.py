"""Known answers from the literature, and what must hold for all numbers."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.outcomes import distributions, statistics
from winback.outcomes.statistics import Counted, Moments

counted = st.integers(1, 3000).flatmap(lambda n: st.builds(Counted, st.integers(0, n), st.just(n)))


# Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    interval = statistics.wilson(successes, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nobody_excludes_nothing():
    assert statistics.wilson(0, 0) == statistics.Interval(0.0, 1.0)


# Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        (Counted(56, 70), Counted(48, 80), 0.0524, 0.3339),
        (Counted(9, 10), Counted(3, 10), 0.1705, 0.8090),
        (Counted(6, 7), Counted(2, 7), 0.0582, 0.8062),
        (Counted(5, 56), Counted(0, 29), -0.0381, 0.1926),
        (Counted(0, 10), Counted(0, 20), -0.1611, 0.2775),
        (Counted(10, 10), Counted(0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(first, second, low, high):
    interval = statistics.newcombe(first, second)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        (Counted(3, 4), Counted(1, 4), 0.485714),  # the lady tasting tea (Fisher 1935), two-sided: 34/70
        (Counted(8, 10), Counted(1, 6), 0.034965),
        (Counted(1, 12), Counted(9, 12), 0.002759),
        (Counted(0, 50), Counted(0, 50), 1.0),
    ],
)
def test_fisher_gives_the_textbook_p_values(first, second, p_value):
    assert statistics.fisher_exact(first, second) == pytest.approx(p_value, abs=5e-7)


def test_pooled_z_is_pearsons_chi_square():
    first, second = Counted(56, 70), Counted(48, 80)
    cells = [(56, 14), (48, 32)]
    expected = [(n * 104 / 150, n * 46 / 150) for n in (70, 80)]
    chi2 = sum((seen - e) ** 2 / e for row, row_e in zip(cells, expected, strict=True) for seen, e in zip(row, row_e, strict=True))
    assert statistics.pooled_z(first, second) == pytest.approx(distributions.chi_square_above(chi2, 1), rel=1e-9)
    assert statistics.pooled_z(first, second) == pytest.approx(0.00804508, rel=1e-6)


def test_fisher_takes_over_where_an_expected_cell_is_below_five():
    few, enough = (Counted(1, 100), Counted(8, 100)), (Counted(2, 100), Counted(8, 100))
    assert statistics.rates_differ(*few) == statistics.fisher_exact(*few) != statistics.pooled_z(*few)
    assert statistics.rates_differ(*enough) == statistics.pooled_z(*enough) != statistics.fisher_exact(*enough)


# tables of the chi-square and Student distributions, as in any textbook
@pytest.mark.parametrize(("value", "degrees", "p_value"), [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (18.307038, 10, 0.05), (13.815511, 2, 0.001)])
def test_chi_square_gives_the_table(value, degrees, p_value):
    assert distributions.chi_square_above(value, degrees) == pytest.approx(p_value, rel=1e-6)


@pytest.mark.parametrize(("degrees", "t"), [(1, 12.706205), (2.5, 3.574655), (10, 2.228139), (30, 2.042272), (1e6, 1.959966)])
def test_student_gives_the_table(degrees, t):
    assert distributions.student_quantile(0.95, degrees) == pytest.approx(t, abs=5e-7)
    assert distributions.student_two_sided(t, degrees) == pytest.approx(0.05, abs=5e-8)


def test_two_degrees_of_freedom_have_a_closed_form_far_into_the_tail():
    for value in (0.01, 1.0, 3.0, 4.0, 5.0, 50.0, 300.0):
        assert distributions.chi_square_above(value, 2) == pytest.approx(math.exp(-value / 2), rel=1e-11)


def test_welch_gives_the_textbook_answer():
    """Hours of extra sleep under two drugs (Student 1908, Biometrika 6)."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    compared = statistics.welch(moments(first), moments(second))
    assert compared.difference == pytest.approx(-1.58)
    assert compared.p_value == pytest.approx(0.07939414, rel=1e-6)
    assert (compared.interval.low, compared.interval.high) == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)


@pytest.mark.parametrize(
    ("first", "second"), [(Moments(1, 5, 25), Moments(10, 3, 9)), (Moments(50, 0, 0), Moments(50, 0, 0)), (Moments(0, 0, 0), Moments(9, 1, 1))]
)
def test_money_that_does_not_vary_cannot_be_compared(first, second):
    assert statistics.welch(first, second) is None


@pytest.mark.parametrize(
    ("counts", "shares", "chi2", "p_value"),
    [
        ({"a": 821, "b": 798}, {"a": 0.5, "b": 0.5}, 0.326745, 0.567578),
        ({"a": 821_588, "b": 815_482}, {"a": 1, "b": 1}, 22.774369, 1.8218e-06),
        ({"a": 40, "b": 40, "holdout": 20}, {"a": 0.4, "b": 0.4, "holdout": 0.2}, 0.0, 1.0),
        ({}, {"a": 1.0}, 0.0, 1.0),
        ({"a": 10}, {"a": 1.0}, 0.0, 1.0),
        ({"a": 10, "b": 1}, {"a": 1.0}, math.inf, 0.0),
        ({"a": 10, "b": 1}, {"a": 1.0, "b": 0.0}, math.inf, 0.0),
    ],
)
def test_sample_ratio_is_pearsons_chi_square_against_the_plan(counts, shares, chi2, p_value):
    found, p = statistics.sample_ratio(counts, shares)
    assert found == pytest.approx(chi2, rel=1e-5)
    assert p == pytest.approx(p_value, rel=1e-4)


def test_an_arm_that_stayed_empty_weighs_in_the_sample_ratio():
    assert statistics.sample_ratio({"a": 100}, {"a": 0.5, "b": 0.5})[0] == pytest.approx(100)


def test_holm_multiplies_the_smallest_most_and_never_turns_the_order():
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.7, 0.9]) == [1.0, 1.0]
    assert statistics.holm([]) == []


@pytest.mark.parametrize(
    ("base", "by_half", "doubled"), [(0.01, 7750, 2319), (0.02, 3826, 1141), (0.03, 2518, 749), (0.05, 1471, 435), (0.10, 686, 199)]
)
def test_customers_needed_per_arm(base, by_half, doubled):
    assert statistics.n_per_arm(base, base * 1.5) == by_half
    assert statistics.n_per_arm(base, base * 2) == doubled


@pytest.mark.parametrize(("n", "points"), [(500, 3.32), (1000, 2.16), (2000, 1.44), (5000, 0.86)])
def test_the_smallest_visible_difference(n, points):
    assert statistics.detectable_difference(0.02, n, n) * 100 == pytest.approx(points, abs=0.005)


def test_a_handful_shows_no_difference_whatever_it_is():
    assert statistics.detectable_difference(0.3, 2, 2) is None
    assert statistics.detectable_difference(0.3, 0, 100) is None


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
def test_the_detectable_difference_needs_just_the_customers_there_are(ratio):
    difference = statistics.detectable_difference(0.05, int(2000 * ratio), 2000)
    assert statistics.n_per_arm(0.05, 0.05 + difference, ratio=ratio) == pytest.approx(2000, abs=1)


@given(counted, st.sampled_from([0.8, 0.95, 0.99]))
def test_an_interval_contains_its_estimate_and_stays_among_rates(one, level):
    interval = statistics.wilson(one.successes, one.n, level)
    assert 0 <= interval.low <= one.rate <= interval.high <= 1


@given(counted)
def test_an_interval_of_those_who_did_mirrors_that_of_those_who_did_not(one):
    did, did_not = statistics.wilson(one.successes, one.n), statistics.wilson(one.n - one.successes, one.n)
    assert (did.low, did.high) == pytest.approx((1 - did_not.high, 1 - did_not.low), abs=1e-12)


@given(counted)
def test_more_level_is_a_wider_interval(one):
    narrow, wide = statistics.wilson(one.successes, one.n, 0.8), statistics.wilson(one.successes, one.n, 0.99)
    assert wide.low <= narrow.low <= narrow.high <= wide.high


@given(counted, counted)
def test_a_difference_turned_round_is_its_mirror(first, second):
    there, back = statistics.newcombe(first, second), statistics.newcombe(second, first)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert statistics.rates_differ(first, second) == pytest.approx(statistics.rates_differ(second, first), abs=1e-9)


@given(counted, counted)
def test_a_difference_lies_in_its_interval_and_between_minus_one_and_one(first, second):
    interval = statistics.newcombe(first, second)
    assert -1 <= interval.low <= first.rate - second.rate <= interval.high <= 1
    assert 0 <= statistics.rates_differ(first, second) <= 1


@given(st.integers(2, 400), st.data())
def test_the_further_apart_the_smaller_the_p_value(n, data):
    base = data.draw(st.integers(0, n - 2))
    near = data.draw(st.integers(base, n - 1))
    assert statistics.pooled_z(Counted(near + 1, n), Counted(base, n)) <= statistics.pooled_z(Counted(near, n), Counted(base, n)) + 1e-12


@given(st.floats(0.005, 0.5), st.integers(50, 5000))
def test_more_customers_show_smaller_differences(base, n):
    few, more = statistics.detectable_difference(base, n, n), statistics.detectable_difference(base, 2 * n, 2 * n)
    assert few is None or more < few


def test_intervals_cover_the_truth_and_no_effect_is_seldom_called_one():
    """Over 400 made-up campaigns of 3,000 against 1,000 at 4 %: the bounds are about three standard errors of the simulation."""
    dice = random.Random(20261123)
    effect, covered, alarms = 0.02, 0, 0
    for _ in range(400):
        left_alone, written_to, same = draw(dice, 1000, 0.04), draw(dice, 3000, 0.04 + effect), draw(dice, 3000, 0.04)
        covered += effect in statistics.newcombe(written_to, left_alone)
        alarms += statistics.rates_differ(same, left_alone) < 0.05
    assert 0.92 <= covered / 400 <= 0.98
    assert 0.02 <= alarms / 400 <= 0.085


def test_power_is_what_planning_promised():
    n = statistics.n_per_arm(0.05, 0.10)
    dice = random.Random(7)
    seen = sum(statistics.rates_differ(draw(dice, n, 0.10), draw(dice, n, 0.05)) < 0.05 for _ in range(400))
    assert 0.74 <= seen / 400 <= 0.86


def draw(dice: random.Random, n: int, rate: float) -> Counted:
    return Counted(sum(dice.random() < rate for _ in range(n)), n)


def moments(values: list[float]) -> Moments:
    return Moments(len(values), sum(values), sum(value * value for value in values))

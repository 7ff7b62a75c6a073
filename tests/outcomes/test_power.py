from __future__ import annotations

import pytest

from winback.outcomes import power, statistics

TWO = {"a": 0.4, "b": 0.4, "holdout": 0.2}


@pytest.mark.parametrize(
    ("customers", "shares", "hoped", "per_week", "sentence"),
    [
        (1_240, TWO, None, None, "With 1,240 customers you can see a lift of 5.8 points over the 3 % who return by themselves (80 % power)."),
        (1_240, TWO, 0.06, None, "you hope for 6: it would show with a chance of 82 %."),
        (1_240, TWO, 0.05, None, "you hope for 5: drop to one tactic."),
        (1_240, TWO, 0.05, 60, "you hope for 5: collect for 6 weeks or drop to one tactic."),
        (1_240, TWO, 0.02, 60, "you hope for 2: collect for 98 weeks."),
        (1_240, TWO, 0.02, None, "you hope for 2: gather 7,080 customers, or don't count on a proof."),
        (8, TWO, 0.02, None, "With 8 customers no lift, however large, would probably show; you hope for 2: gather 7,080 customers"),
        (9_000, {**dict.fromkeys("abcd", 0.2), "holdout": 0.2}, 0.02, 400, "you hope for 2: collect for 5 weeks or drop to three tactics."),
    ],
)
def test_a_plan_says_what_it_can_show_and_what_to_do(customers, shares, hoped, per_week, sentence):
    assert sentence in power.planned(customers, shares, 0.03, hoped, per_week=per_week).sentence


def test_what_is_needed_is_just_enough():
    planned = power.planned(1_240, TWO, 0.03, 0.02)
    assert power.planned(planned.needed, TWO, 0.03, 0.02).is_enough
    assert not power.planned(round(planned.needed * 0.98), TWO, 0.03, 0.02).is_enough


def test_fewer_tactics_are_enough_where_the_plan_says_so():
    shares = {**dict.fromkeys("abcd", 0.2), "holdout": 0.2}
    planned = power.planned(9_000, shares, 0.03, 0.02)
    few = planned.tactics_enough
    assert few == 3
    assert power.planned(9_000, {**dict.fromkeys("abc"[:few], 0.8 / few), "holdout": 0.2}, 0.03, 0.02).is_enough


def test_several_tactics_pay_for_being_several():
    one, two = power.planned(5_000, {"a": 0.4, "holdout": 0.6}, 0.03), power.planned(5_000, {"a": 0.4, "b": 0.4, "holdout": 0.2}, 0.03)
    assert two.detectable > statistics.detectable_difference(0.03, 2_000, 1_000) > one.detectable


@pytest.mark.parametrize("shares", [{"a": 1.0}, {"a": 1.0, "holdout": 0.0}, {"holdout": 1.0}])
def test_without_two_sides_there_is_nothing_to_plan(shares):
    assert power.planned(1_000, shares, 0.03) is None


def test_power_is_the_sample_size_turned_round():
    n = statistics.n_per_arm(0.02, 0.03)
    assert statistics.power_of(0.02, 0.01, n, n) == pytest.approx(0.8, abs=1e-3)
    assert statistics.power_of(0.02, 0.01, 0, n) is None
    assert statistics.power_of(0.02, 0.99, n, n) is None

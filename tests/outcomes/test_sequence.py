from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.outcomes import comparison, sequence, statistics
from winback.outcomes.comparison import Finding
from winback.outcomes.statistics import Counted, Interval, Moments

counted = st.integers(1, 3000).flatmap(lambda n: st.builds(Counted, st.integers(0, n), st.just(n)))


def test_the_interval_is_robbins_mixture_written_out():
    """100 of 1,000 against 50 of 1,000: m = 500, S = 25, U from rates of 101/1,002 and 51/1,002."""
    p, q = 101 / 1002, 51 / 1002
    grown = 500 * 500 * (p * (1 - p) / 1000 + q * (1 - q) / 1000)
    run_in = 16 / (2 * math.log(20) + math.log(1 + 2 * math.log(20)))
    half = math.sqrt((grown + run_in) * math.log((grown + run_in) / run_in * 400)) / 500
    found = sequence.rates(Counted(100, 1000), Counted(50, 1000))
    assert (found.interval.low, found.interval.high) == pytest.approx((0.05 - half, 0.05 + half))
    assert found.p_value == pytest.approx(math.sqrt((grown + run_in) / run_in) * math.exp(-(25**2) / 2 / (grown + run_in)))


@pytest.mark.parametrize(("n", "theirs", "alpha"), [(8_000, Counted(100, 2_000), 0.05), (40_000, Counted(200, 10_000), 0.05 / 3)])
def test_the_rise_that_would_show_is_seen_in_four_of_five(n, theirs, alpha):
    rise = sequence.detectable(n, theirs, alpha)
    assert rise is not None
    assert rise > statistics.detectable_difference(theirs.rate, n, theirs.n, alpha=alpha) * 1.2, "one fixed day needs less"
    dice = np.random.default_rng(7)
    ours, others = dice.binomial(n, theirs.rate + rise, 1_000), dice.binomial(theirs.n, theirs.rate, 1_000)
    seen = [sequence.rates(Counted(int(k), n), Counted(int(l), theirs.n)).p_value < alpha for k, l in zip(ours, others, strict=True)]
    assert 0.74 <= np.mean(seen) <= 0.86


def test_where_nobody_is_no_rise_would_show():
    assert sequence.detectable(0, Counted(5, 100), 0.05) is None
    assert sequence.detectable(4, Counted(2, 4), 0.05) is None


@given(counted, counted)
def test_the_p_value_and_the_interval_say_the_same(ours, theirs):
    found = sequence.rates(ours, theirs)
    assert (found.p_value < 0.05) == (0.0 not in found.interval)
    assert -1 <= found.interval.low <= found.difference <= found.interval.high <= 1


@given(counted, counted)
def test_what_holds_on_all_days_is_wider_than_what_holds_on_one(ours, theirs):
    found, one_day = sequence.rates(ours, theirs).interval, statistics.newcombe(ours, theirs)
    enough = min(ours.successes, theirs.successes, ours.n - ours.successes, theirs.n - theirs.successes) >= 10
    assert not enough or found.high - found.low > one_day.high - one_day.low


@given(counted, counted)
def test_turned_round_it_is_its_mirror(ours, theirs):
    there, back = sequence.rates(ours, theirs), sequence.rates(theirs, ours)
    assert (there.interval.low, there.interval.high) == pytest.approx((-back.interval.high, -back.interval.low), abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value)


def test_a_day_on_which_an_arm_is_empty_excludes_nothing():
    assert sequence.rates_sequence([(Counted(0, 0), Counted(1, 5)), (Counted(0, 5), Counted(0, 5))])[0] == Interval(-1.0, 1.0)
    assert sequence.money(Moments(5, 0, 0), Moments(5, 0, 0), 0) is None


def test_a_handful_of_returns_decides_nothing():
    assert 0.0 in sequence.rates(Counted(8, 1000), Counted(0, 1000)).interval
    assert statistics.rates_differ(Counted(8, 1000), Counted(0, 1000)) < 0.05


def test_better_is_not_said_by_peeking_at_an_interval_for_one_day():
    """210 of 3,000 against 160 of 3,000: on the one day of the decision a difference, while one still looks daily none yet."""
    ours, theirs = Counted(210, 3000), Counted(160, 3000)
    on_the_day = comparison.adjust([comparison.of_rates("returned", "gift", ours, "holdout", theirs)])[0]
    while_looking = comparison.adjust([comparison.of_rates_so_far("returned", "gift", ours, "holdout", theirs)])[0]
    assert comparison.find(on_the_day, theirs, 0.02) is Finding.BETTER
    assert comparison.find(while_looking, theirs, 0.02) is Finding.NO_DIFFERENCE
    clear = comparison.adjust([comparison.of_rates_so_far("returned", "gift", Counted(330, 3000), "holdout", theirs)])[0]
    assert comparison.find(clear, theirs, 0.02) is Finding.BETTER
    assert comparison.find(clear.turned_round(), theirs, 0.02) is Finding.WORSE

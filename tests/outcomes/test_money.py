from __future__ import annotations

import numpy as np
import pytest

from winback.outcomes import money, statistics
from winback.outcomes.money import Amounts


def arm(dice: np.random.Generator, n: int, rate: float, factor: float = 1.0) -> Amounts:
    return Amounts(n, dice.lognormal(4.0, 0.6, int(dice.binomial(n, rate))) * factor)


def test_zeros_count_though_they_are_not_kept():
    one = Amounts(4, np.array([10.0, 30.0]))
    assert (one.moments().mean, one.moments().variance) == pytest.approx((10.0, np.var([0, 0, 10, 30], ddof=1)))
    assert one.moments(20).total == 30.0


def test_a_cap_takes_one_wholesale_buyer_out_of_the_verdict():
    dice = np.random.default_rng(1)
    ours, theirs = arm(dice, 3000, 0.05), arm(dice, 3000, 0.05)
    with_one = Amounts(3000, np.append(ours.paid[:-1], 250_000.0))
    assert abs(money.capped(with_one, theirs, 500).difference) < 1.5 < statistics.welch(with_one.moments(), theirs.moments()).difference
    assert money.capped(ours, theirs, 1e9) == statistics.welch(ours.moments(), theirs.moments())


def test_the_bootstrap_agrees_where_many_paid_and_not_where_one_made_it_all():
    dice = np.random.default_rng(2)
    ours, theirs = arm(dice, 5000, 0.05, 1.5), arm(dice, 5000, 0.05)
    found, plain = money.bootstrap(ours, theirs), statistics.welch(ours.moments(), theirs.moments())
    assert found.agrees
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (plain.interval.low, plain.interval.high), abs=0.15 * (plain.interval.high - plain.interval.low)
    )
    assert not money.bootstrap(Amounts(5000, np.append(theirs.paid, 250_000.0)), theirs).agrees


def test_where_few_paid_the_bootstrap_makes_the_same_mistake_and_agrees_with_nothing():
    """Without any difference, nine payers against one: Welch and the bootstrap find one in three of ten campaigns, and the doubt in all."""
    dice = np.random.default_rng(6)
    wrong, agreed = 0, 0
    for _ in range(200):
        ours, theirs = arm(dice, 900, 0.01), arm(dice, 100, 0.01)
        found = statistics.welch(ours.moments(), theirs.moments())
        wrong += found is not None and found.p_value < 0.05
        checked = money.bootstrap(ours, theirs, replicates=50)
        agreed += checked is not None and checked.agrees
    assert wrong > 30
    assert agreed == 0
    assert checked is not None
    assert checked.few_paid


def test_the_same_seed_gives_the_same_interval():
    dice = np.random.default_rng(3)
    ours, theirs = arm(dice, 500, 0.1), arm(dice, 500, 0.1)
    assert money.bootstrap(ours, theirs) == money.bootstrap(ours, theirs) != money.bootstrap(ours, theirs, seed=1)


def test_a_resampled_mean_has_the_mean_and_error_of_the_arm():
    """Also where so many paid that neighbouring amounts share a bin."""
    dice = np.random.default_rng(4)
    for one in (Amounts(1000, dice.lognormal(3, 1, 80)), Amounts(40_000, dice.lognormal(3, 1, 20_000) * np.where(dice.random(20_000) < 0.1, -1, 1))):
        other = Amounts(one.n, np.array([1.0, 1.0]))
        found, plain = money.bootstrap(one, other, replicates=4_000), statistics.welch(one.moments(), other.moments())
        assert sum((found.interval.low, found.interval.high)) / 2 == pytest.approx(plain.difference, rel=0.05)
        assert found.interval.high - found.interval.low == pytest.approx(plain.interval.high - plain.interval.low, rel=0.08)


def test_money_that_does_not_vary_has_nothing_to_check():
    assert money.bootstrap(Amounts(5, np.zeros(0)), Amounts(5, np.zeros(0))) is None


@pytest.mark.parametrize(("n", "rate"), [(2_000, 0.05), (20_000, 0.02)])
def test_welchs_interval_covers_money_where_fifty_and_more_paid(n, rate):
    dice = np.random.default_rng([n, 5])
    true = rate * np.exp(4.0 + 0.6**2 / 2) * 0.2
    covered = [true in statistics.welch(arm(dice, n, rate, 1.2).moments(), arm(dice, n // 2, rate).moments()).interval for _ in range(1_000)]
    assert 0.93 <= np.mean(covered) <= 0.97

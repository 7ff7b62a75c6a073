from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.outcomes import ratios, statistics, strata
from winback.outcomes.ratios import Joint
from winback.outcomes.statistics import Counted, Moments
from winback.outcomes.strata import MoneyStratum, Stratum

counted = st.integers(1, 2000).flatmap(lambda n: st.builds(Counted, st.integers(0, n), st.just(n)))

# Admissions to Berkeley by department, men and women (Bickel, Hammel & O'Connell 1975, Science 187): admitted out of applicants
BERKELEY = [
    Stratum(department, Counted(*men), Counted(*women))
    for department, men, women in [
        ("A", (512, 825), (89, 108)), ("B", (353, 560), (17, 25)), ("C", (120, 325), (202, 593)),
        ("D", (138, 417), (131, 375)), ("E", (53, 191), (94, 393)), ("F", (22, 373), (24, 341)),
    ]
]  # fmt: skip


def test_berkeley_turns_round_within_departments():
    men, women = (
        Counted(sum(getattr(one, side).successes for one in BERKELEY), sum(getattr(one, side).n for one in BERKELEY)) for side in ("ours", "theirs")
    )
    assert men.rate - women.rate == pytest.approx(0.1416454, abs=1e-6)
    found = strata.rates(BERKELEY)
    assert found.difference == pytest.approx(-0.0184251962, abs=1e-9)  # Mantel & Haenszel's
    assert found.p_value == pytest.approx(0.2169237, abs=1e-6)  # chi-square 1.5246066, without continuity correction
    assert 0.0 in found.interval


@given(counted, counted)
def test_one_stratum_is_the_plain_difference(ours, theirs):
    found, plain = strata.rates([Stratum("all", ours, theirs)]), statistics.newcombe(ours, theirs)
    assert found.difference == pytest.approx(ours.rate - theirs.rate)
    assert (found.interval.low, found.interval.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


def test_strata_that_lack_an_arm_are_passed_over():
    whole = Stratum("whole", Counted(30, 100), Counted(20, 100))
    lacking = Stratum("lacking", Counted(3, 10), Counted(0, 0))
    assert strata.rates([whole, lacking]) == strata.rates([whole])
    assert strata.rates([lacking]) is None
    assert strata.rates([]) is None


@pytest.mark.parametrize("base", [0.01, 0.05])
def test_strata_cover_the_common_difference_where_kinds_differ_a_lot(base):
    """Three kinds with one, two and five times the base rate, unevenly spread over the arms: the plain difference is far off."""
    dice = np.random.default_rng(int(base * 1000))
    kinds, mine, theirs = np.array([1, 2, 5]), np.array([1500, 1000, 500]), np.array([300, 500, 700])
    effect, covered, plainly = 0.01, 0, 0
    for _ in range(1_000):
        a, b = dice.binomial(mine, base * kinds + effect), dice.binomial(theirs, base * kinds)
        made = [Stratum(str(k), Counted(int(x), int(n)), Counted(int(y), int(m))) for k, x, n, y, m in zip(kinds, a, mine, b, theirs, strict=True)]
        covered += effect in strata.rates(made).interval
        plainly += effect in statistics.newcombe(Counted(int(a.sum()), 3000), Counted(int(b.sum()), 1500))
    assert 0.94 <= covered / 1_000 <= 0.97
    assert plainly / 1_000 < 0.9


def moments(values: np.ndarray) -> Moments:
    return Moments(values.size, float(values.sum()), float(values @ values))


def test_money_is_weighted_by_the_sizes_of_strata():
    first = MoneyStratum("a", moments(np.array([1.0, 3, 5])), moments(np.array([1.0, 2])))  # 3 - 1.5, five of nine
    second = MoneyStratum("b", moments(np.array([4.0, 6])), moments(np.array([10.0, 20])))  # 5 - 15, four of nine
    found = strata.money([first, second])
    assert found.difference == pytest.approx(1.5 * 5 / 9 - 10 * 4 / 9)
    error = np.sqrt((5 / 9) ** 2 * (4 / 3 + 0.5 / 2) + (4 / 9) ** 2 * (2 / 2 + 50 / 2))
    assert found.p_value == statistics.by_student(found.difference, error, degrees(first, second)).p_value
    assert strata.money([MoneyStratum("a", Moments(1, 5, 25), Moments(9, 5, 25))]) is None


def degrees(*parts: MoneyStratum) -> float:
    variances = [(w * w * side.variance / side.n, side.n) for w, one in zip((5 / 9, 4 / 9), parts, strict=True) for side in (one.ours, one.theirs)]
    return sum(v for v, _ in variances) ** 2 / sum(v * v / (n - 1) for v, n in variances)


def test_money_within_one_stratum_is_welchs_test():
    ours, theirs = moments(np.array([0.7, -1.6, -0.2, -1.2, 3.4])), moments(np.array([1.9, 0.8, 1.1, 0.1]))
    assert strata.money([MoneyStratum("all", ours, theirs)]) == statistics.welch(ours, theirs)


def joint(y: np.ndarray, x: np.ndarray) -> Joint:
    return Joint(y.size, float(y.sum()), float(x.sum()), float(y @ y), float(x @ x), float(x @ y))


def test_a_ratio_has_the_variance_of_the_jackknife():
    """Leaving out one customer at a time (Tukey 1958) is another way to the same variance."""
    dice = np.random.default_rng(3)
    x = dice.poisson(1.5, 800).astype(float)
    y = x * dice.lognormal(3, 0.5, 800)
    without = (y.sum() - y) / (x.sum() - x)
    jackknife = (y.size - 1) / y.size * float(((without - without.mean()) ** 2).sum())
    assert joint(y, x).ratio == pytest.approx(y.sum() / x.sum())
    assert joint(y, x).variance == pytest.approx(jackknife, rel=0.01)


def test_a_ratio_over_ones_is_welchs_test():
    ours, theirs = np.array([1.0, 4, 2, 8, 5]), np.array([3.0, 1, 2, 2])
    found, plain = ratios.compare(joint(ours, np.ones(5)), joint(theirs, np.ones(4))), statistics.welch(moments(ours), moments(theirs))
    assert (found.difference, found.interval.low, found.p_value) == pytest.approx((plain.difference, plain.interval.low, plain.p_value))


def test_average_checks_are_covered_where_customers_order_again_and_again():
    """Orders of one customer resemble each other; a test on orders as if they were customers is wrong far too often."""
    dice = np.random.default_rng(17)
    covered = wrongly = 0
    for _ in range(600):
        arms, orders = [], []
        for _ in range(2):
            x = dice.geometric(0.3, 300).astype(float)
            own = dice.lognormal(3, 0.6, 300)
            y = own * x
            arms.append(joint(y, x))
            orders.append(np.repeat(own, x.astype(int)))
        covered += 0.0 in ratios.compare(*arms).interval
        wrongly += statistics.welch(*(moments(one) for one in orders)).p_value < 0.05
    assert 0.93 <= covered / 600 <= 0.97
    assert wrongly / 600 > 0.2


@pytest.mark.parametrize("empty", [Joint(0, 0, 0, 0, 0, 0), Joint(5, 0, 0, 0, 0, 0), Joint(1, 4, 2, 16, 4, 8)])
def test_nothing_below_the_line_is_no_ratio(empty):
    assert ratios.compare(empty, Joint(3, 6, 3, 14, 3, 6)) is None

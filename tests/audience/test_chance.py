from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audience import cdnow
from winback.audience import chance, purchase_days
from winback.audience.chance import Fitted, History, Refusal, Unit

PAPER = Fitted(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK, log_likelihood=-9582.4, customers=2357)


def one(x: int, tx: float, T: float, unit: Unit = Unit.WEEK) -> History:
    return History(np.array([x]), np.array([tx]), np.array([T]), unit)


@st.composite
def pasts(draw, most: int = 400):
    x = draw(st.integers(0, most))
    T = draw(st.floats(0.2 if x else 0, 2000))
    return one(x, draw(st.floats(0.1, 1)) * T if x else 0.0, T)


parameters = st.floats(-9, 7).map(math.exp)
fits = st.builds(Fitted, parameters, parameters, parameters, parameters, st.just(Unit.WEEK), st.just(0.0), st.just(1))
spans = st.floats(0, 1000)


@pytest.fixture(scope="module")
def published():
    return cdnow.published()


@cdnow.needed
def test_the_published_sample_gives_the_published_parameters(published):
    fitted = chance.fit(published[1])
    assert fitted.customers == 2357
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=5.1e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.05)


@cdnow.needed
def test_all_customers_give_the_parameters_that_lifetimes_finds(published):
    fitted = chance.fit(published[0])
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.2516, 4.7889, 0.7234, 2.1611), abs=5.1e-5)
    assert fitted.log_likelihood == pytest.approx(-95368.44, abs=0.005)


@cdnow.needed
def test_days_or_weeks_are_one_fit_in_two_units(published):
    weeks = published[1]
    by_week, by_day = chance.fit(weeks), chance.fit(History(weeks.x, weeks.tx * 7, weeks.T * 7, Unit.DAY))
    assert (by_day.r, by_day.alpha / 7, by_day.a, by_day.b) == pytest.approx((by_week.r, by_week.alpha, by_week.a, by_week.b), rel=1e-5)


@cdnow.needed
def test_no_other_parameters_nearby_are_likelier(published):
    history = published[1]
    fitted = chance.fit(history)
    cells = chance.likelihood.cells(history.x, history.tx, history.T)
    for direction in np.vstack([np.eye(4), -np.eye(4)]):
        assert chance.likelihood.log_likelihood(fitted.point + 0.01 * direction, cells)[0] < fitted.log_likelihood


def test_the_papers_example():
    """Customer 1516 of the paper: two repeats, the last in week 30.43 of 38.86."""
    customer = one(2, 30.43, 38.86)
    assert chance.p_alive(PAPER, customer)[0] == pytest.approx(0.7266, abs=5e-5)
    assert chance.p_no_purchase(PAPER, customer, 39)[0] == pytest.approx(0.4454, abs=5e-5)
    assert chance.expected_purchases(PAPER, customer, 39)[0] == pytest.approx(1.226, abs=5e-4)


def test_the_likelihood_is_the_sum_over_customers_of_the_papers_formula():
    x, tx, T = np.array([0, 1, 1, 2, 7]), np.array([0, 3.5, 3.5, 30.43, 12]), np.array([5, 9, 9, 38.86, 39])
    r, alpha, a, b = 0.4, 3.0, 0.9, 1.7
    expected = sum(math.log(plain_likelihood(*past, r, alpha, a, b)) for past in zip(x.tolist(), tx.tolist(), T.tolist(), strict=True))
    cells = chance.likelihood.cells(x, tx, T)
    assert cells.customers.tolist() == [1, 2, 1, 1]
    assert chance.likelihood.log_likelihood(np.log([r, alpha, a, b]), cells)[0] == pytest.approx(expected, rel=1e-12)


def plain_likelihood(x, tx, T, r, alpha, a, b) -> float:
    """Equation 6 of the paper, without logarithms."""

    def beta(p, q):
        return math.gamma(p) * math.gamma(q) / math.gamma(p + q)

    stayed = beta(a, b + x) / beta(a, b) * math.gamma(r + x) * alpha**r / (math.gamma(r) * (alpha + T) ** (r + x))
    left = beta(a + 1, b + x - 1) / beta(a, b) * math.gamma(r + x) * alpha**r / (math.gamma(r) * (alpha + tx) ** (r + x)) if x else 0.0
    return stayed + left


@settings(deadline=None)
@given(st.lists(pasts(30), min_size=1, max_size=6), st.tuples(*[st.floats(-2, 2)] * 4))
def test_the_slope_is_that_of_the_likelihood(each, at):
    cells = chance.likelihood.cells(*(np.concatenate([getattr(past, name) for past in each]) for name in ("x", "tx", "T")))
    point, step = np.array(at), 1e-5
    slope = chance.likelihood.log_likelihood(point, cells)[1]
    for direction, rise in zip(np.eye(4), slope, strict=True):
        ahead, behind = (chance.likelihood.log_likelihood(point + sign * step * direction, cells)[0] for sign in (1, -1))
        assert (ahead - behind) / (2 * step) == pytest.approx(rise, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("x", "tx", "T", "h"), [(0, 0, 10, 4), (0, 0, 38.86, 39), (1, 2, 38.86, 39), (2, 30.43, 38.86, 39), (9, 30, 31, 26), (29, 35, 39, 52)]
)
@pytest.mark.parametrize(("r", "alpha", "a", "b"), [(0.243, 4.414, 0.793, 2.426), (0.6, 9, 0.1, 0.3), (2, 20, 1, 1), (1.5, 12, 1.6, 0.4)])
def test_expected_purchases_are_those_of_the_papers_hypergeometric_function(x, tx, T, h, r, alpha, a, b):
    fitted = Fitted(r, alpha, a, b, Unit.WEEK, 0, 0)
    expected = equation_10(x, T, h, r, alpha, a + 1e-7 * (a == 1), b)  # the equation divides by a - 1
    assert chance.expected_purchases(fitted, one(x, tx, T), h)[0] / chance.p_alive(fitted, one(x, tx, T))[0] == pytest.approx(expected, rel=1e-5)


def equation_10(x, T, h, r, alpha, a, b) -> float:
    """Of the paper, for a customer who hasn't left; the series of 2F1 after Euler's transformation (DLMF 15.8.1)."""
    z = h / (alpha + T + h)
    first, second, third = a + b - 1 - r, a - 1, a + b + x - 1
    term = total = 1.0
    for n in range(5000):
        term *= (first + n) * (second + n) / (third + n) / (n + 1) * z
        total += term
    return third / (a - 1) * (1 - (1 - z) ** (a - 1) * total)


@settings(deadline=None)
@given(fits, pasts(), spans)
def test_a_chance_lies_between_0_and_1_whatever_the_parameters(fitted, past, h):
    assert 0 <= chance.p_alive(fitted, past)[0] <= 1
    assert 0 <= chance.p_no_purchase(fitted, past, h)[0] <= 1
    assert 0 <= chance.expected_purchases(fitted, past, h)[0] < math.inf


@settings(deadline=None)
@given(fits, pasts(), spans, spans)
def test_the_longer_the_wait_the_likelier_a_purchase(fitted, past, h, more):
    assert chance.p_no_purchase(fitted, past, h + more)[0] <= chance.p_no_purchase(fitted, past, h)[0]
    assert chance.expected_purchases(fitted, past, h + more)[0] >= chance.expected_purchases(fitted, past, h)[0] * (1 - 1e-9)


@settings(deadline=None)
@given(fits, pasts(), spans)
def test_no_fewer_purchases_are_expected_than_the_chance_of_one(fitted, past, h):
    assert chance.expected_purchases(fitted, past, h)[0] >= (1 - chance.p_no_purchase(fitted, past, h)[0]) * (1 - 1e-4) - 1e-12


@settings(deadline=None)
@given(fits, st.integers(1, 400), st.floats(1, 1000), st.floats(0.01, 1), st.floats(0.01, 1), spans)
def test_of_two_who_bought_as_often_the_later_is_likelier_to_be_here(fitted, x, T, one_share, other_share, h):
    earlier, later = (one(x, share * T, T) for share in sorted((one_share, other_share)))
    assert chance.p_alive(fitted, earlier)[0] <= chance.p_alive(fitted, later)[0]
    assert chance.p_no_purchase(fitted, earlier, h)[0] >= chance.p_no_purchase(fitted, later, h)[0]


def test_nothing_overflows_for_a_reseller_who_bought_every_day_for_30_years_and_stopped():
    past = one(11_000, 11_000.0, 22_000.0)
    assert chance.p_alive(PAPER, past)[0] == 0
    assert chance.p_no_purchase(PAPER, past, 365)[0] == 1


def test_a_single_purchase_leaves_everybody_alive_but_not_equally_likely_to_buy():
    pasts = History(np.array([0, 0]), np.array([0.0, 0.0]), np.array([2.0, 200.0]), Unit.WEEK)
    assert chance.p_alive(PAPER, pasts).tolist() == [1, 1]
    fresh, old = chance.p_no_purchase(PAPER, pasts, 26)
    assert fresh < old


def test_made_up_customers_give_back_the_parameters_they_were_made_with():
    """40,000 of them, watched for one to two years; the bounds are about four standard errors."""
    r, alpha, a, b = 0.8, 40.0, 0.6, 2.5
    fitted = chance.fit(made_up(np.random.default_rng(20261123), 40_000, r, alpha, a, b))
    assert (fitted.r, fitted.alpha) == pytest.approx((r, alpha), rel=0.06)
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(a / (a + b), rel=0.05)


def made_up(dice, customers, r, alpha, a, b) -> History:
    rate, leaving, T = dice.gamma(r, 1 / alpha, customers), dice.beta(a, b, customers), dice.uniform(365, 730, customers)
    x, tx, here = np.zeros(customers, dtype=np.int64), np.zeros(customers), np.ones(customers, dtype=bool)
    while here.any():
        following = tx + dice.exponential(1 / rate)
        here &= following <= T
        x, tx = x + here, np.where(here, following, tx)
        here &= dice.random(customers) >= leaving
    return History(x, tx, T)


def plenty(x, tx, T, repeaters=50, singles=100) -> History:
    return History(np.array([x] * repeaters + [0] * singles), np.array([tx] * repeaters + [0.0] * singles), np.array([T] * (repeaters + singles)))


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (History(np.array([], dtype=np.int64), np.array([]), np.array([])), "0 customers have bought"),
        (plenty(2, 10.0, 50.0, repeaters=50, singles=49), "99 customers have bought"),
        (plenty(2, 10.0, 50.0, repeaters=29), "29 customers bought on a second day"),
        (plenty(2, 10.0, 50.0, repeaters=120, singles=0), "nothing tells one from another"),
    ],
)
def test_too_little_to_tell_is_refused_with_a_sentence(past, words):
    refused = chance.fit(past)
    assert isinstance(refused, Refusal)
    assert words in refused.sentence
    assert "plain rule" in refused.sentence


def test_where_nobody_who_repeats_ever_leaves_everybody_is_here():
    past = plenty(60, 360.0, 365.0, repeaters=500, singles=500)
    fitted = chance.fit(past)
    assert chance.p_alive(fitted, past).min() > 0.999
    assert np.isfinite(chance.expected_purchases(fitted, past, 182)).all()


@pytest.mark.parametrize(("x", "tx", "T"), [(-1, 0, 5), (0, 1, 5), (1, 0, 5), (1, 6, 5), (0, 0, -1), (1, math.nan, 5), (0, 0, math.inf)], ids=str)
def test_what_cannot_have_happened_is_no_history(x, tx, T):
    with pytest.raises(ValueError, match="is no history"):
        one(x, float(tx), float(T))


def test_columns_that_do_not_fit_together_are_no_history():
    with pytest.raises(ValueError, match="the same length"):
        History(np.array([1, 2]), np.array([1.0]), np.array([2.0]))
    with pytest.raises(ValueError, match="whole numbers"):
        one(1.5, 2.0, 3.0)


def test_a_fit_by_the_week_is_not_asked_by_the_day():
    with pytest.raises(ValueError, match="fitted by the week, asked by the day"):
        chance.p_no_purchase(PAPER, one(0, 0.0, 5.0, Unit.DAY), 30)


def test_a_history_counts_distinct_days_known_at_the_cut():
    def day(text):
        return date.fromisoformat(text).toordinal()

    bought = purchase_days.distinct([7, 3, 7, 7, 7, 9], [day(f"1997-{text}") for text in ("01-15", "02-01", "01-01", "01-15", "03-01", "02-11")])
    past = chance.history(bought, day("1997-02-10"))
    assert bought.until(day("1997-02-10")).customers.tolist() == [3, 7]
    assert (past.x.tolist(), past.tx.tolist(), past.T.tolist()) == ([0, 1], [0, 14], [9, 40])
    assert chance.history(bought, day("1997-02-10"), Unit.WEEK).tx.tolist() == [0, 2]


def test_nobody_has_no_history():
    assert chance.history(purchase_days.distinct([], []), 0).x.size == 0

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.audience import shrinkage, worth
from winback.audience.shrinkage import Credibility
from winback.audience.worth import Cost, Expectation, Prices, Promise

D = Decimal


def test_lifetime_value_is_check_by_purchases_by_margin_by_months():
    """100 purchases for 50,000 in 400 customer-months: 500 a check, a quarter of a purchase a month."""
    found = worth.lifetime_value(D(50_000), 100, D(400), D("0.4"), D(24))
    assert (found.average_check, found.purchases_a_month) == (500, D("0.25"))
    assert found.amount == 1200


def test_goods_brought_back_lower_the_value():
    assert worth.lifetime_value(D(50_000 - 5_000), 100, D(400), D("0.4"), D(24)).amount == 1080


@pytest.mark.parametrize(("purchases", "months"), [(0, D(400)), (0, D(0))])
def test_no_orders_have_no_value_instead_of_zero(purchases, months):
    assert worth.lifetime_value(D(0), purchases, months, D("0.4"), D(24)) is None


def test_life_is_counted_from_closed_customers():
    closed = [(date(2020, 1, 1), date(2022, 1, 1)), (date(2021, 3, 1), date(2021, 3, 1))]
    assert float(worth.months_of_life(closed)) == pytest.approx(731 / 2 / 30.4375)
    assert worth.months_of_life([]) is None


def test_life_is_one_over_the_monthly_churn():
    assert worth.months_by_churn(25, D(500)) == 20
    assert worth.months_by_churn(0, D(500)) is None


def test_a_return_is_expected_to_bring_its_chance_of_the_next_years_margin():
    expected = Expectation(chance=D("0.1"), orders_a_year=D(4), average_order=D(500), margin=D("0.4"))
    assert expected.next_year == 800
    assert expected.amount == 80


def test_who_brought_back_more_than_they_bought_is_expected_to_bring_nothing():
    assert Expectation(D("0.1"), D(4), D(-20), D("0.4")).amount == 0


def test_a_sequence_costs_its_letters_calls_and_what_is_taken_up():
    """Three letters, a message, a call, a gift of 150 and 10 % off an order of 600, each taken up by every tenth."""
    promises = [Promise(gift=D(150), take_up=D("0.1")), Promise(discount=D("0.1"), take_up=D("0.1"))]
    cost = worth.cost_of_sequence(
        Prices(letter=D("0.01"), message=D("0.02"), call=D(30)), letters=3, messages=1, calls=1, promises=promises, average_order=D(600)
    )
    assert cost == Cost(letters=D("0.03"), messages=D("0.02"), calls=D(30), promises=D(21))
    assert cost.amount == D("51.05")


def test_a_gift_is_counted_whole_unless_said_how_many_take_it():
    assert Promise(gift=D(150)).cost(D(600)) == 150


def test_a_discount_on_nothing_costs_nothing():
    assert Promise(discount=D("0.2")).cost(D(-40)) == 0


@pytest.mark.parametrize(("cost", "is_worth_it"), [("79.99", True), ("80", False), ("80.01", False)])
def test_it_is_worth_it_when_more_is_expected_than_spent(cost, is_worth_it):
    verdict = worth.worth_it(Expectation(D("0.1"), D(4), D(500), D("0.4")), Cost(D(cost), D(0), D(0), D(0)))
    assert (verdict.expected, verdict.cost, verdict.is_worth_it) == (80, D(cost), is_worth_it)


def test_average_orders_are_drawn_to_the_mean_as_buehlmann_and_straub_reckon():
    """Orders of 8 and 12 | 20, 20 and 20 | 31: their mean is 18.5, and 6 - 3 degrees of freedom are left within customers."""
    orders, revenue, squares = np.array([2, 3, 1, 0]), np.array([20.0, 60.0, 31.0, 0.0]), np.array([208.0, 1200.0, 961.0, 0.0])
    within = 8 / 3
    between = (2 * 8.5**2 + 3 * 1.5**2 + 12.5**2 - 2 * within) / (6 - 14 / 6)
    found = shrinkage.average_order(orders, revenue, squares)
    assert found.k == pytest.approx(within / between)
    shares = [n / (n + found.k) for n in (2, 3, 1)]
    mean = (shares[0] * 10 + shares[1] * 20 + shares[2] * 31) / sum(shares)
    assert found.mean == pytest.approx(mean)
    drawn = found.shrunk(np.array([10.0, 20.0, 31.0, math.nan]), orders.astype(float))
    assert drawn.tolist() == pytest.approx([mean + share * (own - mean) for share, own in zip(shares, (10, 20, 31), strict=True)] + [mean])


def test_one_order_is_believed_less_than_ten():
    share = Credibility(mean=100, k=4).share_of_own(np.array([0.0, 1.0, 10.0]))
    assert share.tolist() == pytest.approx([0, 0.2, 10 / 14])


def test_customers_who_do_not_differ_are_all_the_mean():
    """Every customer's orders are 10 and 30: all the difference lies within them."""
    found = shrinkage.average_order(np.array([2, 2, 2]), np.array([40.0] * 3), np.array([1000.0] * 3))
    assert math.isinf(found.k)
    assert found.shrunk(np.array([20.0, 500.0]), np.array([2.0, 1.0])).tolist() == [20, 20]


def test_customers_whose_own_orders_never_differ_are_believed_from_the_first():
    found = shrinkage.average_order(np.array([2, 2]), np.array([20.0, 60.0]), np.array([200.0, 1800.0]))
    assert found.k == 0
    assert found.shrunk(np.array([10.0, 30.0, 99.0]), np.array([2.0, 1.0, 0.0])).tolist() == [10, 30, 20]


@pytest.mark.parametrize("orders", [[], [0, 0], [1, 1, 1]], ids=["no customers", "no orders", "one order each"])
def test_without_a_second_order_nobody_knows_how_far_orders_lie_apart(orders):
    amounts = np.array(orders, dtype=float) * 10
    assert shrinkage.average_order(np.array(orders, dtype=np.int64), amounts, amounts**2) is None


@pytest.mark.parametrize(("orders", "years"), [([], []), ([3], [2.0]), ([0, 0], [1.0, 1.0]), ([3, 1], [0.0, 0.0])])
def test_orders_a_year_need_two_customers_and_an_order(orders, years):
    assert shrinkage.orders_a_year(np.array(orders, dtype=np.int64), np.array(years)) is None


def test_made_up_customers_give_back_how_far_they_differ():
    """20,000 whose rates are Gamma(2, 1/3), so that k is 3 years and the mean 2/3 of an order; about four standard errors."""
    dice = np.random.default_rng(7)
    years = dice.uniform(0.5, 4, 20_000)
    found = shrinkage.orders_a_year(dice.poisson(dice.gamma(2, 1 / 3, 20_000) * years), years)
    assert found.k == pytest.approx(3, rel=0.15)
    assert found.mean == pytest.approx(2 / 3, rel=0.03)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.1, 10)), min_size=2, max_size=20))
def test_a_shrunk_rate_lies_between_the_own_and_the_mean(known):
    orders, years = np.array([count for count, _ in known]), np.array([time for _, time in known])
    found = shrinkage.orders_a_year(orders, years)
    if found:
        own = orders / years
        drawn = found.shrunk(own, years)
        assert (np.minimum(own, found.mean) - 1e-9 <= drawn).all()
        assert (drawn <= np.maximum(own, found.mean) + 1e-9).all()

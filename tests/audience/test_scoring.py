"""Everybody's scores from columns, against the figures of one customer and plain Python."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audience import cdnow, histories
from tests.audience.histories import TODAY
from winback.audience import chance, scoring, shrinkage, value_classes, worth
from winback.audience.lifecycle import Lifecycle, Stage
from winback.audience.scoring import Sample
from winback.audience.value import Regularity, RegularityLimits, Value, ValueClass

SHOP = histories.shop()
NOBODY = Sample(np.array([], dtype=np.int64), np.array([]), np.array([]))


def scored(shop, *, value=None, sample=None, **columns):
    return scoring.score(
        histories.known(shop, **columns), sample or histories.sample(shop), value or Value(), Lifecycle(), histories.TODAY.toordinal()
    )


def test_an_empty_shop_has_no_scores_and_says_why():
    made = scored({})
    assert made.stage.size == made.value_class.size == made.expected_value.size == 0
    assert made.sentences == (
        "No chance is told, so no expected value either: 0 customers have bought; a chance needs 100 or more. Use the plain rule until then.",
    )
    assert made.basis == {"months_of_life": 24, "months_of_life_from": "value.yaml", "by": "profit"}


def test_a_shop_with_a_single_customer_scores_them_as_far_as_one_purchase_tells():
    made = scored({1: [(TODAY - timedelta(days=10), 25_000)]})
    assert made.stage.tolist() == [Stage.BUYER]
    assert made.value_class.tolist() == [ValueClass.GOLD]
    assert made.regularity.tolist() == [None]
    assert (made.recency.tolist(), made.frequency.tolist(), made.money.tolist()) == ([1], [1], [1])
    assert (made.profit.tolist(), made.lifetime_value.tolist()) == ([10_000], [240_000])
    assert np.isnan([*made.chance_lost, *made.expected_value]).all()
    assert made.sentences[0].endswith("1 customer has bought; a chance needs 100 or more. Use the plain rule until then.")


def test_of_who_never_bought_nothing_is_told():
    made = scored(SHOP)
    never = np.array([not history for history in SHOP.values()])
    assert never.sum() == 20
    assert set(made.stage[never]) == {Stage.POTENTIAL}
    assert set(made.value_class[never]) == set(made.regularity[never]) == {None}
    assert not (made.recency[never] | made.frequency[never] | made.money[never] | made.profit[never]).any()
    assert np.isnan([made.lifetime_value[never], made.chance_lost[never], made.expected_value[never]]).all()
    assert not np.isnan([made.lifetime_value[~never], made.chance_lost[~never], made.expected_value[~never]]).any()
    assert made.sentences == ()


def test_where_all_bought_once_a_chance_would_be_a_guess():
    made = scored({number: [(TODAY - timedelta(days=number), 10_000)] for number in range(1, 121)})
    assert made.sentences[0].endswith("0 customers bought on a second day; a chance needs 30 or more. Use the plain rule until then.")
    assert set(made.stage) == {Stage.BUYER}


def test_without_two_orders_of_anybody_in_the_shops_currency_a_return_has_no_value_but_a_chance():
    made = scored(SHOP, sample=NOBODY)
    assert made.sentences == ("Nobody bought twice, so no expected value of a return can be told.",)
    assert np.isnan(made.expected_value).all()
    assert not np.isnan(made.chance_lost[[bool(history) for history in SHOP.values()]]).any()


def test_lifetime_value_is_the_one_that_is_reckoned_for_a_customer_alone():
    made = scored(SHOP)
    months = Decimal(str(made.basis["months_of_life"]))
    for history, found in zip(SHOP.values(), made.lifetime_value, strict=True):
        if not history:
            continue
        lived = max(Decimal((TODAY - history[0][0]).days) / worth.DAYS_A_MONTH, Decimal(1))
        alone = worth.lifetime_value(Decimal(sum(amount for _, amount in history)), len(history), lived, Decimal("0.4"), months)
        assert found == pytest.approx(float(alone.amount), rel=2e-3)  # the basis is rounded, and profit is whole


def closed(today: date = TODAY) -> list[tuple[date, date]]:
    lost = [history for history in SHOP.values() if len(history) > 1 and (today - history[-1][0]).days >= 365]
    return [(history[0][0], history[-1][0]) for history in lost]


def test_a_life_is_as_long_as_that_of_the_lost_who_had_come_back_once():
    made = scored(SHOP)
    assert len(closed()) >= scoring.FEWEST_CLOSED
    assert made.basis["months_of_life"] == pytest.approx(float(worth.months_of_life(closed())), abs=0.005)
    assert made.basis["months_of_life_from"] == f"{len(closed())} lost customers"


def test_of_few_lost_customers_no_life_is_learnt():
    few = dict(list(SHOP.items())[:60])
    assert scored(few, value=Value(months_of_life=7)).basis["months_of_life"] == 7


def expected(number: int, made: scoring.Scores, *, margin=0.4) -> float:
    """(1 - chance) x purchases a year x average order x margin, each of the two figures drawn to everybody's."""
    history = SHOP[number]
    bought = [each for each in SHOP.values() if each]
    years = [(each[-1][0] - each[0][0]).days / 365.25 for each in bought]
    repeats = [len({day for day, _ in each}) - 1 for each in bought]
    rate, order = shrinkage.orders_a_year(np.array(repeats), np.array(years)), shrinkage.average_order(*_orders())
    own_years = (history[-1][0] - history[0][0]).days / 365.25
    own_rate = (len({day for day, _ in history}) - 1) / own_years if own_years else 0.0
    own_order = sum(amount for _, amount in history) / len(history)
    yearly = rate.mean + own_years / (own_years + rate.k) * (own_rate - rate.mean)
    average = order.mean + len(history) / (len(history) + order.k) * (own_order - order.mean)
    return (1 - made.chance_lost[number - 1]) * yearly * average * margin


def _orders():
    learnt = histories.sample(SHOP)
    return learnt.orders, learnt.revenue, learnt.squares


def test_the_expected_value_is_the_chance_of_a_return_times_the_margin_of_the_year_after_it():
    made = scored(SHOP)
    for number in (number for number, history in SHOP.items() if history):
        assert made.expected_value[number - 1] == pytest.approx(expected(number, made), rel=1e-9)
    assert made.basis["days_ahead"] == 182


def test_a_margin_that_orders_tell_comes_before_the_shops_share():
    known = np.array([sum(amount for _, amount in history) // 2 for history in SHOP.values()], dtype=np.int64)
    made, plain = scored(SHOP, margin=known // 10, margin_known=known), scored(SHOP)
    revenue = np.array([sum(amount for _, amount in history) for history in SHOP.values()])
    bought = revenue > 0
    assert made.profit[bought].tolist() == np.rint((known // 10 + (revenue - known) * 0.4)[bought]).tolist()
    assert made.expected_value[bought] == pytest.approx(plain.expected_value[bought] / 4, rel=1e-3)


def test_who_brought_back_more_than_they_bought_is_worth_nothing_more_and_copper():
    revenue = np.array([sum(amount for _, amount in history) for history in SHOP.values()], dtype=np.int64)
    revenue[0] = -100_000_000
    made = scored(SHOP, revenue=revenue)
    assert made.expected_value[0] == 0
    assert made.value_class[0] is ValueClass.COPPER
    assert made.profit[0] == -40_000_000


def test_gold_is_counted_by_profit_or_by_revenue_as_the_shop_says():
    shop = {1: [(TODAY, 90_000)], 2: [(TODAY, 100_000)]}
    margins = {"margin": np.array([80_000, 10_000]), "margin_known": np.array([90_000, 100_000])}
    assert scored(shop, **margins).value_class.tolist() == [ValueClass.GOLD, ValueClass.SILVER]
    assert scored(shop, value=Value(by="revenue"), **margins).value_class.tolist() == [ValueClass.GOLD, ValueClass.GOLD]


def test_regularity_counts_empty_quarters_from_the_first_order_to_today():
    def every(days: int, times: int):
        return [(TODAY - timedelta(days=days * place), 10_000) for place in reversed(range(times))]

    made = scored({1: every(91, 6), 2: every(182, 3), 3: [(TODAY - timedelta(days=800), 10_000), (TODAY, 10_000)], 4: every(20, 4)})
    assert made.regularity.tolist() == [Regularity.STEADY, Regularity.UNEVEN, Regularity.ERRATIC, None]


@cdnow.needed
@pytest.mark.parametrize(
    ("limits", "erratic", "by_calendar"),
    [(RegularityLimits(), 21_016, 21_010), (RegularityLimits(steady=0.1, uneven=0.25), 23_482, 23_482)],
    ids=["as shipped", "the textbook's"],
)
def test_on_real_orders_gold_silver_copper_and_regularity_are_what_decision_22_says(limits, erratic, by_calendar):
    """27, 40 and 33 % of 23,502 customers bring 75, 20 and 5 %; six quarters leave nearly all of them erratic by the textbook's limits."""
    shop, end = cdnow.purchases(), date(1998, 6, 30)
    known = histories.known(shop, today=end)
    made = scoring.score(known, histories.sample(shop), Value(by="revenue", regularity=limits), Lifecycle(), end.toordinal())
    assert Counter(made.value_class.tolist()) == {ValueClass.GOLD: 6_277, ValueClass.SILVER: 9_462, ValueClass.COPPER: 7_763}
    shares = [known.revenue[made.value_class == word].sum() / known.revenue.sum() for word in ValueClass]
    assert shares == pytest.approx([0.75, 0.20, 0.05], abs=1e-4)
    assert Counter(made.regularity.tolist())[Regularity.ERRATIC] == erratic
    quarters, first = np.zeros((len(shop), 6), dtype=np.int64), np.zeros(len(shop), dtype=np.int64)
    for place, history in enumerate(shop.values()):
        for day, cents in reversed(history):
            first[place] = (day.year - 1997) * 4 + (day.month - 1) // 3
            quarters[place, first[place]] += cents
    by_quarter = value_classes.xyz(value_classes.variation(quarters, first), limits)
    assert Counter(by_quarter.tolist())[Regularity.ERRATIC] == by_calendar


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 8), st.integers(5, 120), st.integers(1_000, 90_000), st.integers(0, 300), st.integers(1, 700))
def test_of_two_who_bought_alike_who_is_surer_gone_is_worth_less(times, gap, amount, silent, longer):
    """Only the silence differs, so only the chance does."""
    rest = {number + 10: history for number, history in SHOP.items()}

    def bought(days: int):
        return [(TODAY - timedelta(days=days + gap * place), amount) for place in reversed(range(times))]

    made = scored({1: bought(silent), 2: bought(silent + longer), **rest})
    assert made.chance_lost[0] < made.chance_lost[1]
    assert made.expected_value[0] > made.expected_value[1] >= 0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_scores_lie_where_they_can(seed):
    made = scored(histories.shop(customers=140, seed=seed))
    bought = made.recency > 0
    assert ((made.chance_lost[bought] >= 0) & (made.chance_lost[bought] <= 1)).all()
    assert (made.expected_value[bought] >= 0).all()
    assert set(made.recency[bought]) | set(made.frequency[bought]) | set(made.money[bought]) <= {1, 2, 3, 4, 5}
    json.dumps(made.basis, allow_nan=False)


@pytest.mark.parametrize("gap", [1, 30])
def test_a_shop_where_all_buy_at_one_rate_and_nobody_leaves_is_scored_too(gap):
    shop = {
        number: [(TODAY - timedelta(days=gap * place + number % gap), 5_000) for place in reversed(range(25 + number % 5))]
        for number in range(1, 151)
    }
    made = scored(shop)
    json.dumps(made.basis, allow_nan=False)
    assert (made.chance_lost < 0.05).all()
    assert made.expected_value == pytest.approx(np.full(150, 2_000 * 365.25 / gap), rel=0.05)


def test_the_chance_is_the_one_of_the_shops_own_orders():
    made = scored(SHOP)
    bought = [history for history in SHOP.values() if history]
    counts = np.array([len({day for day, _ in history}) - 1 for history in bought])
    spans = np.array([(history[-1][0] - history[0][0]).days for history in bought], dtype=float)
    past = chance.History(counts, spans, np.array([(TODAY - history[0][0]).days for history in bought], dtype=float))
    fitted = chance.fit(past)
    assert made.chance_lost[~np.isnan(made.chance_lost)] == pytest.approx(chance.p_no_purchase(fitted, past, 182))
    assert made.basis["r"] == pytest.approx(fitted.r)
    assert not math.isnan(made.basis["average_order_minor"])

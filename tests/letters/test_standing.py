"""What a customer has and has had, and what is given back of an order that went wrong."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.journey.content import Compensation
from winback.letters import standing
from winback.letters.standing import BenefitValues
from winback.model import Benefits, Money, ProblemOrder

TODAY = date(2026, 11, 24)


def given_back(amount: str, currency: str = "UAH", *, today: date = TODAY, **rule):
    problem = ProblemOrder("20417", date(2026, 10, 2), Money(Decimal(amount), currency))
    return standing.compensation(problem, Compensation.model_validate(rule), begins_on=TODAY, today=today, locale="en")


@pytest.mark.parametrize(
    ("amount", "currency", "share", "back"),
    [
        ("20000", "UAH", 0.2, "UAH 4,000"),  # of the problem order, however large the next one is
        ("1240", "UAH", 0.2, "UAH 248"),
        ("99.99", "UAH", 0.2, "UAH 20"),
        ("99.98", "UAH", 0.15, "UAH 15"),
        ("10.02", "UAH", 0.25, "UAH 2.51"),  # half up: 2.505
        ("1003", "JPY", 0.5, "¥502"),
    ],
)
def test_a_share_of_the_order_that_went_wrong_is_given_back(amount, currency, share, back):
    assert given_back(amount, currency, share=share).amount.replace("\xa0", " ") == back


@given(minor=st.integers(1, 10**9), share=st.floats(0.01, 1))
def test_never_more_than_the_order_itself_is_given_back(minor, share):
    whole = Money.from_minor(minor, "UAH")
    back = standing.part(whole, share)
    assert Decimal(0) <= back.amount <= whole.amount
    assert back == Money.from_minor(back.minor, "UAH")


def test_a_fifth_for_ninety_days_is_the_rule_where_the_campaign_says_nothing():
    back = given_back("1240")
    assert (back.order, back.ordered_on, back.ends_on) == ("20417", date(2026, 10, 2), date(2027, 2, 22))


def test_nothing_is_promised_after_its_last_day_or_for_an_order_of_nothing():
    assert given_back("1240", today=TODAY + timedelta(days=90)) is not None
    assert given_back("1240", today=TODAY + timedelta(days=91)) is None
    assert given_back("0") is None
    assert standing.compensation(None, Compensation(), begins_on=TODAY, today=TODAY, locale="en") is None


@pytest.mark.parametrize(
    ("has", "shown"),
    [
        (None, None),
        (Benefits(), None),
        (Benefits(points=420), BenefitValues(420, None, None, None)),
        (Benefits(discount=0.07, code="A"), BenefitValues(None, 7, "A", None)),
        (Benefits(points=420, ends_on=TODAY), BenefitValues(420, None, None, TODAY)),
        (Benefits(points=420, ends_on=TODAY - timedelta(days=1)), None),
    ],
)
def test_benefits_are_what_is_there_and_not_over(has, shown):
    assert standing.benefits(has, TODAY) == shown


@pytest.mark.parametrize(
    ("first", "years"),
    [(date(2025, 11, 25), None), (date(2025, 11, 24), 1), (date(2020, 2, 29), 6), (date(2026, 11, 24), None)],
)
def test_years_together_are_whole_ones(first, years):
    assert standing.together(3, first, TODAY).years == years


def test_who_never_ordered_has_no_results_together():
    assert standing.together(0, None, TODAY) is None

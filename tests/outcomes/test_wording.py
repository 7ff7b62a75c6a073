"""Numbers as people read them."""

from __future__ import annotations

import string
from datetime import timedelta
from decimal import Decimal

import pytest

from winback.outcomes import wording
from winback.outcomes.sentences import ENGLISH
from winback.outcomes.statistics import Counted


@pytest.mark.parametrize(
    ("value", "digits", "plain", "signed"),
    [(1234.5, 0, "1,234", "+1,234"), (-0.04, 1, "0.0", "0.0"), (0, 1, "0.0", "0.0"), (-1234.56, 1, "−1,234.6", "−1,234.6"), (Decimal("0.5"), 2, "0.50", "+0.50")],
)  # fmt: skip
def test_numbers_have_thousands_a_real_minus_and_no_sign_on_zero(value, digits, plain, signed):
    assert wording.number(value, digits) == plain
    assert wording.signed(value, digits) == signed


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0.0, "<0.001"), (0.00099, "<0.001"), (0.0312, "0.031"), (0.2, "0.20"), (1.0, "1.00")])
def test_p_values_are_as_exact_as_they_are_useful(value, shown):
    assert wording.p_value(value) == shown


@pytest.mark.parametrize(
    ("time", "shown"), [(timedelta(days=60), "60 days"), (timedelta(hours=36), "36 hours"), (timedelta(minutes=90), "1.5 hours")]
)
def test_windows_are_said_in_days_where_they_are_whole_days(time, shown):
    assert wording.length(time, ENGLISH) == shown


@pytest.mark.parametrize(
    ("rates", "digits"),
    [
        ([Counted(150, 3000), Counted(10, 1000)], 1),
        ([Counted(15, 3000), Counted(10, 1000)], 2),
        ([Counted(0, 50), Counted(1, 60)], 1),
        ([Counted(0, 0)], 1),
    ],
)
def test_small_rates_of_many_customers_have_two_decimals(rates, digits):
    assert wording.digits_for(*rates) == digits


def test_every_sentence_can_be_filled_in():
    for key, sentence in ENGLISH.items():
        assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(sentence)), key

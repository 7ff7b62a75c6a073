from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.audience import amounts


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("11.77", "11.77", None),
        ("11,77", None, "11.77"),
        ("1 234,50", None, "1234.5"),
        ("1 234.50", "1234.5", None),
        ("1\u00a0234\u202f567", "1234567", "1234567"),
        ("1,234.50", "1234.5", None),
        ("1.234,50", None, "1234.5"),
        ("1'234'567.5", "1234567.5", None),
        ("-5", "-5", "-5"),
        ("−5", "-5", "-5"),
        ("+5", "5", "5"),
        ("0", "0", "0"),
        ("5.", "5", None),
        ("1 23", None, None),
        ("12 34,5", None, None),
        ("", None, None),
        ("-", None, None),
        (".5", None, None),
        ("--1", None, None),
        ("1..2", None, None),
        ("1.2.3", None, None),
        ("12 USD", None, None),
        ("1e3", None, None),
        ("nan", None, None),
        ("٣", None, None),
    ],
)
def test_an_amount_is_read_only_when_it_can_mean_one_thing(text, point, comma):
    assert amounts.parse(text, "point") == (point and Decimal(point))
    assert amounts.parse(text, "comma") == (comma and Decimal(comma))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_what_is_written_is_read_again(amount):
    assert amounts.parse(f"{amount:f}", "point") == amount
    assert amounts.parse(f"{amount:f}".replace(".", ","), "comma") == amount
    assert amounts.parse(f"{amount:,f}", "point") == amount


@pytest.mark.parametrize(("number", "shown"), [(0.1, "0.1"), (12, "12"), (Decimal("1.10"), "1.10"), (float("nan"), None), (float("inf"), None)])
def test_a_number_from_a_database_is_the_amount_that_it_shows(number, shown):
    assert amounts.exact(number) == (shown and Decimal(shown))


@pytest.mark.parametrize(
    ("amount", "digits", "minor"),
    [
        ("11.77", 2, 1177),
        ("12.345", 2, 1234),
        ("12.355", 2, 1236),
        ("-3.005", 2, -300),
        ("500", 0, 500),
        ("92233720368547758.08", 2, None),
        ("1e30", 2, None),
    ],
)
def test_minor_units_are_rounded_half_to_even_and_fit_into_64_bits(amount, digits, minor):
    assert amounts.in_minor(Decimal(amount), digits) == minor


@pytest.mark.parametrize(("number", "quantity"), [("3", 3), ("3.0", 3), ("-2", -2), ("0.25", None), ("2147483648", None), ("1e40", None)])
def test_a_quantity_is_whole(number, quantity):
    assert amounts.as_quantity(Decimal(number)) == quantity

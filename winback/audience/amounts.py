"""Amounts and quantities as shops write them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Literal

_GAPS = " \u00a0\u2009\u202f'’"  # what stands between thousands: blanks of all widths, Swiss apostrophes
_GROUPED = {
    "point": re.compile(rf"[-+]?[0-9]{{1,3}}(?:[,{_GAPS}][0-9]{{3}})+"),
    "comma": re.compile(rf"[-+]?[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{3}})+"),
}
_WHOLE = re.compile("[-+]?[0-9]+")
_FRACTION = re.compile("[0-9]*")
_LARGEST_MINOR = 2**63 - 1
_LARGEST_QUANTITY = 2**31 - 1


def parse(text: str, decimal: Literal["point", "comma"]) -> Decimal | None:
    """An exact amount from text such as 1234.5, 1 234,50 or -12; None when it isn't one."""
    whole, _, fraction = text.replace("−", "-").partition("." if decimal == "point" else ",")
    if _GROUPED[decimal].fullmatch(whole):
        whole = re.sub("[^-+0-9]", "", whole)
    return Decimal(f"{whole}.{fraction or 0}") if _WHOLE.fullmatch(whole) and _FRACTION.fullmatch(fraction) else None


def exact(number: float | Decimal) -> Decimal | None:
    """A number from a database as the amount that it shows: 0.1 is a tenth, not the nearest binary fraction. None for nan and inf."""
    try:
        value = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def in_minor(amount: Decimal, digits: int) -> int | None:
    """The amount in minor units of a currency with so many decimal places, rounded half to even; None beyond 64 bits."""
    if amount.adjusted() > 18:
        return None
    minor = round(amount.scaleb(digits))
    return minor if abs(minor) <= _LARGEST_MINOR else None


def as_quantity(number: Decimal) -> int | None:
    """A whole quantity; None for fractions and beyond 32 bits."""
    if number.adjusted() > 18 or number != number.to_integral_value():
        return None
    return int(number) if abs(number) <= _LARGEST_QUANTITY else None

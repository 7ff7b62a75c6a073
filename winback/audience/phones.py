"""Phone numbers as shops write them, in the one form that can be dialled from anywhere (E.164), as far as that is certain."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Plan:
    """A country whose numbers have one length: its code, the digits dialled before a number inside it, and the length without either."""

    code: str
    trunks: tuple[str, ...]
    length: int
    rarely: int = 0  # the length of a few numbers, believed only when they come with their code


# National numbering plans (ITU-T E.164, communications of national numbers). Ukraine and Belarus dialled 8 0 before.
_PLANS = {
    "AM": _Plan("374", ("0",), 8),
    "AZ": _Plan("994", ("0",), 9),
    "BY": _Plan("375", ("80", "0"), 9),
    "CA": _Plan("1", ("1",), 10),
    "CZ": _Plan("420", (), 9),
    "ES": _Plan("34", (), 9),
    "FR": _Plan("33", ("0",), 9),
    "GB": _Plan("44", ("0",), 10, 9),
    "GE": _Plan("995", ("0",), 9),
    "KG": _Plan("996", ("0",), 9),
    "KZ": _Plan("7", ("8",), 10),
    "LT": _Plan("370", ("0", "8"), 8),
    "LV": _Plan("371", (), 8),
    "MD": _Plan("373", ("0",), 8),
    "MN": _Plan("976", (), 8),
    "PL": _Plan("48", (), 9),
    "PT": _Plan("351", (), 9),
    "RO": _Plan("40", ("0",), 9),
    "RU": _Plan("7", ("8",), 10),
    "SK": _Plan("421", ("0",), 9),
    "TJ": _Plan("992", (), 9),
    "TR": _Plan("90", ("0",), 10),
    "UA": _Plan("380", ("0", "80"), 9),
    "US": _Plan("1", ("1",), 10),
    "UZ": _Plan("998", (), 9),
}
_BY_CODE = {plan.code: plan for plan in _PLANS.values()}
_BETWEEN = re.compile("[\\s()./\u2010-\u2015-]+")
_FEWEST, _MOST = 8, 15  # digits of an international number


def international(text: str, country: str = "") -> str | None:
    """+380671234567 from that, from 00380 67 123-45-67, or, for a country whose numbers have one length, from (067) 123-45-67.

    None for anything that leaves a doubt: a number without a code in a country that isn't known or whose numbers differ in length,
    a digit too many, an extension, two numbers in one cell, a row of equal digits that only fills the field.
    """
    digits = _BETWEEN.sub("", text.lower().removeprefix("tel:").replace("(0)", ""))
    if digits.startswith("+"):
        return _checked(digits[1:])
    if digits.startswith("00"):
        return _checked(digits[2:])
    plan = _PLANS.get(country)
    if plan is None or not _is_number(digits):
        return None
    for before in (plan.code, *plan.trunks, ""):
        if digits.startswith(before) and len(digits) == len(before) + plan.length:
            return _checked(plan.code + digits.removeprefix(before))
    return None


def _checked(digits: str) -> str | None:
    """The number with its plus; None when its country's numbers look otherwise."""
    if not _is_number(digits) or not _FEWEST <= len(digits) <= _MOST or digits.startswith("0"):
        return None
    plan = next((_BY_CODE[digits[:length]] for length in (1, 2, 3) if digits[:length] in _BY_CODE), None)
    own = digits.removeprefix(plan.code) if plan else digits
    if plan and (len(own) not in {plan.length, plan.rarely} or own.startswith("0")):
        return None
    return None if len(set(own)) == 1 else f"+{digits}"


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdigit()

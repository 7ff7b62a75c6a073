"""What a person is to say to a customer: a plain text with a few words in `{{ }}`, filled in for that customer."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORD = re.compile(r"\{\{\s*(.*?)\s*\}\}")

WORDS = (
    *("customer.name", "customer.given_name", "customer.city", "sender.name", "brand.name"),
    *("offer.text", "offer.code", "offer.ends_on", "orders_count", "last_order_on"),
)
"""Everything that may stand in `{{ }}`; the same words as in letters, and `customer.name`: the whole name, as the shop has it."""

ABSENT = "—"
"""Stands where the shop doesn't know: a person sees at once that something is missing, and asks no machine."""


def words(text: str) -> list[str]:
    """What stands in `{{ }}`, known or not."""
    return _WORD.findall(text)


def speaks_of_offer(text: str) -> bool:
    return any(word.startswith("offer.") for word in words(text))


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its values; every word must be one of WORDS."""
    return _WORD.sub(lambda found: str(values[found[1]] or ABSENT), text)


def in_language(say: Mapping[str, str], language: str) -> str:
    """The text in that language where it is written in it, else in the first one that is there."""
    return say.get(language) or next(iter(say.values()))

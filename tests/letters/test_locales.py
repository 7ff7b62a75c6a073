"""Which language, and how it writes days, numbers and money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from winback.letters import locales

CHAINS = {"uk": ("uk",), "ru": ("ru", "uk"), "ro": ("ro", "en"), "ro-MD": ("ro", "ru"), "*": ("en",)}


@pytest.mark.parametrize(
    ("stored", "country", "chain"),
    [
        ("uk", "", ("uk",)),
        ("UK", "", ("uk",)),
        (" uk_UA ", "", ("uk",)),
        ("ua", "", ("uk",)),
        ("ru", "UA", ("ru", "uk")),
        ("ro", "MD", ("ro", "en")),
        ("ro-MD", "", ("ro", "ru")),
        ("ro_md", "", ("ro", "ru")),
        ("mo", "", ("ro", "en")),
        ("", "UA", ("uk",)),
        ("", "ua", ("uk",)),
        ("", "", ("en",)),
        ("fr", "", ("en",)),
        ("fr", "UA", ("en",)),  # not by their country: it says nothing of what they read
    ],
)
def test_the_chain_of_languages_follows_the_customer_then_their_country(stored, country, chain):
    assert locales.choose(stored, country, CHAINS) == chain


def test_nobody_gets_a_language_that_was_not_named_for_them():
    assert locales.choose("fr", "FR", {"uk": ("uk",)}) == ()


@pytest.mark.parametrize(
    ("locale", "name", "arguments", "written"),
    [
        ("uk", "day", (date(2026, 12, 6),), "6 грудня"),
        ("en", "day", (date(2026, 12, 6),), "December 6"),
        ("uk", "date", (date(2026, 12, 6),), "6 грудня 2026 р."),
        ("en", "date", (date(2026, 12, 6),), "December 6, 2026"),
        ("uk", "number", (1234567,), "1 234 567"),
        ("en", "number", (Decimal("1234.5"),), "1,234.5"),
        ("uk", "money", (Decimal("1234.5"), "UAH"), "1 234,50 ₴"),
        ("en", "money", (Decimal("19.9"), "EUR"), "€19.90"),
        ("uk", "money", (Decimal(320), "UAH"), "320 ₴"),
        ("en", "money", (Decimal("1250.00"), "UAH"), "UAH 1,250"),
        ("en", "money", (Decimal("1250.5"), "UAH"), "UAH 1,250.50"),
        ("uz", "money", (Decimal(250000), "UZS"), "250 000 soʻm"),
        ("mn", "money", (Decimal(50000), "MNT"), "50,000 ₮"),
    ],
)
def test_values_are_written_as_the_language_writes_them(locale, name, arguments, written):
    shown = locales.filters(locale)[name](*arguments)
    assert shown.replace("\xa0", " ").replace("\u202f", " ") == written


@pytest.mark.parametrize(("locale", "tag"), [("uk", "uk"), ("uz", "uz-Latn"), ("ro_MD", "ro-MD")])
def test_a_page_says_its_language_by_bcp_47(locale, tag):
    assert locales.language_tag(locale) == tag

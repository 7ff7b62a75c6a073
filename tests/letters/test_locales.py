"""Which language, and what Babel and BCP 47 call it."""

from __future__ import annotations

import pytest

from winback.letters import locales

CHAINS = {"uk": ("uk",), "ru": ("ru", "uk"), "ro": ("ro", "en"), "ro-MD": ("ro", "ru"), "uz": ("uz",), "uz-Cyrl": ("ru",), "*": ("en",)}


@pytest.mark.parametrize(
    ("stored", "country", "chain"),
    [
        ("uk", "", ("uk",)),
        ("UK", "", ("uk",)),
        (" uk_UA ", "", ("uk",)),
        ("ua", "", ("uk",)),
        ("ru", "UA", ("ru", "uk")),
        ("ro", "RO", ("ro", "en")),
        ("ro", "MD", ("ro", "ru")),  # a country makes a language more exact
        ("ro-RO", "MD", ("ro", "en")),  # unless the language says its own
        ("ro-MD", "", ("ro", "ru")),
        ("ro_md", "", ("ro", "ru")),
        ("mo", "", ("ro", "en")),
        ("mo", "MD", ("ro", "ru")),
        ("rum", "", ("ro", "en")),
        ("ukr", "", ("uk",)),
        ("uz-Cyrl", "UZ", ("ru",)),  # a shop that has letters for them
        ("uz-Latn", "UZ", ("uz",)),
        ("uz_UZ", "", ("uz",)),
        ("", "UA", ("uk",)),
        ("", "ua", ("uk",)),
        ("", "MD", ("ro", "ru")),
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
    ("locale", "country", "name"),
    [
        ("uk", "", "uk"),
        ("uk", "UA", "uk_UA"),
        ("uk", "UZ", "uk"),  # CLDR has no such pair
        ("ru", "UA", "ru_UA"),
        ("ru", "UZ", "ru"),
        ("ro", "md", "ro_MD"),
        ("uz", "", "uz_Latn"),
        ("uz", "UZ", "uz_Latn_UZ"),
        ("uz", "AF", "uz_Latn"),  # where Uzbek is written in Arabic letters
        ("ro-MD", "", "ro_MD"),
        ("mn", "../mn", "mn"),
    ],
)
def test_babel_gets_a_locale_that_it_knows(locale, country, name):
    assert locales.babel_name(locale, country) == name


@pytest.mark.parametrize(("locale", "tag"), [("uk", "uk"), ("en", "en"), ("uz", "uz-Latn"), ("ro_MD", "ro-MD")])
def test_a_page_says_its_language_by_bcp_47(locale, tag):
    assert locales.language_tag(locale) == tag

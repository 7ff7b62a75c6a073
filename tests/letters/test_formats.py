"""How each language writes days, numbers, money, lists and times: a table of what readers expect."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.letters import formats, locales, names, sandbox, source, template

TODAY = date(2026, 11, 24)
TABLE = yaml.safe_load(Path(__file__).with_name("formats.yaml").read_text(encoding="utf-8"))
CASES = [
    pytest.param(locale, row, id=f"{row['filter']}-{row['value']}-{row.get('currency', '')}-{locale}-{row.get('country', '')}")
    for row in TABLE
    for locale in sorted(names.languages())
    if locale in row
]
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def written(name: str, value: object, locale: str, *, currency: str | None = None, country: str = "") -> str:
    """The value as a template of that language writes it."""
    made = sandbox.environment(locales.untranslated() if locale == "en" else _catalogue(locale), markup=False)
    template = made.from_string("{{ value | " + name + ("(currency)" if currency else "") + " }}")
    return template.render(value=value, currency=currency, today=TODAY, customer={"country": country})


def _catalogue(locale: str) -> locales.Catalogue:
    return locales.Catalogue(locale, "", {}, 1, lambda _count: 0)


@pytest.mark.parametrize(("locale", "row"), CASES)
def test_values_are_written_as_the_language_writes_them(locale, row):
    shown = written(row["filter"], row["value"], locale, currency=row.get("currency"), country=row.get("country", ""))
    assert shown.replace("\xa0", " ") == row[locale]


def test_the_table_holds_every_filter_in_every_language():
    held = {(row["filter"], locale) for row in TABLE for locale in names.languages() if locale in row}
    assert held == {(name, locale) for name in formats.FILTERS for locale in names.languages()}


def test_where_no_customer_reads_the_letters_own_language_decides():
    made = sandbox.environment(_catalogue("uz"), markup=True)
    assert made.from_string("{{ day | date }}").render(day=TODAY) == "24-noyabr, 2026"


@given(first=DAYS, second=DAYS, locale=st.sampled_from(sorted(names.languages())))
def test_a_distance_in_time_is_told_in_whole_units_with_one_kind_of_blank(first, second, locale):
    told = formats.write_ago(first, second, locale=locales.babel_name(locale))
    assert told == told.strip()
    assert "\u202f" not in told
    assert "0" not in told.split()


@given(
    amount=st.decimals(Decimal("0.01"), Decimal(10**9), places=2),
    currency=st.sampled_from(["UAH", "RUB", "RON", "MDL", "UZS", "MNT", "EUR", "USD", "JPY"]),
    locale=st.sampled_from(sorted(names.languages())),
)
def test_money_shows_every_coin_that_is_there_and_none_that_is_not(amount, currency, locale):
    told = formats.write_money(amount, currency, locale=locales.babel_name(locale))
    digits = "".join(character for character in told if character.isdigit())
    with_coins = currency not in {"UZS", "MNT", "JPY"} and amount != int(amount)
    assert int(digits) == (int(amount * 100) if with_coins else round(amount))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ city }}", "Fargʻona"),
        ("{% trans city=city %}from {{ city }}{% endtrans %}", "Fargʻonadan maʼno"),
        ("{{ link }}", "https://zerno.example/a'b"),
        ("{{ evil }}", "Oʻx&#39; onclick=&#34;x"),
        ("{{ shop }}", "&#39;Zerno&#39;"),
    ],
)
def test_an_uzbek_letter_has_one_kind_of_apostrophe_whatever_the_data_were_typed_with(tmp_path, text, written):
    translations = {(None, "from %(city)s"): locales.Translation(("%(city)sdan maʼno",), None, fuzzy=False, line=1)}
    made = sandbox.environment(locales.Catalogue("uz", "", translations, 2, lambda _count: 0), markup=True)
    values = {"city": "Farg'ona", "link": "https://zerno.example/a'b", "evil": "O'x' onclick=\"x", "shop": "'Zerno'"}
    (tmp_path / "letter").write_text(text, encoding="utf-8")
    flat = source.flatten(tmp_path, "letter", "t")
    assert template.compiled(flat, flat.text, made).fill(values).replace("a&#39;b", "a'b") == written

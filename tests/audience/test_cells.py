from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.audience import cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  Olena\u00a0  Petrivna\t", "Olena Petrivna"),
        ("OLENA", "OLENA"),
        ("Zerno LLC", "Zerno LLC"),
        ("и\u0306", "й"),
        ("Зер\u00adно\u200b", "Зерно"),
        ("\u202eevil", "evil"),
        ("two\r\nlines", "two lines"),
        ("\x00", ""),
        (None, ""),
        (17.0, "17"),
        (17.5, "17.5"),
        (float("nan"), ""),
        (Decimal("5.00"), "5"),
        (7, "7"),
        (date(2026, 3, 9), "2026-03-09"),
    ],
)
def test_a_cell_is_one_line_of_tidy_text_and_nothing_is_guessed(cell, text):
    assert cells.text(cell) == text


@given(st.lists(st.text()))
def test_a_column_is_tidied_as_its_cells_are(column):
    assert list(cells.texts(column)) == [cells.text(cell) for cell in column]


@given(st.text())
def test_tidying_twice_is_tidying_once(text):
    once = cells.text(text)
    assert cells.text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(character) == "Cc" for character in once)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("uk", "uk"),
        ("UK", "uk"),
        ("uk_UA", "uk-UA"),
        ("uz-cyrl", "uz-Cyrl"),
        ("ro-MD", "ro-MD"),
        ("sr_latn_rs", "sr-Latn-RS"),
        ("Ukrainian", ""),
        ("", ""),
    ],
)
def test_a_language_is_a_tag_or_unknown(written, kept):
    assert cells.locale(written) == kept


@pytest.mark.parametrize(("written", "kept"), [("ua", "UA"), ("UK", "GB"), ("EL", "GR"), ("UKR", ""), ("Ukraine", ""), ("", "")])
def test_a_country_is_two_capitals_or_unknown(written, kept):
    assert cells.country(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"), [("Europe/Kyiv", "Europe/Kyiv"), ("Europe", ""), ("Mars/Olympus", ""), ("../etc/passwd", ""), ("", ""), ("x" * 70, "")]
)
def test_a_time_zone_is_one_that_exists_or_unknown(written, kept):
    assert cells.time_zone(written) == kept


@given(st.text("ab|; ё_%", max_size=20))
def test_tags_read_the_same_again_and_no_tag_holds_a_bar(written):
    once = cells.tags(written, ";")
    assert cells.tags(once, ";") == once
    assert not once or (once[0] == once[-1] == "|" and all(tag == tag.strip() != "" for tag in once[1:-1].split("|")))


@pytest.mark.parametrize(("written", "kept"), [("F", "f"), ("male", "m"), ("ж", ""), ("x", ""), ("", "")])
def test_sex_is_known_or_not(written, kept):
    assert cells.sex(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [("05-19", "05-19"), ("--02-29", "02-29"), ("02-30", None), ("19.05.1987", "05-19"), ("29.02.1988", "02-29"), ("May", None), ("", "")],
)
def test_a_favourite_day_is_a_month_and_a_day(written, kept):
    assert cells.favourite_day(written, ["DD.MM.YYYY"]) == kept

"""Salutations, as a table that a native speaker can extend."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.letters import names
from winback.letters.names import Case, Doubt, Tone
from winback.letters.names.doubt import MEANING
from winback.letters.names.ukrainian_names import ENDING_AS_WOMEN, MEN, WOMEN
from winback.model import Person

TABLE = yaml.safe_load(Path(__file__).with_name("salutations.yaml").read_text(encoding="utf-8"))
ROWS = [(locale, row) for locale, rows in TABLE.items() for row in rows]
COLUMNS = {"given", "patronymic", "family", "sex", "doubts", *Tone, *Case}


def person(row: dict[str, str]) -> Person:
    fields = {"given_name": "given", "patronymic": "patronymic", "family_name": "family", "sex": "sex"}
    return Person(key="1", **{field: str(row.get(column, "")) for field, column in fields.items()})


def cases(*columns: str):
    return [
        pytest.param(
            locale, row, column, id="-".join([locale, *(str(row.get(part, "")) for part in ("given", "patronymic", "family", "sex")), column])
        )
        for locale, row in ROWS
        for column in columns
        if column in row
    ]


@pytest.mark.parametrize(("locale", "row", "tone"), cases(*Tone))
def test_everybody_is_addressed_as_the_table_says(locale, row, tone):
    assert names.salutation(person(row), locale, Tone(tone)) == row[tone]


@pytest.mark.parametrize(("locale", "row", "case"), cases(*Case))
def test_a_name_inside_a_sentence_is_inflected_as_the_table_says(locale, row, case):
    assert names.in_case(person(row), locale, Case(case)) == row[case]


@pytest.mark.parametrize(("locale", "row", "column"), cases("doubts"))
def test_what_is_doubtful_is_told_as_the_table_says(locale, row, column):
    assert [str(found.doubt) for found in names.address(person(row), locale).doubts] == row[column]


def test_every_language_that_can_address_somebody_is_in_the_table_and_it_holds_two_hundred_names():
    assert set(TABLE) == names.languages()
    assert len({(locale, row.get("given")) for locale, row in ROWS}) >= 200
    assert [row for _, row in ROWS if not row.keys() <= COLUMNS] == []


def test_every_doubt_has_a_meaning_for_people_and_occurs_in_the_table():
    assert set(MEANING) == set(Doubt)
    assert {word for _, row in ROWS for word in row.get("doubts", ())} == set(Doubt)


@pytest.mark.parametrize("name", sorted(WOMEN | MEN | ENDING_AS_WOMEN))
def test_a_well_known_ukrainian_name_is_called_out_though_the_card_tells_no_sex(name):
    line = names.salutation(Person(key="1", given_name=name), "uk")
    assert line.startswith(f"Вітаємо, {name[:-1].capitalize()}")
    assert line[-2] in "оюєе" + "у" * (name == "ілько")


CARDS = st.text(max_size=50) | st.sampled_from(["Олена", "Елена", "Ioana", "Oʻtkir", "Батбаяр", "Andrii", "Андрій", "Иван Петрович", "Rustam oʻgʻli"])


@given(name=CARDS, patronymic=CARDS, family=CARDS, sex=st.sampled_from(["", "f", "m", "x"]), locale=st.sampled_from(sorted(names.languages())))
def test_whatever_stands_in_the_card_the_salutation_is_one_clean_line(name, patronymic, family, sex, locale):
    card = Person(key="1", given_name=name, patronymic=patronymic, family_name=family, sex=sex)
    for tone in Tone:
        line = names.salutation(card, locale, tone)
        assert line == " ".join(line.split())
        assert line[-1] in ",!"
        assert not set(line) & set("<>@0123456789{}")


@given(name=CARDS, sex=st.sampled_from(["", "f", "m"]), locale=st.sampled_from(sorted(names.languages())))
def test_a_name_that_is_left_out_or_left_uninflected_is_doubtful(name, sex, locale):
    address = names.address(Person(key="1", given_name=name, sex=sex), locale)
    if not address.called:
        assert address.doubts

"""Salutations, as a table that a native speaker can extend."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.letters import names
from winback.letters.names import Tone
from winback.model import Person

TABLE = yaml.safe_load(Path(__file__).with_name("salutations.yaml").read_text(encoding="utf-8"))
CASES = [
    pytest.param(
        locale, row, Tone(tone), row[tone], id=f"{locale}-{row.get('given', 'nobody')}-{row.get('patronymic', '')}-{row.get('sex', '')}-{tone}"
    )
    for locale, rows in TABLE.items()
    for row in rows
    for tone in Tone
    if tone in row
]


@pytest.mark.parametrize(("locale", "row", "tone", "expected"), CASES)
def test_everybody_is_addressed_as_the_table_says(locale, row, tone, expected):
    person = Person(
        key="1",
        given_name=row.get("given", ""),
        patronymic=row.get("patronymic", ""),
        family_name=row.get("family", ""),
        sex=row.get("sex", ""),
    )
    assert names.salutation(person, locale, tone) == expected


def test_every_language_that_can_address_somebody_is_in_the_table():
    assert set(TABLE) == names.languages()


@given(name=st.text(max_size=50), patronymic=st.text(max_size=50), sex=st.sampled_from(["", "f", "m", "x"]), locale=st.sampled_from(["en", "uk"]))
def test_whatever_stands_in_the_card_the_salutation_is_one_clean_line(name, patronymic, sex, locale):
    for tone in Tone:
        line = names.salutation(Person(key="1", given_name=name, patronymic=patronymic, sex=sex), locale, tone)
        assert line == " ".join(line.split())
        assert line[-1] in ",!"
        assert not set(line) & set("<>@0123456789{}")

"""Every customer with a doubtful name is listed, with why and what they would be greeted with; nobody else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests import projects
from tests.store import world
from winback.errors import ConfigError
from winback.operations import naming
from winback.store import database

ROWS = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8"))
project = projects.project


@pytest.fixture
def customers(engine):
    with database.writing(engine) as connection:
        for number, row in enumerate(ROWS):
            card = {"given_name": row["name"], "patronymic": row.get("patronymic", ""), "family_name": row.get("family", "")}
            where = {name: row.get(name, "") for name in ("sex", "locale", "country")}
            world.customer(connection, str(number), **card, **where)
    return engine


def test_doubtful_names_are_listed_with_why_and_with_the_greeting(project, customers):
    projects.forget_languages(project, "ru", "ro", "uz", "mn")
    checked = naming.check(project, customers)
    listed = {each.person.key: each for each in checked.doubted}
    for key, row in enumerate(ROWS):
        assert bool(row.get("doubts")) == (str(key) in listed), row
        if each := listed.get(str(key)):
            assert each.language == row["in"]
            assert [doubt.meaning for doubt in each.address.doubts] == row["doubts"]
            told = each.as_json()
            assert {tone: told["greetings"][tone] for tone in ("neutral", "formal") if tone in row} == {
                tone: row[tone] for tone in ("neutral", "formal") if tone in row
            }
    assert checked.unspoken == sum(row["in"] is None for row in ROWS)
    assert checked.customers + checked.unspoken == len(ROWS)


def test_one_language_may_be_looked_at_alone(project, customers):
    checked = naming.check(project, customers, language="en")
    assert {each.language for each in checked.doubted} == {"en"}
    assert (checked.customers, checked.unspoken) == (sum(row["in"] == "en" for row in ROWS), 0)
    with pytest.raises(ConfigError, match=r"nobody can be addressed in `ua`\. Languages: en, mn,"):
        naming.check(project, customers, language="ua")


def test_programs_get_the_card_the_doubts_and_the_greetings(project, customers):
    told = json.loads(json.dumps(naming.check(project, customers).as_json(), ensure_ascii=False))
    assert told["counts"]["given name: letters of another script"] == 3
    assert told["customers"][0] == {
        "customer": "2",
        "language": "uk",
        "given_name": "ТОВ Ромашка",
        "patronymic": "",
        "family_name": "",
        "sex": "",
        "doubts": [{"field": "given_name", "doubt": "company", "meaning": "given name: looks like a company"}],
        "greetings": {"neutral": "Вітаємо!", "formal": "Доброго дня!", "friendly": "Привіт!"},
    }

"""`winback occasions` as it is typed."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from tests import projects
from tests.commands.terminal import winback
from tests.store import world
from winback.store import database


@pytest.fixture
def shop(tmp_path, monkeypatch):
    project = projects.make(tmp_path / "shop")
    engine = database.open_engine(project.database_url)
    with database.writing(engine) as connection:
        for number in range(1200):
            world.customer(connection, f"c{number}", country="UA", sex="f")
        one = world.customer(connection, "one", country="UA", birthday=date(1980, 5, 20), favourite_day="02-14")
        world.customer(connection, "two", country="UZ", birthday=date(1980, 5, 20))
        world.order(connection, one, "2024-05-30T09:00:00")
    engine.dispose()
    monkeypatch.chdir(project.root)
    return project


def rows(out: str) -> list[list[str]]:
    """The table's cells, by two blanks or more between them."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]


def test_a_month_is_a_table_of_days_letters_and_customers(shop, capsys):
    code, out, _ = winback(capsys, "occasions", "--month", "2027-03", "--country", "UA")
    assert code == 0
    assert "March 2027. Customers, without those on the black list: UA 1,201." in out
    assert ["Mon 08", "International Women's Day", "holiday", "UA", "2027-02-26", "1,200"] in rows(out)


def test_own_days_of_several_countries_share_a_row_where_they_are_treated_alike(shop, capsys):
    found = rows(winback(capsys, "occasions", "--month", "2027-05")[1])
    assert ["Thu 20", "birthday", "UA, UZ", "2027-05-06", "2"] in found
    assert ["Sun 30", "anniversary", "UA", "2027-05-30", "1"] in found
    assert ["Sun 16", "Eid al-Adha", "holiday", "UZ", "2027-05-13", "1", "estimated"] in found
    assert ["Sun 09", "Mother's Day", "holiday", "UA", "1,201", "not greeted"] in found
    assert ["Sun 09", "the Soviet Victory Day", "silence", "UA"] in found
    assert ["not greeted: the day is one of silence there."] in found
    assert ["estimated: no letter leaves by itself until the day stands in `confirmed:` of config/occasions.yaml."] in found


def test_a_favourite_day_is_shown_by_its_name(shop, capsys):
    found = rows(winback(capsys, "occasions", "--month", "2027-02", "--country", "ua")[1])
    assert ["Sun 14", "favourite day: Valentine's Day", "UA", "2027-02-14", "1"] in found


def test_programs_get_one_entry_for_each_occasion_and_country(shop, capsys):
    told = json.loads(winback(capsys, "occasions", "--month", "2027-05", "--country", "UA", "--json")[1])
    assert set(told) == {"month", "customers", "occasions", "no_greetings"}
    assert (told["month"], told["customers"]) == ("2027-05", {"UA": 1201})
    assert told["occasions"][0] == {
        "day": "2027-05-02",
        "occasion": "easter",
        "name": "Easter",
        "kind": "holiday",
        "country": "UA",
        "letter_by": "2027-04-22",
        "customers": 1201,
        "estimated": False,
        "greeted": True,
        "because": "",
    }
    assert {"day": "2027-05-08", "country": "UA", "because": "Day of Remembrance and Victory over Nazism"} in told["no_greetings"]


def test_without_a_month_this_one_is_shown(shop, capsys):
    assert winback(capsys, "occasions", "--json")[0] == 0


def test_a_shop_without_customers_is_told_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(projects.make(tmp_path / "empty").root)
    code, out, _ = winback(capsys, "occasions", "--month", "2027-03")
    assert code == 0
    assert "Customers, without those on the black list: none yet." in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--month", "2027-13"], "`2027-13` is not a month. Write it as 2027-03."),
        (["--month", "2027-3"], "`2027-3` is not a month. Write it as 2027-03."),
        (["--month", "march"], "`march` is not a month. Write it as 2027-03."),
        (["--month", "1980-03"], "nobody knows the holidays of 1980. Write a month from 2000 to 2100."),
        (
            ["--month", "2027-03", "--country", "UAA"],
            "there are no customers in `UAA`, and config/occasions.yaml doesn't know it. Did you mean `UA`?",
        ),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence(shop, capsys, arguments, sentence):
    code, out, err = winback(capsys, "occasions", *arguments)
    assert (code, out, err) == (1, "", f"{sentence}\n")


def test_a_broken_rule_is_refused_by_check_and_by_occasions_alike(shop, capsys):
    projects.edit(shop.config("occasions.yaml"), "day: 07-16", "day: 07-32")
    sentence = "day is 07-32; there is no such day in any year."
    for command in (["check"], ["occasions", "--month", "2027-03"]):
        code, out, err = winback(capsys, *command)
        assert code == 1
        assert sentence in out + err
        assert re.match(r"config/occasions\.yaml:\d+: ", out + err)


def test_a_new_project_has_occasions(tmp_path, capsys):
    winback(capsys, "init", str(tmp_path / "mine"))
    told = json.loads(winback(capsys, "--project", str(tmp_path / "mine"), "occasions", "--month", "2027-12", "--country", "UA", "--json")[1])
    assert [row["occasion"] for row in told["occasions"]] == ["st-nicholas-day", "christmas"]


def test_translate_brings_the_names_up_to_date_too(shop, capsys):
    code, out, _ = winback(capsys, "translate", "update", "uk")
    assert code == 0
    assert "templates/locales/uk/LC_MESSAGES/occasions.po: 39 names of occasions, 0 to translate" in out

"""winback translate and winback names, as they are typed."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests import projects
from tests.commands.terminal import winback

PO = "templates/locales/uk/LC_MESSAGES/letters.po"


def test_a_language_is_begun_checked_and_brought_up_to_date(shop, capsys):
    assert winback(capsys, "translate", "check") == (0, "Everything is translated: mn, ro, ru, uk, uz.\n", "")
    for language in {"ru", "ro", "uz", "mn"}:
        shutil.rmtree(shop / "templates/locales" / language)
    for file in ("templates/messages/_bot/answers.yaml", "config/brand.yaml"):
        written = (shop / file).read_text(encoding="utf-8")
        others = r"(?m)^  (ru|ro|uz|mn):(?: \|-\n(?:    .*\n)+| .*\n)"
        (shop / file).write_text(re.sub(others, "", written), encoding="utf-8")
    code, out, _ = winback(capsys, "translate", "update", "ru")
    assert code == 0
    assert out.startswith("templates/locales/ru/LC_MESSAGES/letters.po: ")
    assert out.endswith(" to translate\n")
    code, out, _ = winback(capsys, "translate", "check", "ru")
    assert code == 1
    assert "templates/locales/ru/LC_MESSAGES/letters.po:12: “" in out
    assert "templates/messages/_bot/answers.yaml:4: `invitation` has no `ru`." in out
    assert "config/brand.yaml:9: `company` has no `ru`." in out
    assert winback(capsys, "translate", "check", "uk")[0] == 0
    code, out, _ = winback(capsys, "translate", "update")
    assert [line.split(":")[0] for line in out.splitlines()] == [
        file.replace("uk", language) for language in ("ru", "uk") for file in (PO, PO.replace("letters", "occasions"))
    ]
    assert "uk: 0" not in out


def test_every_problem_of_a_language_is_told_with_its_file_and_line(shop, capsys):
    projects.edit(shop / PO, "Забрати подарунок", "Забрати %(gift)s подарунок")
    code, out, _ = winback(capsys, "translate", "check", "--json")
    (problem,) = json.loads(out)["problems"]
    assert code == 1
    assert (problem["file"], problem["message"].endswith("is translated with %(gift)s."), problem["how"]) == (PO, True, "Write no placeholders.")
    assert (shop / PO).read_text(encoding="utf-8").splitlines()[problem["line"] - 1].startswith("msgid")
    assert winback(capsys, "check")[0] == 1


def test_all_sentences_are_extracted_into_a_file_for_other_tools(shop, capsys):
    assert winback(capsys, "translate", "extract")[1].startswith("templates/locales/letters.pot: ")
    assert (shop / "templates/locales/letters.pot").exists()
    assert winback(capsys, "check")[0] == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["translate", "update", "fr"], "letters can't be translated into `fr`. Languages: mn, ro, ru, uk, uz."),
        (["translate", "check", "en"], "letters can't be translated into `en`."),
        (["names", "check", "--locale", "ua"], "nobody can be addressed in `ua`. Languages: en, mn, ro, ru, uk, uz."),
    ],
)
def test_a_language_that_is_none_of_ours_is_refused(shop, capsys, command, sentence):
    code, _, err = winback(capsys, *command)
    assert code == 1
    assert sentence in err


def test_whose_name_is_doubtful_is_listed_with_why_and_with_the_greeting(shop, capsys):
    projects.edit(shop / "data/customers.csv", "Emma,,Shaw", "emma@post.example,,Shaw")
    winback(capsys, "import")
    code, out, _ = winback(capsys, "names", "check")
    assert code == 0
    assert "an e-mail address" in out
    assert "Hello," in out
    assert "1 of 3 customers have a doubtful name." in out
    told = json.loads(winback(capsys, "names", "check", "--json")[1])
    assert [(each["customer"], each["greetings"]["formal"]) for each in told["customers"]] == [("A1", "Good day,")]
    assert winback(capsys, "names", "check", "--locale", "uk")[1] == "0 of 1 customers have a doubtful name.\n"

"""winback reason, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import projects
from winback import cli

HEADER = "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at\n"
ROW = "{0},{0}@post.example,,Emma,,Shaw,f,en,GB,Leeds,Europe/London,olena,,no,,\n"


@pytest.fixture
def reason(tmp_path, monkeypatch, capsys):
    """The command, in a project with the customers A1 and A2; gives exit code and what was said."""
    project = projects.make(tmp_path / "shop")
    (project.root / "data").mkdir()
    (project.root / "data/customers.csv").write_text(HEADER + ROW.format("A1") + ROW.format("A2"), encoding="utf-8")
    (project.root / "data/orders.csv").write_text("order,customer,placed,items,total\n", encoding="utf-8")
    monkeypatch.chdir(project.root)

    def winback(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out + said.err

    assert winback("import")[0] == 0
    return lambda *arguments: winback("reason", *arguments)


def counted(reason) -> dict[str, tuple[int, int, int]]:
    rows = json.loads(reason("list", "--json")[1])["reasons"]
    return {row["reason"]: (row["customers"], row["staff"], row["survey"]) for row in rows if row["customers"]}


def test_a_reason_is_recorded_shown_and_counted(reason):
    code, said = reason("record", "A1", "service", "--note", "Waited an hour", "--by", "olena")
    assert code == 0
    assert said.startswith("Recorded: A1 left because of `service` (Poor service). What helps: Apologise, put it right")
    shown = json.loads(reason("of", "A1", "--json")[1])
    assert shown["customer"] == "A1"
    (one,) = shown["reasons"]
    assert {name: one[name] for name in ("reason", "title", "source", "recorded_by", "note")} == {
        "reason": "service",
        "title": "Poor service",
        "source": "staff",
        "recorded_by": "olena",
        "note": "Waited an hour",
    }
    assert "What helps: Apologise" in reason("of", "A1")[1]
    assert counted(reason) == {"service": (1, 1, 0)}
    assert "Customers with a reason: 1." in reason("list")[1]


def test_the_same_on_the_same_day_is_one_and_the_newest_counts(reason):
    reason("record", "A1", "price", "--on", "2026-01-05")
    assert reason("record", "A1", "Too dear", "--on", "2026-01-05")[1].startswith("Recorded already: A1 left because of `price`")
    reason("record", "A1", "moved", "--on", "2026-01-06")
    reason("record", "A1", "goods", "--on", "2026-01-04")
    reason("record", "A2", "moved")
    assert counted(reason) == {"moved": (2, 2, 0)}
    shown = json.loads(reason("of", "A1", "--json")[1])["reasons"]
    assert [(each["reason"], each["recorded_on"]) for each in shown] == [("moved", "2026-01-06"), ("price", "2026-01-05"), ("goods", "2026-01-04")]


def test_a_reason_that_the_file_no_longer_has_is_still_shown(reason):
    reason("record", "A1", "forgot")
    projects.edit(Path("config/reasons.yaml"), "  forgot:", "  forgotten:")
    assert counted(reason) == {"forgot": (1, 1, 0)}
    assert "(no longer listed)" in reason("of", "A1")[1]


def test_without_a_reasons_file_the_usual_ones_hold(reason):
    Path("config/reasons.yaml").unlink()
    assert reason("record", "A1", "need-ended")[0] == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["record", "A1", "servise"], "there is no reason `servise` in config/reasons.yaml. Did you mean `service`?"),
        (["record", "A9", "service"], "there is no customer `A9`. Give the shop's own id"),
        (["record", "A1", "service", "--on", "yesterday"], "`yesterday` is not a day. Write it as 2026-03-09."),
        (["record", "A1", "service", "--on", "2999-01-01"], "2999-01-01 lies in the future. Write the day on which you learned it"),
        (["record", "A1", "service", "--by", "x" * 101], "the name after --by is longer than 100 characters."),
        (["of", "A9"], "there is no customer `A9`. Give the shop's own id"),
    ],
)
def test_what_cannot_be_recorded_gets_a_sentence_and_changes_nothing(reason, command, sentence):
    code, said = reason(*command)
    assert (code, counted(reason)) == (1, {})
    assert sentence in said

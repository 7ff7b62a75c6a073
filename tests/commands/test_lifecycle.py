"""winback lifecycle and winback facts, as they are typed."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from tests import projects
from winback import cli, clock

HEADER = "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at\n"
ROW = "{0},{0}@post.example,,Emma,,Shaw,f,en,{1},Leeds,Europe/London,{2},,no,,\n"


@pytest.fixture
def winback(tmp_path, monkeypatch, capsys):
    """The command, in a project with three customers: one who bought last week, one long lost, one who never bought."""
    project = projects.make(tmp_path / "shop")
    data = project.root / "data"
    data.mkdir()
    rows = [("A1", "GB", "olena"), ("A2", "UA", ""), ("A3", "GB", "")]
    (data / "customers.csv").write_text(HEADER + "".join(ROW.format(*row) for row in rows), encoding="utf-8")
    today = clock.now().date()
    bought = [("A1", 400), ("A1", 7), ("A2", 900), ("A2", 800), ("A2", 700)]
    lines = [f"O{number},{who},{today - timedelta(days=days)} 12:00:00,1,250.00" for number, (who, days) in enumerate(bought)]
    (data / "orders.csv").write_text("order,customer,placed,items,total\n" + "\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(project.root)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out + said.err

    assert run("import")[0] == 0
    return run


def test_stages_and_retention_for_people_and_for_programs(winback):
    code, said = winback("lifecycle", "--last", "8")
    assert code == 0
    assert "Customers by stage, as of" in said
    assert "There: bought within 365 days" in said
    assert "isn't over: its figures are as of" in said
    told = json.loads(winback("lifecycle", "--last", "8", "--json")[1])
    assert {stage: count for stage, count in told["stages"].items() if count} == {"potential": 1, "repeat": 1, "lost": 1}
    assert (told["lost_after_days"], told["by"], told["groups"]) == (365, None, [])
    assert sum(period["left"] for period in told["periods"]) >= 1
    assert {"period", "from", "to", "is_over", "at_start", "new", "left", "came_back", "at_end", "crr", "strict_crr"} == set(told["periods"][0])
    assert told["periods"][-1]["at_end"] == 1


@pytest.mark.parametrize("by", ["country", "language", "value", "reason", "manager", "stage"])
def test_who_left_and_came_back_is_told_apart_by_what_is_asked(winback, by):
    code, said = winback("lifecycle", "--by", by, "--per", "month", "--last", "36")
    assert code == 0
    assert f"By {by}, who left most first" in said
    told = json.loads(winback("lifecycle", "--by", by, "--per", "month", "--last", "36", "--json")[1])
    assert told["by"] == by
    for number, period in enumerate(told["periods"]):
        for name in ("at_start", "new", "left", "came_back", "at_end"):
            assert sum(group["periods"][number][name] for group in told["groups"]) == period[name]


def test_another_threshold_tells_other_stages_at_once(winback):
    assert json.loads(winback("lifecycle", "--json")[1])["stages"]["lost"] == 1
    projects.edit(projects.Path("config/lifecycle.yaml"), "lost_after_days: 365", "lost_after_days: 5")
    assert json.loads(winback("lifecycle", "--json")[1])["stages"]["lost"] == 2


def test_moves_say_that_the_history_has_just_begun(winback):
    code, said = winback("lifecycle", "moves", "--since", "2025-01-01")
    assert code == 0
    assert "Left: 0. Came back: 0." in said
    assert "Stages have been noted since" in said
    told = json.loads(winback("lifecycle", "moves", "--since", "2025-01-01", "--json")[1])
    assert (told["moves"], told["left"], told["came_back"], told["first_seen"]) == ([], 0, 0, 3)


def test_facts_are_counted_and_everybody_is_scored(winback):
    code, said = winback("facts", "rebuild")
    assert code == 0
    assert "Facts counted anew: everybody's, 3, in" in said
    assert "Customers scored: 3, in" in said
    assert "Scored for the first time: 3." in said
    assert "1 customer has bought" not in said
    assert "2 customers have bought; a chance needs 100 or more." in said
    again = json.loads(winback("facts", "update", "--json")[1])
    assert again["facts"] == {"customers": 0, "was_rebuilt": False, "seconds": again["facts"]["seconds"]}
    assert {name: again["scores"][name] for name in ("customers", "first_seen", "changed_stage")} == {
        "customers": 3,
        "first_seen": 0,
        "changed_stage": 0,
    }
    assert again["scores"]["basis"]["months_of_life_from"] == "value.yaml"


def test_one_customer_is_shown_with_all_that_is_known(winback):
    winback("reason", "record", "A2", "service", "--note", "Waited an hour")
    code, said = winback("facts", "show", "A2")
    assert code == 0
    for part in ("Customer A2, as of", "750.00 UAH", "By quarter", "no-inquiries", "Beside everybody else", "Why they left", "Waited an hour"):
        assert part in said
    assert "By currency" not in said
    told = json.loads(winback("facts", "show", "A2", "--json")[1])
    assert (told["facts"]["orders"], told["scores"]["stage"], told["reasons"][0]["reason"]) == (3, "lost", "service")
    past = (clock.now().date() - timedelta(days=750)).isoformat()
    assert json.loads(winback("facts", "show", "A2", "--as-of", past, "--json")[1])["facts"]["orders"] == 2


def test_explain_shows_the_stage_and_its_last_change(winback):
    assert not any(step["question"] == "stage" for step in explained(winback)), "nobody has scored yet"
    winback("facts", "update")
    (step,) = [step for step in explained(winback) if step["question"] == "stage"]
    assert step["found"] == f"lost, first noted on {shops_day()}"


def explained(winback) -> list[dict]:
    return json.loads(winback("explain", "A2", "--cohort", "silent-1-2-years-3-orders", "--json")[1])["steps"]


def shops_day() -> date:
    return clock.local_day(clock.now(), projects.settings.open_project(projects.Path()).zone)


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        (["lifecycle", "moves", "--since", "yesterday"], 1, "`yesterday` is not a day. Write it as 2026-03-09."),
        (["lifecycle", "moves", "--since", "2026-03-09", "--until", "2026-02-01"], 1, "--since 2026-03-09 comes after 2026-02-01."),
        (["lifecycle", "--as-of", "soon"], 1, "`soon` is not a day. Write it as 2026-03-09."),
        (["lifecycle", "--by", "colour"], 2, "'colour' is not one of"),
        (["lifecycle", "--last", "0"], 2, "Invalid value for '--last'"),
        (["facts", "show", "A9"], 1, "there is no customer `A9`. Give the shop's own id"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence(winback, command, code, sentence):
    left, said = winback(*command)
    assert left == code
    assert sentence in said

"""winback tasks and winback task, as they are typed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests import projects
from winback import cli, clock

HEADER = "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at,phone\n"
ROW = "{0},{0}@post.example,,Emma,,Shaw,f,en,GB,Leeds,Europe/London,andriy,,no,,,+441134960000\n"
CAMPAIGN = """\
title: Calls
cohort: silent-1-2-years-3-orders
starts_on: {0}
ends_on: {1}
holdout: 0
sender: olena
tactics: {{a: {{share: 1}}}}
stages:
  - name: call
    task: {{kind: call, within: 0 days, say: {{en: "Ask {{{{ customer.given_name }}}} how she is"}}}}
"""


@pytest.fixture
def winback(tmp_path, monkeypatch, capsys):
    """The command, in a project whose campaign asked for a call to A1 and A2; gives exit code and what was said."""
    project = projects.make(tmp_path / "shop")
    today = clock.now().date()
    projects.edit(project.root / "config/policy.yaml", 'hours: "09:00-20:00"', 'hours: "00:00-23:59"')
    projects.edit(project.root / "config/policy.yaml", "weekdays: [mon, tue, wed, thu, fri, sat]", "weekdays: [mon, tue, wed, thu, fri, sat, sun]")
    text = CAMPAIGN.format(today - timedelta(days=1), today + timedelta(days=30))
    (project.root / "config/campaigns/calls.yaml").write_text(text, encoding="utf-8")
    projects.edit(project.root / "config/sources.yaml", "      manager: manager ", "      phone: phone\n      manager: manager ")
    data = project.root / "data"
    data.mkdir()
    (data / "customers.csv").write_text(HEADER + ROW.format("A1") + ROW.format("A2"), encoding="utf-8")
    bought = [f"{who}-{n},{who},{today - timedelta(days=400 + 30 * n)} 12:00:00,1,250.00" for who in ("A1", "A2") for n in range(3)]
    (data / "orders.csv").write_text("order,customer,placed,items,total\n" + "\n".join(bought) + "\n", encoding="utf-8")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("WINBACK_SECRET", "k" * 32)

    def winback(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out + said.err

    assert winback("import")[0] == 0
    ran = json.loads(winback("run", "calls", "--json")[1])
    assert ran["deliveries"] == {"sent": 2}
    return winback


def listed(winback, *options: str) -> dict[str, dict]:
    return {task["customer"]: task for task in json.loads(winback("tasks", *options, "--json")[1])["tasks"]}


def test_tasks_are_listed_shown_and_done(winback):
    assert "Ask Emma how" in winback("tasks")[1]
    found = listed(winback, "--manager", "andriy")
    assert set(found) == {"A1", "A2"}
    task = found["A1"]
    assert (task["kind"], task["phone"], task["say"], task["status"], task["is_overdue"]) == (
        "call",
        "+441134960000",
        "Ask Emma how she is",
        "open",
        False,
    )
    assert listed(winback, "--manager", "olena") == {}
    number = str(task["id"])
    code, said = winback("task", "show", number)
    assert code == 0
    for told in (f"Task {number}: call", "A1 Emma Shaw", "Ask Emma how she is", "calls, stage call", "days between two orders, usually"):
        assert told in said
    card = json.loads(winback("task", "show", number, "--json")[1])
    assert card["customer"]["facts"]["orders"] == 3
    assert winback("task", "done", number, "--note", "Was glad", "--by", "olena") == (0, "Done: call, A1. It counts as a touch.\n")
    assert set(listed(winback)) == {"A2"}
    assert {who: (each["status"], each["done_by"], each["note"]) for who, each in listed(winback, "--all").items()}["A1"] == (
        "done",
        "olena",
        "Was glad",
    )
    assert "done on" in winback("tasks", "--all")[1]
    assert json.loads(winback("customer", "show", "A1", "--json")[1])["counts"]["touches"] == 1


def test_a_task_is_declined_with_its_reason_or_dropped(winback):
    numbers = {who: str(task["id"]) for who, task in listed(winback).items()}
    said = winback("task", "declined", numbers["A1"], "--reason", "moved", "--note", "Lives in Wales now")[1]
    assert said.startswith("Declined: A1 left because of `moved`")
    assert json.loads(winback("reason", "of", "A1", "--json")[1])["reasons"][0]["recorded_by"] == "andriy"
    assert winback("task", "drop", numbers["A2"], "--note", "Nobody answers") == (0, "Dropped: call, A2. The campaign goes on.\n")
    assert listed(winback) == {}


def test_managers_are_reminded_once_a_day(winback):
    (told,) = json.loads(winback("tasks", "remind", "--json")[1])["reminders"]
    assert told == {"manager": "andriy", "tasks": 2, "status": "sent", "detail": ""}
    assert "already" in winback("tasks", "remind")[1]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["task", "done", "99"], "there is no task 99. Give a number that `winback tasks` shows."),
        (["task", "declined", "1", "--reason", "servise"], "there is no reason `servise` in config/reasons.yaml. Did you mean `service`?"),
        (["task", "done", "1", "--by", "x" * 101], "the name after --by is longer than 100 characters."),
        (["tasks", "--manager", "olga"], "there is no `olga` in config/senders.yaml. Did you mean `olena`?"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence_and_changes_nothing(winback, command, sentence):
    before = listed(winback, "--all")
    code, said = winback(*command)
    assert code == 1
    assert sentence in said
    assert listed(winback, "--all") == before


def test_a_task_that_is_over_is_not_closed_twice(winback):
    number = str(listed(winback)["A1"]["id"])
    assert winback("task", "done", number)[0] == 0
    code, said = winback("task", "drop", number)
    assert (code, "was done on" in said) == (1, True)

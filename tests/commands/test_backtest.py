"""winback cohort backtest as it is typed."""

from __future__ import annotations

import json

import pytest

from tests.operations import shopdata
from winback import cli

HISTORIES = {
    "A": ("2025-01-01", "2025-02-01", "2025-03-01"),  # stays away
    "B": ("2025-06-01", "2025-07-01", "2025-08-01", "2026-02-15"),
    "C": ("2025-11-01", "2025-12-01", "2026-01-01", "2026-02-20"),
    "D": ("2025-11-05", "2025-12-20", "2026-01-03", "2026-03-02"),
}
COHORT = "title: Silent for three hundred days\nrules:\n  - days_since_last_order: {from: 300}\n  - orders: {at_least: 3}\n"
BACKTEST = ("cohort", "backtest", "silent", "--cut", "2026-01-31", "--days", "30")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Four customers, of whom one stays away."""
    orders = [f"{who}{number},{who},{day},100,1" for who, days in HISTORIES.items() for number, day in enumerate(days)]
    people = "id,email,name\n" + "".join(f"{who},{who.lower()}@zerno.example,{who}\n" for who in HISTORIES)
    project = shopdata.shop(tmp_path, people=people, orders=shopdata.HEADER + "\n".join(orders) + "\n")
    project.config("cohorts").mkdir()
    project.config("cohorts", "silent.yaml").write_text(COHORT, encoding="utf-8")
    monkeypatch.chdir(project.root)
    return project.root


def winback(capsys, *arguments: str) -> tuple[int, str, str]:
    """Run the command; returns exit code, output, errors."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


def test_each_definition_has_its_line_and_a_sentence_says_which_told_best(shop, capsys):
    winback(capsys, "import")
    code, out, _ = winback(capsys, *BACKTEST)
    assert code == 0
    assert "Silent for three hundred days, as of 2026-01-31" in out
    rows = {line[:25].strip(): line[25:].split() for line in out.splitlines()}
    assert rows["the cohort's rules"] == ["1", "0", "100.0%", "1.000"]
    assert rows["the longest silence"] == ["1", "0", "100.0%", "1.000"]
    assert rows["the own rhythm"] == ["1", "0", "100.0%", "1.000"]
    assert "Judged: 4 customers that the other rules leave. Ordered again: within 30 days after 2026-01-31." in out
    assert "None told the lost better than the cohort's rules: 100.0% of the 1 they picked stayed away" in out
    assert "No chance is told: 4 customers have bought; a chance needs 100 or more." in out


def test_programs_get_the_same_as_json(shop, capsys):
    winback(capsys, "import")
    told = json.loads(winback(capsys, *BACKTEST, "--json")[1])
    assert list(told) == ["cohort", "cut", "days", "customers", "definitions", "fitted"]
    assert [list(row) for row in told["definitions"]] == [["name", "picked", "ordered_again", "stayed_away", "auc"]] * 3
    assert told["definitions"][0] == {"name": "rules", "picked": 1, "ordered_again": 0, "stayed_away": 1.0, "auc": 1.0}
    assert (told["cohort"], told["cut"], told["days"], told["customers"], told["fitted"]) == ("silent", "2026-01-31", 30, 4, None)


def test_where_all_came_back_there_is_no_area_to_show(shop, capsys):
    winback(capsys, "import")
    code, out, _ = winback(capsys, "cohort", "backtest", "silent", "--cut", "2026-02-14", "--days", "400")
    assert (code, out) == (1, "")
    (shop / "config/cohorts/silent.yaml").write_text("title: Lately\nrules:\n  - days_since_last_order: {below: 99}\n", encoding="utf-8")
    (shop / "orders.csv").write_text(shopdata.HEADER + "A9,A,2026-03-01,100,1\n", encoding="utf-8")
    winback(capsys, "import")
    out = winback(capsys, *BACKTEST)[1]
    assert "All of the 4 judged ordered again, so nothing tells the definitions apart." in out
    assert next(line for line in out.splitlines() if line.startswith("the cohort's rules")).split()[3:] == ["2", "2", "0.0%"]


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        (("cohort", "backtest", "silnt", "--cut", "2026-01-31"), 1, "there is no cohort `silnt`. Did you mean `silent`?"),
        (("cohort", "backtest", "silent", "--cut", "yesterday"), 1, "`yesterday` is not a day. Write it as 2026-03-09."),
        (("cohort", "backtest", "silent", "--cut", "2026-01-31"), 1, "aren't over in the data: its last purchase is of 2026-03-02."),
        (("cohort", "backtest", "silent", "--cut", "2024-01-31"), 1, "nobody who had bought by 2024-01-31 was in the cohort `silent`."),
        (("cohort", "backtest", "silent"), 2, "--cut"),
        ((*BACKTEST, "--days", "0"), 2, "--days"),
    ],
)
def test_bad_input_gets_a_sentence(shop, capsys, command, code, sentence):
    winback(capsys, "import")
    left, out, err = winback(capsys, *command)
    assert (left, out) == (code, "")
    assert sentence in err
    assert "Traceback" not in err

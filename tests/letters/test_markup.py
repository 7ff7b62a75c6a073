"""Good and bad markup, as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.letters import markup, source

CASES = yaml.safe_load(Path(__file__).with_name("markups.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("email") or case.get("message"))
def test_markup_is_judged_as_the_table_says(tmp_path, case):
    inside = case.get("email") or case["message"]
    whole = "email" not in case or "<html>" in inside
    (tmp_path / "letter").write_text(inside if whole else f"<html><body>\n{inside}\n</body></html>", encoding="utf-8")
    flat = source.flatten(tmp_path, "letter", "t")
    problems = [str(problem) for problem in (markup.in_email(flat) if "email" in case else markup.in_message(flat))]
    if "wrong" in case:
        assert any(case["wrong"] in problem for problem in problems), problems
    else:
        assert problems == []


def test_a_problem_is_told_with_the_line_it_stands_in(tmp_path):
    (tmp_path / "part").write_text("\n\n<img src='https://zerno.example/a.png'>", encoding="utf-8")
    (tmp_path / "letter").write_text(
        '<html><body>\n{% if a %}\n\n{% include "part" %}\n{% endif %}\n<p title=x>x</p></body></html>', encoding="utf-8"
    )
    problems = markup.in_email(source.flatten(tmp_path, "letter", "t"))
    assert [(problem.file, problem.line) for problem in problems] == [("t/part", 3), ("t/letter", 6)]


def test_an_empty_text_is_refused(tmp_path):
    (tmp_path / "letter").write_text(" \n", encoding="utf-8")
    flat = source.flatten(tmp_path, "letter", "t")
    assert [problem.message for problem in (*markup.in_email(flat), *markup.in_message(flat))] == ["it is empty."] * 2

"""What a template says, as a table of templates."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.letters import reading, source
from winback.letters.values import LetterValues

CASES = yaml.safe_load(Path(__file__).with_name("readings.yaml").read_text(encoding="utf-8"))
LINKS = {"shop", "gift"}


def read(folder: Path, template: str) -> reading.Said:
    (folder / "letter").write_text(template, encoding="utf-8")
    return reading.read(source.flatten(folder, "letter", "t"), LetterValues, LINKS)


@pytest.mark.parametrize("case", [case for case in CASES if "needs" in case], ids=lambda case: case["says"])
def test_a_sound_template_needs_what_the_table_says(tmp_path, case):
    said = read(tmp_path, case["says"])
    assert said.problems == ()
    assert said.needs == set(case["needs"])


@pytest.mark.parametrize("case", [case for case in CASES if "wrong" in case], ids=lambda case: case["says"])
def test_a_wrong_template_is_refused_as_the_table_says(tmp_path, case):
    problems = read(tmp_path, f"\n\n{case['says']}").problems
    assert f"t/letter:3: {case['wrong']}" in str(problems[0])


def test_it_is_known_what_a_template_speaks_of(tmp_path):
    said = read(tmp_path, "{{ link('shop') }}{% if offer %}{{ sender.name }}{% endif %}{{ unsubscribe_url }}")
    assert said.used == {"link", "offer", "sender.name", "unsubscribe_url"}

"""What `winback check` says of letters, as a table of drafts: every problem with its line and its cure, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests import projects
from tests.letters.drafts import PLAIN_TEXT, SAMPLE
from winback.letters import catalogue

CASES = yaml.safe_load(Path(__file__).with_name("checks.yaml").read_text(encoding="utf-8"))


def line_in_catalogue(shop, sentence: str) -> str:
    lines = catalogue.path(shop.project.templates, "uk").read_text(encoding="utf-8").splitlines()
    return str(lines.index(f'msgid "{sentence}"') + 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.get('email', case.get('message'))!r:.70}")
def test_a_draft_is_judged_as_the_table_says(shop, case):
    if "file" in case:
        projects.edit(shop.project.root / case["file"], *case["with"])
    sample = SAMPLE.replace("kind: offer", f"kind: {case.get('kind', 'offer')}")
    if "message" in case:
        shop.message(case["message"], sample=sample)
    else:
        texts = {name: case[name] for name in ("subject", "preheader") if name in case}
        shop.email(case["email"], text=case.get("text", PLAIN_TEXT), sample=sample, **texts)
    expected = [re.sub(r"\{line of “(.*?)”\}", lambda found: line_in_catalogue(shop, found[1]), told) for told in case.get("says", [])]
    assert sorted(shop.problems()) == sorted(expected)

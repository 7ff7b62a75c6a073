"""Colours that can be read, as a table of sheets, and the reckoning behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback import strictyaml
from winback.letters import contrast, source, styles
from winback.letters.brand import Brand

CASES = yaml.safe_load(Path(__file__).with_name("contrasts.yaml").read_text(encoding="utf-8"))
BRAND = """\
colours:
  dark: "#222222"
  light: "#ffffff"
  faint: "#999999"
  pale: "#777777"
  night: "#111111"
name: x
company: x
address: x
site: x
reason: x
"""
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def said(folder: Path, sheet: str, body: str) -> list[str]:
    (folder / "letter").write_text(f"<html>\n<head><style>\n{sheet}\n</style></head>\n<body>\n{body}\n</body></html>", encoding="utf-8")
    brand = strictyaml.parse(BRAND, Brand, shown="config/brand.yaml")
    painted_with = contrast.stand_ins(brand.value)
    flat = styles.paint(source.flatten(folder, "letter", "t"), painted_with.colours)
    return [str(problem) for problem in contrast.problems(contrast.pairs(flat, painted_with, inlined=True), brand)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['sheet']} {case['body']}")
def test_a_sheet_is_judged_as_the_table_says(tmp_path, case):
    assert sorted(said(tmp_path, case["sheet"], case["body"])) == sorted(case.get("says", []))


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ffffff", 4.0), ("#123456", "#123456", 1)]
)
def test_contrast_is_reckoned_as_the_guidelines_do(one, other, expected):
    assert contrast.ratio(one, other) == pytest.approx(expected, abs=0.005)


@given(colour=COLOURS, grounds=st.lists(st.tuples(COLOURS, st.sampled_from([3, 4.5])), min_size=1, max_size=3))
def test_a_colour_that_is_proposed_can_be_read_on_every_ground(colour, grounds):
    better = contrast.readable(colour, grounds)
    if better:
        assert all(contrast.ratio(better, ground) >= needed for ground, needed in grounds)
    else:
        assert any(contrast.ratio(end, ground) < needed for end in ("#000000", "#ffffff") for ground, needed in grounds)

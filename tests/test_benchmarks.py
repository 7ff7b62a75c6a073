from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import enrolled_figures, studio
from benchmarks.figure import Figure, compared

ROOT = Path(__file__).resolve().parents[1]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_area_that_nobody_knows_is_wrong_usage():
    found = bench("--only", "weather")
    assert found.returncode == 2
    assert "invalid choice: 'weather'" in found.stderr


def test_figures_are_written_in_the_shape_that_others_rely_on(tmp_path):
    found = bench("--only", "operations", "--json", str(tmp_path / "figures.json"))
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [list(figure) for figure in figures] == [["area", "name", "figure", "unit", "reference", "ratio", "bar", "ok", "n", "spread"]] * len(
        figures
    )
    assert {figure["area"] for figure in figures} == {"operations"}
    assert (found.returncode == 0) is all(figure["ok"] for figure in figures)


@pytest.mark.parametrize(
    ("figure", "reference", "bar", "is_ok"),
    [(0.3, None, 0.4, True), (0.5, None, 0.4, False), (6.0, 2.0, 3.0, True), (6.1, 2.0, 3.0, False), (6.1, 2.0, None, True)],
)
def test_a_bar_is_for_the_ratio_where_there_is_a_reference(figure, reference, bar, is_ok):
    assert Figure("import", "x", figure, "s", 7, 0.1, reference, bar).is_ok is is_ok


def test_ours_and_the_references_take_turns_and_the_first_round_does_not_count():
    turns: list[str] = []

    def measure(name: str, figures: list[float]):
        left = iter(figures)

        def once() -> float:
            turns.append(name)
            return next(left)

        return once

    plain, other = compared(
        "import",
        "rows",
        measure("ours", [99, 6, 9, 3]),
        ("csv", measure("csv", [99, 2, 2, 2]), 3.0),
        ("memory", measure("memory", [99, 1, 1, 1]), None),
        rounds=3,
    )
    assert turns == ["ours", "csv", "memory"] * 4
    assert (plain.figure, plain.reference, plain.ratio, plain.is_ok, plain.spread) == (6, 2, 3.0, True, 1.0)
    assert (other.reference, other.bar) == (1, None)


def test_journeys_of_a_few_are_measured_as_those_of_a_million():
    made = enrolled_figures.figures(300)  # more than a campaign may write to without being asked about
    assert {figure.area for figure in made} == {"journey"}
    assert len(made) == 8, "four on each database"
    assert all(figure.bar is None for figure in made), "bars are for a million"
    assert all(figure.figure > 0 for figure in made)


def test_pages_of_a_small_shop_are_measured_as_those_of_a_large_one():
    made = studio.figures(300)
    assert {figure.area for figure in made} == {"studio"}
    names = [figure.name for figure in made]
    assert [name for name in names if name.startswith("live cohort count: ")] == [f"live cohort count: {what}" for what in studio.TYPED]
    assert {"page /cohorts, p95", f"page /cohorts/{studio.COHORT}, p95", "page /inbox, p95"} <= set(names)
    assert sum(name.startswith("heaviest page") for name in names) == 1
    assert all(figure.bar is None and figure.figure > 0 for figure in made)

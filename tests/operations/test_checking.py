"""What `winback check` reads beside letters and campaigns."""

from __future__ import annotations

import pytest

from tests import projects
from winback.operations import checking


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("config/value.yaml", "silver: 0.95", "silver: 0.5", 5),
        ("config/value.yaml", "chance_for: 182 days", "chance_for: 5 hours", 4),
        ("config/lifecycle.yaml", "repeat: 2 ", "repeat: few ", 5),
        ("config/reasons.yaml", "  service:\n", "  Poor Service:\n", 7),
        ("config/reasons.yaml", "method: Apologise", "metod: Apologise", 10),
    ],
)
def test_figures_about_customers_that_cannot_be_meant_are_refused_with_their_place(tmp_path, file, old, new, line):
    (problem,) = checking.problems(projects.make(tmp_path / "shop", (file, old, new)))
    assert (problem.file, problem.line) == (file, line)


def test_a_project_may_do_without_them(tmp_path):
    project = projects.make(tmp_path / "shop")
    for name in ("value.yaml", "lifecycle.yaml", "reasons.yaml"):
        project.config(name).unlink()
    assert checking.problems(project) == []

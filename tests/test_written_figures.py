from __future__ import annotations

import json

import pytest

from benchmarks import written

FIGURES = [
    {"area": "scaling", "name": "cores of the machine", "figure": 2, "unit": ""},
    {"area": "scaling", "name": "stages queued, 100 customers", "figure": 0.25, "unit": "s"},
    {"area": "scaling", "name": "stages queued, 10,000 customers", "figure": 1234.5, "unit": "s"},
    {"area": "scaling", "name": "stages queued, exponent of growth", "figure": 0.987, "unit": ""},
    {"area": "import", "name": "rows", "figure": 7, "unit": "s"},
]
DOCUMENT = "Before.\n<!-- figures: scaling -->\nold\n<!-- end of figures -->\nAfter.\n"


def test_figures_stand_between_the_marks_by_size_with_how_they_grow():
    told = written.write(DOCUMENT, FIGURES)
    assert told == (
        "Before.\n<!-- figures: scaling -->\n\ncores of the machine: 2.\n\n"
        "| what | 100 customers | 10,000 customers | exponent |\n| --- | ---: | ---: | ---: |\n"
        "| stages queued | 0.25 s | 1,234 s | 0.99 |\n\n<!-- end of figures -->\nAfter.\n"
    )
    assert written.write(told, FIGURES) == told, "written twice, it is the same"


@pytest.mark.parametrize(
    ("document", "figures", "said"),
    [("No place.", FIGURES, "there is no place for figures"), (DOCUMENT, FIGURES[4:], "make bench ONLY=scaling")],
)
def test_what_is_missing_is_said_and_nothing_is_written(tmp_path, capsys, document, figures, said):
    (tmp_path / "page.md").write_text(document, encoding="utf-8")
    (tmp_path / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
    assert written.main([str(tmp_path / "figures.json"), str(tmp_path / "page.md")]) == 1
    assert said in capsys.readouterr().err
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == document

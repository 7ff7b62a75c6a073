"""Reports as Markdown."""

from __future__ import annotations

from dataclasses import replace

from tests.outcomes import sample
from winback.outcomes import markdown, tabulated


def test_every_table_is_there_and_every_row_has_its_cells():
    text = markdown.of_report(sample.report())
    assert text.startswith("# Did spring bring people back?\n\nAs of 31 May 2026")
    tables = tabulated.tables(sample.report())
    assert text.count("\n## ") == len(tables)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert [line.count("|") - 1 for line in lines] == [len(table.columns) for table in tables for _ in range(len(table.rows) + 2)]


def test_names_are_words_and_no_markup():
    text = markdown.of_report(replace(sample.report(), campaign="a|b <script>\nx"))
    assert text.startswith("# Did a\\|b &lt;script> x bring")

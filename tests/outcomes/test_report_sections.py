"""The whole report: every table, in the terminal, as JSON, as a page."""

from __future__ import annotations

import io
import json

from lxml import etree, html
from rich.console import Console

from tests.outcomes import sample
from winback.outcomes import tabulated, terminal
from winback.studio import report_page

SECTIONS = [
    "who-returned", "against-holdout", "over-time", "money-against-holdout", "measures", "brought", "costs", "codes", "followed", "promises", "guards", "letters",
    "funnel", "ends", "mailboxes", "skips", "reasons", "segments-value_class", "segments-sign", "segments-country", "locales", "plan", "others",
]  # fmt: skip


def shown(section: str):
    return next(table for table in tabulated.tables(sample.report()) if table.section == section)


def test_every_section_has_its_place_and_rows_as_wide_as_its_columns():
    tables = tabulated.tables(sample.report())
    assert [table.section for table in tables] == SECTIONS
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)


def test_money_is_told_with_what_would_have_come_by_itself_taken_off():
    first, second, both = shown("brought").rows
    assert first[:3] == ("warm-word", "194,880", "+77,280")
    assert (second[0], both[0]) == ("gift-first", "all together")
    assert shown("costs").columns == ("arm", "letters", "discounts", "gifts", "calls", "cost")


def test_trouble_with_mailboxes_is_named():
    rows = {row[0]: row for row in shown("mailboxes").rows}
    assert rows["gmail"][1] == ""
    assert rows["ukr-net"][1] == "refuses our letters"
    assert rows["outlook"][1] == "readers call them spam, seldom opened: perhaps in the spam folder"


def test_reasons_stand_for_both_sides():
    assert shown("reasons").rows[0] == ("Poor service", "500", "41", "8.2%", "120", "3", "2.5%")
    assert shown("reasons").rows[1][4:] == ("0", "0", "–")
    assert shown("reasons").rows[2][0] == "not known"


def test_the_plan_stands_beside_what_happened():
    rows = {row[0]: row[1:] for row in shown("plan").rows}
    assert rows["people to write to"] == ("8,100", "8,000", "99%")
    assert rows["letters of gift, at the most"] == ("8,000", "7,000", "88%")
    assert rows["return by themselves"] == ("3.0%", "3.5%", "")
    assert rows["rise that gift-first must bring to show, points"][0] == "–"


def test_json_has_every_section_and_no_sum_that_only_computers_need():
    found = json.loads(json.dumps(sample.report().as_json(), allow_nan=False))
    assert found["money"][0]["arm"] == "warm-word"
    assert found["money"][0]["roi"] > 0
    assert {row["standing"] for row in found["guard_rails"]} == {"fine"}
    assert found["mailboxes"][1]["troubles"] == ["refused"]
    assert found["confidence_sequence"][-1]["day"] == 60
    assert sum(row["best"] for row in found["chances"]) > 0.999
    assert {row["dimension"] for row in found["segments"]} == {"value_class", "sign", "country"}
    assert [row["what"] for row in found["plan"]][:2] == ["written-to", "left-alone"]
    assert "margin" not in found["arms"][0]


def test_the_page_has_every_table_and_five_charts_and_is_whole():
    page = html.fromstring(report_page.render(sample.report()))
    assert len(page.xpath("//section//table")) == len(SECTIONS)
    assert len(page.xpath("//section//svg")) == 5
    assert not page.xpath("//script | //link | //img | //*[@src]"), "it needs nothing from elsewhere"


def test_charts_stand_in_files_of_their_own_with_their_colours():
    files = report_page.chart_files(sample.report())
    assert set(files) == {"returns", "lifts", "funnel"}
    for svg in files.values():
        drawn = etree.fromstring(svg.encode())
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        style = drawn.findtext("{http://www.w3.org/2000/svg}style")
        used = {name for each in drawn.iter() for name in each.get("class", "").split()}
        assert used, "it is coloured by its style"
        assert not [name for name in used - {"dot"} if name not in style], "a dot has the colour of its arm"
        assert "--holdout: #" in style


def test_the_terminal_shows_every_table_and_its_note():
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(terminal.render(sample.report()))
    text = console.export_text()
    assert all(table.title in text for table in tabulated.tables(sample.report()))
    assert "Small groups show large differences by chance." in text

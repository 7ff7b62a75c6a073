"""From the tables to the report, in the terminal and as a page, on both databases."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html
from rich.console import Console

from winback.model import HOLDOUT, DeliveryStatus, EventKind, Reason
from winback.operations import measuring
from winback.outcomes import terminal
from winback.studio import report_page

START = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)  # when everybody is assigned
SHARES = {"gift": 0.4, "<b>letter</b>": 0.4, HOLDOUT: 0.2}


@pytest.fixture
def run(world):
    """A small run: 8 + 8 + 4 customers, of whom 4 + 2 + 1 returned; one skipped; one letter opened and clicked."""
    for arm, size, back in (("gift", 8, 4), ("<b>letter</b>", 8, 2), (HOLDOUT, 4, 1)):
        for place in range(size):
            customer = world.recipient(arm, locale="uk" if place % 2 else "en")
            world.delivery(customer, status=DeliveryStatus.HELD_OUT if arm == HOLDOUT else DeliveryStatus.SENT)
            if place < back:
                world.order(customer, 3 + place, 1000 * (place + 1))
    letter = world.delivery(customer, "late", status=DeliveryStatus.PLANNED, due=30)
    world.recipient("gift")
    world.event(customer, EventKind.OPEN, delivery=letter)
    world.skipped(Reason.NO_CONSENT)
    return world


def report(world, *, days=90, truth=None, shares=SHARES):
    return measuring.report(
        world.engine, run_id=world.run_id, campaign="spring & more", shares=shares, window=timedelta(days=60), currency="UAH",
        now=START + timedelta(days=days), truth=truth,
    )  # fmt: skip


def test_the_report_measures_first_so_that_no_number_is_older_than_it(run):
    early, late = report(run, days=4), report(run, days=90)
    assert [arm.figures.returned for arm in early.arms] == [2, 2, 1]
    assert [arm.figures.returned for arm in late.arms] == [4, 2, 1]
    assert report(run, days=4).as_json() == early.as_json()


def test_measure_tells_how_many_returned(run):
    assert measuring.measure(run.engine, run.run_id, timedelta(days=60), START + timedelta(days=90)) == 7


def test_the_report_is_the_same_on_every_database(run):
    found = report(run).as_json()
    assert [(arm["arm"], arm["assigned"], arm["returned"], arm["revenue"]) for arm in found["arms"]] == [
        ("gift", 9, 4, 100.0), ("<b>letter</b>", 8, 2, 30.0), (HOLDOUT, 4, 1, 10.0),
    ]  # fmt: skip
    difference = found["comparisons"][0]
    assert (difference["difference"], difference["low"], difference["high"]) == pytest.approx((4 / 9 - 1 / 4, -0.3226, 0.5483), abs=1e-4)
    assert found["curve"][-1] == {
        "arm": HOLDOUT,
        "day": 60,
        "at_risk": 3,
        "rate": 0.25,
        "low": pytest.approx(0.045587, abs=5e-7),
        "high": pytest.approx(0.699358, abs=5e-7),
    }
    json.dumps(found, allow_nan=False)


def test_the_terminal_fits_a_hundred_columns_and_says_every_verdict(run):
    told = report(run, truth={"gift": 0.2})
    console = Console(width=100, file=io.StringIO(), force_terminal=False)
    console.print(terminal.render(told))
    text = console.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= 100
    flat = " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())
    for judged in told.judged:
        assert " ".join(judged.sentence.replace("\N{NO-BREAK SPACE}", " ").split()) in flat
    assert "The true difference is +20.0 points: inside the interval." in flat
    assert "<b>letter</b>" in text


def test_the_page_needs_nothing_else_and_escapes_what_others_named(run):
    page = report_page.render(report(run, truth={"gift": 0.2}))
    assert not re.search(r"(src|href)=|@import|url\(|<script|https?:", page)
    assert "<b>letter</b>" not in page
    tree = html.fromstring(page)
    assert tree.get("lang") == "en"
    assert tree.xpath("//h1")[0].text_content() == "Did spring & more bring people back?"
    assert {svg.get("role") for svg in tree.xpath("//svg")} == {"img"}
    assert all(svg.get("aria-label") for svg in tree.xpath("//svg"))
    labels = [svg.get("aria-label") for svg in tree.xpath("//svg")]
    assert len(labels) == len(set(labels)) == 5


def test_the_page_shows_the_same_numbers_as_the_terminal(run):
    told = report(run)
    tree = html.fromstring(report_page.render(told))
    rows = [[cell.text_content().strip() for cell in row] for row in tree.xpath("(//table)[1]/tbody/tr")]
    assert rows[0][:5] == ["gift", "9", "4", "44.4%", "18.9 to 73.3%"]
    assert rows[-1][:5] == ["left alone", "4", "1", "25.0%", "4.6 to 69.9%"]


def test_a_page_can_be_made_of_a_run_in_which_nothing_has_happened_yet(world):
    tree = html.fromstring(report_page.render(report(world)))
    assert "Nobody has been assigned yet." in tree.text_content()
    world.recipient("gift")
    world.recipient(HOLDOUT)
    text = html.fromstring(report_page.render(report(world, days=0.2))).text_content()
    assert "can't be told with this many customers" in text
    assert "nan" not in text
    assert "None" not in text


def test_no_chart_draws_outside_its_picture(run):
    tree = html.fromstring(report_page.render(report(run, truth={"gift": -0.6})))
    for svg in tree.xpath("//svg"):
        _, _, width, height = (float(part) for part in svg.get("viewBox", svg.get("viewbox")).split())
        for mark in svg.xpath(".//line"):
            assert all(0 <= float(mark.get(name)) <= width for name in ("x1", "x2"))
            assert all(0 <= float(mark.get(name)) <= height for name in ("y1", "y2"))
        for line in svg.xpath(".//polyline | .//polygon"):
            places = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
            assert all(0 <= x <= width and 0 <= y <= height for x, y in places)

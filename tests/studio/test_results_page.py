"""The pages on results: a report as it was measured, and the customers behind its numbers."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import insert, select, update

from tests import projects
from tests.outcomes.conftest import START, WINDOW, World, at
from winback.model import HOLDOUT, DeliveryStatus, EventKind, Reason
from winback.store import database, tables
from winback.studio.app import create_app

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
NOW = at(100)
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
PLAN = {"shares": {"gift": 0.5, HOLDOUT: 0.5}, "window_seconds": int(WINDOW.total_seconds())}


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def world(engine):
    """120 customers of a tactic and a holdout; a third of the tactic's came back, and one of them has a hostile name."""
    made = World(engine)
    with database.writing(engine) as connection:
        connection.execute(update(tables.campaign_runs).values(plan=PLAN))
    for number in range(120):
        arm = ("gift", HOLDOUT)[number % 2]
        who = made.recipient(arm)
        if arm == "gift":
            letter = made.delivery(who)
            if number % 10 == 0:
                made.event(who, EventKind.CLICK, delivery=letter)
            if number % 6 == 0:
                made.order(who, 5, 10_000)
        else:
            made.delivery(who, status=DeliveryStatus.HELD_OUT, tactic="gift")
    made.skipped(Reason.NO_CONSENT)
    named = {"given_name": HOSTILE, "family_name": "=1+1", "key": "=cmd"}
    with database.writing(engine) as connection:
        connection.execute(update(tables.customers).where(tables.customers.c.key == "c1").values(named))
    return made


@pytest.fixture
async def browser(project, world):
    app = create_app(project, world.engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


async def counted(browser, path: str) -> str:
    """A page whose figures are there: it asks again by itself until they are."""
    for _ in range(100):
        answer = await browser.get(path)
        assert answer.status_code == 200
        if "refresh" not in answer.headers:
            return answer.text
        await asyncio.sleep(0.2)
    raise AssertionError(path)


async def measured(browser, path: str = "/results/spring") -> str:
    """The page of a run that was measured now."""
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', (await browser.get(path)).text)[1]
    answer = await browser.post(path, data={"proof": proof})
    assert (answer.status_code, answer.headers["location"]) == (303, "/results/spring?run=1")
    return await counted(browser, path)


async def test_a_run_that_was_never_measured_says_so_and_is_measured_by_a_button(browser, world):
    page = (await browser.get("/results/spring")).text
    assert ("Not measured yet." in page, "Measure now" in page, "<table" in page) == (True, True, False)
    assert (await browser.get("/results/spring/customers?what=assigned")).status_code == 404
    page = await measured(browser)
    assert "Measured 2026-06-09" in page
    assert "gift brings people back" in page
    assert world.outcomes(), "figures are kept"


async def test_looking_measures_nothing(browser, world):
    await measured(browser)
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.measurings).values(measured_at=at(20)))
    page = await counted(browser, "/results/spring")
    assert "Measured 2026-03-21" in page
    with database.reading(world.engine) as connection:
        assert connection.execute(select(tables.measurings.c.measured_at)).scalar_one() == at(20)


async def test_each_number_leads_to_as_many_customers(browser):
    page = await measured(browser)
    links = re.findall(r'<td><a href="(/results/spring/customers\?[^"]+)">([\d,]+)</a></td>', page)
    assert len(links) > 10
    for link, number in ((link, number) for link, number in links if "moved-money" not in link):
        listed = (await browser.get(unescape(link))).text
        assert re.search(rf"<p>{number} customers?\.", listed), link


async def test_the_list_goes_on_page_by_page_and_leads_to_cards(browser):
    await measured(browser)
    first = (await browser.get("/results/spring/customers?run=1&what=assigned&arm=gift")).text
    assert len(re.findall(r'<th scope="row"><a href="/customers/', first)) == 50
    further = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])
    second = (await browser.get(further)).text
    assert len(re.findall(r'<th scope="row"><a href="/customers/', second)) == 10
    assert "From the beginning" in second


async def test_what_they_brought_is_written_as_the_readers_language_writes_it(browser):
    await measured(browser)
    address = "/results/spring/customers?what=returned&arm=gift"
    english, ukrainian = [(await browser.get(address, headers={"Accept-Language": language})).text for language in ("en", "uk")]
    brought = re.findall(r'<td class="number">([\d,]+\.\d\d)</td>', english)
    assert brought
    assert [f'<td class="number">{each.translate({44: 160, 46: 44})}</td>' in ukrainian for each in brought] == [True] * len(brought)


async def test_a_hostile_name_is_a_word_on_the_page_and_no_formula_in_the_table(browser):
    await measured(browser)
    page = (await browser.get("/results/spring/customers?what=returned&arm=gift")).text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    answer = await browser.get("/results/spring/customers.csv?what=returned&arm=gift")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="spring-returned.csv"')
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["customer", "name", "arm", "stands_at", "assigned_at", "returned_at", "revenue", "currency"]
    assert len(rows) == 21
    assert rows[1][:3] == ["'=cmd", f"{HOSTILE} =1+1", "gift"]
    assert rows[1][5:] == [at(5).isoformat(), "100.0", "UAH"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "what=nothing",
        "what=sent",
        "what=ended",
        "what=ended&word=nothing",
        "what=assigned&by=shoe",
        "what=assigned&after=x",
        "what=assigned&run=9",
    ],
)
async def test_what_no_number_asks_is_not_found(browser, query):
    await measured(browser)
    assert (await browser.get(f"/results/spring/customers?{query}")).status_code == 404
    assert (await browser.get("/results/nothing")).status_code == 404
    assert (await browser.get("/results/spring?run=x")).status_code == 404


async def test_every_run_stands_with_its_verdict_the_newest_first(browser, world):
    with database.writing(world.engine) as connection:
        newer = {"campaign": "autumn", "number": 1, "status": "active", "salt": "a", "started_at": START + timedelta(days=1), "plan": PLAN}
        connection.execute(insert(tables.campaign_runs).values(newer))
    await measured(browser)
    page = await counted(browser, "/results")
    assert re.findall(r'<h2><a href="(/results/[^"]+)">', page) == ["/results/autumn?run=1", "/results/spring?run=1"]
    assert "gift brings people back" in page
    assert "Not measured yet." in page


async def test_tactics_are_told_over_all_campaigns(browser):
    assert "No campaign" in await counted(browser, "/results/tactics")
    await measured(browser)
    page = await counted(browser, "/results/tactics")
    assert '<th scope="row">gift</th><td class="number">1</td><td class="number">60</td>' in page
    assert "20 of 60 returned; of those left alone 0 of 60" in page


async def test_a_quarter_is_counted_by_a_button(browser):
    page = (await browser.get("/results/quarter?of=2026Q1")).text
    assert "Count it" in page
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', page)[1]
    answer = await browser.post("/results/quarter", data={"proof": proof, "of": "2026Q1"})
    assert answer.headers["location"] == "/results/quarter?of=2026Q1"
    page = await counted(browser, "/results/quarter?of=2026Q1")
    assert '<div class="report"' in page
    assert "spring" in page
    refused = await browser.post("/results/quarter", data={"proof": proof, "of": "<b>"})
    assert (refused.status_code, "&lt;b&gt;" in refused.text) == (500, True)


async def test_the_sheet_of_reports_stays_inside_them_and_pages_need_no_inline_style(browser):
    sheet = (await browser.get("/results/report.css")).text
    assert ".report {" in sheet
    assert "{%" not in sheet
    assert sheet.count("{") == sheet.count("}")
    assert not re.search(r"\sstyle=|<style", await measured(browser))

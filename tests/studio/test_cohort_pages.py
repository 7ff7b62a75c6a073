"""The studio's pages on cohorts: listed, opened, counted while they are written, saved, begun anew."""

from __future__ import annotations

import asyncio
import html
import json
import re
import subprocess
import threading
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import text

from tests import projects
from tests.operations.lost import START, populate
from winback.operations import editing, knowing, scoring
from winback.store import audit, cohorts, database
from winback.studio.app import create_app
from winback.studio.desk import Desk

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
NAME = "silent-1-2-years-3-orders"
PAGE = f"/cohorts/{NAME}"
RULES = "title: Silent\nrules:\n  - days_since_last_order: {from: 365}\n  - orders: {at_least: 3}\n"
NOW = START + timedelta(hours=1)


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
async def browser(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


@pytest.fixture
def reader(monkeypatch):
    """Whoever is signed in may look at everything, and edit nothing."""
    from winback.operations.people import Person, Role

    monkeypatch.setattr(Desk, "person", lambda *_: Person("Ivan", "ivan@shop.example", frozenset({Role.APPROVER})))


async def hidden(browser, page=PAGE) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([0-9a-f]*)"', (await browser.get(page)).text))


async def send(browser, address, **fields):
    return await browser.post(address, data={**await hidden(browser), **fields})


def file(project, name=NAME):
    return project.root / f"config/cohorts/{name}.yaml"


def plain(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


async def test_every_cohort_is_listed_with_its_campaigns_and_what_is_wrong(browser, project):
    projects.edit(file(project, "dissatisfied"), "value: [gold, silver]", "value: [golden]")
    page = await browser.get("/cohorts")
    assert page.status_code == 200
    for name in project.names("cohorts"):
        assert f'<a href="/cohorts/{name}">{name}</a>' in page.text
    assert '<a href="/campaigns/winter-tea">winter-tea</a>' in page.text
    assert "config/cohorts/dissatisfied.yaml:7: " in plain(page)
    assert "not yet" in page.text


async def test_what_was_counted_stands_in_the_list(browser, engine, project):
    populate(engine, 12)
    knowing.refresh(project, engine, now=NOW)
    found = await browser.get(f"{PAGE}/size")
    assert "12 of 12 customers" in plain(found)
    assert re.search(r'<td class="number">12</td>\s*<td class="day">2026-11-24</td>', (await browser.get("/cohorts")).text)
    projects.edit(file(project), "at_least: 3", "at_least: 9")
    assert "by earlier rules" in (await browser.get("/cohorts")).text


async def test_there_is_no_page_for_a_cohort_that_is_not_there(browser, project):
    (project.root / "config/secret.yaml").write_text("title: x\n", encoding="utf-8")
    for address in ("/cohorts/nobody", "/cohorts/..%2fsecret", f"{PAGE}/nothing", "/cohorts/nobody/size"):
        assert (await browser.get(address)).status_code == 404, address
    assert (await send(browser, "/cohorts/nobody", say="save", text="x")).status_code == 404
    assert (await send(browser, "/cohorts/nobody/size", text=RULES)).status_code == 404


async def test_an_unsaved_text_is_counted_and_changes_nothing(browser, engine, project):
    populate(engine, 12)
    before = file(project).read_bytes()
    found = await send(browser, f"{PAGE}/size", text=RULES, part="1")
    assert found.status_code == 200
    assert "12 of 12 customers" in plain(found)
    assert "<html" not in found.text
    fewer = await send(browser, f"{PAGE}/size", text=RULES.replace("at_least: 3", "at_least: 4"), part="1")
    assert "0 of 12 customers" in plain(fewer)
    assert "4 orders or more" in plain(fewer)
    assert file(project).read_bytes() == before


async def test_without_scripts_the_whole_page_comes_with_the_text_that_was_sent(browser, engine):
    populate(engine, 3)
    page = await send(browser, f"{PAGE}/size", text=RULES + "# not saved\n")
    assert "3 of 3 customers" in plain(page)
    assert "# not saved\n</textarea>" in page.text


async def test_a_broken_rule_names_its_line_and_a_button_leads_there(browser):
    for part, status in (("1", 200), ("", 422)):
        found = await send(browser, f"{PAGE}/size", text=RULES + "  - lapsd: default\n", part=part)
        assert found.status_code == status
        assert '<button type="button" class="line" data-line="5">Line 5</button>' in found.text
        assert "`lapsd` is not known here. Did you mean `lapsed`?" in plain(found)


async def test_who_they_are(browser, engine, project):
    populate(engine, 12)
    scoring.update(project, engine, now=NOW)
    page = await browser.get(f"{PAGE}/people")
    assert "12 customers are in the cohort as of 2026-11-24." in plain(page)
    assert '<a href="/customers/c000">c000</a>' in page.text
    for told in ("By value", "By language", "en 12", "Also in other cohorts"):
        assert told in plain(page)
    less = await send(browser, f"{PAGE}/people", text=RULES + "  - average_order: {at_least: 110}\n", part="1")
    assert "2 customers are in the cohort" in plain(less)


async def test_why_a_customer_is_in_or_out(browser, engine):
    populate(engine, 2)
    page = await browser.get(f"{PAGE}/why", params={"customer": "c001"})
    assert "c001 : in the cohort" in plain(page)
    assert "yes 3 orders or more 3" in plain(page)
    assert 'value="c001"' in page.text
    out = await send(browser, f"{PAGE}/why", text=RULES.replace("at_least: 3", "at_least: 4"), customer="c001", part="1")
    assert "c001 : not in the cohort" in plain(out)
    assert "no 4 orders or more 3" in plain(out)
    assert "there is no customer `c999`" in plain(await browser.get(f"{PAGE}/why", params={"customer": "c999"}))
    assert "there is no customer to look at" in plain(await browser.get(f"{PAGE}/why", params={"customer": " "}))


async def test_the_backtest_is_drawn(browser, engine, regulars):
    told = await browser.get(f"{PAGE}/past", params={"cut": regulars, "days": "90"})
    assert told.status_code == 200, plain(told)
    assert '<svg class="chart"' in told.text
    assert "all judged: " in plain(told)
    assert "the longest silence" in plain(told)
    ukrainian = await browser.get(f"{PAGE}/past", params={"cut": regulars, "days": "90"}, headers={"Accept-Language": "uk"})
    assert "усі оцінені: " in plain(ukrainian)
    assert re.findall(r"\d\.\d|\d%", re.sub(r"<svg.*?>|<rect[^>]*>|<line[^>]*>|<text[^>]*>", "", ukrainian.text)) == []
    for wrong in ({"cut": "soon", "days": "90"}, {"cut": regulars, "days": "0"}, {"cut": regulars, "days": "x" * 50}, {}):
        refused = await browser.get(f"{PAGE}/past", params=wrong)
        assert (refused.status_code, "alarm" in refused.text) == (422, True)


@pytest.fixture
def regulars(engine) -> str:
    """Some who came back after a day, and some who didn't; the day."""
    from tests.store import world

    with database.writing(engine) as connection:
        for number in range(30):
            who = world.customer(connection, f"r{number:02d}", given_name="Emma", country="GB", locale="en")
            for day in ("2024-01-05", "2024-02-05", "2024-03-05"):
                world.order(connection, who, f"{day} 12:00:00", 50)
            if number % 3 == 0:
                world.order(connection, who, "2025-08-20 12:00:00", 50)
        late = world.customer(connection, "late", given_name="Emma", country="GB", locale="en")
        world.order(connection, late, "2026-11-20 12:00:00", 50)
    return "2025-06-30"


async def test_words_are_suggested(browser):
    found = await send(browser, f"{PAGE}/words", text="rules:\n  - days_since_last_o", offset="28")
    assert found.json()["suggestions"][0]["insert"] == "days_since_last_order: {}"
    assert found.json()["start"] == 11
    assert (await send(browser, f"{PAGE}/words", text="x", offset="-1")).status_code == 404


async def test_saving_goes_through_the_check_and_is_audited(browser, engine, project):
    answer = await send(browser, PAGE, say="save", text=RULES.replace("\n", "\r\n"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?told=saved")
    assert file(project).read_text(encoding="utf-8") == RULES
    assert "Saved. Campaigns go by these rules" in (await browser.get(answer.headers["location"])).text
    with database.reading(engine) as connection:
        rows = audit.listed(connection, about=f"file config/cohorts/{NAME}.yaml")
    assert [(row.who, row.deed) for row in rows] == [(project.user, "edited")]
    again = await send(browser, PAGE, say="save", text=RULES)
    assert again.headers["location"] == f"{PAGE}?told=same"


async def test_what_is_broken_is_not_saved_and_can_be_kept_as_a_draft(browser, project):
    before = file(project).read_bytes()
    broken = RULES + "  - lapsd: default\n"
    refused = await send(browser, PAGE, say="save", text=broken)
    assert refused.status_code == 422
    assert 'data-line="5"' in refused.text
    assert "lapsd: default\n</textarea>" in refused.text
    assert file(project).read_bytes() == before
    kept = await send(browser, PAGE, say="draft", text=broken)
    assert kept.headers["location"] == f"{PAGE}?told=draft"
    assert file(project).read_bytes() == before
    page = await browser.get(PAGE)
    assert "This is your draft of 2026-11-24" in page.text
    assert "lapsd: default\n</textarea>" in page.text
    assert (await send(browser, PAGE, say="drop")).headers["location"] == f"{PAGE}?told=dropped"
    assert "lapsd" not in (await browser.get(PAGE)).text


async def test_two_who_save_at_once_lose_nothing(browser, project, engine):
    mine = await hidden(browser)
    path = f"config/cohorts/{NAME}.yaml"
    theirs = RULES.replace("Silent", "<Theirs>")
    editing.save(project, engine, path, theirs, editing.open(project, path).version, by="Olena", now=NOW)
    clash = await browser.post(PAGE, data={**mine, "say": "save", "text": RULES.replace("Silent", "Mine")})
    assert clash.status_code == 409
    assert "somebody else changed the file" in clash.text
    assert "title: Mine" in clash.text
    assert "-title: &lt;Theirs&gt;" in clash.text
    assert "Save over theirs" in clash.text
    assert file(project).read_text(encoding="utf-8") == theirs
    fresh = re.search(r'name="version" value="(\w+)"', clash.text)[1]
    assert (await browser.post(PAGE, data={**mine, "version": fresh, "say": "save", "text": RULES})).status_code == 303
    assert file(project).read_text(encoding="utf-8") == RULES


async def test_a_new_cohort_begins_from_a_template_or_from_one_that_is_there(browser, project):
    page = await browser.get("/cohorts/new")
    assert "Lapsed as the trade calls it" in page.text
    assert f'value="{NAME}"' in page.text
    answer = await send(browser, "/cohorts/new", name="gone-quiet", like="sign:no-inquiries")
    assert answer.headers["location"] == "/cohorts/gone-quiet?told=copied"
    assert "sign: [no-inquiries]" in file(project, "gone-quiet").read_text(encoding="utf-8")
    assert (await browser.get(answer.headers["location"])).status_code == 200
    await send(browser, "/cohorts/new", name="like-the-other", like=NAME)
    assert file(project, "like-the-other").read_bytes() == file(project).read_bytes()


@pytest.mark.parametrize("name", ["", "new", "Dear Ones", "../escape", "a" * 90, "<b>x</b>", NAME])
async def test_a_name_that_will_not_do_is_refused_in_words(browser, project, name):
    before = project.names("cohorts")
    refused = await send(browser, "/cohorts/new", name=name, like=NAME)
    assert refused.status_code == 422
    assert "alarm" in refused.text
    assert "<b>x" not in refused.text
    assert project.names("cohorts") == before


async def test_what_a_new_one_is_to_be_like_must_be_there(browser):
    assert (await send(browser, "/cohorts/new", name="x", like="../../settings")).status_code == 404


async def test_forms_without_proof_or_right_do_nothing(browser, project, reader):
    before = file(project).read_bytes()
    for address, fields in (
        (PAGE, {"say": "save", "text": RULES}),
        ("/cohorts/new", {"name": "x", "like": NAME}),
        (f"{PAGE}/size", {"text": RULES}),
        (f"{PAGE}/words", {"text": RULES, "offset": "3"}),
    ):
        assert (await browser.post(address, data=fields)).status_code == 403, "no proof"
        assert (await send(browser, address, **fields)).status_code == 403, "no right"
    assert file(project).read_bytes() == before
    page = (await browser.get(PAGE)).text
    assert " readonly>" in page
    assert 'value="save"' not in page
    assert "/cohorts/new" not in (await browser.get("/cohorts")).text
    assert (await browser.get(f"{PAGE}/size")).status_code == 200, "looking is everybody's"


async def test_names_of_customers_and_titles_can_do_nothing(browser, engine, project):
    key = 'x"><script>alert(1)</script>'
    with database.writing(engine) as connection:
        from tests.store import world

        who = world.customer(connection, key, given_name="Emma", country="GB", locale='<img src="x">')
        for month in (1, 3, 5):
            world.order(connection, who, f"2025-0{month}-11 12:00:00", 100)
    await send(browser, PAGE, say="save", text=RULES.replace("Silent", "'</textarea><script>alert(2)</script>'"))
    for address in (PAGE, "/cohorts", f"{PAGE}/people", f"{PAGE}/why?{urlencode({'customer': key})}", "/cohorts/new"):
        page = (await browser.get(address)).text
        assert not re.search(r"<script>|<img", page), address
    assert "&lt;script&gt;alert(1)" in (await browser.get(f"{PAGE}/people")).text


async def test_nothing_needs_a_script_of_the_page_itself(browser):
    for address in ("/cohorts", "/cohorts/new", PAGE):
        page = (await browser.get(address)).text
        assert not re.search(r"<script(?! src=\"/static/)|<style|\son\w+=|\sstyle=|javascript:", page), address
        for field in re.findall(r'<(?:input|textarea|select)(?![^>]*type="(?:hidden|radio)")[^>]*\sid="([\w-]+)"', page):
            assert f'<label for="{field}"' in page, field


class Slow:
    """A count that the database takes minutes for, and whether it was reached and left."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    def __call__(self, connection, stand):
        self.begun.set()
        try:
            endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n"
            connection.execute(text(endless))
        finally:
            self.ended.set()
        return []


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 30)


async def test_a_count_that_is_superseded_is_cancelled_in_the_database(browser, engine, monkeypatch):
    populate(engine, 3)
    fields = {**await hidden(browser), "text": RULES, "part": "1"}
    slow, quick = Slow(), cohorts.funnel
    monkeypatch.setattr(cohorts, "funnel", slow)
    first = asyncio.ensure_future(browser.post(f"{PAGE}/size", data=fields))
    await until(slow.begun)
    monkeypatch.setattr(cohorts, "funnel", quick)
    second = await browser.post(f"{PAGE}/size", data=fields)
    assert slow.ended.is_set()
    assert "3 of 3 customers" in plain(second)
    superseded = await first
    assert (superseded.status_code, superseded.text) == (204, "")


async def test_a_browser_that_goes_takes_its_count_with_it(project, engine, monkeypatch):
    """As a server tells an application: the connection is closed while the answer is being made."""
    app = create_app(project, engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME) as client:
        fields = {**await hidden(client), "text": RULES, "part": "1"}
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    slow, gone, sent = Slow(), asyncio.Event(), []
    monkeypatch.setattr(cohorts, "funnel", slow)
    messages = [{"type": "http.request", "body": urlencode(fields).encode(), "more_body": False}]

    async def receive():
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send_on(message):
        sent.append(message)

    headers = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"cookie", cookie.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "headers": headers}
    scope |= {"path": f"{PAGE}/size", "raw_path": f"{PAGE}/size".encode(), "query_string": b"", "server": ("127.0.0.1", PORT), "root_path": ""}
    answering = asyncio.ensure_future(app({**scope, "client": ("127.0.0.1", 1)}, receive, send_on))
    await until(slow.begun)
    gone.set()
    await asyncio.wait_for(answering, 30)
    assert slow.ended.is_set()


async def test_a_count_that_takes_too_long_says_so(browser, engine, monkeypatch):
    from winback.studio import cohort_parts

    fields = {**await hidden(browser), "text": RULES, "part": "1"}
    monkeypatch.setattr(cohorts, "funnel", Slow())
    monkeypatch.setattr(cohort_parts, "TYPING", 0.2)
    answer = await browser.post(f"{PAGE}/size", data=fields)
    assert answer.status_code == 200
    assert "This takes too long to be counted now; it was stopped." in answer.text


async def test_the_words_are_as_json_says(browser):
    found = await send(browser, f"{PAGE}/words", text="", offset="0")
    assert {"title", "rules"} <= {each["word"] for each in json.loads(found.text)["suggestions"]}


async def test_a_cohort_that_no_campaign_uses_may_be_taken_away_where_git_keeps_it(browser, project):
    spare = "nobody-uses-this"
    used = [row for row in project.names("cohorts") if "Take it away" not in (await browser.get(f"/cohorts/{row}")).text][0]  # noqa: RUF015
    project.config("cohorts", f"{spare}.yaml").write_text(RULES, encoding="utf-8")
    page = (await browser.get(f"/cohorts/{spare}")).text
    fields = {"proof": re.search(r'name="proof" value="([0-9a-f]{64})"', page)[1], "say": "archive", "surely": "yes"}
    unkept = await browser.post(f"/cohorts/{spare}", data=fields)
    assert (unkept.status_code, "nobody could bring it back" in unkept.text) == (422, True)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=Ivan", "-c", "user.email=ivan@zerno.example", "commit", "-qm", "Begin"]):
        subprocess.run(["git", *words], cwd=project.root, check=True)  # noqa: ASYNC221
    assert (await browser.post(f"/cohorts/{used}", data=fields)).status_code == 422
    assert (await browser.post(f"/cohorts/{spare}", data={**fields, "surely": ""} | {"say": "drop"})).status_code == 303
    assert spare in project.names("cohorts")
    done = await browser.post(f"/cohorts/{spare}", data=fields)
    assert done.headers["location"] == "/cohorts?told=archived"
    assert spare not in project.names("cohorts")
    assert "Git keeps it" in (await browser.get("/cohorts?told=archived")).text

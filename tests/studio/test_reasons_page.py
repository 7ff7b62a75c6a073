"""The studio's pages on why customers left, as a browser on this machine asks for them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import httpx
import pytest
from httpx import ASGITransport

from tests import projects
from tests.store.world import customer, order
from winback.errors import ConfigError
from winback.operations import reasons
from winback.store import audit, database
from winback.studio.app import create_app

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
FORM = {"reason": "service", "note": "Waited an hour", "by": "olena", "day": "2026-11-20"}


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def shop(engine):
    """A1 bought, A1/2 has an id that addresses must quote, a1 is another customer than A1, OLD was merged into A1; 25 more."""
    with database.writing(engine) as connection:
        first = customer(connection, "A1", given_name="Emma", family_name="Shaw", manager="olena")
        order(connection, first, "2025-03-08T10:00")
        for key, values in (("A1/2", {}), ("a1", {}), ("OLD", {"merged_into": first}), ("x%y", {"given_name": "<b>Bo</b>"})):
            customer(connection, key, **values)
        for number in range(25):
            customer(connection, f"N{number:02}")
    return engine


@pytest.fixture
async def browser(project, shop):
    app = create_app(project, shop, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=30) as client:
        yield client


async def proof(browser, key: str = "A1") -> str:
    """What the page's form carries."""
    return re.search(r'name="proof" value="([0-9a-f]{64})"', (await browser.get(f"/customers/{key}")).text)[1]


async def send(browser, key: str = "A1", **changes: str) -> httpx.Response:
    """The page's form, filled in."""
    return await browser.post(f"/customers/{key}", data={**FORM, "proof": await proof(browser), **changes})


def recorded(project, engine, key: str = "A1") -> list[tuple[str, date, str, str]]:
    return [(each.reason, each.recorded_on, each.recorded_by, each.note) for each in reasons.of(project, engine, key)]


async def test_a_customer_is_found_by_the_beginning_of_their_id(browser):
    page = (await browser.get("/customers", params={"find": " A1 "})).text
    assert re.findall(r'href="(/customers/[^"]+)"', page) == ["/customers/A1", "/customers/A1%2F2"]
    assert "Emma Shaw" in page
    many = (await browser.get("/customers", params={"find": "N"})).text
    assert re.findall(r'href="/customers/(N[^"]+)"', many) == [f"N{number:02}" for number in range(20)]
    assert "there are more" in many


async def test_an_id_that_stands_alone_is_gone_to_at_once(browser):
    for key, path in (("a1", "/customers/a1"), ("A1/2", "/customers/A1%2F2"), ("x%y", "/customers/x%25y")):
        answer = await browser.get("/customers", params={"find": key})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        assert f"<dd>{key}</dd>" in (await browser.get(path)).text


@pytest.mark.parametrize("text", ["%", "_1", "Z9", "\0", "N" * 300, "<script>alert(1)</script>"])
async def test_what_no_id_begins_with_finds_nobody(browser, text):
    page = await browser.get("/customers", params={"find": text})
    assert page.status_code == 200
    assert "There is none." in page.text
    assert "<script" not in page.text


async def test_a_page_says_who_the_customer_is_and_what_was_told(browser, project, shop):
    reasons.record(project, shop, "A1", "price", now=NOW, by="the till", note="Too dear\nfor tea")
    page = (await browser.get("/customers/A1")).text
    assert '<html lang="en">' in page
    for text in (
        "<h1><bdi>Emma Shaw</bdi></h1>",
        "<dd>not noted yet</dd>",
        "<dd>2025-03-08</dd>",
        "2026-11-24",
        "Too dear",
        "the till",
        "Too dear\nfor tea",
    ):
        assert text in page
    assert 'value="2026-11-24" max="2026-11-24"' in page
    assert "A competitor&#39;s offer" in page
    assert "Olena Savchenko" in page


async def test_of_a_merged_customer_the_other_one_is_shown_and_recorded(browser, project, shop):
    page = (await browser.get("/customers/OLD")).text
    assert "OLD was merged into A1" in page
    assert 'action="/customers/A1"' in page
    assert (await send(browser, "OLD")).headers["location"] == "/customers/A1?recorded=service"
    assert len(recorded(project, shop)) == 1


async def test_every_field_has_a_label_and_nothing_needs_a_script(browser):
    page = (await browser.get("/customers/A1")).text
    for field in re.findall(r"<(?:textarea|select|input type=\"(?:date|search)\")[^>]* id=\"([^\"]+)\"", page):
        assert f'<label for="{field}">' in page
    assert len(re.findall(r'<label><input type="radio"', page)) == 10
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/open-to-print.js" defer>'], "what opens folded parts for the printer"
    assert not re.search(r"<style|\son\w+=|\sstyle=|javascript:", page)


async def test_what_the_form_says_is_recorded_and_counted(browser, project, shop):
    answer = await send(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/customers/A1?recorded=service")
    assert recorded(project, shop) == [("service", date(2026, 11, 20), "olena", "Waited an hour")]
    page = (await browser.get(answer.headers["location"])).text
    assert "<p>Recorded: Poor service.</p>" in page
    assert "What helps: Apologise" in page
    assert "Waited an hour" in page
    assert "Customers with a reason: 1." in (await browser.get("/customers")).text
    with database.reading(shop) as connection:
        (deed,) = (row for row in audit.listed(connection) if row.deed == audit.Deed.TOLD_REASON)
    assert (deed.who, deed.detail) == (project.user, '{"by":"olena","reason":"service"}'), "as on the command line, and without the note"


async def test_the_same_form_twice_is_one_as_it_is_for_the_command(browser, project, shop):
    reasons.record(project, shop, "A1", "service", now=NOW, day=date(2026, 11, 20), by="olena", note="Waited an hour")
    answer = await send(browser)
    assert answer.headers["location"] == "/customers/A1?already=service"
    assert "Recorded already, nothing was changed" in (await browser.get(answer.headers["location"])).text
    assert len(recorded(project, shop)) == 1
    assert (await send(browser, note="Two hours")).headers["location"] == "/customers/A1?recorded=service"
    assert recorded(project, shop) == [("service", date(2026, 11, 20), "olena", "Two hours")]


async def test_without_a_day_it_is_today_and_lines_of_a_note_are_kept(browser, project, shop):
    await send(browser, day="", by="", note="  Waited.\r\nIn the cold.\n")
    assert recorded(project, shop) == [("service", date(2026, 11, 24), "", "Waited.\nIn the cold.")]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Choose a reason."),
        ({"reason": "servise"}, "That reason is not in config/reasons.yaml."),
        ({"note": "я" * 501}, "The note has 501 characters. Write at most 500."),
        ({"note": "a\0b"}, "The note holds signs that can&#39;t be seen."),
        ({"by": "marta"}, "That name is not in config/senders.yaml."),
        ({"day": "yesterday"}, "That is not a day. Write it as 2026-03-09."),
        ({"day": "2026-11-25"}, "2026-11-25 lies in the future."),
        ({"day": "0001-01-01"}, "0001-01-01 lies too far back."),
    ],
)
async def test_what_cannot_be_meant_comes_back_with_a_sentence_and_nothing_is_recorded(browser, project, shop, changes, sentence):
    answer = await send(browser, **{"note": "A note to keep", **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Nothing was recorded." in answer.text
    assert ("A note to keep" in answer.text) != ("note" in changes)
    assert recorded(project, shop) == []


async def test_five_hundred_letters_of_any_script_fit(browser, project, shop):
    await send(browser, note="🫖" * 500)
    assert recorded(project, shop)[0][3] == "🫖" * 500


async def test_a_script_in_a_note_or_a_name_is_shown_as_text(browser):
    note = "</textarea><script>alert('1')</script>"
    page = await browser.get((await send(browser, "x%25y", note=note)).headers["location"])
    again = await send(browser, "x%25y", note=note, reason="")
    for text in (page.text, again.text):
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
        assert "<h1><bdi>&lt;b&gt;Bo&lt;/b&gt;</bdi></h1>" in text


@pytest.mark.parametrize("path", ["/customers/Z9", "/customers/%00", "/customers/", "/nothing"])
async def test_who_is_not_known_gets_a_page_that_says_so(browser, path):
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "There is no such customer, campaign, thread or page." in answer.text


async def test_a_form_for_nobody_changes_nothing(browser, project, shop):
    assert (await send(browser, "Z9")).status_code == 404
    assert sum(row.customers for row in reasons.counted(project, shop)) == 0


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "localhost:8011", f"127.0.0.1.evil.example:{PORT}", ""])
async def test_under_another_name_nothing_is_shown_or_recorded(browser, project, shop, host):
    ticket = await proof(browser)
    seen = await browser.get("/customers/A1", headers={"Host": host})
    sent = await browser.post("/customers/A1", data={**FORM, "proof": ticket}, headers={"Host": host})
    assert (seen.status_code, sent.status_code) == (421, 421)
    assert "Emma" not in seen.text
    assert recorded(project, shop) == []


async def test_localhost_is_a_name_of_home(browser):
    assert (await browser.get("/customers", headers={"Host": f"LOCALHOST:{PORT}"})).status_code == 200


async def test_without_the_pages_own_proof_nothing_is_recorded(browser, project, shop):
    first = await proof(browser)
    other = create_app(project, shop, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(other), base_url=HOME) as stranger:
        theirs = await proof(stranger)
    for ticket in ("", "я", first[::-1], theirs):
        answer = await browser.post("/customers/A1", data={**FORM, "proof": ticket})
        assert answer.status_code == 403
        assert "Open the page anew" in answer.text
    browser.cookies.clear()
    assert (await browser.post("/customers/A1", data={**FORM, "proof": first})).status_code == 403
    browser.cookies.set(f"winback-studio-{PORT}", "A" * 43)
    assert (await browser.post("/customers/A1", data={**FORM, "proof": first})).status_code == 403
    assert recorded(project, shop) == []


@pytest.mark.parametrize(("body", "status"), [(b"note=" + b"a" * 80_000, 413), (b"\xff\xfe", 403), (b"a=1&" * 30, 403)])
async def test_what_is_no_form_of_ours_is_refused(browser, body, status):
    assert (await browser.post("/customers/A1", content=body)).status_code == status


async def test_every_answer_carries_the_headers_that_keep_it_at_home(browser):
    answers = [await browser.get(path) for path in ("/customers", "/customers/A1", "/customers/Z9", "/style.css")]
    answers += [await send(browser), await send(browser, reason=""), await browser.get("/customers", headers={"Host": "evil.example"})]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy  # our own files only, nothing in the page
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    cookie = answers[1].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


async def test_a_broken_file_is_named_with_its_line(browser, project):
    projects.edit(project.config("reasons.yaml"), "title: Poor service", "titel: Poor service")
    with pytest.raises(ConfigError) as refused:
        reasons.counted(project, None)
    page = await browser.get("/customers")
    assert page.status_code == 500
    assert re.search(r"config/reasons\.yaml:\d+", str(refused.value))[0] in page.text


async def test_a_reason_that_is_no_longer_listed_is_still_shown(browser, project):
    await send(browser, reason="forgot")
    projects.edit(project.config("reasons.yaml"), "  forgot:", "  forgotten:")
    assert "(no longer listed)" in (await browser.get("/customers/A1")).text
    assert "(no longer listed)" in (await browser.get("/customers")).text

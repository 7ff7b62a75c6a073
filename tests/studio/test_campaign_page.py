"""The studio's pages on campaigns that wait for approval, as a browser on this machine asks for them."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.operations import overseeing
from winback.sending import prepared
from winback.store import audit, database
from winback.store.tables import approvals
from winback.studio.app import create_app

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
CAMPAIGN_PAGE = f"/campaigns/{CAMPAIGN}"
PAGE = f"{CAMPAIGN_PAGE}/approval"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", "approve_above: 20"))


@pytest.fixture
def waiting(engine, project):
    """A campaign that would write to about thirty people and has asked."""
    populate(engine)
    return go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel()).waiting


@pytest.fixture
async def browser(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: START + timedelta(hours=1))
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


async def say(browser, word="approve", **changes):
    page = (await browser.get(PAGE)).text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([0-9a-f]+)"', page))
    return await browser.post(PAGE, data={**fields, "by": "Olena", "say": word, **changes})


def stands(engine) -> bool:
    with database.reading(engine) as connection:
        return connection.execute(select(approvals.c.approved_at.is_not(None) & approvals.c.withdrawn_at.is_(None))).scalar_one()


async def test_nobody_has_asked_yet(browser):
    assert "A campaign that would write to more than 20 people waits until somebody approves it." in (await browser.get("/campaigns")).text
    assert (await browser.get(PAGE)).status_code == 404
    page = (await browser.get(CAMPAIGN_PAGE)).text
    proof = re.search(r'name="proof" value="(\w+)"', page)[1]
    assert (await browser.post(PAGE, data={"say": "approve", "by": "Olena"})).status_code == 403
    assert (await browser.post(PAGE, data={"say": "approve", "by": "Olena", "proof": proof})).status_code == 404


async def test_where_nobody_is_asked_the_page_says_so(engine, tmp_path):
    quiet = projects.make(tmp_path / "quiet", ("config/settings.yaml", "approve_above: 200", "approve_above: never"))
    app = create_app(quiet, engine, port=PORT, clock=lambda: START)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME) as client:
        page = (await client.get("/campaigns")).text
    assert "No campaign asks for approval: config/settings.yaml says `approve_above: never`." in page
    assert "None people" not in page


async def test_the_page_shows_what_is_asked_and_the_button_approves_it(browser, waiting, engine, project):
    assert f'<a href="{PAGE}">waits for approval</a>' in (await browser.get("/campaigns")).text
    assert f'<a href="{PAGE}">' in (await browser.get(CAMPAIGN_PAGE)).text
    page = html.unescape((await browser.get(PAGE)).text)
    people = waiting.asked.people
    for text in (f"It would write to {people} people.", f"Approve {people} people", "first-letter", "en", *waiting.asked.sentences(), "UTC: asked"):
        assert text in page
    answer = await say(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?told=approve")
    assert stands(engine)
    page = (await browser.get(answer.headers["location"])).text
    assert "Approved. The next run" in page
    assert "approved by Olena" in page
    assert "Withdraw the approval" in page
    ran = await asyncio.to_thread(go, prepared.prepare(project, CAMPAIGN), engine, START + timedelta(hours=2), MemoryChannel())
    assert ran.waiting is None
    await say(browser, "withdraw")
    assert not stands(engine)
    with database.reading(engine) as connection:
        told = [(row.who, row.deed) for row in reversed(audit.listed(connection, about=f"campaign {CAMPAIGN}"))]
    assert [each for each in told if each[0] == "Olena"] == [("Olena", "approved"), ("Olena", "withdrew")]
    assert overseeing.oversee(project, engine, CAMPAIGN).status == "waiting-for-approval"


async def test_letters_can_be_looked_at_and_can_do_nothing(browser, waiting):
    page = (await browser.get(PAGE)).text
    links = re.findall(rf'href="({CAMPAIGN_PAGE}/letters/[^"]+)"', page)
    assert len(links) == 2 * sum(name.endswith(".html") and name != "index.html" for name in waiting.asked.letters) > 4
    letter = await browser.get(next(link for link in links if "we-miss-you" in link and link.endswith(".html")))
    assert "Emma" in letter.text
    assert "sandbox" in letter.headers["content-security-policy"]
    assert "script-src" not in letter.headers["content-security-policy"]
    assert (await browser.get(next(link for link in links if link.endswith(".txt")))).headers["content-type"].startswith("text/plain")
    for outside in ("../../winback.db", "..%2F..%2Fconfig%2Fsettings.yaml", "secret"):
        assert (await browser.get(f"{CAMPAIGN_PAGE}/letters/{outside}")).status_code == 404


async def test_a_form_without_proof_or_name_or_with_other_files_approves_nothing(browser, waiting, engine, project):
    assert (await say(browser, proof="0" * 64)).status_code == 403
    assert (await browser.post(PAGE, data={"say": "approve", "by": "Olena", "fingerprint": waiting.fingerprint})).status_code == 403
    nameless = await say(browser, by=" ")
    assert (nameless.status_code, "Write your name" in nameless.text) == (422, True)
    assert (await say(browser, "shout")).status_code == 403
    assert "it stood otherwise than the page showed" in (await say(browser, fingerprint="0" * 64)).text
    projects.edit(project.root / "templates/emails/we-miss-you/body.html", "{% block body %}", "{% block body %}<p>Hello again.</p>")
    page = (await browser.get(PAGE)).text
    assert "<li>templates/emails/we-miss-you/body.html</li>" in page
    assert 'value="approve"' not in page
    await say(browser, fingerprint=waiting.fingerprint, proof=re.search(r'name="proof" value="(\w+)"', page)[1] if "proof" in page else "0")
    assert not stands(engine)


async def test_every_field_has_a_label_and_nothing_needs_a_script(browser, waiting):
    page = (await browser.get(PAGE)).text
    assert '<label for="by">' in page
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", page)

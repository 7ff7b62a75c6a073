"""The studio's pages of campaigns, as a browser on this machine asks for them."""

from __future__ import annotations

import asyncio
import html
import itertools
import re
import threading
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate
from tests.studio import signed_in
from winback.channels.memory import MemoryChannel
from winback.operations import campaign_sight, lane_control, overseeing, working
from winback.operations.campaign_sight import Everybody
from winback.operations.kept_counts import KeptCounts
from winback.operations.overseeing import Counts
from winback.operations.people import Role
from winback.operations.working import Kind, Works
from winback.sending import prepared
from winback.store import audit, database
from winback.studio import campaigns_page
from winback.studio.app import create_app

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
PAGE = f"/campaigns/{CAMPAIGN}"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
async def browser(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: START + timedelta(hours=1))
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


@pytest.fixture
def begun(project, engine):
    """A campaign whose first letters have left."""
    populate(engine)
    return go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())


def proof(page: str) -> str:
    return re.search(r'name="proof" value="([0-9a-f]+)"', page)[1]


async def test_every_campaign_is_listed_with_how_it_stands(browser, begun, project):
    page = html.unescape((await browser.get("/campaigns")).text)
    for name in project.names("campaigns"):
        assert f'<a href="/campaigns/{name}">{name}</a>' in page
    assert page.index("under way") < page.index("not begun")
    projects.edit(project.config("campaigns", "greetings.yaml"), "title: ", "titel: ")
    page = (await browser.get("/campaigns")).text
    assert re.search(r"config/campaigns/greetings\.yaml:\d+", page), "a broken file is named with its line, and the others are still there"
    assert f">{CAMPAIGN}</a>" in page


async def test_a_campaign_that_nobody_knows_is_not_there(browser):
    for path in ("/campaigns/nobody", "/campaigns/nobody/rehearsal", "/campaigns/nobody/pause", "/campaigns/..%2F..%2Fetc", "/campaigns/nobody/work"):
        assert (await browser.get(path)).status_code == 404


async def test_what_goes_by_days_to_greet_on_has_no_heading_over_no_stages(browser):
    assert 'id="stages"' not in (await browser.get("/campaigns/greetings")).text
    assert 'id="stages"' in (await browser.get(PAGE)).text


async def test_a_campaign_shows_its_stages_arms_and_everybody(browser, begun, engine):
    page = html.unescape((await browser.get(PAGE)).text)
    counted = ledger(engine)
    sent = sum(count for (stage, status), count in counted.items() if (stage, status) == ("first-letter", "sent"))
    assert sent > 10
    link = f"/deliveries?campaign={CAMPAIGN}&stage=first-letter&status=sent"
    assert f'<a href="{link}">{sent} sent</a>' in page
    assert len(re.findall(r'<td class="day">', (await browser.get(link)).text)) == min(sent, 50)
    for text in ("under way", "left alone, to compare with", "stages are still to come", "Nobody made one here yet", "Nobody rehearsed it here yet"):
        assert text in page
    assert f'href="{PAGE}/pause"' in page
    assert f'href="{PAGE}/cancel"' in page
    assert f'href="{PAGE}/resume"' not in page


async def test_plan_and_rehearsal_are_shown_when_they_are_made(browser, project, engine):
    populate(engine, 30)
    works = Works(project, engine, working.work)
    await asyncio.to_thread(works.begin, CAMPAIGN, Kind.PLAN, by="<Olena>", now=START)
    await asyncio.to_thread(works.begin, CAMPAIGN, Kind.REHEARSAL, by="Ivan", now=START, letters=False)
    page = (await browser.get(PAGE)).text
    assert "&lt;Olena&gt;" in page
    assert "<Olena>" not in page
    plan = works.result(CAMPAIGN, Kind.PLAN).told
    assert f"It would write to {plan['people']} people of a cohort of 30" in page
    for stage in plan["stages"]:
        assert stage["first_on"] in page
    assert page.count('<rect class="bar"') >= len(plan["stages"])
    for sentence in plan["sentences"]["money"] + plan["sentences"]["power"]:
        assert sentence in html.unescape(page)
    played = works.result(CAMPAIGN, Kind.REHEARSAL).told
    assert all(day in page for day in played["days"])
    rehearsed = (await browser.get(f"{PAGE}/rehearsal")).text
    assert all(day in rehearsed for day in played["days"])
    assert "No letters were written." in rehearsed
    assert not re.search(r"<style|\son\w+=|\sstyle=|javascript:", page + rehearsed)


async def test_a_plan_is_begun_by_a_form_and_seen_while_it_is_made(browser, project, engine):
    populate(engine, 5)
    page = (await browser.get(PAGE)).text
    assert (await browser.post(f"{PAGE}/work", data={"kind": "plan"})).status_code == 403, "no proof, no work"
    assert (await browser.post(f"{PAGE}/work", data={"kind": "dance", "proof": proof(page)})).status_code == 403
    wrong = await browser.post(f"{PAGE}/work", data={"kind": "rehearsal", "first": "soon", "proof": proof(page)})
    assert (wrong.status_code, "That is not a day" in wrong.text, 'value="soon"' in wrong.text) == (422, True, True)
    early = await browser.post(f"{PAGE}/work", data={"kind": "rehearsal", "until": "2026-01-01", "proof": proof(page)})
    assert (early.status_code, "before it begins" in early.text) == (422, True)
    assert (await browser.get(f"{PAGE}/work")).json() == {"running": False}
    begun = await browser.post(f"{PAGE}/work", data={"kind": "plan", "proof": proof(page)})
    assert (begun.status_code, begun.headers["location"]) == (303, f"{PAGE}?told=plan")
    page = (await browser.get(PAGE)).text
    assert '<progress id="progress"' in page
    assert 'value="plan"' not in page, "one at a time"
    assert (await browser.get(f"{PAGE}/work")).json()["running"]
    again = await browser.post(f"{PAGE}/work", data={"kind": "plan", "proof": proof((await browser.get("/deliveries/lanes")).text)})
    assert (again.status_code, "is under way, begun by" in again.text) == (422, True)
    assert (await browser.get("/static/work.js")).headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(("verb", "status", "says"), [("pause", "paused", "planned"), ("cancel", "cancelled", "over for good")])
async def test_a_deed_is_asked_about_before_it_is_done(browser, begun, project, engine, verb, status, says):
    asked = await browser.get(f"{PAGE}/{verb}")
    assert (asked.status_code, says in asked.text) == (200, True)
    assert overseeing.oversee(project, engine, CAMPAIGN).status == "active", "looking changes nothing"
    assert (await browser.post(f"{PAGE}/{verb}")).status_code == 403
    done = await browser.post(f"{PAGE}/{verb}", data={"proof": proof(asked.text)})
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?told={verb}")
    assert overseeing.oversee(project, engine, CAMPAIGN).status == status
    assert f"<strong>{status}</strong>" in (await browser.get(PAGE)).text
    twice = await browser.post(f"{PAGE}/{verb}", data={"proof": proof(asked.text)})
    assert (twice.status_code, f"is {status}" in twice.text) == (422, True)
    with database.reading(engine) as connection:
        deed = audit.listed(connection, about=f"campaign {CAMPAIGN}", limit=1)[0]
    assert (deed.who, deed.deed) == (project.user, status)
    if verb == "pause":
        asked = await browser.get(f"{PAGE}/resume")
        await browser.post(f"{PAGE}/resume", data={"proof": proof(asked.text)})
        assert overseeing.oversee(project, engine, CAMPAIGN).status == "active"
    else:
        assert (await browser.get(f"{PAGE}/resume")).headers["location"] == PAGE, "nothing to ask about"


READERS = frozenset({Role.MANAGER})


async def test_who_may_not_send_or_edit_has_no_button_and_is_refused(begun, project, engine):
    async with signed_in.browser(project, engine, campaigns_page.routes, roles=READERS, now=START + timedelta(hours=1)) as browser:
        page = (await browser.get(PAGE)).text
        assert "under way" in page
        assert not re.search(r"/(pause|cancel|resume|edit)\"|<button(?! class=\"link\")", page)
        for verb in ("pause", "cancel"):
            assert (await browser.get(f"{PAGE}/{verb}")).status_code == 403
            assert (await browser.post(f"{PAGE}/{verb}", data={"proof": signed_in.PROOF})).status_code == 403
        assert (await browser.post(f"{PAGE}/work", data={"proof": signed_in.PROOF, "kind": "plan"})).status_code == 403
    assert overseeing.oversee(project, engine, CAMPAIGN).status == "active"


@pytest.mark.parametrize(("role", "edits", "sends"), [(Role.MARKETER, True, False), (Role.APPROVER, False, True), (Role.ADMIN, True, True)])
async def test_the_right_to_send_is_not_the_right_to_edit(begun, project, engine, role, edits, sends):
    async with signed_in.browser(project, engine, campaigns_page.routes, roles=frozenset({role}), now=START + timedelta(hours=1)) as browser:
        page = (await browser.get(PAGE)).text
    assert ('value="plan"' in page, f'href="{PAGE}/pause"' in page) == (edits, sends)


async def test_a_lane_that_stands_is_told_above_all_campaigns(browser, engine):
    lane_control.stop(engine, "group:gmail", by="<Olena>", note="a wrong price", now=START)
    page = (await browser.get("/campaigns")).text
    assert '<p role="alert">' in page
    assert "&lt;Olena&gt; stopped it (a wrong price)" in page
    lane_control.resume(engine, "group:gmail", by="Ivan", note="mended", now=START)
    assert '<p role="alert">' not in (await browser.get("/campaigns")).text


def test_a_run_that_takes_long_to_count_is_seen_before_its_counts_are_there(project, engine, begun):
    kept, may_go_on = KeptCounts[Everybody](itertools.count(step=10.0).__next__), threading.Event()

    def slowly() -> Everybody:
        assert may_go_on.wait(30)
        return Everybody(Counts({"active": 3}, {}), {})

    run = campaign_sight.look(project, engine, CAMPAIGN, KeptCounts()).seen.run
    assert kept.get_soon(run.id, slowly, patience=0) is None
    seen = campaign_sight.look(project, engine, CAMPAIGN, kept, patience=0)
    assert seen.is_counting
    assert seen.stages
    may_go_on.set()
    counted = campaign_sight.look(project, engine, CAMPAIGN, kept, patience=30)
    assert not counted.is_counting
    assert counted.counted.value.counts.recipients["active"] == 3

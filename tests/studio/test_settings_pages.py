"""The studio's pages of settings, people and the audit log, and its frame around every page."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import HTTPException

from tests import projects
from tests.studio import staff
from tests.studio.staff import proof, sign_in
from winback.operations import accounts
from winback.store import audit, database
from winback.studio.app import create_app
from winback.studio.desk import PLACES

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
HOME = "http://127.0.0.1:8010"
WHO = "olena@post.example"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def app(project, engine):
    return create_app(project, engine, port=8010, clock=lambda: NOW)


@pytest.fixture
async def admin(app, engine):
    """The browser of an admin who is called something hostile."""
    async with staff.browser(app, HOME) as client:
        await sign_in(client, staff.add(engine, "admin", name=HOSTILE, email="olena@zerno.example", now=NOW))
        yield client


def deed(engine, who: str, word: str, about: str, *, days: int = 0) -> None:
    with database.writing(engine) as connection:
        audit.record(connection, who=who, deed=word, about=about, detail={"run": 1}, now=NOW - timedelta(days=days))


async def checked(browser) -> str:
    """The page of the check, once it is done: it asks again by itself until then."""
    for _ in range(300):
        page = await browser.get("/settings/check")
        if "refresh" not in page.headers:
            return page.text
        await asyncio.sleep(0.2)
    raise AssertionError("the check comes to no end")


async def test_every_file_is_shown_with_where_it_stands_and_no_secret(admin):
    page = (await admin.get("/settings")).text
    for text in ("config/senders.yaml", "config/brand.yaml", "config/policy.yaml", "config/pace.yaml", "config/settings.yaml", "senders.olena.email"):
        assert text in page
    assert "Olena Savchenko" in page
    assert "k" * 32 not in page
    assert re.search(r"<dt>time_zone</dt><dd><bdi>Europe/Kyiv</bdi></dd>", page)


async def test_a_file_that_cannot_be_read_is_named_and_the_others_are_shown(admin, project):
    projects.edit(project.config("brand.yaml"), "company:", "compani:")
    page = (await admin.get("/settings")).text
    assert re.search(r"config/brand\.yaml:\d+", page)
    assert "senders.olena.email" in page
    assert "compani" in await checked(admin)


async def test_where_nothing_is_wrong_the_check_says_so(admin):
    assert "Everything is in order" in await checked(admin)


async def test_an_admin_lets_somebody_in_by_a_link_that_is_shown_once(admin, app, engine):
    fields = {"proof": await proof(admin, "/settings/people"), "email": "Ivan@zerno.example", "name": "Ivan Koval", "role-approver": "on"}
    answer = await admin.post("/settings/people", data=fields)
    assert answer.status_code == 200
    path = re.search(rf"<code>{HOME}(/invitation/[A-Za-z0-9_-]{{43}})</code>", answer.text)[1]
    assert path not in (await admin.get("/settings/people/2")).text
    async with staff.browser(app, HOME) as client:
        ticket = await proof(client, path)
        await client.post(path, data={"proof": ticket, "password": "four words of bread", "again": "four words of bread"})
        assert "Ivan Koval" in (await client.get("/account")).text
    page = (await admin.get("/settings/people")).text
    assert "ivan@zerno.example" in page
    assert "signed in in 1 browser<" in page
    with database.reading(engine) as connection:
        told = [(row.who, row.deed) for row in reversed(audit.listed(connection, about="person 2"))]
    assert told == [(HOSTILE, "added"), (HOSTILE, "invited"), ("Ivan Koval", "chose-password"), ("Ivan Koval", "signed-in")]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "ivan", "name": "Ivan", "role-admin": "on"}, "`ivan` is no e-mail address."),
        ({"email": "ivan@zerno.example", "name": "Ivan"}, "they would have no role."),
        ({"email": "olena@zerno.example", "name": "Olena", "role-admin": "on"}, "is somebody&#39;s already."),
        ({"email": f"{HOSTILE}@x", "name": "Olena", "role-admin": "on"}, "&lt;script&gt;"),
    ],
)
async def test_what_cannot_be_meant_comes_back_with_what_was_typed(admin, engine, fields, sentence):
    answer = await admin.post("/settings/people", data={"proof": await proof(admin, "/settings/people"), **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<script" not in answer.text
    assert ('value="on" checked' in answer.text) == ("role-admin" in fields)
    assert len(accounts.names(engine)) == 1


async def test_roles_names_and_doors_are_changed_on_somebodys_page(admin, engine):
    staff.add(engine, "marketer", email="ivan@zerno.example", now=NOW)

    async def say(word: str, **fields: str):
        return await admin.post("/settings/people/2", data={"proof": await proof(admin, "/settings/people/2"), "say": word, **fields})

    answer = await say("roles", **{"role-manager": "on", "role-marketer": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/people/2?told=roles")
    assert "Their roles are these now." in (await admin.get(answer.headers["location"])).text
    assert (await say("rename", name="Ivan Koval")).status_code == 303
    assert (await say("disable")).status_code == 303
    page = (await admin.get("/settings/people/2")).text
    assert "<h1><bdi>Ivan Koval</bdi></h1>" in page
    assert "is not let in" in page
    assert 'value="enable"' in page
    assert (await say("enable")).status_code == 303
    assert (await say("promote")).status_code == 403
    own = await admin.post("/settings/people/1", data={"proof": await proof(admin, "/settings/people/1"), "say": "disable"})
    assert (own.status_code, "is the only admin who can sign in" in own.text) == (422, True)
    assert (await admin.get("/settings/people/3")).status_code == 404


async def test_deeds_are_found_by_who_what_about_what_and_when(admin, engine):
    for days, who, word, about in (
        (9, "olha", "paused", "campaign spring"),
        (5, "ivan", "resumed", "campaign spring"),
        (1, HOSTILE, "stopped", "lane email"),
    ):
        deed(engine, who, word, about, days=days)

    async def found(**asked: str) -> list[str]:
        page = await admin.get("/settings/audit", params=asked)
        assert "<script" not in page.text
        return re.findall(r'<td class="number">(\d+)</td>', page.text)

    everything = await found()
    first, second, third = everything[2::-1]
    assert await found(who="olha") == [first]
    assert await found(deed="resumed") == [second]
    assert await found(about="campaign spring") == [second, first]
    assert await found(who=HOSTILE, deed="stopped") == [third]
    assert await found(since="2026-11-20", until="2026-11-25") == [second]
    assert await found(until="2026-11-18") == [first]
    assert await found(before=third) == [second, first, *everything[3:]]
    assert await found(about="campaign autumn") == []
    for asked, sentence in ((("since", "yesterday"), "That is not a day."), (("customer", "Z9"), "There is no customer of that id.")):
        assert sentence in (await admin.get("/settings/audit", params=[asked])).text


async def test_many_deeds_are_leafed_through_and_the_filter_stays(admin, engine):
    for number in range(60):
        deed(engine, "olha", "paused", f"campaign {number % 2}")
    page = (await admin.get("/settings/audit", params={"who": "olha"})).text
    assert len(re.findall(r'<td class="number">', page)) == 50
    older = re.search(r'href="(/settings/audit\?[^"]+)" rel="next"', page)[1].replace("&amp;", "&")
    assert len(re.findall(r'<td class="number">', (await admin.get(older)).text)) == 10


async def test_the_chain_is_looked_through_when_somebody_asks(admin, engine):
    answer = await admin.post("/settings/audit", data={"proof": await proof(admin, "/settings/audit")})
    assert re.search(r"\d deeds, each as it was written\. Head: \d+-[0-9a-f]{64}", answer.text)


async def test_the_frame_names_the_pages_that_are_there_and_marks_this_one(admin):
    page = (await admin.get("/settings/audit")).text
    shown = re.findall(r'<li><a href="([^"]+)"( aria-current="[a-z]+")?>', page.partition("</nav>")[0])
    assert {path for path, _ in shown} <= {path for path, _ in PLACES} | {"/mailbox"}
    assert {"/", "/campaigns", "/customers", "/inbox", "/settings", "/mailbox"} <= {path for path, _ in shown}
    assert [path for path, mark in shown if mark] == ["/settings"]
    assert '<a class="skip" href="#main">' in page
    assert '<main id="main"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/nothing", 404, "There is no such customer, campaign, thread or page."),
        ("GET", "/campaigns/nothing", 404, "There is no such customer, campaign, thread or page."),
        ("POST", "/settings/check", 405, "There is nothing to look at under this address."),
        ("DELETE", "/inbox", 405, "There is nothing to look at under this address."),
        ("POST", "/inbox/1", 403, "Open the page anew"),
    ],
)
async def test_what_cannot_be_done_is_said_in_the_same_frame(admin, method, path, status, sentence):
    answer = await admin.request(method, path)
    assert answer.status_code == status
    assert sentence in answer.text
    assert '<ul class="places">' in answer.text


async def test_a_fault_of_ours_shows_no_traceback_and_is_logged_under_the_name_that_the_page_says(admin, app, caplog):
    @app._app._app.get("/broken")
    def broken():
        raise ZeroDivisionError(WHO)

    @app._app._app.get("/teapot")
    def teapot():
        raise HTTPException(418, WHO)

    with caplog.at_level(logging.ERROR):
        answer = await admin.get("/broken")
    assert answer.status_code == 500
    name = re.search(r"The log calls it ([0-9a-f]{8}):", answer.text)[1]
    assert "content-security-policy" in answer.headers
    assert "Traceback" not in answer.text
    (told,) = (record.getMessage() for record in caplog.records if record.name == "winback.studio.refusals")
    assert f"fault {name}: a GET failed: ZeroDivisionError" in told
    assert "in broken" in told
    assert WHO not in told + answer.text + (await admin.get("/teapot")).text


async def test_a_database_that_does_not_answer_is_told_as_that(admin, app):
    @app._app._app.get("/lost")
    def lost():
        raise database.Failure

    answer = await admin.get("/lost")
    assert answer.status_code == 503
    assert "Nothing is half done. Try again in a minute." in answer.text

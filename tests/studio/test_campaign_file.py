"""The editor of a campaign's file: what can't be meant isn't saved, nobody's work is overwritten."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport

from tests import projects
from tests.operations.lost import CAMPAIGN, START
from tests.studio import signed_in
from winback.operations.people import Role
from winback.store import audit, database
from winback.studio import campaign_file
from winback.studio.app import create_app

PORT = 8010
PAGE = f"/campaigns/{CAMPAIGN}/edit"


@pytest.fixture
def engine(tmp_path):
    """Nothing here asks the database anything of its own."""
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
async def browser(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: START + timedelta(hours=1))
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=f"http://127.0.0.1:{PORT}", timeout=60) as client:
        yield client


def form(page: str) -> dict[str, str]:
    """What the page's form would send back."""
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([0-9a-f]*)"', page))
    return fields | {"text": html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1])}


async def test_what_is_right_is_saved_as_it_was_typed(browser, project, engine):
    file = project.config("campaigns", f"{CAMPAIGN}.yaml")
    fields = form((await browser.get(PAGE)).text)
    assert fields["text"] == file.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^title: .*$", "title: A <b>warm</b> winter", fields["text"])
    done = await browser.post(PAGE, data={**fields, "text": text.replace("\n", "\r\n"), "say": "save"})
    assert (done.status_code, done.headers["location"]) == (303, f"/campaigns/{CAMPAIGN}?told=saved")
    assert file.read_text(encoding="utf-8") == text
    page = (await browser.get(f"/campaigns/{CAMPAIGN}")).text
    assert "A &lt;b&gt;warm&lt;/b&gt; winter" in page
    with database.reading(engine) as connection:
        assert audit.listed(connection, limit=1)[0].about == f"file config/campaigns/{CAMPAIGN}.yaml"


async def test_what_cannot_be_meant_is_named_by_its_line_and_not_saved(browser, project):
    file = project.config("campaigns", f"{CAMPAIGN}.yaml")
    before = file.read_text(encoding="utf-8")
    fields = form((await browser.get(PAGE)).text)
    line = next(number for number, each in enumerate(before.splitlines(), 1) if each.startswith("holdout:"))
    text = re.sub(r"(?m)^holdout: .*$", "holdout: 15", before)
    for say in ("check", "save"):
        refused = await browser.post(PAGE, data={**fields, "text": text, "say": say})
        assert (refused.status_code, f'data-line="{line}"' in refused.text) == (422, True)
        assert form(refused.text)["text"] == text, "nothing has to be typed twice"
    assert file.read_text(encoding="utf-8") == before
    kept = await browser.post(PAGE, data={**fields, "text": text, "say": "draft"})
    assert kept.headers["location"] == f"{PAGE}?told=draft"
    page = (await browser.get(PAGE)).text
    assert ("This is your draft" in page, form(page)["text"]) == (True, text)
    assert file.read_text(encoding="utf-8") == before, "a draft changes nothing"
    await browser.post(PAGE, data={**form(page), "say": "drop"})
    assert form((await browser.get(PAGE)).text)["text"] == before


async def test_two_who_edit_at_once_are_both_shown(browser, project):
    file = project.config("campaigns", f"{CAMPAIGN}.yaml")
    mine = form((await browser.get(PAGE)).text)
    projects.edit(file, "title: ", "title: Theirs, ")
    theirs = file.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^title: .*$", "title: Mine", mine["text"])
    clash = await browser.post(PAGE, data={**mine, "text": text, "say": "save"})
    assert clash.status_code == 409
    assert file.read_text(encoding="utf-8") == theirs
    assert "title: Theirs," in clash.text
    assert form(clash.text)["text"] == text
    done = await browser.post(PAGE, data={**form(clash.text), "say": "save"})
    assert done.status_code == 303, "whoever has seen it may save over it"
    assert "title: Mine" in file.read_text(encoding="utf-8")


async def test_no_other_file_is_edited(browser):
    for name in ("nobody", "..%2Fsettings", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"):
        assert (await browser.get(f"/campaigns/{name}/edit")).status_code == 404


async def test_who_may_not_edit_is_refused(project, engine):
    async with signed_in.browser(project, engine, campaign_file.routes, roles=frozenset({Role.APPROVER}), now=START) as browser:
        assert (await browser.get(PAGE)).status_code == 403
        assert (await browser.post(PAGE, data={"proof": signed_in.PROOF, "say": "save", "text": "", "version": ""})).status_code == 403

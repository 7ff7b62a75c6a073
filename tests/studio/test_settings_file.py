"""The editor of the files that say how the project is set up: who may, what is refused, what two at once see, what is never shown."""

from __future__ import annotations

import html
import re
import subprocess
from datetime import UTC, datetime

import pytest

from tests import projects
from tests.studio import staff
from winback.operations import setting_files
from winback.operations.people import Role
from winback.store import audit, database
from winback.studio.app import create_app

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
HOME = "http://127.0.0.1:8010"
PAGE = "/settings/files/brand"


@pytest.fixture
def engine(tmp_path):
    """Nothing here asks the database anything of its own."""
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def project(tmp_path):
    return projects.keep_only(projects.make(tmp_path / "shop"), "we-miss-you", "gift-with-code", "last-day-of-offer", campaigns=("winter-tea",))


@pytest.fixture
async def admin(project, engine):
    app = create_app(project, engine, port=8010, clock=lambda: NOW)
    async with staff.browser(app, HOME) as client:
        await staff.sign_in(client, staff.add(engine, Role.ADMIN, email="olena@zerno.example", name="Olena Savchenko", now=NOW))
        yield client


def form(page: str) -> dict[str, str]:
    """What the page's form would send back."""
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([0-9a-f]*)"', page[page.index('id="editor"') :]))
    return fields | {"text": html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1])}


def git(project, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=project.root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", setting_files.NAMES)
async def test_every_file_opens_as_it_stands(admin, project, name):
    file = project.config(f"{name}.yaml")
    page = (await admin.get(f"/settings/files/{name}")).text
    assert form(page)["text"] == (file.read_text(encoding="utf-8") if file.exists() else "")
    assert f'href="/settings/files/{name}"' in (await admin.get("/settings")).text


async def test_what_is_right_is_saved_committed_under_the_persons_name_and_recorded(admin, project, engine):
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=x", "-c", "user.email=x@zerno.example", "commit", "-qm", "Begin")):
        git(project, *words)
    fields = form((await admin.get(PAGE)).text)
    text = re.sub(r"(?m)^name: .*$", "name: Zerno & Daughters", fields["text"])
    assert text != fields["text"]
    done = await admin.post(PAGE, data={**fields, "text": text, "say": "save"})
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?told=saved")
    assert project.config("brand.yaml").read_text(encoding="utf-8") == text
    author = git(project, "log", "-1", "--format=%an <%ae>")
    assert author == "Olena Savchenko <olena@zerno.example>"
    assert "Zerno &amp; Daughters" in (await admin.get("/settings")).text
    with database.reading(engine) as connection:
        assert audit.listed(connection, limit=1)[0].about == "file config/brand.yaml"


async def test_of_the_settings_it_is_said_that_they_hold_from_the_next_start(admin, project):
    page = "/settings/files/settings"
    fields = form((await admin.get(page)).text)
    done = await admin.post(page, data={**fields, "text": f"{fields['text']}batch: 400\n", "say": "save"})
    assert done.headers["location"] == f"{page}?told=started"
    assert "when they are started anew" in (await admin.get(done.headers["location"])).text
    assert re.search(r"<dt>batch</dt><dd><bdi>400</bdi></dd>", (await admin.get("/settings")).text), "the page shows what the file says"


async def test_what_cannot_be_meant_is_named_by_its_line_as_it_is_typed_and_is_not_saved(admin, project):
    before = project.config("brand.yaml").read_text(encoding="utf-8")
    fields = form((await admin.get(PAGE)).text)
    text = before.replace("\nname:", "\nnam:")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith("nam:"))
    part = await admin.post(f"{PAGE}/problems", data={**fields, "text": text, "part": "1"})
    assert f'data-line="{line}"' in part.text
    assert "<html" not in part.text
    assert "data-line" not in (await admin.post(f"{PAGE}/problems", data={**fields, "part": "1"})).text
    for say in ("check", "save"):
        refused = await admin.post(PAGE, data={**fields, "text": text, "say": say})
        assert (refused.status_code, f'data-line="{line}"' in refused.text) == (422, True)
        assert form(refused.text)["text"] == text, "nothing has to be typed twice"
    assert project.config("brand.yaml").read_text(encoding="utf-8") == before
    await admin.post(PAGE, data={**fields, "text": text, "say": "draft"})
    kept = (await admin.get(PAGE)).text
    assert ("This is your draft" in kept, form(kept)["text"]) == (True, text)
    await admin.post(PAGE, data={**form(kept), "say": "drop"})
    assert form((await admin.get(PAGE)).text)["text"] == before


async def test_a_file_whose_change_breaks_another_is_not_saved(admin, project):
    page = "/settings/files/senders"
    fields = form((await admin.get(page)).text)
    refused = await admin.post(page, data={**fields, "text": re.sub(r"(?m)^  olena:", "  somebody:", fields["text"]), "say": "save"})
    assert refused.status_code == 422
    assert "olena" in refused.text
    assert project.config("senders.yaml").read_text(encoding="utf-8") == fields["text"]


async def test_two_who_edit_at_once_are_both_shown(admin, project):
    mine = form((await admin.get(PAGE)).text)
    projects.edit(project.config("brand.yaml"), "name: {en: Zerno", "name: {en: Theirs")
    clash = await admin.post(PAGE, data={**mine, "text": re.sub(r"(?m)^name: .*$", "name: Mine", mine["text"]), "say": "save"})
    assert clash.status_code == 409
    assert re.search(r'class="gone">-name: {en: Theirs', clash.text)
    assert re.search(r'class="came">\+name: Mine', clash.text)
    assert "Theirs" in project.config("brand.yaml").read_text(encoding="utf-8")


async def test_words_are_offered_by_the_schema_and_by_the_project(admin):
    ticket = form((await admin.get(PAGE)).text)["proof"]
    for name, text, word in (("settings", "time_zone: Europe/Ky", "Europe/Kyiv"), ("settings", "curr", "currency"), ("policy", "coun", "countries")):
        answer = await admin.post(f"/settings/files/{name}/words", data={"proof": ticket, "text": text, "offset": str(len(text))})
        assert word in [each["word"] for each in answer.json()["suggestions"]]


async def test_a_password_that_stands_in_a_file_is_shown_to_nobody_and_saved_by_nobody(admin, project):
    page, secret = "/settings/files/sources", "postgresql://shop:hush-hush@db.zerno.example/shop"
    fields = form((await admin.get(page)).text)
    text = f"sources:\n  shop:\n    url: {secret}\n    table: orders\n"
    refused = await admin.post(page, data={**fields, "text": text, "say": "save"})
    assert refused.status_code == 422
    assert "in the environment" in refused.text
    project.config("sources.yaml").write_text(text, encoding="utf-8")
    shown = await admin.get(page)
    assert shown.status_code == 409
    for answer in (shown, await admin.post(page, data={**fields, "say": "save"}), await admin.get("/settings")):
        assert "hush-hush" not in answer.text


async def test_no_other_file_can_be_reached(admin):
    for name in ("secret", "cohorts", "..%2fsettings", "campaigns%2fwinter-tea"):
        assert (await admin.get(f"/settings/files/{name}")).status_code == 404

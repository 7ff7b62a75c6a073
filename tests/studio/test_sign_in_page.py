"""Signing in to the studio, as a browser does it: who is let in, where to, and what a stranger can't do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests import projects
from tests.studio import staff
from tests.studio.staff import PASSWORD, cookie, proof, sign_in
from winback.operations import accounts, signing_in
from winback.store import audit, database
from winback.studio.app import create_app
from winback.studio.door import own_path

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
ABROAD = "https://studio.zerno.example"


class Clock:
    """What the studio takes for now."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def olena(engine):
    return staff.add(engine, "admin", name="Olena", email="olena@zerno.example", now=NOW)


@pytest.fixture
async def browser(project, engine, olena, clock):
    async with staff.browser(create_app(project, engine, port=PORT, clock=clock), HOME) as client:
        yield client


@pytest.fixture
async def abroad(tmp_path, engine, olena, clock):
    """The same studio at an address of its own."""
    project = projects.make(tmp_path / "abroad", ("config/settings.yaml", "approve_above: 200", f"studio: {{address: {ABROAD}}}\napprove_above: 200"))
    async with staff.browser(create_app(project, engine, port=PORT, clock=clock), ABROAD) as client:
        yield client


async def test_who_is_not_signed_in_is_led_there_and_back(browser, olena):
    answer = await browser.get("/inbox?show=open&assignee=a%20b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Finbox%3Fshow%3Dopen%26assignee%3Da%2520b")
    page = (await browser.get(answer.headers["location"])).text
    wanted = re.search(r'name="next" value="([^"]+)"', page)[1].replace("&amp;", "&")
    back = await sign_in(browser, olena, next=wanted)
    assert (back.status_code, back.headers["location"]) == (303, "/inbox?show=open&assignee=a%20b")
    assert "Olena" in (await browser.get("/inbox")).text
    assert (await browser.get("/sign-in?next=/inbox")).headers["location"] == "/inbox", "who is in needn't sign in again"


@pytest.mark.parametrize(
    "path", ["/", "/customers", "/customers/A1", "/nothing", "/settings/people", "/campaigns/x/letters/y", "/mailbox", "/account"]
)
async def test_without_signing_in_nothing_is_shown_not_even_whether_it_is_there(browser, path):
    answer = await browser.get(path)
    assert (answer.status_code, answer.text) == (303, "")
    assert answer.headers["location"].startswith("/sign-in")
    sent = await browser.post(path, data={"proof": "0" * 64})
    assert sent.status_code == 401
    assert "Sign in in another tab" in sent.text


async def test_what_is_needed_to_sign_in_is_there_for_everybody(browser):
    for path in ("/sign-in", "/style.css", "/invitation/" + "A" * 43):
        assert (await browser.get(path)).status_code in {200, 404}
    page = (await browser.get("/sign-in")).text
    assert "<nav" not in page
    for name in ("email", "password"):
        assert f'<label for="{name}">' in page


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\/evil.example", "/%0d%0aSet-Cookie:x", "javascript:alert(1)", "/\tevil", "/я",
     "evil.example", "///evil.example", "/sign-in", "/invitation/x", ""],
)  # fmt: skip
async def test_nobody_is_led_anywhere_but_to_a_page_of_ours(browser, olena, wanted):
    answer = await sign_in(browser, olena, next=wanted)
    to = answer.headers["location"]
    assert to == "/" or to == wanted == "/%0d%0aSet-Cookie:x"
    assert own_path(wanted) == to


async def test_the_address_and_the_password_are_wrong_in_the_same_words(browser, engine, olena):
    staff.add(engine, "marketer", email="gone@zerno.example", now=NOW)
    accounts.disable(engine, "gone@zerno.example", by="root", now=NOW)
    pages = []
    for email, password in ((olena, "wrong words of tea"), ("gone@zerno.example", PASSWORD), ("nobody@zerno.example", PASSWORD)):
        answer = await sign_in(browser, email, password)
        assert answer.status_code == 422
        pages.append(answer.text.replace(email, "EMAIL"))
    assert len(set(pages)) == 1
    assert "The address and the password don&#39;t belong together." in pages[0]
    assert PASSWORD not in pages[0]


async def test_too_many_tries_wait_and_are_told_how_long(browser, olena, clock):
    for _ in range(5):
        await sign_in(browser, olena, "wrong words")
    answer = await sign_in(browser, olena)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert "Too many tries. Wait 5 seconds, then try again." in answer.text
    clock.now += timedelta(seconds=5)
    assert (await sign_in(browser, olena)).status_code == 303


async def test_a_cookie_that_somebody_put_there_is_worth_nothing_and_each_sign_in_has_its_own(browser, olena, project, engine):
    name = f"winback-session-{PORT}"
    browser.cookies.set(name, "A" * 43)
    assert (await browser.get("/inbox")).status_code == 303
    first = cookie(await sign_in(browser, olena), name)
    assert "A" * 43 not in first
    async with staff.browser(create_app(project, engine, port=PORT, clock=lambda: NOW), HOME) as other:
        assert cookie(await sign_in(other, olena), name) != first


async def test_at_home_the_cookies_are_for_these_pages_only_and_hidden_from_scripts(browser, olena):
    seen = cookie(await browser.get("/sign-in"), "winback-studio-8010=")
    for header in (seen, cookie(await sign_in(browser, olena), "winback-session-8010=")):
        parts = {part.strip().lower() for part in header.split(";")}
        assert {"httponly", "path=/", "samesite=strict"} <= parts
        assert "secure" not in parts, "there is no https at home"


async def test_abroad_cookies_go_by_https_and_to_this_host_alone(abroad, olena):
    seen = await abroad.get("/sign-in")
    answer = await sign_in(abroad, olena)
    for header in (cookie(seen, "__Host-winback-studio-8010="), cookie(answer, "__Host-winback-session-8010=")):
        parts = {part.strip().lower() for part in header.split(";")}
        assert {"httponly", "path=/", "samesite=strict", "secure"} <= parts
        assert not any(part.startswith("domain") for part in parts)
    assert (await abroad.get("/inbox")).status_code == 200
    assert "max-age" in seen.headers["strict-transport-security"]


@pytest.mark.parametrize("host", ["studio.zerno.example:8010", "evil.example", "zerno.example", "studio.zerno.example.evil.example"])
async def test_abroad_it_answers_its_own_names_only(abroad, host):
    answer = await abroad.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 421
    assert f"The studio answers at {ABROAD}/ only." in answer.text
    assert (await abroad.get("/sign-in", headers={"Host": "Studio.Zerno.Example"})).status_code == 200


async def test_a_form_of_somebody_else_or_of_before_changes_nothing(browser, olena, project, engine, clock):
    before = await proof(browser)
    await sign_in(browser, olena)
    own = await proof(browser, "/account")
    async with staff.browser(create_app(project, engine, port=PORT, clock=clock), HOME) as other:
        await sign_in(other, staff.add(engine, "marketer", now=NOW))
        theirs = await proof(other, "/account")
    for ticket in ("", before, theirs, own[::-1], "я"):
        answer = await browser.post("/account", data={"proof": ticket, "say": "language", "language": "uk"})
        assert answer.status_code == 403
        assert "Open the page anew" in answer.text
    assert (await browser.post("/account", data={"proof": own, "say": "language", "language": "uk"})).status_code == 303
    assert (await browser.post("/sign-in", data={"email": olena, "password": PASSWORD})).status_code == 403, (
        "signing somebody else in needs a proof too"
    )
    assert (await browser.post("/sign-out", data={})).status_code == 403


async def test_signing_out_ends_it_for_the_store_too(browser, olena):
    await sign_in(browser, olena)
    kept = dict(browser.cookies)
    answer = await browser.post("/sign-out", data={"proof": await proof(browser, "/account")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    browser.cookies.update(kept)
    assert (await browser.get("/inbox")).status_code == 303


async def test_it_ends_by_itself_and_what_was_typed_is_not_lost_in_a_redirect(browser, olena, clock):
    await sign_in(browser, olena)
    ticket = await proof(browser, "/account")
    clock.now += signing_in.IDLE + timedelta(minutes=1)
    assert (await browser.get("/inbox")).status_code == 303
    answer = await browser.post("/account", data={"proof": ticket, "say": "language", "language": "uk"})
    assert answer.status_code == 401
    assert "go one page back: what you typed is still there" in answer.text


async def test_an_invitation_lets_them_choose_a_password_once(browser, engine, project):
    accounts.add(engine, "ivan@zerno.example", name="<b>Ivan</b>", roles=["marketer"], by="root", now=NOW)
    path = f"/invitation/{accounts.invite(engine, 'ivan@zerno.example', by='root', now=NOW)}"
    page = (await browser.get(path)).text
    assert "&lt;b&gt;Ivan&lt;/b&gt;, you sign in with ivan@zerno.example." in page
    ticket = await proof(browser, path)
    for fields, sentence in (
        ({"password": "four words of bread", "again": "four words of beer"}, "The two passwords differ."),
        ({"password": "bread", "again": "bread"}, "The password is too short. Take at least 12 characters"),
    ):
        answer = await browser.post(path, data={"proof": ticket, **fields})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    fields = {"proof": ticket, "password": "four words of bread", "again": "four words of bread"}
    assert (await browser.post(path, data={**fields, "proof": ""})).status_code == 403
    answer = await browser.post(path, data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "&lt;b&gt;Ivan&lt;/b&gt;" in (await browser.get("/account")).text
    async with staff.browser(create_app(project, engine, port=PORT, clock=lambda: NOW), HOME) as other:
        assert "This invitation is over" in (await other.get(path)).text
        again = await other.post(path, data={**fields, "proof": await proof(other)})
        assert again.status_code == 404


async def test_a_password_is_changed_and_other_browsers_are_out(browser, olena, project, engine, clock):
    await sign_in(browser, olena)
    async with staff.browser(create_app(project, engine, port=PORT, clock=clock), HOME) as other:
        await sign_in(other, olena)
        fields = {
            "proof": await proof(browser, "/account"),
            "say": "password",
            "old": "wrong",
            "password": "four new words",
            "again": "four new words",
        }
        assert "That isn&#39;t your password." in (await browser.post("/account", data=fields)).text
        answer = await browser.post("/account", data={**fields, "old": PASSWORD})
        assert answer.headers["location"] == "/account?told=password"
        assert "Your password is another one now." in (await browser.get(answer.headers["location"])).text
        assert (await other.get("/account")).status_code == 303


async def test_the_pages_speak_the_persons_language_else_the_browsers_else_the_projects(browser, olena, engine):
    def language(answer: httpx.Response) -> str:
        return re.search(r'<html lang="([^"]+)">', answer.text)[1]

    assert language(await browser.get("/sign-in")) == "en"
    assert language(await browser.get("/sign-in", headers={"Accept-Language": "fr-FR, uk-UA;q=0.8, ru;q=0.9, en;q=0.1"})) == "ru"
    assert language(await browser.get("/sign-in", headers={"Accept-Language": "de, *;q=0.5"})) == "en"
    await sign_in(browser, olena)
    answer = await browser.post("/account", data={"proof": await proof(browser, "/account"), "say": "language", "language": "uz"})
    page = await browser.get(answer.headers["location"], headers={"Accept-Language": "uk"})
    assert language(page) == "uz-Latn"
    assert "Chiqish" in page.text
    wrong = await browser.post("/account", data={"proof": await proof(browser, "/account"), "say": "language", "language": "xx"})
    assert wrong.status_code == 500, "no page offers it"


async def test_as_long_as_nobody_has_an_account_the_studio_is_open_on_this_machine(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: NOW)
    async with staff.browser(app, HOME) as client:
        assert (await client.get("/customers")).status_code == 200
        assert "winback people add" in (await client.get("/account")).text
        ticket = await proof(client, "/settings/people")
        assert (await client.post("/account", data={"proof": ticket, "say": "language", "language": "uk"})).status_code == 403, "whose?"
        staff.add(engine, "admin", now=NOW)
        assert (await client.get("/customers")).status_code == 303, "from the first account on everybody signs in"


@pytest.mark.parametrize(
    "change",
    [("# environment: production ", "environment: production #"), ("approve_above: 200", f"studio: {{address: {ABROAD}}}\napprove_above: 200")],
)
async def test_in_production_and_abroad_it_never_is_and_says_how_the_first_account_is_made(tmp_path, engine, change):
    project = projects.make(tmp_path / "strict", ("config/settings.yaml", *change))
    app = create_app(project, engine, port=PORT, clock=lambda: NOW)
    async with staff.browser(app, HOME) as client:
        for path in ("/", "/customers", "/sign-in", "/settings/people"):
            answer = await client.get(path)
            assert answer.status_code == 503
            assert "winback people add olena@zerno.example" in answer.text
        assert (await client.get("/style.css")).status_code == 200
        staff.add(engine, "admin", now=NOW)
        assert (await client.get("/sign-in")).status_code == 200


async def test_a_link_in_a_mail_asks_once_more_before_anybody_must_sign_in(browser):
    answer = await browser.get("/inbox/5?a=%22", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/inbox/5?a=%22">' in answer.text


async def test_who_signs_in_is_in_the_audit(browser, olena, engine):
    await sign_in(browser, olena)
    with database.reading(engine) as connection:
        last = audit.listed(connection)[0]
    assert (last.who, last.deed, last.about) == ("Olena", "signed-in", "person 1")

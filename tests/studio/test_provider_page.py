"""Signing in by a provider of identities: only its own word, of now, for us, about an address that is somebody's here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from tests import projects
from tests.studio import identity_provider, staff
from tests.studio.identity_provider import CLIENT, SECRET, IdentityProvider
from winback.operations import accounts
from winback.store import database
from winback.studio.app import create_app

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
HOME = "http://127.0.0.1:8010"
OLENA = "olena@zerno.example"


@pytest.fixture
def provider():
    with identity_provider.serving(IdentityProvider()) as serving:
        serving.now = int(NOW.timestamp())
        serving.claims = {"email": "Olena@zerno.example"}
        yield serving


@pytest.fixture
def engine(tmp_path):
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    staff.add(engine, "admin", name="Olena", email=OLENA, now=NOW)
    yield engine
    engine.dispose()


@pytest.fixture
async def browser(tmp_path, engine, provider):
    line = f"studio: {{oidc: {{issuer: {provider.url}, client_id: {CLIENT}, name: Zerno}}}}\napprove_above: 200"
    project = projects.make(tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", line), environment={"WINBACK_OIDC_SECRET": SECRET})
    async with staff.browser(create_app(project, engine, port=8010, clock=lambda: NOW), HOME) as client:
        yield client


async def go(browser, provider, *, wanted: str = "/inbox", **changes: str):
    """There and back; `changes` are what the browser brings back otherwise than it was told."""
    there = await browser.get("/sign-in/provider", params={"next": wanted})
    assert there.status_code == 303
    query = dict(parse_qsl(urlsplit(there.headers["location"]).query))
    assert query["redirect_uri"] == f"{HOME}/sign-in/return"
    return await browser.get("/sign-in/return", params={"state": query["state"], "code": provider.authorize(query), **changes})


async def is_in(browser) -> bool:
    return (await browser.get("/account")).status_code == 200


async def test_who_has_an_account_by_that_address_is_let_in(browser, provider):
    assert "Sign in by Zerno" in (await browser.get("/sign-in")).text
    answer = await go(browser, provider)
    assert answer.status_code == 200, "a redirect would leave the strict cookie behind"
    assert 'content="0;url=/inbox"' in answer.text
    assert "samesite=strict" in staff.cookie(answer, "winback-session-8010=").lower()
    assert "Olena" in (await browser.get("/account")).text


async def test_the_cookie_on_the_way_is_lax_short_and_gone_afterwards(browser, provider):
    there = staff.cookie(await browser.get("/sign-in/provider"), "winback-provider-8010=").lower()
    assert {"httponly", "samesite=lax", "max-age=600"} <= {part.strip() for part in there.split(";")}
    back = await go(browser, provider)
    assert "max-age=0" in staff.cookie(back, "winback-provider-8010=").lower()
    assert (await browser.get("/sign-in/return", params={"state": "x", "code": "y"})).status_code == 422


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
        {"email": "nobody@zerno.example"},
        {"aud": "another"},
        {"aud": [CLIENT], "azp": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": int((NOW - timedelta(minutes=2)).timestamp())},
        {"exp": None},
    ],
)
async def test_a_word_that_is_not_as_it_must_be_lets_nobody_in(browser, provider, claims):
    provider.claims |= claims
    answer = await go(browser, provider)
    assert (answer.status_code, "That way nobody was let in" in answer.text) == (422, True)
    assert not await is_in(browser)


@pytest.mark.parametrize("changes", [{"state": "another"}, {"state": ""}, {"code": "another"}, {"iss": "https://evil.example"}])
async def test_an_answer_that_belongs_to_another_question_lets_nobody_in(browser, provider, changes):
    assert (await go(browser, provider, **changes)).status_code == 422
    assert not await is_in(browser)


async def test_a_word_by_another_key_or_by_our_own_secret_or_by_nobody_is_none(browser, provider):
    provider.key = ECKey.generate_key("P-256", {"kid": "1"})
    assert (await go(browser, provider)).status_code == 422
    provider.key, provider.header = OctKey.import_key(SECRET), {"alg": "HS256"}
    assert (await go(browser, provider)).status_code == 422
    provider.header = {"alg": "none"}
    assert (await go(browser, provider)).status_code == 422
    assert not await is_in(browser)


async def test_a_code_is_good_for_the_browser_that_asked_only(browser, provider):
    """PKCE: whoever took the code on its way has not what belongs to it."""
    there = await browser.get("/sign-in/provider")
    stolen = provider.authorize(dict(parse_qsl(urlsplit(there.headers["location"]).query)))
    browser.cookies.clear()
    assert (await go(browser, provider, code=stolen)).status_code == 422


async def test_who_is_disabled_stays_outside(browser, provider, engine):
    staff.add(engine, "admin", email="second@zerno.example", now=NOW)
    accounts.disable(engine, OLENA, by="root", now=NOW)
    assert (await go(browser, provider)).status_code == 422


async def test_a_provider_that_is_another_or_not_there_is_said(browser, provider):
    provider.calls_itself = "https://evil.example"
    assert "That way nobody was let in" in (await browser.get("/sign-in/provider")).text


async def test_nobody_is_led_elsewhere_afterwards(browser, provider):
    assert 'content="0;url=/"' in (await go(browser, provider, wanted="//evil.example")).text


async def test_without_a_provider_in_the_settings_there_is_no_such_door(tmp_path, engine):
    async with staff.browser(create_app(projects.make(tmp_path / "plain"), engine, port=8010, clock=lambda: NOW), HOME) as client:
        assert (await client.get("/sign-in/provider")).status_code == 404
        assert (await client.get("/sign-in/return")).status_code == 404
        assert "/sign-in/provider" not in (await client.get("/sign-in")).text

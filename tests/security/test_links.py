"""What a stranger can do with the addresses of the public endpoints: nothing, and learn nothing by trying."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import event

from tests.letterbox import NOW
from tests.security import raw
from winback import settings
from winback.demo.serving import Serving
from winback.store import database, events
from winback.store.tables import events as events_table
from winback.store.tables import suppressions
from winback.tracking import addresses, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

TARGET = "https://zerno.example/tea?new=1"
_NAMED = {name.lower(): value for name, value in vars(addresses).items() if name.isupper() and isinstance(value, str) and value.startswith("/")}
PATHS = {name: path for name, path in _NAMED.items() if name not in {"bot", "gateway"}}  # those are for programs with secrets of their own
"""Every path that holds a token, by the name of the purpose that opens it."""
PAGES = sorted(set(PATHS) - {"open"})


def render_page(_project, page, locale, **values):
    return f"{page} {locale} {sorted(values)}"


@pytest.fixture
def letter(shop):
    return shop.written_to("olena", email="olena@mail.example")[1]


@pytest.fixture
def link(engine):
    with database.writing(engine) as connection:
        return events.link_id(connection, TARGET)


@pytest.fixture
def url(project, engine) -> Iterator[str]:
    with Serving(create_app(project, engine, clock=lambda: NOW, render_page=render_page)) as serving:
        yield serving.url


def wrong_tokens(key: bytes, purpose: str, first: int) -> dict[str, str]:
    """Tokens that are nothing to a purpose, by what is wrong with them."""
    right = tokens.sign(key, Purpose(purpose), first, 1)
    mutated = {f"character {at} changed": right[:at] + ("A" if right[at] != "A" else "B") + right[at + 1 :] for at in (0, 1, 10, 19, 39)}
    others = {f"for {other}": tokens.sign(key, other, first, 1) for other in Purpose if other != purpose}
    return {
        "of another key": tokens.sign(b"another key of thirty-two letters", Purpose(purpose), first, 1),
        "of nobody": tokens.sign(key, Purpose(purpose), 2**60, 2**30),
        "cut": right[:-1],
        "with more behind it": right + "A",
        "empty": "A" * 40,
        **mutated,
        **others,
    }


def look(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    return answer.status_code, answer.content, sorted((name, value) for name, value in answer.headers.multi_items() if name != "date")


@pytest.mark.parametrize("purpose", PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_wrong_token_is_answered_with_the_same_page_and_changes_nothing(project, shop, letter, link, url, purpose, method):
    with httpx.Client(base_url=url) as web:
        looks = {wrong: look(web.request(method, PATHS[purpose] + token)) for wrong, token in wrong_tokens(project.key, purpose, letter).items()}
    first = next(iter(looks.values()))
    assert first[0] in {404, 405}
    assert [wrong for wrong, each in looks.items() if each != first] == []
    assert (shop.rows(events_table), shop.rows(suppressions)) == ([], [])


def test_a_key_that_is_named_no_more_opens_nothing(project, engine, shop, letter):
    old, new = "o" * 40, "n" * 40
    environment = {**project.environment, "WINBACK_LINK_KEYS": new}
    rotated = settings.open_project(project.root, environment)
    with Serving(create_app(rotated, engine, clock=lambda: NOW, render_page=render_page)) as serving:
        for key, status in ((old, 404), (new, 200)):
            assert httpx.post(serving.url + addresses.unsubscribe("", key.encode(), letter)).status_code == status
    assert len(shop.rows(suppressions)) == 1


def test_a_token_that_is_not_ours_asks_the_database_nothing(project, engine, letter, url):
    """Whether there is such a customer can't be told by the time an answer takes: nobody is looked for before the signature is right."""
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    with httpx.Client(base_url=url) as web:
        for number, purpose in enumerate(PAGES):
            for wrong, token in wrong_tokens(project.key, purpose, letter).items():
                if wrong != "of nobody":  # that one only we could sign
                    answer = web.get(PATHS[purpose] + token, headers={"X-Forwarded-For": f"203.0.113.{number}"})
                    assert answer.status_code == 404
    assert asked == []


def calls(token: str, key: bytes) -> list[str]:
    """The functions that reading a token calls, in order."""
    made: list[str] = []
    sys.setprofile(lambda frame, kind, argument: made.append(getattr(argument, "__name__", frame.f_code.co_name)) if "call" in kind else None)
    try:
        found = tokens.read((key,), Purpose.UNSUBSCRIBE, token)
    finally:
        sys.setprofile(None)
    assert found is None
    return made


def test_every_wrong_token_costs_the_same_work_whatever_is_wrong_with_it(project, letter):
    wrong = [token for name, token in wrong_tokens(project.key, "unsubscribe", letter).items() if len(token) == 40 and name != "of nobody"]
    calls(wrong[0], project.key)
    made = [calls(token, project.key) for token in wrong]
    assert "compare_digest" in made[0]
    assert made == [made[0]] * len(made)


ELSEWHERE = "evil.example"
REDIRECTS = (
    f"/c/{{}}?url=https://{ELSEWHERE}",
    f"/c/{{}}?next=//{ELSEWHERE}&to=https:{ELSEWHERE}",
    f"/c/{{}}%0d%0aLocation:%20https://{ELSEWHERE}",
    f"/c/{{}}/../../{ELSEWHERE}",
    f"//{ELSEWHERE}/c/{{}}",
    f"/\\{ELSEWHERE}/c/{{}}",
    f"/c//{ELSEWHERE}",
    f"/c/https://{ELSEWHERE}",
    f"/u/https:%2f%2f{ELSEWHERE}",
    f"//{ELSEWHERE}/%2f..",
    f"/%0d%0aLocation:%20//{ELSEWHERE}",
    f"http://{ELSEWHERE}/c/{{}}",
    "/u/{}/",
    "/health/",
)  # fmt: skip


@pytest.mark.parametrize("path", REDIRECTS)
def test_no_address_leads_anywhere_but_to_the_stored_target(project, letter, link, url, path):
    token = tokens.sign(project.key, Purpose.CLICK, letter, link)
    hosts = (
        f"Host: {ELSEWHERE}",
        f"X-Forwarded-Host: {ELSEWHERE}",
        f"Forwarded: host={ELSEWHERE};proto=http",
        f"X-Original-URL: //{ELSEWHERE}",
        "X-Forwarded-Proto: http",
    )
    head = "\r\n".join((f"GET {path.format(token)} HTTP/1.1", *hosts, "Connection: close", "", ""))
    status, headers, body = raw.answer(url, head.encode())
    assert headers.get("location", TARGET) == TARGET
    assert status in {302, 404, 400}
    assert ELSEWHERE.encode() not in body


@pytest.mark.parametrize("behind", ["\r\nSet-Cookie: a", "\nX: y", "\u2028\u0085X: y", "\t\x0b\x0c", "%0d%0aX:%20y"])
def test_a_target_with_line_breaks_stays_one_address(project, engine, letter, url, behind):
    with database.writing(engine) as connection:
        link = events.link_id(connection, f"https://zerno.example/{behind}")
    request = f"GET {addresses.click('', project.key, letter, link)} HTTP/1.1\r\nHost: u\r\nConnection: close\r\n\r\n"
    status, headers, _ = raw.answer(url, request.encode())
    assert status == 302
    assert headers["location"] == "https://zerno.example/" + quote(behind, safe=":%")
    assert not {"set-cookie", "x"} & set(headers)


def test_no_answer_sets_a_cookie_and_no_page_trusts_one(project, letter, url):
    with httpx.Client(base_url=url, cookies={"session": "admin"}) as web:
        answers = [web.get(PATHS[purpose] + tokens.sign(project.key, Purpose(purpose), letter, 1)) for purpose in PAGES]
    assert [answer.headers.get("set-cookie") for answer in answers] == [None] * len(answers)


def test_neither_tokens_nor_addresses_of_people_get_into_a_log(project, engine, shop, letter, link, caplog):
    with caplog.at_level(logging.DEBUG), Serving(create_app(project, engine, clock=lambda: NOW, render_page=render_page)) as serving:
        links = [PATHS[purpose] + tokens.sign(project.key, Purpose(purpose), letter, link) for purpose in PATHS]
        with httpx.Client(base_url=serving.url) as web:
            for each in links:
                web.get(each)
                web.post(each, data={"List-Unsubscribe": "One-Click"})
        engine.dispose()
    own = [record.getMessage() for record in caplog.records if record.name.split(".")[0] not in {"httpx", "httpcore", "asyncio"}]
    said = "\n".join(own)
    assert not [
        each for each in (*(link.rpartition("/")[2] for link in links), "olena@mail.example", project.environment["WINBACK_SECRET"]) if each in said
    ]


def test_the_key_is_in_no_repr(project):
    secret = project.environment["WINBACK_SECRET"]
    assert project.key == secret.encode()
    assert secret not in f"{project!r}{project}{project.settings!r}{Path(project.root)}"

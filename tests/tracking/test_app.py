from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, delete

from tests.letterbox import NOW, SENT_AT
from winback.demo.serving import Serving
from winback.store import database, events
from winback.store.tables import contacts, customers, deliveries, suppressions
from winback.store.tables import events as events_table
from winback.tracking import addresses, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
TARGET = "https://zerno.example/чай?new=1&x=%20#top"


def render_page(_project, page, locale, **values):
    return f"{page} {locale} {sorted(values.items())}"


@pytest.fixture
def served(project, engine) -> Iterator[Serving]:
    """The endpoints on a real socket; leaving them writes what they took."""
    with Serving(create_app(project, engine, clock=lambda: NOW, render_page=render_page)) as serving:
        yield serving


@pytest.fixture
def web(served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, headers={"User-Agent": BROWSER}, timeout=20) as client:
        yield client


@pytest.fixture
def stop(served, web):
    def stop() -> None:
        web.close()
        served.stop()

    return stop


@pytest.fixture
def letter(shop):
    _, letter = shop.written_to("olena", email="olena@mail.example")
    return letter


@pytest.fixture
def link(engine):
    with database.writing(engine) as connection:
        return events.link_id(connection, TARGET)


def told(shop):
    return [(row.kind, row.verdict, row.delivery_id, row.link_id, row.happened_at) for row in shop.rows(events_table)]


def test_a_pixel_is_a_gif_and_becomes_an_open(project, shop, letter, web, stop):
    answer = web.get(addresses.pixel("", project.key, letter))
    assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "image/gif", "no-store")
    assert answer.content.startswith(b"GIF89a")
    stop()
    assert told(shop) == [("open", "human", letter, None, NOW)]
    (row,) = shop.rows(events_table)
    network = row.signals.pop("network")
    assert row.signals == {"method": "GET", "user_agent": BROWSER, "prefetch": "", "seconds": 7200.0, "why": ""}
    assert (len(network), "127" in network) == (16, False)


@pytest.mark.parametrize(
    ("headers", "kept"),
    [({"Sec-GPC": "1"}, False), ({"DNT": "1"}, False), ({"DNT": "1", "Sec-GPC": "1"}, False), ({"Sec-GPC": "0", "DNT": "0"}, True), ({}, True)],
)
def test_a_browser_that_refuses_to_be_tracked_gets_the_same_answer_and_is_not_counted(project, shop, letter, link, web, stop, headers, kept):
    assert web.get(addresses.pixel("", project.key, letter), headers=headers).content.startswith(b"GIF89a")
    assert web.get(addresses.click("", project.key, letter, link), headers=headers).status_code == 302
    stop()
    assert [row[0] for row in told(shop)] == (["click", "open"] if kept else [])


def test_a_letter_in_doubt_whose_pixel_is_fetched_had_left_even_if_a_machine_fetched_it(project, shop, letter, web, stop):
    other = shop.written_to("ivan", email="ivan@mail.example")[1]
    shop.doubt(letter)
    shop.doubt(other)
    web.get(addresses.pixel("", project.key, letter), headers={"User-Agent": "Mozilla/5.0"})
    stop()
    assert [(row.status, row.sent_at) for row in shop.rows(deliveries)] == [("sent", SENT_AT), ("uncertain", None)]


def test_a_wrong_pixel_looks_like_any_other_and_counts_as_nothing(project, shop, letter, web, stop):
    right = web.get(addresses.pixel("", project.key, letter))
    for wrong in ("/o/", "/o/x.gif", addresses.pixel("", b"another key" * 3, letter), f"/o/{tokens.sign(project.key, Purpose.CLICK, letter)}.gif"):
        answer = web.get(wrong)
        assert (answer.status_code, answer.content) == (200, right.content)
        assert {**answer.headers, "date": ""} == {**right.headers, "date": ""}
    web.get(addresses.pixel("", project.key, letter + 1))  # of a letter that was never written
    stop()
    assert len(told(shop)) == 1


def test_a_click_leads_to_the_stored_target_and_nowhere_else(project, shop, letter, link, web, stop):
    for _ in range(2):  # the second is answered from memory
        answer = web.get(addresses.click("", project.key, letter, link) + "?url=https://evil.example")
        assert answer.status_code == 302
        assert answer.headers["location"] == "https://zerno.example/%D1%87%D0%B0%D0%B9?new=1&x=%20#top"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    stop()
    assert told(shop) == [("click", "human", letter, link, NOW)]  # the same moment, the same look: one happening


@pytest.mark.parametrize(
    ("method", "headers", "verdict", "why"),
    [
        ("HEAD", {}, "machine", "method"),
        ("OPTIONS", {}, "machine", "method"),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}, "machine", "prefetch"),
        ("GET", {"User-Agent": "curl/8.5.0"}, "machine", "program"),
        ("GET", {"User-Agent": "Something (via ggpht.com GoogleImageProxy)"}, "unverified", "gmail-proxy"),
    ],
)
def test_what_fetches_is_kept_with_its_verdict(project, shop, letter, link, web, stop, method, headers, verdict, why):
    assert web.request(method, addresses.click("", project.key, letter, link), headers=headers).status_code == 302
    stop()
    (row,) = shop.rows(events_table)
    assert (row.verdict, row.signals["why"]) == (verdict, why)


def test_a_posted_link_counts_as_nothing(project, shop, letter, link, web, stop):
    web.post(addresses.click("", project.key, letter, link))
    web.post(addresses.pixel("", project.key, letter))
    stop()
    assert told(shop) == []


@pytest.mark.parametrize("language", ["uk-UA,uk;q=0.9,en;q=0.8", "de, en;q=0.5", "", "x" * 5000])
def test_a_link_that_is_not_ours_is_not_found_in_the_readers_language(project, letter, link, web, language):
    wrong = (
        "/c/nonsense",
        addresses.click("", project.key, letter, link + 1),
        addresses.click("", b"another key" * 3, letter, link),
        addresses.unsubscribe("", project.key, letter + 1),
        f"/u/{tokens.sign(project.key, Purpose.OPEN, letter)}",
        "/",
    )
    spoken = "en" if language.startswith("de") else "uk"
    for path in wrong:
        answer = web.get(path, headers={"Accept-Language": language})
        assert (answer.status_code, answer.text) == (404, f"not-found {spoken} []")


def test_looking_at_the_unsubscribe_page_changes_nothing(project, shop, letter, web, stop):
    path = addresses.unsubscribe("", project.key, letter)
    answer = web.get(path)
    fewer = addresses.preferences("..", project.key, shop.rows(customers)[0].id)
    assert (answer.status_code, answer.text) == (200, f"unsubscribe uk [('action', '{path.rpartition('/')[2]}'), ('preferences_url', '{fewer}')]")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert web.head(path).status_code == 200
    assert web.put(path).status_code == 405
    stop()
    assert (told(shop), shop.rows(suppressions)) == ([], [])


@pytest.mark.parametrize(
    ("sent", "by"),
    [
        ({"data": {"List-Unsubscribe": "One-Click"}}, "one-click"),
        ({"files": {"List-Unsubscribe": (None, "One-Click")}}, "one-click"),
        ({"data": {}}, "page"),
        ({"content": b"\xff" * 100_000, "headers": {"Content-Type": "multipart/form-data"}}, "page"),
    ],
)
def test_one_click_and_the_pages_button_unsubscribe_in_whatever_form_they_come(project, shop, web, sent, by):
    who, letter = shop.written_to("olena", email="olena@mail.example", locale="en")
    for _ in range(2):
        answer = web.post(addresses.unsubscribe("", project.key, letter), **sent)
        assert (answer.status_code, answer.text.partition(" [")[0]) == (200, "unsubscribed en")
    assert told(shop) == [("unsubscribe", "human", letter, None, NOW)]
    assert shop.rows(events_table)[0].signals == {"by": by}
    (suppressed,) = shop.rows(suppressions)
    assert (suppressed.channel, suppressed.reason, suppressed.since, suppressed.delivery_id) == ("email", "unsubscribed", NOW, letter)
    assert shop.standing(who) == [("stopped", "unsubscribed")]


def test_the_real_page_asks_in_the_letters_language_and_its_button_unsubscribes(project, shop, engine):
    who, letter = shop.written_to("olena", email="olena@mail.example", locale="uk")
    root = Path(__file__).parents[2]
    shutil.copytree(root / "templates", project.templates)
    shutil.copy(root / "config" / "brand.yaml", project.config())
    with Serving(create_app(project, engine, clock=lambda: NOW)) as serving, httpx.Client(base_url=serving.url) as web:
        asked = web.get(addresses.unsubscribe("", project.key, letter))
        assert '<html lang="uk"' in asked.text
        form = re.search(r'<form method="post" action="([^"]+)">', asked.text)
        assert form is not None
        assert shop.standing(who) == [("active", "")]
        done = web.post(asked.url.join(form[1]))
    assert '<html lang="uk"' in done.text
    assert shop.standing(who) == [("stopped", "unsubscribed")]


def test_somebody_whose_address_was_erased_can_still_end_the_journey(project, engine, shop, web):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        connection.execute(delete(contacts))
    assert web.post(addresses.unsubscribe("", project.key, letter)).status_code == 200
    assert (shop.standing(who), shop.rows(suppressions)) == ([("stopped", "unsubscribed")], [])


def test_the_health_page_says_whether_the_store_answers_and_what_waits(project, letter, web):
    assert web.get("/health").json() == {"status": "ok", "waiting": 0, "dropped": 0}
    web.get(addresses.pixel("", project.key, letter))
    assert web.get("/health").json()["waiting"] == 1


def test_the_health_page_says_when_the_store_is_gone(project):
    gone = create_engine("sqlite:////nowhere/at/all.db")
    with Serving(create_app(project, gone, render_page=render_page)) as serving, httpx.Client(base_url=serving.url) as web:
        answer = web.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "no database")


def test_hits_are_written_within_a_second_without_a_stop(project, shop, letter, link, web):
    web.get(addresses.click("", project.key, letter, link))
    written = threading.Event()
    for _ in range(50):
        if told(shop):
            break
        written.wait(0.02)
    assert len(told(shop)) == 1


def test_a_thousand_hits_from_many_readers_are_all_written(project, shop, engine):
    letters = [shop.written_to(f"c{number}", email=f"c{number}@mail.example")[1] for number in range(20)]
    moments = (SENT_AT + timedelta(hours=1, microseconds=number) for number in range(10_000))
    with (
        Serving(create_app(project, engine, clock=lambda: next(moments), render_page=render_page)) as serving,
        httpx.Client(base_url=serving.url, headers={"User-Agent": BROWSER}) as web,
    ):
        for number in range(1_000):
            assert web.get(addresses.pixel("", project.key, letters[number % 20])).status_code == 200
    assert len(told(shop)) == 1_000


def test_a_persons_click_shows_that_the_address_is_alive_and_a_machines_does_not(project, shop, web, link, stop):
    (person, letter), (scanned, other) = (shop.written_to(name, email=f"{name}@mail.example") for name in ("olena", "ivan"))
    web.get(addresses.click("", project.key, letter, link), follow_redirects=False)
    web.get(addresses.click("", project.key, other, link), headers={"User-Agent": "curl/8.5.0"}, follow_redirects=False)
    web.get(addresses.pixel("", project.key, other))
    stop()
    assert {row.customer_id: row.confirmed_at for row in shop.rows(contacts)} == {person: NOW, scanned: None}

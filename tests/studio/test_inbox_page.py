"""The studio's pages on what customers wrote, as a browser on this machine asks for them."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import update

from tests import letterbox
from tests.letterbox import NOW
from tests.operations import talking
from winback.channels.memory import MemoryChannel
from winback.errors import PermanentError, UncertainError
from winback.store import database
from winback.store.tables import customers, thread_words, threads
from winback.studio.app import create_app

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
HOUR = timedelta(hours=1)


@pytest.fixture
def project(tmp_path):
    return talking.project(tmp_path / "project")


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


@pytest.fixture
def olena(shop):
    who = shop.customer("K-1", chat="501")
    with database.writing(shop.engine) as connection:
        connection.execute(update(customers).where(customers.c.id == who).values(given_name="Олена", family_name="<b>Коваль</b>", manager="olena"))
    return who


@pytest.fixture
def thread(project, shop, olena):
    return talking.asks(shop, project, olena, "1", "Де <script>alert(1)</script> замовлення?", at=NOW - 3 * HOUR)


@pytest.fixture
async def browser(project, shop):
    app = create_app(project, shop.engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=30) as client:
        yield client


async def form(browser, thread: int, **fields: str) -> httpx.Response:
    """The page's form, filled in."""
    page = (await browser.get(f"/inbox/{thread}")).text
    hidden = dict(re.findall(r'name="(proof|once)" value="([0-9a-f]+)"', page))
    return await browser.post(f"/inbox/{thread}", data={**hidden, **fields})


async def test_the_list_shows_who_waits_and_how_long_that_feels(browser, project, shop, thread):
    talking.asks(shop, project, None, "2", "Hello", at=NOW - HOUR, chat="909")
    page = (await browser.get("/inbox")).text
    assert re.findall(r'href="/inbox/(\d+)"', page) == [str(thread), str(thread + 1)]
    assert "waits 3 h, feels like 4 h" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "A stranger" in page
    assert re.findall(r"(open and waiting|open|overdue|waiting|closed) <span class=\"count[^\"]*\">(\d+)", page) == [
        ("open and waiting", "2"),
        ("open", "2"),
        ("overdue", "1"),
        ("waiting", "0"),
        ("closed", "0"),
    ]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?show=overdue", ["late"]),
        ("?show=open", ["late", "soon"]),
        ("?show=waiting", ["answered"]),
        ("?show=closed", ["closed"]),
        ("?assignee=andriy", ["soon"]),
        ("?assignee=-", ["late"]),
        ("?show=nonsense", ["late", "soon", "answered"]),
        ("?page=2", []),
        ("?page=99999999999999", ["late", "soon", "answered"]),
    ],
)
async def test_threads_are_found_by_how_they_stand_and_whose_they_are(browser, project, shop, query, shown):
    names = {}
    for number, (name, hours) in enumerate((("late", 3), ("soon", 1), ("answered", 2), ("closed", 2))):
        names[talking.asks(shop, project, shop.customer(name), name, at=NOW - hours * HOUR, chat=str(600 + number))] = name
    late, soon, answered, closed = names
    assert late
    with database.writing(shop.engine) as connection:
        connection.execute(update(threads).where(threads.c.id == soon).values(assignee="andriy"))
        connection.execute(update(threads).where(threads.c.id == closed).values(status="closed", assignee="olena", due_at=None))
    talking.answers(project, shop, answered)
    talking.sends(project, shop, MemoryChannel())
    page = (await browser.get(f"/inbox{query}")).text
    assert [names[int(number)] for number in re.findall(r'href="/inbox/(\d+)"', page)] == shown


async def test_a_conversation_stands_beside_who_they_are(browser, project, shop, thread):
    page = (await browser.get(f"/inbox/{thread}")).text
    assert "Де &lt;script&gt;alert(1)&lt;/script&gt; замовлення?" in page
    assert "&lt;b&gt;Коваль&lt;/b&gt;" in page
    assert '<a href="/customers/K-1">Their page</a>' in page
    assert "<strong>Waits 3 h, which feels like 4 h.</strong>" in page
    assert "none known" in page, "no order"


async def test_an_answer_leaves_at_once_and_only_once(browser, project, shop, thread):
    page = (await browser.get(f"/inbox/{thread}")).text
    hidden = dict(re.findall(r'name="(proof|once)" value="([0-9a-f]+)"', page))
    said = {**hidden, "say": "answer", "by": "olena", "text": "Вже їде.\r\nЧекайте!"}
    for _ in range(2):  # as after a second press of the button
        answer = await browser.post(f"/inbox/{thread}", data=said)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/inbox/{thread}?told=answered")
    (letter,) = (project.out / "mailbox" / "answers").glob("*.json")
    assert "Вже їде.\\nЧекайте!" in letter.read_text(encoding="utf-8")
    assert [(row.author, row.status) for row in shop.rows(thread_words)] == [("customer", "heard"), ("manager", "sent")]
    page = (await browser.get(answer.headers["location"])).text
    assert ("Answered." in page, "waiting: unknown words, Olena Savchenko" in page) == (True, True)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": " "}, "the answer says nothing."),
        ({"text": "ї" * 3501}, "the answer has 3,501 characters."),
        ({"by": "nobody"}, "there is no `nobody` in config/senders.yaml."),
        ({"channel": "pigeon"}, "there is no channel `pigeon`."),
    ],
)
async def test_an_answer_that_cannot_be_meant_comes_back_as_it_was_typed(browser, shop, thread, fields, sentence):
    answer = await form(browser, thread, **{"say": "answer", "by": "olena", "text": "Так & ні", **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    if "text" not in fields:
        assert "Так &amp; ні</textarea>" in answer.text
    assert len(shop.rows(thread_words)) == 1


async def test_a_thread_is_handed_on_closed_and_gone_on_with(browser, project, shop, thread):
    assert (await form(browser, thread, say="assign", assignee="andriy")).headers["location"].endswith("told=assigned")
    assert (await form(browser, thread, say="close")).headers["location"].endswith("told=closed")
    (row,) = shop.rows(threads)
    assert (row.assignee, row.status, row.closed_by, row.closed_at) == ("andriy", "closed", project.user, NOW), "by whoever is signed in"
    page = (await browser.get(f"/inbox/{thread}")).text
    assert ("Go on with it" in page, "Send the answer" in page) == (True, False)
    assert (await form(browser, thread, say="answer", by="andriy", text="Так")).status_code == 422
    assert (await form(browser, thread, say="reopen")).headers["location"].endswith("told=reopened")
    assert shop.rows(threads)[0].status == "waiting"


async def test_what_became_of_an_answer_in_doubt_is_said_by_a_button(browser, project, shop, thread):
    word = talking.answers(project, shop, thread)
    talking.sends(project, shop, talking.Failing(UncertainError("no-answer")))
    page = (await browser.get(f"/inbox/{thread}")).text
    assert "Nobody knows whether it arrived (no-answer)." in page
    assert (await form(browser, thread, say="resolve", word=str(word), outcome="sent")).status_code == 303
    assert shop.rows(thread_words)[-1].status == "sent"
    assert (await form(browser, thread, say="resolve", word=str(word), outcome="sent")).status_code == 422
    assert (await form(browser, thread, say="resolve", word="999", outcome="sent")).status_code == 403


async def test_an_answer_that_failed_is_tried_once_more_by_a_button(browser, project, shop, thread):
    word = talking.answers(project, shop, thread)
    talking.sends(project, shop, talking.Failing(PermanentError("blocked")))
    page = (await browser.get(f"/inbox/{thread}")).text
    assert ("They blocked the bot" in page, "Didn&#39;t arrive (blocked)" in page or "Didn't arrive (blocked)" in page) == (True, True)
    assert (await form(browser, thread, say="resolve", word=str(word), outcome="again")).status_code == 303
    assert shop.rows(thread_words)[-1].status == "sent"


async def test_a_form_that_is_not_ours_does_nothing(browser, shop, thread):
    await browser.get(f"/inbox/{thread}")
    said = {"say": "answer", "by": "olena", "text": "Так"}
    for proof in ("", "0" * 64):
        assert (await browser.post(f"/inbox/{thread}", data={**said, "proof": proof})).status_code == 403
    assert (await form(browser, thread, say="nonsense")).status_code == 403
    assert len(shop.rows(thread_words)) == 1


@pytest.mark.parametrize("number", ["0", "99", "x", "1" * 30, "-1", "1.0", "²"])
async def test_a_thread_that_is_not_there_is_not_found(browser, number):
    assert (await browser.get(f"/inbox/{number}")).status_code == 404

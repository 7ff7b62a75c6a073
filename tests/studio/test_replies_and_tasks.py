"""The inbox beside its threads: replies that nobody may have seen, and tasks, as a browser on this machine asks for them."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import insert, update

from tests import letterbox, projects
from tests.letterbox import NOW
from winback.model import TASK, EventKind, Verdict
from winback.store import audit, database
from winback.store.tables import customers, deliveries, events, forwards, leaving_reasons, tasks
from winback.studio.app import create_app

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
ANSWERED = NOW - timedelta(hours=3)
HOSTILE = "<script>alert(1)</script>\u202e" + "Ж" * 400


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def shop(project, engine):
    """Three customers who answered; the first has a task that is overdue, the second one of next week."""
    box = letterbox.Letterbox(engine, project.key)
    for number, status in enumerate(("waiting", "uncertain", "sent"), 1):
        who, letter = box.written_to(f"K{number}", email=f"k{number}@post.example")
        with database.writing(engine) as connection:
            connection.execute(update(customers).where(customers.c.id == who).values(given_name=HOSTILE if number == 1 else "Olena"))
            row = {
                "dedupe_key": f"r{number}",
                "kind": EventKind.REPLY,
                "customer_id": who,
                "happened_at": ANSWERED,
                "verdict": Verdict.HUMAN,
                "signals": {},
            }
            event = connection.execute(insert(events).values(**row, text=HOSTILE)).inserted_primary_key[0]
            connection.execute(insert(forwards).values(event_id=event, status=status, asked_at=NOW, manager="olena", tries=number))
            if number < 3:
                due = NOW + timedelta(days=-3 if number == 1 else 7)
                given = {"delivery_id": letter, "customer_id": who, "kind": "call", "manager": "olena", "status": "open", "text": HOSTILE}
                connection.execute(insert(tasks).values(**given, asked_at=NOW - timedelta(hours=1), due_at=due))
                connection.execute(update(deliveries).where(deliveries.c.id == letter).values(channel=TASK))
    return box


@pytest.fixture
async def browser(project, shop):
    app = create_app(project, shop.engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


async def post(browser, path: str, **fields: str) -> httpx.Response:
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', (await browser.get("/inbox/replies")).text)[1]
    return await browser.post(path, data={"proof": proof, **fields})


def deeds(shop) -> list[tuple[str, str]]:
    with database.reading(shop.engine) as connection:
        return [(row.deed, row.who) for row in audit.listed(connection)]


@pytest.mark.parametrize("path", ["/inbox", "/inbox/replies", "/inbox/tasks"])
async def test_each_view_counts_what_waits_in_all(browser, path):
    page = (await browser.get(path)).text
    assert re.findall(r">(replies by mail|tasks) <span class=\"count[^\"]*\">(\d+)", page) == [("replies by mail", "2"), ("tasks", "2")]


async def test_replies_are_shown_with_their_words_and_settled_by_a_button(browser, project, shop):
    page = (await browser.get("/inbox/replies")).text
    assert re.findall(r'<a href="/customers/(K\d)"', page) == ["K1", "K2"]
    assert ("<script>alert" in page, "&lt;script&gt;" in page) == (False, True)
    assert page.count("Show it again") == 1, "one that waits is shown anyway"
    assert (await post(browser, "/inbox/replies/2", say="again")).headers["location"] == "/inbox/replies?told=again"
    assert (await post(browser, "/inbox/replies/1", say="shown")).headers["location"] == "/inbox/replies?told=shown"
    assert [row.status for row in shop.rows(forwards)] == ["sent", "waiting", "sent"]
    assert (await post(browser, "/inbox/replies/1", say="shown")).headers["location"] == "/inbox/replies?told=settled"
    assert (await post(browser, "/inbox/replies/1", say="nonsense")).status_code == 403
    assert deeds(shop) == [("resolved", project.user)] * 2


async def test_replies_and_tasks_of_one_customer_are_asked_for(browser):
    assert re.findall(r'<a href="/customers/(K\d)"', (await browser.get("/inbox/replies?show=all&customer=K3")).text) == ["K3"]
    assert len(re.findall(r'<a href="/inbox/tasks/\d+"', (await browser.get("/inbox/tasks?customer=K2")).text)) == 1
    for path in ("/inbox", "/inbox/replies", "/inbox/tasks"):
        answer = await browser.get(f"{path}?customer=%00")
        assert answer.status_code == 200


async def test_the_soonest_due_task_comes_first_and_an_overdue_one_says_so(browser):
    page = (await browser.get("/inbox/tasks")).text
    assert re.findall(r'<li class="(\w+)">\s*<a href="/inbox/tasks/(\d+)"', page) == [("late", "1"), ("open", "2")]
    assert ("overdue since 2026-11-21" in page, "due 2026-12-01" in page, "<script>alert" in page) == (True, True, False)
    assert len(re.findall(r'<a href="/inbox/tasks/\d+"', (await browser.get("/inbox/tasks?manager=andriy")).text)) == 0


async def test_a_task_is_done_by_whoever_is_signed_in(browser, project, shop):
    page = (await browser.get("/inbox/tasks/1")).text
    assert ("What came of it" in page, "<script>alert" in page) == (True, False)
    answer = await post(browser, "/inbox/tasks/1", say="done", note="They come on Friday")
    assert answer.headers["location"] == "/inbox/tasks/1?told=done"
    (task, _) = shop.rows(tasks)
    assert (task.status, task.done_by, task.note) == ("done", project.user, "They come on Friday")
    page = (await browser.get("/inbox/tasks/1?told=done")).text
    assert ("It counts as a touch." in page, "What came of it" in page) == (True, False)
    again = await post(browser, "/inbox/tasks/1", say="done", note="kept")
    assert (again.status_code, "was done on" in again.text) == (422, True)
    assert deeds(shop) == [("done", project.user)]


async def test_who_declines_is_left_alone_and_the_reason_kept(browser, project, shop):
    refused = await post(browser, "/inbox/tasks/1", say="declined", note="a note to keep")
    assert (refused.status_code, shop.rows(leaving_reasons)) == (422, [])
    assert (await post(browser, "/inbox/tasks/1", say="declined", reason="price")).headers["location"].endswith("told=declined")
    assert [row.reason for row in shop.rows(leaving_reasons)] == ["price"]
    assert shop.standing(1) == [("stopped", "declined")]
    assert deeds(shop) == [("declined", project.user)]


async def test_a_task_is_dropped_or_handed_on(browser, project, shop):
    assert (await post(browser, "/inbox/tasks/1", say="hand-on", manager="andriy")).headers["location"].endswith("told=handed-on")
    assert (await post(browser, "/inbox/tasks/1", say="hand-on", manager="nobody")).status_code == 422
    assert (await post(browser, "/inbox/tasks/2", say="drop")).headers["location"].endswith("told=dropped")
    assert [(row.status, row.manager) for row in shop.rows(tasks)] == [("open", "andriy"), ("dropped", "olena")]
    assert (await post(browser, "/inbox/tasks/2", say="hand-on", manager="andriy")).status_code == 422
    assert deeds(shop) == [("dropped", project.user), ("handed-on", project.user)]


async def test_a_note_that_is_too_long_changes_nothing(browser, shop):
    answer = await post(browser, "/inbox/tasks/1", say="done", note="я" * 501)
    assert (answer.status_code, "Write at most 500" in answer.text) == (422, True)
    assert shop.rows(tasks)[0].status == "open"


@pytest.mark.parametrize("path", ["/inbox/tasks/99", "/inbox/tasks/x", "/inbox/replies/x"])
async def test_what_is_not_there_is_not_found(browser, path):
    assert (await browser.get(path)).status_code in {404, 405}
    assert (await post(browser, path, say="done")).status_code == 404


async def test_a_form_that_is_not_ours_does_nothing(browser, shop):
    for path in ("/inbox/tasks/1", "/inbox/replies/1", "/wishes/K1", "/care/export/K1", "/care/suppress/K1", "/care/lift/K1", "/care/forget/K1"):
        assert (await browser.post(path, data={"say": "done", "proof": "0" * 64})).status_code == 403
    assert deeds(shop) == []

"""The studio's pages of deliveries and its home, as a browser on this machine asks for them."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import insert, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from tests.studio import signed_in
from winback.channels.memory import MemoryChannel
from winback.model import ChannelName, DeliveryStatus, EventKind, Reason
from winback.operations import lane_control
from winback.operations.people import Role
from winback.sending import prepared
from winback.store import audit, database, events, mailboxes
from winback.store.events import Event
from winback.store.tables import customers, deliveries, suppressions
from winback.studio import deliveries_page, home_page, lanes_page, uncertain_page
from winback.studio.app import create_app

PORT = 8010
LATER = START + timedelta(hours=1)
HOSTILE = "<script>alert(1)</script>\u202egnp"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
async def browser(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: LATER)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=f"http://127.0.0.1:{PORT}", timeout=60) as client:
        yield client


@pytest.fixture
def sent(project, engine):
    """First letters of a campaign that have left, one to a customer with a name that would like to be a script. Returns their numbers."""
    populate(engine, 30)
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.key == "c007").values(family_name=HOSTILE))
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        return connection.execute(select(deliveries.c.id).where(deliveries.c.status == DeliveryStatus.SENT).order_by(deliveries.c.id)).scalars().all()


def of(engine, key: str):
    with database.reading(engine) as connection:
        found = select(deliveries).join(customers, customers.c.id == deliveries.c.customer_id).where(customers.c.key == key)
        return connection.execute(found.where(deliveries.c.status != DeliveryStatus.HELD_OUT)).first()


def doubt(engine, numbers) -> None:
    with database.writing(engine) as connection:
        values = {"status": DeliveryStatus.UNCERTAIN, "reason": Reason.NO_ANSWER, "sent_at": None}
        connection.execute(update(deliveries).where(deliveries.c.id.in_(numbers)).values(**values))


def statuses(engine, numbers) -> set[str]:
    with database.reading(engine) as connection:
        return set(connection.execute(select(deliveries.c.status).where(deliveries.c.id.in_(numbers))).scalars())


def proof(page: str) -> str:
    return re.search(r'name="proof" value="([0-9a-f]+)"', page)[1]


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row"><a href="/deliveries/(\d+)">', page)]


async def test_deliveries_are_searched_by_customer_address_and_the_rest(browser, engine, sent):
    assert set(numbers((await browser.get("/deliveries?status=sent")).text)) == set(sent)
    with database.reading(engine) as connection:
        one, key, who = connection.execute(
            select(deliveries.c.id, customers.c.key, customers.c.id.label("who")).join(customers).where(deliveries.c.id == sent[3])
        ).one()
    for text in (key, f"C{who}@Post.example", f" {key} "):
        assert numbers((await browser.get("/deliveries", params={"who": text})).text) == [one]
    for asked in ({"who": "nobody"}, {"who": key, "status": "failed"}, {"campaign": "nobody"}, {"day": "2026-11-23"}, {"stage": "no-such"}):
        page = await browser.get("/deliveries", params=asked)
        assert (page.status_code, numbers(page.text), "There is none." in page.text) == (200, [], True)
    by_day = await browser.get("/deliveries", params={"day": "2026-11-24", "channel": "email", "stage": "first-letter", "campaign": CAMPAIGN})
    assert set(numbers(by_day.text)) >= set(sent)


@pytest.mark.parametrize("asked", [{"status": "lost"}, {"channel": "pigeon"}, {"day": "soon"}, {"who": "x" * 400}, {"who": "a\0b"}])
async def test_what_cannot_be_meant_is_said_at_its_field(browser, asked):
    page = await browser.get("/deliveries", params=asked)
    (name,) = asked
    assert (page.status_code, f'id="{name}-fault"' in page.text) == (422, True)


async def test_pages_follow_one_another_by_keys(browser, engine, project):
    with database.writing(engine) as connection:
        from winback.store import runs

        run = runs.start(connection, "spring", number=1, salt="s", plan={}, now=START)
        for number in range(120):
            who = world.customer(connection, f"p{number:03d}")
            row = {"run_id": run.id, "stage": "first", "customer_id": who, "tactic": "t", "status": DeliveryStatus.PLANNED, "due_at": START}
            connection.execute(insert(deliveries).values(row))
    address, seen = "/deliveries?campaign=spring", []
    for _ in range(3):
        page = (await browser.get(address)).text
        seen += numbers(page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = html.unescape(found[1]) if found else ""
    assert (len(seen), len(set(seen)), address) == (120, 120, "")
    for after in ("nonsense", "2026-01-01~1", "2026-11-24T10:30:00+00:00~x"):
        assert len(numbers((await browser.get("/deliveries", params={"campaign": "spring", "after": after})).text)) == 50


async def test_one_delivery_tells_its_whole_story(browser, engine, sent):
    row = of(engine, "c007") or of(engine, "c008")
    with database.writing(engine) as connection:
        told = {"customer_id": row.customer_id, "delivery_id": row.id}
        seen = {"why": "prefetch", "user_agent": "<img src=x onerror=alert(1)>"}
        events.record(
            connection,
            [
                Event("a", EventKind.OPEN, happened_at=START + timedelta(minutes=4), verdict="machine", signals=seen, **told),
                Event("b", EventKind.BOUNCE, happened_at=START + timedelta(minutes=9), verdict="hard", signals={"status": "5.1.1"}, **told),
            ],
        )
    page = html.unescape((await browser.get(f"/deliveries/{row.id}")).text)
    order = [page.index(word) for word in ("handed over by email", "accepted by the other side", "open (machine)", "bounce (hard)")]
    assert order == sorted(order)
    assert "status 5.1.1" in page
    assert "prefetch" in page
    for path in ("/deliveries/0", "/deliveries/99999999", "/deliveries/x", "/deliveries/1e3", f"/deliveries/{'9' * 30}"):
        assert (await browser.get(path)).status_code == 404


async def test_names_of_customers_are_words_and_nothing_else(browser, engine, sent):
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.key == "c008").values(key=HOSTILE))
        connection.execute(update(deliveries).values(detail="<b onmouseover=alert(1)>550</b>"))
    pages = [
        (await browser.get(path)).text for path in ("/deliveries", f"/deliveries/{of(engine, 'c007').id}", f"/deliveries/{of(engine, HOSTILE).id}")
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<b onmouseover" not in page
        assert "&lt;script&gt;alert" in page
        assert re.search(r"<bdi>[^<]*\u202e", page), "what turns letters round does so within its own place"


async def test_an_uncertain_letter_is_settled_by_a_person(browser, project, engine, sent):
    doubt(engine, sent[:3])
    first, second = sent[:2]
    page = (await browser.get(f"/deliveries/{first}")).text
    assert "Did it leave?" in page
    assert (await browser.post(f"/deliveries/{first}", data={"answer": "sent"})).status_code == 403
    assert (await browser.post(f"/deliveries/{first}", data={"answer": "perhaps", "proof": proof(page)})).status_code == 403
    done = await browser.post(f"/deliveries/{first}", data={"answer": "sent", "proof": proof(page)})
    assert done.headers["location"] == f"/deliveries/{first}?told=sent"
    await browser.post(f"/deliveries/{second}", data={"answer": "not-sent", "proof": proof(page)})
    assert (statuses(engine, [first]), statuses(engine, [second]), statuses(engine, [sent[2]])) == ({"sent"}, {"failed"}, {"uncertain"})
    late = await browser.post(f"/deliveries/{second}", data={"answer": "sent", "proof": proof(page)})
    assert late.headers["location"] == f"/deliveries/{second}?told=other"
    assert "was quicker" in (await browser.get(late.headers["location"])).text
    page = (await browser.get(f"/deliveries/{second}")).text
    assert f"resolved by {project.user}: not-sent" in page
    with database.reading(engine) as connection:
        assert audit.listed(connection, about=f"delivery {first}")[0].who == project.user


async def test_all_uncertain_letters_that_are_shown_are_settled_at_once(browser, engine, sent):
    doubt(engine, sent[:5])
    page = (await browser.get("/deliveries/uncertain")).text
    assert set(numbers(page)) == set(sent[:5])
    fields = {"numbers": re.search(r'name="numbers" value="([\d,]+)"', page)[1], "answer": "sent", "proof": proof(page)}
    await browser.post(f"/deliveries/{sent[0]}", data={"answer": "not-sent", "proof": proof(page)})
    done = await browser.post("/deliveries/uncertain", data=fields)
    told = (await browser.get(done.headers["location"])).text
    assert "4 letters are settled. 1 was not uncertain any more." in told
    assert "There is none: of every letter it is known whether it left." in told
    assert (statuses(engine, sent[:1]), statuses(engine, sent[1:5])) == ({"failed"}, {"sent"})
    assert (await browser.post("/deliveries/uncertain", data={**fields, "answer": "perhaps"})).status_code == 403
    assert (await browser.post("/deliveries/uncertain", data={**fields, "numbers": "1,x"})).status_code == 404


async def test_what_came_back_is_told_by_cause(browser, engine, sent):
    with database.writing(engine) as connection:
        for number in range(3):
            mailboxes.take(connection, f"m{number}", meaning="hard", status="5.1.1", now=LATER - timedelta(days=2))
        mailboxes.take(connection, "c", meaning="complaint", status="", now=LATER)
        mailboxes.take(connection, "old", meaning="soft", status="4.2.2", now=LATER - timedelta(days=60))
        mailboxes.take(connection, "r", meaning="reply", status="", now=LATER)
        connection.execute(update(deliveries).where(deliveries.c.id.in_(sent[:2])).values(status=DeliveryStatus.FAILED, reason=Reason.BOUNCED))
        row = {"channel": ChannelName.EMAIL, "address_hash": b"x" * 32, "reason": Reason.BOUNCED, "since": LATER, "delivery_id": sent[0]}
        connection.execute(insert(suppressions).values(row))
    page = (await browser.get("/deliveries/bounces")).text
    assert re.search(r'hard</th><td><bdi>5\.1\.1</bdi></td>.*?<td class="number">3</td>', page)
    assert "They refuse us" not in page
    assert "4.2.2" not in page, "older than a month"
    assert re.search(r'bounced</td><td class="number">2</td>', page)
    assert f'<a href="/deliveries/{sent[0]}">{CAMPAIGN}, first-letter</a>' in page


async def test_a_stopped_way_is_opened_again_with_a_note(browser, project, engine):
    lane_control.stop(engine, "email", by="<Olena>", note="", now=START)
    page = (await browser.get("/deliveries/lanes")).text
    assert "stops above 5.0%" in page
    assert "понад 5,0\xa0%" in (await browser.get("/deliveries/lanes", headers={"Accept-Language": "uk"})).text
    assert "&lt;Olena&gt; stopped it" in page
    silent = await browser.post("/deliveries/lanes", data={"say": "resume", "lane": "email", "note": " ", "proof": proof(page)})
    assert (silent.status_code, "what was done about it" in silent.text) == (422, True)
    assert (await browser.post("/deliveries/lanes", data={"say": "resume", "lane": "email", "note": "mended"})).status_code == 403
    done = await browser.post("/deliveries/lanes", data={"say": "resume", "lane": "email", "note": "<b>mended</b>", "proof": proof(page)})
    assert done.headers["location"] == "/deliveries/lanes?told=resumed"
    page = (await browser.get("/deliveries/lanes?told=resumed")).text
    assert "It is open again" in page
    assert f"{project.user}: &lt;b&gt;mended&lt;/b&gt;" in page
    unknown = await browser.post("/deliveries/lanes", data={"say": "stop", "lane": "pigeon", "note": "", "proof": proof(page)})
    assert (unknown.status_code, "there is no lane" in unknown.text) == (422, True)
    await browser.post("/deliveries/lanes", data={"say": "stop", "lane": "group:gmail", "note": "looks odd", "proof": proof(page)})
    assert [lane.lane for lane in lane_control.states(project, engine, now=LATER) if lane.stop] == ["group:gmail"]


async def test_home_leads_to_where_things_are_mended(browser, engine, sent):
    quiet = (await browser.get("/")).text
    assert f'<a href="/campaigns/{CAMPAIGN}">{CAMPAIGN}</a>' in quiet
    assert 'role="alert"' not in quiet
    doubt(engine, sent[:2])
    lane_control.stop(engine, "email", by="Olena", note="", now=START)
    page = (await browser.get("/")).text
    assert f'<a href="/deliveries/uncertain?campaign={CAMPAIGN}">2 letters of {CAMPAIGN}</a>' in page
    assert 'href="/deliveries/lanes"' in page
    assert f'<a href="/deliveries?status=sent&amp;day=2026-11-24">{len(sent) - 2}</a>' in page
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", page)


async def test_who_may_not_send_sees_no_button_and_is_refused(project, engine, sent):
    doubt(engine, sent[:2])
    lane_control.stop(engine, "email", by="Olena", note="", now=START)
    families = (home_page.routes, lanes_page.routes, uncertain_page.routes, deliveries_page.routes)
    async with signed_in.browser(project, engine, *families, roles=frozenset({Role.MARKETER, Role.MANAGER}), now=LATER) as browser:
        for path in ("/", "/deliveries/lanes", "/deliveries/uncertain", "/deliveries/bounces", f"/deliveries/{sent[0]}"):
            page = await browser.get(path)
            assert (page.status_code, page.text.count('method="post"')) == (200, page.text.count('action="/sign-out"')), path
        for path in ("/deliveries/lanes", "/deliveries/uncertain", f"/deliveries/{sent[0]}"):
            fields = {"proof": signed_in.PROOF, "answer": "sent", "numbers": f"{sent[0]}", "say": "resume", "lane": "email", "note": "mended"}
            assert (await browser.post(path, data=fields)).status_code == 403
    assert statuses(engine, sent[:2]) == {"uncertain"}
    assert lane_control.told(engine)

"""A customer's card in the studio: what it shows, what it takes down, and that nothing of a customer's can act in it."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import insert, select

from tests import letterbox, projects
from tests.store import world
from winback.journey.wishes import Topic
from winback.model import ChannelName, EventKind, Verdict
from winback.operations import scoring
from winback.store import audit, database, preferences, tables
from winback.studio.app import create_app

NOW = letterbox.NOW
PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
HOSTILE = "<script>alert(1)</script>\u202egnirts" + "Ж" * 300


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def shop(project, engine):
    """Olena who bought, was written to, opened, followed a link and answered; and one whose every word is hostile."""
    box = letterbox.Letterbox(engine, project.key)
    who, letter = box.written_to("K/1", email="olena@post.example", message_id="<1@zerno>")
    with database.writing(engine) as connection:
        named = {"given_name": "Олена", "family_name": "Коваль", "sex": "f", "phone": "+380671234567", "city": "Київ", "favourite_day": "03-08"}
        connection.execute(tables.customers.update().where(tables.customers.c.id == who).values(named))
        for number in range(25):
            world.order(connection, who, NOW - timedelta(days=400 + number), 100 + number)
        world.agree(connection, who, ChannelName.EMAIL)
        link = connection.execute(insert(tables.links).values(url="https://zerno.example/tea")).inserted_primary_key[0]
        for key, kind, verdict, more in (
            ("1", EventKind.OPEN, Verdict.MACHINE, {}),
            ("2", EventKind.OPEN, Verdict.UNVERIFIED, {}),
            ("3", EventKind.CLICK, Verdict.HUMAN, {"link_id": link}),
            ("4", EventKind.REPLY, Verdict.HUMAN, {"text": HOSTILE}),
        ):
            row = {"dedupe_key": key, "kind": kind, "customer_id": who, "delivery_id": letter, "happened_at": NOW, "verdict": verdict, "signals": {}}
            connection.execute(insert(tables.events).values({**row, **more}))
        hostile = dict.fromkeys(("given_name", "family_name", "city"), HOSTILE)
        world.customer(connection, "hostile", **hostile, black_list=HOSTILE, custom={HOSTILE: HOSTILE})
    return box


@pytest.fixture
async def browser(project, shop):
    app = create_app(project, shop.engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


CARD = "/customers/K%2F1"


async def post(browser, path: str, **fields: str) -> httpx.Response:
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', (await browser.get(CARD)).text)[1]
    return await browser.post(path, data={"proof": proof, **fields})


def deeds(shop) -> list[tuple[str, str]]:
    with database.reading(shop.engine) as connection:
        return [(row.deed, row.who) for row in audit.listed(connection)]


async def test_it_shows_what_is_known_and_what_a_person_and_a_machine_did(browser):
    page = (await browser.get(CARD)).text
    for said in ("Олена Коваль", "olena@post.example", "+380671234567", "Київ", "Вітаємо, Олено!", "checkout", "https://zerno.example/tea", "spring"):
        assert said in page, said
    assert re.findall(r"<td>(open|click|reply)</td><td>([^<]+)</td>", page) == [
        ("reply", "a person"),
        ("click", "a person"),
        ("open", "perhaps a person"),
        ("open", "a machine"),
    ]
    assert "given" in page


async def test_what_a_return_would_be_worth_is_an_amount(browser, project, shop):
    scoring.update(project, shop.engine, now=NOW)
    with database.writing(shop.engine) as connection:
        connection.execute(tables.scores.update().values(expected_value_minor=123_456))
    assert "<dd>1,234.56 UAH</dd>" in (await browser.get(CARD)).text
    assert "<dd>1\xa0234,56 UAH</dd>" in (await browser.get(CARD, headers={"Accept-Language": "uk"})).text


async def test_orders_go_on_page_by_page(browser):
    first = (await browser.get(CARD)).text
    further = re.search(r'href="(/customers/K%2F1\?before=\d+)#orders"', first)[1]
    second = (await browser.get(further)).text
    amounts = [re.findall(r'<td class="number">(1\d\d)\.00 UAH</td><td>placed', page) for page in (first, second)]
    assert amounts == [[str(100 + number) for number in range(20)], [str(120 + number) for number in range(5)]]
    assert 'rel="next"' not in second
    assert (await browser.get(f"{CARD}?before=x")).status_code == 404


async def test_words_of_customers_are_words_everywhere(browser, shop):
    for path in (CARD, "/customers/hostile", "/customers?find=hostile", "/customers?find=%3Cscript"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", page)
    found = (await browser.get("/customers?find=host")).text
    assert re.search(r"<bdi>&lt;script&gt;[^<]*</bdi>", found), "letters that turn the line stay in their place"


@pytest.mark.parametrize(
    "text", ["olena@post.example", "Olena@Post.Example", "+380 67 123-45-67", "380671234567", "Ковал", "коваль оле", "Олена Коваль", "K/"]
)
async def test_a_customer_is_found_by_what_somebody_at_the_counter_says(browser, text):
    answer = await browser.get("/customers", params={"find": text})
    found = [answer.headers["location"]] if answer.status_code == 303 else re.findall(r'<li><a href="([^"]+)"', answer.text)
    assert CARD in found


@pytest.mark.parametrize("text", ["lena@post.example", "+380671234568", "вал", "Олена Петренко", "Олена Олена"])
async def test_who_is_not_meant_is_not_found(browser, text):
    answer = await browser.get("/customers", params={"find": text})
    assert (answer.status_code, "There is none." in answer.text) == (200, True)


async def test_wishes_are_noted_as_if_they_had_said_them_on_the_page(browser, project, shop):
    form = {"asked": "email offers news greetings surveys", "channel-email": "yes", "topic-news": "yes", "topic-greetings": "yes"}
    answer = await post(browser, "/wishes/K%2F1", **form, month="05", day="17", most="2", pause="2027-01-10")
    assert answer.headers["location"] == f"{CARD}?told=wished#wishes"
    with database.reading(shop.engine) as connection:
        (wishes,) = preferences.of(connection, [1]).values()
        favourite = connection.execute(select(tables.customers.c.favourite_day).where(tables.customers.c.id == 1)).scalar_one()
    assert (wishes.topics_off, wishes.channels_off, wishes.most_letters) == ({Topic.OFFERS, Topic.SURVEYS}, frozenset(), 2)
    assert (wishes.paused_until, wishes.favourite_day, favourite) == (date(2027, 1, 10), "05-17", "05-17")
    again = await post(browser, "/wishes/K%2F1", **form, month="05", day="17", most="2", pause="2027-01-10")
    assert again.headers["location"] == f"{CARD}?told=unchanged#wishes"
    assert deeds(shop) == [("wished", project.user)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"month": "02", "day": "31"}, "no day of the year"),
        ({"month": "02"}, "needs both"),
        ({"most": "0"}, "can&#39;t be meant"),
        ({"most": "many"}, "no number of letters"),
        ({"pause": "2020-01-01"}, "is over"),
        ({"pause": "soon"}, "is not a day"),
    ],
)
async def test_a_wish_that_cannot_be_meant_is_not_kept(browser, shop, fields, sentence):
    answer = await post(browser, "/wishes/K%2F1", asked="", **fields)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert shop.rows(tables.preferences) == []


async def test_who_wants_nothing_on_any_channel_has_unsubscribed(browser, shop):
    await post(browser, "/wishes/K%2F1", asked="email offers", **{"topic-offers": "yes"})
    assert [(row.channel, row.reason) for row in shop.rows(tables.suppressions)] == [("email", "unsubscribed")]
    assert shop.standing(1) == [("stopped", "unsubscribed")]


async def test_an_address_is_closed_and_opened_and_only_their_own(browser, project, shop):
    answer = await post(browser, "/care/suppress/K%2F1", channel="email", reason="complained")
    assert answer.headers["location"] == f"{CARD}?told=closed"
    assert "closed: complained" in (await browser.get(CARD)).text
    assert (await post(browser, "/care/lift/K%2F1", channel="email")).headers["location"] == f"{CARD}?told=opened"
    assert shop.rows(tables.suppressions) == []
    assert (await post(browser, "/care/suppress/K%2F1", channel="telegram")).status_code == 403
    assert deeds(shop) == [("opened", project.user), ("closed", project.user)]


async def test_what_is_held_is_saved_as_a_file(browser, project, shop):
    answer = await post(browser, "/care/export/K%2F1")
    assert answer.headers["content-disposition"] == "attachment; filename=\"customer-K_1.json\"; filename*=UTF-8''customer-K%2F1.json"
    assert json.loads(answer.text)["customer"] == "K/1"
    assert deeds(shop) == [("exported", project.user)]


async def test_who_is_forgotten_must_be_typed_and_may_be_readmitted(browser, project, shop):
    refused = await post(browser, "/care/forget/K%2F1", typed="K-1")
    assert (refused.status_code, "Nobody was forgotten" in refused.text) == (422, True)
    assert (await browser.get(CARD)).status_code == 200
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', (await browser.get(CARD)).text)[1]
    done = await browser.post("/care/forget/K%2F1", data={"proof": proof, "typed": " K/1 "})
    assert done.headers["location"] in {"/customers?told=forgotten", "/customers?told=remains"}
    gone = await browser.get(CARD)
    assert (gone.status_code, "was forgotten on 2026-11-24" in gone.text, "Олена" in gone.text) == (410, True, False)
    again = await browser.post("/care/readmit/K%2F1", data={"proof": proof})
    assert again.headers["location"] == "/customers?told=readmitted"
    assert (await browser.get(CARD)).status_code == 404
    assert [deed for deed, _ in deeds(shop)] == ["readmitted", "forgotten"]


async def test_why_a_cohort_has_them_is_a_page_of_its_own(browser, project):
    name = min(path.stem for path in project.config("cohorts").glob("*.yaml"))
    page = await browser.get(CARD, params={"cohort": name})
    assert page.status_code == 200
    assert "the cohort" in page.text
    assert (await browser.get(CARD, params={"cohort": "../settings"})).status_code == 404
    assert (await browser.get(CARD, params={"campaign": "nothing"})).status_code == 404


async def test_a_letter_is_found_by_its_number_and_says_what_came_back(browser, shop):
    page = await browser.get("/sent/1")
    assert page.status_code == 200
    assert "perhaps a person" in page.text
    assert "<script>alert" not in page.text
    assert "can&#39;t be shown" in page.text or "can't be shown" in page.text, "its campaign has no file"
    assert [(await browser.get(path)).status_code for path in ("/sent/99", "/sent/x", "/sent/1/html", f"/sent/{'9' * 18}")] == [404] * 4

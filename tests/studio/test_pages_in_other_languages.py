"""No English is left on the pages of campaigns, customers and conversations when they are read in another language."""

from __future__ import annotations

import asyncio
import html
import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import insert, update

from tests import letterbox, projects
from tests.operations import talking
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import ChannelName, EventKind, Verdict
from winback.operations import scoring, working
from winback.operations.working import Kind, Works
from winback.sending import prepared
from winback.speech import Language
from winback.store import database, tables
from winback.studio.app import create_app

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
PAGE = f"/campaigns/{CAMPAIGN}"
NAMES = set("winback studio Telegram SMS UAH GBP UTC sha256 VIP git".split())  # the same in every language
CODES = r"[\w.:+-]*[A-Za-z][\w.:]*-[\w.:+-]+|\b[\w./-]+\.(?:yaml|example|html|txt)\b|`[^`]+`"
"""What a shop calls its tactics, stages, letters and cohorts, its files, and what is typed."""


class Texts(HTMLParser):
    """The texts of a page that people read; not those of customers, of the shop or of programs."""

    VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "rect"})
    OTHERS = frozenset({"bdi", "code", "pre", "q", "script", "style", "textarea"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.open += [] if tag in self.VOID else [tag]
        self.found += [value for name, value in attrs if name in {"aria-label", "title", "placeholder"} and value]

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not self.OTHERS & set(self.open):
            self.found.append(" ".join(data.split()))


def english(page: str, *names: str) -> list[str]:
    """Texts in Cyrillic's place: those with Latin words that are no names, of ours, of the shop or of these."""
    allowed = NAMES | set(names) | {language.value for language in Language}
    return [text for text in Texts(page).found if set(re.findall(r"[A-Za-z][A-Za-z']+", re.sub(CODES, " ", text))) - allowed]


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def read(project, engine):
    """Asks for a page as a browser does whose reader reads a language."""

    async def ask(path: str, language: str = "uk", now=START + timedelta(hours=1)) -> str:
        app = create_app(project, engine, port=PORT, clock=lambda: now)
        async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60, headers={"Accept-Language": language}) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, path
        return html.unescape(answer.text)

    return ask


@pytest.fixture
def planned(project, engine):
    populate(engine, 30)
    works = Works(project, engine, working.work)
    works.begin(CAMPAIGN, Kind.PLAN, by="Олена", now=START)
    works.begin(CAMPAIGN, Kind.REHEARSAL, by="Олена", now=START, letters=False)
    return works


async def test_a_plan_and_a_rehearsal_are_said_in_the_readers_language(planned, read):
    page, rehearsal = await read(PAGE), await read(f"{PAGE}/rehearsal")
    for said in (
        "Надсилання коштуватиме щонайбільше",
        "Пропозиція тактики gift-first коштує",
        "станом на 2026-11-24: у когорті",
        "етап reminder; через 7 днів, 10:00-18:00",
        "не чіпаємо, для порівняння",
        "електронна пошта (en ",
        "контрольної групи, якщо вона поверне на",
    ):
        assert said in page, said
    assert "електронна пошта</td>" in rehearsal
    assert english(page, *"reminder Come back for the winter tea".split()) == []
    assert english(rehearsal, "reminder") == []
    assert "etapa reminder; după 7 zile, 10:00-18:00" in await read(PAGE, "ro")
    assert "stage reminder; 7 days later, 10:00-18:00" in await read(PAGE, "en")


async def test_a_plan_of_before_is_shown_as_it_was_kept(project, planned, read):
    path = project.root / ".winback" / "works" / CAMPAIGN / "plan.json"
    kept = path.read_text(encoding="utf-8")
    assert '"said": "Sending costs up to %(amount)s."' in kept
    path.write_text(json.dumps(in_plain(json.loads(kept), "Sending costs"), ensure_ascii=False), encoding="utf-8")
    page = await read(PAGE)
    assert "Sending costs up to 1.00 GBP." in page, "what is plain text can't be said anew"
    assert "Пропозиція тактики gift-first коштує" in page


def in_plain(kept, begins: str):
    """The same, and each sentence that begins so as plain English text, as all of them were kept once."""
    match kept:
        case {"said": str(sentence)} if sentence.startswith(begins):
            return f"{begins} up to 1.00 GBP."
        case dict():
            return {key: in_plain(value, begins) for key, value in kept.items()}
        case list():
            return [in_plain(value, begins) for value in kept]
    return kept


async def test_an_approval_is_asked_for_in_the_readers_language(tmp_path, engine):
    project = projects.make(tmp_path / "asks", ("config/settings.yaml", "approve_above: 200", "approve_above: 20"))
    populate(engine, 30)
    await asyncio.to_thread(go, prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    app = create_app(project, engine, port=PORT, clock=lambda: START)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60, headers={"Accept-Language": "uk"}) as client:
        page = html.unescape((await client.get(f"{PAGE}/approval")).text)
    assert "Надсилання коштуватиме щонайбільше" in page
    assert "UTC: запит на затвердження" in page
    assert english(page, "reminder") == []


@pytest.fixture
def olena(project, engine):
    """Who bought, was written to, opened, and asked; she shows a sign of being lost."""
    box = letterbox.Letterbox(engine, project.key)
    who, letter = box.written_to("K1", email="olena@post.example", message_id="<1@zerno>")
    now = letterbox.NOW
    with database.writing(engine) as connection:
        named = {"given_name": "Олена", "family_name": "Коваль", "sex": "f", "city": "Київ", "standing": "vip"}
        connection.execute(update(tables.customers).where(tables.customers.c.id == who).values(named))
        for number in range(5):
            world.order(connection, who, now - timedelta(days=400 + 30 * number), 100 + number)
        world.agree(connection, who, ChannelName.EMAIL)
        event = {"customer_id": who, "delivery_id": letter, "happened_at": now, "signals": {}}
        connection.execute(insert(tables.events).values(**event, dedupe_key="1", kind=EventKind.OPEN, verdict=Verdict.UNVERIFIED))
    scoring.update(project, engine, now=now)
    return who


async def test_a_card_and_why_somebody_is_written_to_are_said_in_the_readers_language(project, olena, read):
    page = await read("/customers/K1", now=letterbox.NOW)
    for said in (
        "<strong>немає запитів</strong>: ні запитів, ні замовлень 90 дн.",
        "останнє замовлення 20",
        "днів тому",
        "відкриття",
        "жіноча",
        "дано",
    ):
        assert said in page, said
    endonyms = set(re.findall(r"[A-Za-z]+", "English Română Oʻzbek"))
    assert english(page, *endonyms, *"checkout spring first dissatisfied".split(), *reasons(project)) == []
    for cohort in project.names("cohorts"):
        told = await read(f"/customers/K1?cohort={cohort}", now=letterbox.NOW)
        assert "когорті" in told
        assert english(re.sub("</?bdi>", "", told), project.user, *"K1 UA MD RO dissatisfied".split()) == [], cohort


def reasons(project) -> list[str]:
    """What the shop calls reasons for leaving, and whom its letters are signed by: its own words."""
    files = [project.config(name).read_text(encoding="utf-8") for name in ("reasons.yaml", "senders.yaml") if project.config(name).exists()]
    return re.findall(r"[A-Za-z][A-Za-z']+", " ".join(files)) + "Poor service Nobody cared The goods disappointed Too dear".split()


async def test_a_conversation_says_why_in_the_readers_language(tmp_path, engine):
    project = talking.project(tmp_path / "project")
    shop = letterbox.Letterbox(engine, project.key)
    who = shop.customer("K-1", chat="501")
    number = talking.asks(shop, project, who, "1", "Де моє замовлення?", at=letterbox.NOW - timedelta(hours=3))
    app = create_app(project, engine, port=PORT, clock=lambda: letterbox.NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60, headers={"Accept-Language": "uk"}) as client:
        pages = [html.unescape((await client.get(path)).text) for path in ("/inbox", f"/inbox/{number}", "/inbox/tasks")]
    assert "чекає на нас" in pages[0] or "прострочено" in pages[0]
    assert re.search(rf"Розмова {number}, чекає на нас: (просять людину|бот не зрозумів|де замовлення)", pages[1])
    assert "3 год, а відчувається як 4 год" in pages[1]
    for page in pages:
        assert english(page, *reasons(project), "olena", "andriy") == []


async def test_what_a_form_refuses_is_said_in_the_readers_language(project, engine):
    app = create_app(project, engine, port=PORT, clock=lambda: START)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60, headers={"Accept-Language": "uk"}) as client:
        refused = await client.get(f"/cohorts/{project.names('cohorts')[0]}/why")
    assert refused.status_code == 422
    assert "немає клієнта, на якого дивитися. Впишіть номер клієнта, як його знає магазин." in html.unescape(refused.text)


def test_what_is_english_is_found():
    assert english("<p>Дві: two letters</p><p>Telegram</p><p>we-miss-you, config/x.yaml</p><bdi>Hello there</bdi>") == ["Дві: two letters"]

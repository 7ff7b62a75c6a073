"""Blocks that name a shop's own customers, threads, calls, lanes or files are typed where those are: see blocks.SCENES."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select, text, update

from tests import projects
from tests.documentation import blocks
from tests.documentation.conftest import DAY, SECRET
from tests.documentation.terminal import Seat
from tests.letterbox import Letterbox
from tests.operations import talking
from winback import clock, settings
from winback.limits import FuseCause
from winback.store import database, fuses
from winback.store.tables import customers, deliveries, tasks, thread_words, threads

CALLS = """\
title: Calls
cohort: silent-1-2-years-3-orders
starts_on: 2026-11-24
ends_on: 2027-01-31
holdout: 0
sender: olena
tactics: {a: {share: 1}}
stages:
  - name: call
    task: {kind: call, within: 0 days, say: {en: "Ask {{ customer.given_name }} how they are"}}
"""


@pytest.fixture
def shop(place, monkeypatch):
    """The made-up shop's project, in whose folder somebody sits."""
    monkeypatch.chdir(place / "project")
    monkeypatch.setenv("WINBACK_USER", "olena")
    return settings.open_project(place / "project")


@pytest.fixture
def engine(shop):
    engine = database.open_engine(shop.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def begun(shop, monkeypatch, terminal):
    """winter-tea has begun on its first day."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 10, 30, tzinfo=UTC))
    terminal.do(["winback", "run", "winter-tea"])
    monkeypatch.setattr(clock, "now", lambda: DAY)


def test_threads_are_read_answered_and_handed_on(shop, engine, terminal):
    with database.writing(engine) as connection:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = 'threads'"))
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES ('threads', 11)"))
    box = Letterbox(engine, shop.key)
    asked = DAY - timedelta(days=3)
    assert talking.asks(box, shop, box.customer("A17", chat="501"), "1", at=asked) == 12
    other = talking.asks(box, shop, box.customer("B4", chat="502"), "2", at=asked, chat="502")
    answer = talking.answers(shop, box, other, at=asked)
    with database.writing(engine) as connection:
        connection.execute(update(thread_words).where(thread_words.c.id == answer).values(id=31, status="uncertain"))
    terminal.type(blocks.scene("answering"))
    assert {row.id: (row.status, row.assignee) for row in box.rows(threads)} == {12: ("waiting", "andriy"), other: ("waiting", "olena")}
    assert {row.text: row.status for row in box.rows(thread_words, author="manager")} == {"On its way to you.": "sent", "Вже їде до вас.": "sent"}


def test_calls_are_made_declined_and_dropped(shop, engine, terminal):
    people = shop.root / "data/customers.csv"
    header, *rows = people.read_text(encoding="utf-8").splitlines()
    people.write_text("\n".join([f"{header},phone", *(f"{row},+4411349600{number:02}" for number, row in enumerate(rows))]) + "\n", encoding="utf-8")
    projects.edit(shop.root / "config/sources.yaml", "      manager: manager ", "      phone: phone\n      manager: manager ")
    shop.config("campaigns/calls.yaml").write_text(CALLS, encoding="utf-8")
    for words in (["import"], ["run", "calls"]):
        terminal.do(["winback", *words])
    terminal.type(blocks.scene("calls"))
    with database.reading(engine) as connection:
        found = connection.execute(select(tasks.c.delivery_id, tasks.c.status).where(tasks.c.status != "open")).all()
    assert dict(map(tuple, found)) == {17: "done", 18: "declined", 19: "dropped"}


def test_a_campaign_tells_what_was_changed_in_its_files(shop, begun, monkeypatch, terminal):
    projects.edit(shop.config("campaigns/winter-tea.yaml"), "wait: 7 days", "wait: 8 days")
    body = shop.templates / "emails/gift-with-code/body.html"
    body.write_text(f"{body.read_text(encoding='utf-8')}\n", encoding="utf-8")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 27, 8, 15, tzinfo=UTC))
    terminal.do(["winback", "run", "winter-tea"])
    terminal.type(blocks.scene("changed"), compare=True)


def test_letters_are_looked_at_and_tried_out(shop, terminal):
    with (shop.root / "data/customers.csv").open("a", encoding="utf-8") as file:
        for key in ("A17", "B4"):
            file.write(f"{key},{key}@post.example,Олена,Іванівна,Коваль,f,uk,UA,Київ,Europe/Kyiv,andriy,,yes,2023-05-01,checkout,\n")
    terminal.do(["winback", "import"])
    terminal.type(blocks.scene("trying-out"))
    assert (shop.out / "preview/index.html").is_file()
    assert len(list((shop.out / "mailbox/tests").iterdir())) == 2


def test_what_is_held_of_a_customer_is_handed_out_and_erased(shop, begun, engine, monkeypatch, terminal):
    with database.reading(engine) as connection:
        chosen = select(customers.c.key).join(deliveries, deliveries.c.customer_id == customers.c.id).order_by(deliveries.c.id).limit(1)
        terminal.words = {"CUSTOMER": connection.execute(chosen).scalar_one()}
    monkeypatch.setattr("sys.stdin", Seat("y\n"))
    printed = terminal.type(blocks.scene("rights"))
    assert "Forgotten: 1 of the shop's records" in printed
    assert json.loads((shop.root / "held.json").read_text(encoding="utf-8"))["customer"] == terminal.words["CUSTOMER"]


def test_a_lane_is_let_go_on_and_another_one_stopped(shop, engine, terminal):
    with database.writing(engine) as connection:
        fuses.blow(connection, "group:gmail", FuseCause.REFUSED, DAY - timedelta(hours=1), counts={"bad": 20}, detail="550 5.7.26 no SPF")
    printed = terminal.type(blocks.scene("lanes"))
    assert "550 5.7.26 no SPF" in printed
    with database.reading(engine) as connection:
        assert set(fuses.standing(connection)) == {"email"}


def test_a_table_of_anybodys_customers_is_judged(shop, terminal):
    random = Random(7)
    arms = {"Mens E-Mail": 0.18, "Womens E-Mail": 0.15, "No E-Mail": 0.10}
    rows = ["segment,visit,conversion,spend"]
    for arm, share in arms.items():
        for _ in range(300):
            came = random.random() < share
            bought = came and random.random() < 0.2
            rows.append(f"{arm},{came:d},{bought:d},{random.uniform(10, 90) * bought:.2f}")
    (shop.root / "mails.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    printed = terminal.type(blocks.scene("mails"))
    assert all(arm in printed for arm in arms)


def test_people_are_let_in_and_out_again(shop, monkeypatch, terminal):
    def before(line: str) -> None:
        if line.startswith("winback people password"):
            monkeypatch.setattr("sys.stdin", io.StringIO("four words of tea\n"))

    printed = terminal.type(blocks.scene("people"), before=before)
    assert printed.count("/invitation/") == 3
    (_, ivan) = json.loads(terminal.do(["winback", "people", "list", "--json"]))["people"]
    assert (ivan["name"], ivan["roles"], ivan["state"]) == ("Ivan Kovalenko", ["approver"], "disabled")


def test_a_backup_comes_back_where_no_database_is(shop, begun, terminal):
    terminal.words = {"FILE": "kept"}

    def before(line: str) -> None:
        if line.startswith("winback restore"):
            for path in shop.root.glob("winback.db*"):
                shutil.move(path, path.with_name(f"lost.{path.name}"))

    address = (shop.root / "data/customers.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[1]
    (shop.root / "sent.csv").write_text(f"to,sent_at\n{address},{DAY - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+00:00\n", encoding="utf-8")
    printed = terminal.type(blocks.scene("backup"), before=before)
    assert "kept is restored." in printed
    assert "no campaign begins before you say that they are in" in printed
    assert "Paused, until you say `winback resume`: winter-tea." in printed


def test_real_orders_are_played_through(cdnow_project, tmp_path, monkeypatch, terminal):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINBACK_SECRET", SECRET)
    printed = terminal.type(blocks.scene("real-orders"))
    assert "23,570" in printed
    assert (cdnow_project.out / "rehearsals/spring-1998").is_dir()

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.bot import at_work
from tests.letterbox import Letterbox
from winback.bot import duty, line, shift, speaker
from winback.bot.dialogue import Scene
from winback.bot.speaking import Manner, Utterance
from winback.clock import now
from winback.demo import bot_api
from winback.demo.bot_api import BotApi
from winback.errors import ConfigError
from winback.store import database, owed_answers
from winback.store.owed_answers import Owed
from winback.store.tables import events, heard_updates
from winback.store.tables import owed_answers as owed_rows

pytestmark = pytest.mark.both_databases

CHAT = 501


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def connected(project, api, engine):
    if engine.dialect.name != "sqlite":
        project.environment["WINBACK_DATABASE_URL"] = engine.url.render_as_string(hide_password=False)
    else:
        project.environment["WINBACK_DATABASE_URL"] = f"sqlite:///{engine.url.database}"
    return at_work.connect(project, api)


def owe(shop: Letterbox, *chats: int, manner: Manner = Manner.MESSAGE) -> None:
    with database.writing(shop.engine) as connection:
        answers = [Owed(str(chat), Utterance(manner, str(chat), f"to {chat}", message_id=7).as_json(), None) for chat in chats]
        owed_answers.owe(connection, answers, now())


async def work(project, engine, *, seconds: float = 120, done) -> shift.Shift:
    """The bot's process, in this one, until `done`."""
    here = shift.begin(project, engine, now, "here")
    over = asyncio.Event()
    working = asyncio.create_task(duty.poll(here, over, lambda name: None))
    async with asyncio.timeout(seconds):
        while not done() and not working.done():  # noqa: ASYNC110  # the made-up API lives in another thread
            await asyncio.sleep(0.05)
        over.set()
        await working
    return here


async def test_the_bot_listens_answers_and_shows_its_commands_in_every_language(api, shop, connected):
    shop.written_to("olena", chat=str(CHAT))
    api.customer_says(CHAT, "Вітаю")
    at = await work(connected, shop.engine, done=lambda: api.sent)
    assert at.counts == {"reply": 1, "handed-over": 1}
    assert shop.rows(owed_rows) == []
    assert set(api.commands) == {"", "en", "uk", "ru", "ro", "uz", "mn"}
    assert [command["command"] for command in api.commands["uk"]] == ["settings", "language", "stop", "help"]
    assert api.commands["uk"] != api.commands[""] == api.commands["en"]


async def test_it_comes_back_after_telegram_was_away_or_somebody_else_asked(api, shop, connected, caplog):
    shop.written_to("olena", chat=str(CHAT))
    api.fail("getUpdates", bot_api.LOST_BEFORE, bot_api.SERVER_ERROR, bot_api.Fault(409, "Conflict: terminated by other getUpdates request"))
    api.customer_says(CHAT, "Вітаю")
    at = await work(connected, shop.engine, done=lambda: api.sent)
    assert at.counts == {"reply": 1, "handed-over": 1}
    assert [record.args[0] for record in caplog.records if "again in" in record.message] == ["no-answer", "server-error", "other-bot-running"]


async def test_an_answer_that_certainly_did_not_leave_is_said_again_and_holds_up_no_other_chat(api, shop, connected):
    owe(shop, CHAT, CHAT, 502)
    api.fail(CHAT, bot_api.too_fast(1))
    await work(connected, shop.engine, done=lambda: len(api.sent) == 3)
    assert [message.chat_id for message in api.sent] == ["502", str(CHAT), str(CHAT)]


@pytest.mark.parametrize("fault", [bot_api.LOST_ANSWER, bot_api.BAD_GATEWAY])
async def test_an_answer_that_may_have_arrived_is_not_said_again(api, shop, connected, fault):
    owe(shop, CHAT)
    api.fail(CHAT, fault)
    at = await work(connected, shop.engine, done=lambda: not shop.rows(owed_rows))
    assert (len(api.sent), at.counts) == (1, {"in-doubt": 1})


def test_what_was_being_said_at_a_crash_stays_in_doubt_but_for_what_is_written_over_a_message(shop):
    owe(shop, CHAT)
    owe(shop, CHAT, manner=Manner.CONCLUSION)
    with database.writing(shop.engine) as connection:
        for row in connection.execute(owed_rows.select()).all():
            assert owed_answers.hand_over(connection, row.id, now())
            assert not owed_answers.hand_over(connection, row.id, now())
    assert speaker.resolve(shop.engine) == 1
    assert [(row.utterance["manner"], row.handed_over_at) for row in shop.rows(owed_rows)] == [("conclusion", None)]


def test_one_at_a_time_has_the_line(shop):
    def owns(who: str) -> bool:
        with database.writing(shop.engine) as connection:
            return owed_answers.own_line(connection, who, now())

    assert owns("one")
    assert not owns("another")
    assert owns("one")
    with database.writing(shop.engine) as connection:
        owed_answers.leave_line(connection, "one")
    assert owns("another")
    assert not owns("one")


async def test_a_dialogue_that_stumbles_keeps_nobody_else_waiting(api, shop, connected, caplog):
    from winback.bot import listening, updates

    here = shift.begin(connected, shop.engine, now)
    shop.written_to("olena", chat=str(CHAT))
    heard = [updates.Heard(1, updates.Kind.WORDS, str(CHAT), text=7), updates.Heard(2, updates.Kind.WORDS, str(CHAT), "Вітаю")]
    listening.take_in_batch(shop.engine, heard, Scene(connected, here.phrasebook, now()), here.counts)
    assert here.counts == {"reply": 1, "handed-over": 1, "failed": 1}
    assert len(shop.rows(heard_updates)) == 2
    assert "doesn't know what to do about update 1" in caplog.text


def test_two_processes_that_are_told_the_same_take_it_in_once(shop, connected):
    from concurrent.futures import ThreadPoolExecutor

    from winback.bot import listening, updates

    heard = []
    for number in range(20):
        shop.written_to(f"c{number}", chat=str(1_000 + number))
        heard.append(updates.Heard(number + 1, updates.Kind.WORDS, str(1_000 + number), "Вітаю"))
    both = [shift.begin(connected, shop.engine, now) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: listening.take_in_batch(shop.engine, heard, one.scene, one.counts), both))
    assert sum(one.counts["reply"] for one in both) == 20
    assert (len(shop.rows(events)), len(shop.rows(owed_rows))) == (20, 20)


async def test_where_a_webhook_is_set_nobody_polls(api, shop, connected):
    here = shift.begin(connected, shop.engine, now)
    assert await duty.set_webhook(here, on=True) == "http://127.0.0.1:1/telegram"
    with pytest.raises(ConfigError, match="winback bot webhook delete"):
        await work(connected, shop.engine, done=lambda: False)
    assert await duty.webhook(here) == "http://127.0.0.1:1/telegram"
    assert await duty.set_webhook(here, on=False) == ""
    assert await duty.webhook(here) == ""


@pytest.fixture
def crowd(api, shop, connected):
    """Many customers who write at once."""
    for number in range(150):
        shop.written_to(f"c{number}", chat=str(1_000 + number))
        api.customer_says(1_000 + number, "Вітаю")
    return connected


async def test_no_more_are_marked_as_leaving_than_are_said_at_once(api, shop, connected, monkeypatch):
    """However slow the database and the network are: what is marked is in doubt when the process dies."""
    owe(shop, *range(1_000, 1_012))
    said, marked = line.Line.say, []

    async def slowly(self, utterance):
        with database.reading(shop.engine) as connection:
            arrived = {message.chat_id for message in api.sent}
            marked.append(sum(owed.chat_id not in arrived for owed in owed_answers.left_in_doubt(connection)))
        await asyncio.sleep(0.2)
        await said(self, utterance)

    monkeypatch.setattr(line.Line, "say", slowly)
    await work(connected, shop.engine, done=lambda: not shop.rows(owed_rows))
    assert len(api.sent) == len(marked) == 12
    assert max(marked) <= line.IN_THE_AIR


def test_a_bot_that_is_killed_in_mid_batch_loses_nothing_and_says_nothing_twice(api, shop, crowd):
    with at_work.running(crowd, "bot") as process:
        at_work.until(lambda: len(api.sent) >= 20)
        process.send_signal(signal.SIGKILL)
    with at_work.running(crowd, "bot") as process:
        at_work.until(lambda: not shop.rows(owed_rows) and len(shop.rows(heard_updates)) == 150, 90)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert len(shop.rows(events)) == 150
    chats = [message.chat_id for message in api.sent]
    assert len(chats) == len(set(chats)), "nobody is answered twice"
    assert 150 - len(chats) <= 3, "in doubt is what was being said when it was killed"


def test_a_bot_that_is_told_to_stop_answers_what_it_took_in(api, shop, connected):
    shop.written_to("olena", chat=str(CHAT))
    with at_work.running(connected, "bot") as process:
        assert process.stderr is not None
        assert "@zerno_bot listens" in process.stderr.readline()
        api.customer_says(CHAT, "Вітаю")
        at_work.until(lambda: shop.rows(events))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert "Stopped: 1 handed-over, 1 reply." in process.stderr.read()
    assert len(api.sent) == 1
    assert shop.rows(owed_rows) == []

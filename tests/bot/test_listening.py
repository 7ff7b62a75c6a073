from __future__ import annotations

import asyncio
import threading
from collections import Counter
from datetime import timedelta

import pytest

from tests import projects
from tests.letterbox import NOW
from winback import settings
from winback.bot import answers, listening
from winback.bot.dialogue import Scene
from winback.bot.line import Line
from winback.bot.shift import Shift
from winback.demo import bot_api, mailbox
from winback.demo.bot_api import BotApi
from winback.errors import ConfigError, Refused
from winback.operations import collecting
from winback.store import chats, database
from winback.store.tables import consents, contacts, events, source_states, suppressions
from winback.tracking import addresses, presses
from winback.tracking.presses import Verb

CHAT = 501


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def hear(api, engine, project):
    """Take in everything that waits, at a moment; returns the counts."""

    async def hear(now=NOW):
        async with Line(api.token, api_url=api.url, messages_per_second=1_000) as line:
            return dict(await listening.take_in(Shift(line, engine, project, answers.read(project), lambda: now)))

    return hear


def said(project, answer: str, language: str = "uk") -> str:
    return answers.read(project).say(answers.Answer(answer), language)


def link(project, customer: int) -> str:
    return addresses.join_from_page("zerno_bot", project.key, customer, NOW.date()).rpartition("=")[2]


def agreeing(project, customer: int) -> str:
    return presses.write([project.key], str(CHAT), Verb.JOIN, customer, 0, 0)


async def test_a_customer_joins_by_the_link_in_a_letter_and_the_proof_is_kept(api, hear, shop, project):
    who = shop.customer("olena", email="olena@mail.example")
    api.customer_says(CHAT, f"/start {link(project, who)}", language="en")
    assert await hear() == {}
    assert api.texts(CHAT) == [said(project, "invitation")]
    (button,) = api.sent[-1].buttons
    assert button["text"] == said(project, "agree")
    assert shop.rows(consents) == []

    api.customer_presses(CHAT, button["callback_data"])
    assert await hear() == {"joined": 1}
    assert [(message.text, message.message_id) for message in api.edited] == [(said(project, "joined"), api.edited[0].message_id)]
    assert "answerCallbackQuery" in [call.method for call in api.calls]
    (contact,) = shop.rows(contacts, channel="telegram")
    assert (contact.customer_id, contact.address) == (who, str(CHAT))
    (consent,) = shop.rows(consents)
    assert (consent.channel, consent.purpose, consent.given_at, consent.source, consent.withdrawn_at) == (
        "telegram", "marketing", NOW, "telegram /start", None,
    )  # fmt: skip


async def test_somebody_who_left_may_come_back_and_only_the_new_consent_counts(api, hear, shop, project, engine):
    who, _ = shop.written_to("olena", chat=str(CHAT))
    api.customer_says(CHAT, "/stop")
    assert await hear() == {"unsubscribe": 1}
    assert api.texts(CHAT) == [said(project, "stopped")]
    assert shop.standing(who) == [("stopped", "unsubscribed")]
    assert [(row.channel, row.reason) for row in shop.rows(suppressions)] == [("telegram", "unsubscribed")]
    api.customer_presses(CHAT, agreeing(project, who))
    later = NOW + timedelta(days=1)
    assert await hear(later) == {"joined": 1}
    assert shop.rows(suppressions) == []
    with database.reading(engine) as connection:
        assert chats.is_open(connection, who, later)
        assert not chats.is_open(connection, who, NOW)


async def test_what_a_customer_says_is_kept_and_ends_the_journey(api, hear, shop, project):
    who, letter = shop.written_to("olena", chat=str(CHAT))
    number = api.customer_says(CHAT, "Дякую! Якраз збиралася замовити.")
    assert await hear() == {"reply": 1, "handed-over": 1}
    assert api.texts(CHAT) == [answers.read(project).say(answers.Answer.HANDED_OVER, "uk", {"when": "16:00"})]
    (row,) = shop.rows(events)
    assert (row.kind, row.customer_id, row.delivery_id, row.verdict, row.text) == ("reply", who, letter, "human", "Дякую! Якраз збиралася замовити.")
    assert row.dedupe_key.startswith(f"telegram:{number}:")
    assert str(CHAT) not in row.dedupe_key
    assert shop.standing(who) == [("stopped", "replied")]


async def test_a_blocked_bot_is_noted_and_the_journey_may_go_on_elsewhere(api, hear, shop):
    who, _ = shop.written_to("olena", chat=str(CHAT), email="olena@mail.example")
    api.customer_blocks(CHAT)
    assert await hear() == {"blocked": 1}
    (contact,) = shop.rows(contacts, channel="telegram")
    assert (contact.blocked_at, contact.blocked_reason) == (NOW, "blocked")
    assert [(row.kind, row.customer_id) for row in shop.rows(events)] == [("blocked", who)]
    assert shop.standing(who) == [("active", "")]
    api.customer_unblocks(CHAT)
    assert await hear() == {"unblocked": 1}
    (contact,) = shop.rows(contacts, channel="telegram")
    assert (contact.blocked_at, contact.blocked_reason) == (None, "")


async def test_every_update_is_taken_in_once_even_when_it_is_told_again(api, hear, shop, project):
    shop.written_to("olena", chat=str(CHAT))
    api.customer_says(CHAT, "Перше")
    heard = list(api._updates)
    assert await hear() == {"reply": 1, "handed-over": 1}
    api._updates.extend(heard)  # as after an answer that got lost on its way to us
    assert await hear() == {}
    api._updates.extend(heard)
    async with Line(api.token, api_url=api.url) as line:
        again = await line.listen(0)
    listening.take_in_batch(shop.engine, [*again, *again], Scene(project, answers.read(project), NOW), counts := Counter())
    assert not counts
    assert len(shop.rows(events)) == 1


async def test_more_updates_than_telegram_gives_at_once_are_all_taken_in(api, hear, shop):
    for number in range(130):
        shop.written_to(f"c{number}", chat=str(1000 + number))
        api.customer_says(1000 + number, "Вітаю")
    assert await hear() == {"reply": 130, "handed-over": 130}
    assert len(api.sent) == 130
    assert len(shop.rows(events)) == 130


async def test_updates_that_telegram_numbers_anew_after_a_quiet_week_are_heard(api, hear, shop):
    shop.written_to("olena", chat=str(CHAT))
    api.renumber_from(900_000)
    api.customer_says(CHAT, "Перше")
    assert await hear() == {"reply": 1, "handed-over": 1}
    api.renumber_from(5)
    number = api.customer_says(CHAT, "Друге")
    assert await hear(NOW + timedelta(days=8)) == {"reply": 1, "handed-over": 1}
    assert [row.text for row in shop.rows(events)] == ["Перше", "Друге"]
    assert [row.watermark for row in shop.rows(source_states)] == [str(number + 1)]


async def test_an_answer_that_does_not_arrive_takes_nothing_back(api, hear, shop, caplog):
    who, _ = shop.written_to("olena", chat=str(CHAT))
    api.fail(CHAT, bot_api.BLOCKED)
    api.customer_says(CHAT, "/stop")
    assert await hear() == {"unsubscribe": 1}
    assert shop.standing(who) == [("stopped", "unsubscribed")]
    assert "didn't arrive: blocked" in caplog.text


async def test_strangers_and_wrong_links_are_answered_and_nothing_is_written(api, hear, shop, project):
    erased = link(project, 77)
    for text, answer in (("Hello?", "stranger"), ("/start", "stranger"), ("/start nonsense", "link-lost"), (f"/start {erased}", "link-lost")):
        api.customer_says(CHAT, text, language="en")
        assert await hear() == ({"handed-over": 1} if text == "Hello?" else {})
        assert api.texts(CHAT)[-1] == said(project, answer, "en")
    api.customer_presses(CHAT, presses.write([project.key], "another chat", Verb.JOIN, shop.customer("olena"), 0, 0))
    assert await hear() == {}
    assert (shop.rows(contacts), shop.rows(events)) == ([], [])


def with_bot(project, api: BotApi, token: str | None = None):
    """The same project, with a bot that is reached over HTTP."""
    file = project.config("settings.yaml")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("telegram: {bot: zerno_bot}", f"telegram: {{bot: zerno_bot, via: bot-api, api_url: {api.url}}}"), encoding="utf-8")
    environment = {**project.environment, "WINBACK_TELEGRAM_TOKEN": api.token if token is None else token}
    return settings.open_project(project.root, environment)


def test_collecting_reads_the_mailbox_and_the_bot(api, shop, project, tmp_path):
    shop.written_to("olena", chat=str(CHAT))
    shop.written_to("ivan", email="ivan@mail.example")
    mailbox.make_maildir(tmp_path / "replies")
    mailbox.deliver(tmp_path / "replies", b"From: ivan@mail.example\n\nThank you\n", mail_from="ivan@mail.example", recipient="care@zerno.example")
    api.customer_says(CHAT, "/stop")
    collected = collecting.collect(with_bot(project, api), shop.engine, now=NOW, replies=tmp_path / "replies")
    assert collected.as_json() == {"reply": 1, "unsubscribe": 1}
    assert collecting.collect(project, shop.engine, now=NOW).as_json() == {}


def test_outside_production_the_bot_answers_chats_on_the_allow_list_only(api, shop, project):
    for name, chat in (("olena", CHAT), ("ivan", CHAT + 1)):
        shop.written_to(name, chat=str(chat))
        api.customer_says(chat, "/stop")
    projects.edit(project.config("settings.yaml"), "currency: UAH", f"environment: development\nallow: [{CHAT}]\ncurrency: UAH")
    collected = collecting.collect(with_bot(project, api), shop.engine, now=NOW)
    assert collected.as_json() == {"unsubscribe": 2, "held-back": 1}, "what was said is taken in all the same"
    assert collected.held_back == 1
    assert (len(api.texts(CHAT)), api.texts(CHAT + 1)) == (1, [])


@pytest.mark.parametrize(("token", "sentence"), [("1:wrong", "Telegram refused the bot's token"), ("", "the bot has no token")])
def test_a_bot_that_is_not_let_in_is_refused_with_a_sentence(api, shop, project, token, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        collecting.collect(with_bot(project, api, token), shop.engine, now=NOW)
    assert "config/settings.yaml:" in str(refused.value)


def test_a_telegram_that_breaks_down_in_between_is_refused_with_a_sentence(shop, project):
    class Moody(BotApi):
        async def _get_updates(self, parameters):
            raise ConnectionError

    with Moody() as api, pytest.raises(Refused, match=r"can't be read now.*Nothing is lost"):
        collecting.collect(with_bot(project, api), shop.engine, now=NOW)


async def test_a_long_poll_is_answered_as_soon_as_there_is_something_to_tell(api, shop):
    async with Line(api.token, api_url=api.url) as line:
        threading.Timer(0.2, api.customer_says, (CHAT, "Вітаю")).start()
        heard = await asyncio.wait_for(line.listen(0, wait_seconds=20), 10)
        assert [update.text for update in heard] == ["Вітаю"]
        assert await line.listen(heard[-1].update_id + 1) == []

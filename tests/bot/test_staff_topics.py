"""The group of the shop's people: each customer's topic, whatever the group or Telegram does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import letterbox, projects
from tests.letterbox import NOW
from tests.operations import talking
from winback import settings
from winback.bot import staff_topics
from winback.bot.staff_line import StaffLine
from winback.channels.allowed import AllowList
from winback.demo import bot_api
from winback.demo.bot_api import BotApi
from winback.errors import LaneError, PermanentError
from winback.operations import threads as operation
from winback.store.tables import thread_words, threads

STAFF = -100500


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def project(tmp_path):
    opened = talking.project(tmp_path / "project")
    projects.edit(opened.config("settings.yaml"), "{bot: zerno_bot}", f"{{bot: zerno_bot, staff_chat: '{STAFF}'}}")
    return settings.open_project(opened.root, opened.environment)


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


@pytest.fixture
def thread(shop, project):
    return talking.asks(shop, project, shop.customer("olena", chat="501"), "1", "One", show=True)


@pytest.fixture
def show(api, shop, project):
    async def show(now=NOW):
        async with StaffLine(api.token, str(STAFF), api_url=api.url) as line:
            return dict(await staff_topics.show(line, shop.engine, project, now))

    return show


def shown(shop) -> list[str]:
    return [row.shown for row in shop.rows(thread_words)]


async def test_words_are_shown_once_in_a_topic_with_the_customers_name(api, shop, show, thread, project):
    assert await show() == {"shown-to-staff": 1}
    assert await show() == {}
    assert api.topics.names == {901: "olena"}
    assert [message.text.splitlines()[0] for message in api.sent] == [
        "Customer olena: unknown-words, promised an answer by 2026-11-24 16:00.",
        "olena:",
    ]
    assert {message.parameters["message_thread_id"] for message in api.sent} == {"901"}
    assert (shop.rows(threads)[0].topic, shop.rows(threads)[0].topic_status) == (901, "open")


async def test_what_was_answered_elsewhere_is_shown_too(api, shop, show, thread, project):
    await show()
    operation.answer(project, shop.engine, thread, "Two", by="olena", key="k", now=NOW)
    assert await show() == {"shown-to-staff": 1}
    assert api.texts(STAFF)[-1] == "olena answered:\nTwo"


async def test_a_group_that_is_too_fast_for_telegram_waits_as_long_as_it_says(api, shop, show, thread, project):
    await show()
    talking.asks(shop, project, shop.rows(threads)[0].customer_id, "2", "Two", show=True)
    api.fail(STAFF, bot_api.too_fast(40))
    assert await show() == {}
    assert shown(shop) == ["sent", "planned"]
    assert await show(NOW + timedelta(seconds=39)) == {}
    assert len(api.texts(STAFF)) == 2
    assert await show(NOW + timedelta(seconds=40)) == {"shown-to-staff": 1}


async def test_words_that_may_have_been_shown_are_not_shown_again(api, shop, show, thread, project):
    await show()
    talking.asks(shop, project, shop.rows(threads)[0].customer_id, "2", "Two", show=True)
    api.fail(STAFF, bot_api.LOST_ANSWER)
    assert await show() == {}
    assert shown(shop) == ["sent", "uncertain"]
    assert await show(NOW + timedelta(days=1)) == {}


async def test_a_topic_that_somebody_deleted_is_begun_anew(api, shop, show, thread, project):
    await show()
    api.topics.delete(901)
    talking.asks(shop, project, shop.rows(threads)[0].customer_id, "2", "Two", show=True)
    assert await show() == {}
    assert await show() == {"shown-to-staff": 1}
    assert api.topics.names == {902: "olena"}
    assert shown(shop) == ["sent", "sent"]


async def test_a_topic_is_closed_with_its_thread_and_opened_with_the_next(api, shop, show, thread, project):
    await show()
    operation.close(shop.engine, thread, by="olena", now=NOW)
    await show()
    assert api.topics.open == {901: False}
    talking.asks(shop, project, shop.rows(threads)[0].customer_id, "2", "Two", show=True)
    await show()
    assert api.topics.open == {901: True}
    assert [row.topic for row in shop.rows(threads)] == [901, 901]


async def test_a_group_without_topics_stops_nothing(api, shop, show, thread, project):
    api.fail("createForumTopic", bot_api.Fault(400, "Bad Request: the chat is not a forum"))
    assert await show() == {}
    assert shown(shop) == ["planned"]
    assert await show(NOW + timedelta(minutes=2)) == {"shown-to-staff": 1}


async def test_no_more_is_shown_at_once_than_a_group_takes_in_a_minute(api, shop, show, thread, project):
    who = shop.rows(threads)[0].customer_id
    for number in range(30):
        talking.asks(shop, project, who, f"more {number}", str(number), show=True)
    assert await show() == {"shown-to-staff": 15}
    assert await show() == {"shown-to-staff": 15}
    assert await show() == {"shown-to-staff": 1}


async def test_outside_production_the_group_must_be_on_the_allow_list(api, shop, thread):
    with pytest.raises(PermanentError, match="not-allowed-here"):
        async with StaffLine(api.token, str(STAFF), api_url=api.url, allowed=AllowList(["501"])):
            pass
    with pytest.raises(LaneError):
        async with StaffLine("1:wrong", str(STAFF), api_url=api.url):
            pass

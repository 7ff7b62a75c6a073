from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bot import at_work
from winback.bot import duty, shift
from winback.clock import now
from winback.demo import bot_updates
from winback.demo.bot_api import BotApi
from winback.demo.serving import Serving
from winback.store.tables import events, heard_updates
from winback.store.tables import owed_answers as owed_rows
from winback.tracking import hook_secret
from winback.tracking.app import create_app

CHAT = 501


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def hooked(project, api, engine):
    """The project, and `winback serve` of it with a webhook."""
    connected = at_work.connect(project, api, more=", webhook: true")
    with Serving(create_app(connected, engine)) as served:
        yield connected, served.url


def post(url: str, content: bytes, secret: str | None, **more: str) -> int:
    headers = {**more, **({} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret})}
    return httpx.post(f"{url}/telegram", content=content, headers=headers).status_code


def said(number: int, text: str, chat: int = CHAT) -> bytes:
    return json.dumps({"update_id": number, "message": bot_updates.message(number, chat, text, "uk")}).encode()


def test_updates_come_by_the_webhook_and_are_answered_by_whoever_has_the_line(api, shop, hooked):
    connected, url = hooked
    shop.written_to("olena", chat=str(CHAT))
    here = shift.begin(connected, shop.engine, now)
    api._set_webhook({"url": f"{url}/telegram", "secret_token": hook_secret.of(connected.key)})
    api.customer_says(CHAT, "Вітаю")
    at_work.until(lambda: shop.rows(owed_rows))
    assert [row.text for row in shop.rows(events)] == ["Вітаю"]
    assert api.sent == []
    voice = duty.Voice(connected, shop.engine, now, "voice")
    voice.start()
    at_work.until(lambda: api.sent)
    voice.stop()
    assert api.webhook is not None
    assert (api.webhook.refused, api.waiting, shop.rows(owed_rows)) == ([], 0, [])
    assert asyncio.run(duty.webhook(here)) == f"{url}/telegram"


def test_updates_that_are_repeated_or_come_out_of_order_are_taken_in_once_each(shop, hooked):
    connected, url = hooked
    secret = hook_secret.of(connected.key)
    shop.written_to("olena", chat=str(CHAT))
    for number in (12, 10, 12, 11, 10):
        assert post(url, said(number, f"number {number}"), secret) == 200
    assert [row.text for row in shop.rows(events)] == ["number 12", "number 10", "number 11"]
    assert [row.update_id for row in shop.rows(heard_updates)] == [10, 11, 12]


@pytest.mark.parametrize("secret", [None, "", "wrong"])
def test_nobody_else_can_tell_updates(shop, hooked, secret):
    _, url = hooked
    shop.written_to("olena", chat=str(CHAT))
    assert post(url, said(1, "/stop"), secret) == 403
    assert shop.rows(heard_updates) == []


def test_what_is_no_update_is_refused_and_what_is_too_long_is_not_read(hooked):
    connected, url = hooked
    secret = hook_secret.of(connected.key)
    for content in (
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"update_id": "1"}',
        b'{"update_id": -1}',
        b"[" * 5_000,
        b'{"update_id": 99999999999999999999}',
    ):
        assert post(url, content, secret) == 400, content[:40]
    assert post(url, b" " * 300_000, secret) == 413
    assert httpx.get(f"{url}/telegram", headers={"X-Telegram-Bot-Api-Secret-Token": secret}).status_code == 405


def test_without_webhook_in_the_settings_there_is_no_such_page(project, engine):
    with Serving(create_app(project, engine)) as served:
        assert post(served.url, said(1, "Вітаю"), hook_secret.of(project.key)) == 404


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4))  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["message", "callback_query", "my_chat_member", "edited_message"]), JSON)
def test_no_update_whatever_its_shape_is_more_than_nothing_to_us(kind, content):
    from winback.bot import hook

    heard = hook._read(json.dumps({"update_id": 5, kind: content}).encode())
    assert heard is not None
    assert heard.update_id == 5

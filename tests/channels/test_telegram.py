from __future__ import annotations

import asyncio
import inspect
import traceback
from datetime import timedelta

import httpx
import pytest
import telegram.error
from telegram.error import NetworkError, TelegramError, TimedOut

from winback.channels import telegram as channel_module
from winback.channels.telegram import TelegramChannel, sending_error
from winback.demo import bot_api
from winback.demo.bot_api import BotApi
from winback.errors import LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import Button, Message


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


def letter(chat: int = 501, text: str = "Добрий день, <b>Олено</b>!", buttons: tuple[Button, ...] = ()) -> Message:
    return Message(1, str(chat), text, "uk", buttons)


def channel(api: BotApi, **options) -> TelegramChannel:
    return TelegramChannel(api.token, api_url=api.url, **options)


async def test_a_message_reaches_the_chat_with_its_buttons_and_no_link_preview(api):
    async with channel(api) as telegram:
        receipt = await telegram.send(
            letter(buttons=(Button("До крамниці", "https://zerno.example/new"), Button("Чаї", "https://zerno.example/tea")))
        )
    (sent,) = api.sent
    assert receipt.remote_id == str(sent.message_id)
    assert (sent.chat_id, sent.text, sent.parameters["parse_mode"]) == ("501", "Добрий день, <b>Олено</b>!", "HTML")
    assert sent.buttons == ({"text": "До крамниці", "url": "https://zerno.example/new"}, {"text": "Чаї", "url": "https://zerno.example/tea"})
    assert '"is_disabled": true' in sent.parameters["link_preview_options"]


@pytest.mark.parametrize("token", ["7000000001:a-token-of-another-bot", "nonsense", ""])
async def test_a_refused_token_closes_the_lane_before_anything_is_sent(api, token):
    with pytest.raises(LaneError) as refused:
        await TelegramChannel(token, api_url=api.url).__aenter__()
    assert (refused.value.reason, refused.value.text) == ("bot-token-refused", "")
    assert not token or token not in "".join(traceback.format_exception(refused.value))


async def test_an_api_that_is_not_there_closes_the_lane():
    with pytest.raises(LaneError) as refused:
        await TelegramChannel("1:x", api_url="http://127.0.0.1:1").__aenter__()
    assert refused.value.reason == "unreachable"


@pytest.mark.parametrize(
    ("fault", "kind", "reason", "arrived"),
    [
        (bot_api.BLOCKED, PermanentError, "blocked", 0),
        (bot_api.NO_SUCH_CHAT, PermanentError, "no-such-chat", 0),
        (bot_api.Fault(400, "Bad Request: can't parse entities"), LaneError, "message-refused", 0),
        (bot_api.too_fast(3), TemporaryError, "too-fast", 0),
        (bot_api.SERVER_ERROR, TemporaryError, "server-error", 0),
        (bot_api.Fault(401, "Unauthorized"), LaneError, "bot-token-refused", 0),
        (bot_api.LOST_BEFORE, UncertainError, "no-answer", 0),
        (bot_api.LOST_ANSWER, UncertainError, "no-answer", 1),
    ],
)
async def test_what_goes_wrong_says_what_to_do_about_it(api, fault, kind, reason, arrived):
    async with channel(api) as telegram:
        api.fail(501, fault)
        with pytest.raises(kind) as refused:
            await telegram.send(letter())
        assert (type(refused.value), refused.value.reason, len(api.sent)) == (kind, reason, arrived)
        await telegram.send(letter(chat=502))  # and the others go on
    assert api.texts(502) == ["Добрий день, <b>Олено</b>!"]


async def test_a_chat_is_put_off_for_as_long_as_the_api_asks(api):
    async with channel(api) as telegram:
        api.fail(501, bot_api.too_fast(17))
        with pytest.raises(TemporaryError) as refused:
            await telegram.send(letter())
    assert refused.value.after == timedelta(seconds=17)


async def test_a_server_that_went_away_has_got_nothing():
    with BotApi() as api:
        telegram = await channel(api).__aenter__()
    with pytest.raises(TemporaryError) as refused:
        await telegram.send(letter())
    assert refused.value.reason == "unreachable"
    await telegram.__aexit__(None, None, None)


def caused(refusal: TelegramError, cause: BaseException | None) -> TelegramError:
    refusal.__cause__ = cause
    return refusal


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (caused(TimedOut(), httpx.PoolTimeout("")), TemporaryError),
        (caused(TimedOut(), httpx.ConnectTimeout("")), TemporaryError),
        (caused(TimedOut(), httpx.ReadTimeout("")), UncertainError),
        (caused(TimedOut(), httpx.WriteTimeout("")), UncertainError),
        (caused(TimedOut(), None), UncertainError),
        (caused(NetworkError("x"), httpx.ConnectError("")), TemporaryError),
        (caused(NetworkError("x"), httpx.ReadError("")), UncertainError),
        (caused(NetworkError("x"), httpx.RemoteProtocolError("")), UncertainError),
        (caused(NetworkError("Bad Gateway (502)"), TelegramError("Invalid server response")), UncertainError),
        (TelegramError("Invalid server response"), UncertainError),
    ],
    ids=lambda value: f"{value!r} from {value.__cause__!r}" if isinstance(value, TelegramError) else value.__name__,
)
def test_doubt_begins_when_the_request_is_written(refusal, kind):
    assert type(sending_error(refusal)) is kind


def test_every_exception_of_the_library_has_a_meaning_here():
    exceptions = {
        value
        for _, value in inspect.getmembers(telegram.error, inspect.isclass)
        if issubclass(value, TelegramError) and value.__module__ == "telegram.error"
    }
    assert exceptions == set(channel_module._MEANINGS), "map the new ones in winback/channels/telegram.py, _MEANINGS"


def test_an_exception_from_a_later_library_is_doubt():
    class Novelty(TelegramError):
        pass

    assert isinstance(sending_error(Novelty("?")), UncertainError)


async def test_many_messages_all_arrive_once_each(api):
    async with channel(api, messages_per_second=30) as telegram:
        await asyncio.gather(*(telegram.send(letter(chat=number)) for number in range(40)), *(telegram.send(letter(chat=501)) for _ in range(2)))
    assert sorted(sent.chat_id for sent in api.sent) == sorted([*map(str, range(40)), "501", "501"])

from __future__ import annotations

import asyncio
import inspect
import json
import traceback
from datetime import timedelta

import httpx
import pytest
import telegram.error
from telegram.error import NetworkError, TelegramError, TimedOut

from winback.channels import telegram as channel_module
from winback.channels.spacing import Spacing
from winback.channels.telegram import TelegramChannel, sending_error
from winback.demo import bot_api, bot_pictures
from winback.demo.bot_api import BotApi
from winback.errors import LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import Button, Message, Picture


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


TEA = Picture("tea.png", "image/png", "1.tea.png@images.winback", b"\x89PNG tea")
CUP = Picture("cup.png", "image/png", "2.cup.png@images.winback", b"\x89PNG cup")


def pictured(chat: int, *pictures: Picture | str, buttons: tuple[Button, ...] = ()) -> Message:
    return Message(1, str(chat), "Новинки &amp; <b>чаї</b>", "uk", buttons, pictures)


async def test_buttons_open_pages_ask_the_bot_and_copy_the_code(api):
    buttons = (
        Button("Скопіювати", copies="TEA-1"),
        Button("Пізніше", data="later.1~x"),
        *(Button(str(n), data=f"score.1.{n}~x") for n in range(1, 6)),
    )
    async with channel(api) as telegram:
        await telegram.send(letter(buttons=buttons))
    rows = json.loads(api.sent[0].parameters["reply_markup"])["inline_keyboard"]
    assert [len(row) for row in rows] == [1, 1, 5], "numbers lie beside each other"
    assert rows[0] == [{"text": "Скопіювати", "copy_text": {"text": "TEA-1"}}]
    assert rows[1] == [{"text": "Пізніше", "callback_data": "later.1~x"}]


async def test_a_picture_is_uploaded_once_and_then_named(api):
    async with channel(api) as telegram:
        await asyncio.gather(*(telegram.send(pictured(chat, TEA, buttons=(Button("Чаї", "https://zerno.example/tea"),))) for chat in range(501, 504)))
    assert {sent.pictures for sent in api.sent} == {(bot_pictures.file_id(TEA.data),)}
    assert {sent.text for sent in api.sent} == {"Новинки &amp; <b>чаї</b>"}
    assert {sent.parameters["parse_mode"] for sent in api.sent} == {"HTML"}
    assert all(sent.buttons for sent in api.sent)
    named = [sent.parameters.get("photo", "") for sent in api.sent]
    assert sorted(named) == ["", *[bot_pictures.file_id(TEA.data)] * 2], "two of the three needed no upload"


async def test_an_album_is_one_request_with_its_caption_at_the_first_picture(api):
    async with channel(api) as telegram:
        receipt = await telegram.send(pictured(501, TEA, "https://zerno.example/new.jpg", CUP))
        await telegram.send(pictured(502, CUP, TEA))
    first, second = api.sent
    assert receipt.remote_id == str(first.message_id)
    assert first.pictures == (bot_pictures.file_id(TEA.data), "https://zerno.example/new.jpg", bot_pictures.file_id(CUP.data))
    media = json.loads(first.parameters["media"])
    assert [(each["type"], each.get("caption")) for each in media] == [("photo", "Новинки &amp; <b>чаї</b>"), ("photo", None), ("photo", None)]
    assert [each["media"] for each in json.loads(second.parameters["media"])] == [bot_pictures.file_id(CUP.data), bot_pictures.file_id(TEA.data)]
    assert [call.method for call in api.calls if call.method.startswith("send")] == ["sendMediaGroup"] * 2


async def test_a_picture_that_the_messenger_forgot_is_uploaded_anew(api):
    async with channel(api) as telegram:
        await telegram.send(pictured(501, TEA))
        api.fail(502, bot_api.Fault(400, "Bad Request: wrong file identifier/HTTP URL specified"))
        with pytest.raises(TemporaryError) as refused:
            await telegram.send(pictured(502, TEA))
        await telegram.send(pictured(503, TEA))
    assert refused.value.reason == "picture-forgotten"
    assert "photo" not in api.sent[-1].parameters


@pytest.mark.parametrize("fault", [bot_api.LOST_ANSWER, bot_api.LOST_BEFORE])
async def test_an_album_whose_answer_got_lost_is_in_doubt_as_a_whole(api, fault):
    async with channel(api) as telegram:
        api.fail(501, fault)
        with pytest.raises(UncertainError):
            await telegram.send(pictured(501, TEA, CUP))
        await telegram.send(pictured(502, TEA, CUP))
    assert len(api.texts(502)) == 1


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
        (bot_api.BAD_GATEWAY, UncertainError, "no-answer", 1),
        (bot_api.Fault(504, "Gateway Timeout", arrives=True), UncertainError, "no-answer", 1),
        (bot_api.Fault(500, "Internal Server Error: restart", arrives=True), UncertainError, "no-answer", 1),
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
        (caused(NetworkError("Internal Server Error"), None), TemporaryError),
        (caused(NetworkError("Internal Server Error (500)"), None), UncertainError),
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


class Watched(Spacing):
    """Turns of which it is known what was said about them."""

    def __init__(self, refusal: TemporaryError | None = None) -> None:
        super().__init__(100)
        self.refusal, self.told = refusal, []

    async def turn(self, chat):
        if self.refusal:
            raise self.refusal
        await super().turn(chat)

    def answered(self, chat, again_after=None, *, at=None):
        self.told.append((chat, again_after, at is not None and at <= asyncio.get_running_loop().time()))
        super().answered(chat, again_after, at=at)


async def test_a_turn_ends_when_the_answer_begins_and_with_the_connection_when_none_comes(api):
    spacing = Watched()
    async with TelegramChannel(api.token, api_url=api.url, spacing=spacing) as telegram:
        await telegram.send(Message(1, "501", "Hello", "en"))
        api.fail(502, bot_api.too_fast(3))
        with pytest.raises(TemporaryError):
            await telegram.send(Message(2, "502", "Hello", "en"))
        api.fail(503, bot_api.LOST_BEFORE)
        with pytest.raises(UncertainError):
            await telegram.send(Message(3, "503", "Hello", "en"))
    assert spacing.told == [("501", None, True), ("502", timedelta(seconds=3), True), ("503", None, False)]


async def test_without_a_turn_nothing_leaves_and_nothing_is_in_doubt(api):
    put_off = TemporaryError("too-fast", "the messenger asked for a pause", after=timedelta(minutes=5))
    async with TelegramChannel(api.token, api_url=api.url, spacing=Watched(put_off)) as telegram:
        with pytest.raises(TemporaryError) as refused:
            await telegram.send(Message(1, "501", "Hello", "en"))
    assert refused.value is put_off
    assert api.sent == []

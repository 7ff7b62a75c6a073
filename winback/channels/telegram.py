"""Messenger texts over Telegram's Bot API (core.telegram.org/bots/api), at a pace that it doesn't refuse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

import httpx
import telegram
from telegram import Bot, CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, LinkPreviewOptions, error
from telegram.constants import ParseMode
from telegram.request import HTTPXRequest

from winback.channels import keyboard
from winback.channels.shelf import Shelf, Source
from winback.channels.spacing import Spacing
from winback.errors import ChannelError, LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import Button, Message, Picture, Receipt

logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells the URL of every request, and the token is a part of it


IDLE = 2.0
"""Seconds that a connection is kept without a message: servers close idle ones, and a message written into one that is just closing is in doubt."""
_FORGOTTEN = "picture-forgotten"


class TelegramChannel:
    """Sends as the bot with `token`. Entering asks the API who we are: LaneError `bot-token-refused` or `unreachable`.

    `messages_per_second` is kept strictly (Telegram allows about 30 to all chats together, and one a second to each), by all who share
    `spacing`; `pool` is how many requests are under way at once, usually a second's worth.
    """

    def __init__(
        self,
        token: str,
        *,
        api_url: str = "https://api.telegram.org",
        messages_per_second: int = 25,
        pool: int | None = None,
        spacing: Spacing | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.in_flight = pool or messages_per_second
        self._token = token
        self._api_url = api_url
        self._spacing = spacing or Spacing(messages_per_second)
        self._shelf = shelf or Shelf()
        self._bot: Bot | None = None

    async def __aenter__(self) -> Self:
        self._bot = await open_bot(self._token, self._api_url, connections=self.in_flight)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self._spacing.leave()
        self._shelf.close()
        if self._bot is not None:
            await self._bot.shutdown()

    async def send(self, letter: Message) -> Receipt:
        """One message: a text, a picture with its caption, or an album, which is one request too; or a copy of another message.

        Nothing is repeated here: what may have reached the chat is UncertainError.
        """
        assert self._bot is not None, "enter the channel first"
        if letter.copy_of is not None:
            async with turn_of(self._spacing, letter.chat_id, late=True):
                return Receipt(remote_id=str(await _copied(self._bot, letter, *letter.copy_of)))
        async with self._shelf.taken(letter.pictures) as shown:
            try:
                async with turn_of(self._spacing, letter.chat_id, late=True):
                    sent = await _said(self._bot, letter, shown)
            except TemporaryError as error:
                if error.reason == _FORGOTTEN:
                    await self._keep(letter.pictures, [""] * len(letter.pictures))
                raise
            await self._keep(letter.pictures, [each.photo[-1].file_id if each.photo else "" for each in sent])
        return Receipt(remote_id=str(sent[0].message_id))

    async def _keep(self, pictures: Sequence[Source], file_ids: Sequence[str]) -> None:
        for picture, file_id in zip(pictures, file_ids, strict=False):
            if isinstance(picture, Picture):
                await self._shelf.put(picture, file_id)


async def _copied(bot: Bot, letter: Message, chat_id: str, number: int) -> int:
    """The number of the copy. Telegram makes it: whatever it holds passes through nobody else's hands."""
    copied = await bot.copy_message(_chat(letter.chat_id), _chat(chat_id), number, caption=letter.text or None, parse_mode=ParseMode.HTML)
    return copied.message_id


async def _said(bot: Bot, letter: Message, shown: Sequence[Source]) -> Sequence[telegram.Message]:
    """The messages that came of it: one, or those of an album."""
    chat = _chat(letter.chat_id)
    buttons, files = _keyboard(letter.buttons), [_file(each) for each in shown]
    if not files:
        preview = LinkPreviewOptions(is_disabled=True)
        return [await bot.send_message(chat, letter.text, parse_mode=ParseMode.HTML, link_preview_options=preview, reply_markup=buttons)]
    if len(files) == 1:
        ((file, name),) = files
        return [await bot.send_photo(chat, file, caption=letter.text, parse_mode=ParseMode.HTML, reply_markup=buttons, filename=name)]
    (file, name), *others = files
    first = InputMediaPhoto(file, caption=letter.text, parse_mode=ParseMode.HTML, filename=name)
    return await bot.send_media_group(chat, [first, *(InputMediaPhoto(each, filename=called) for each, called in others)])


def _chat(chat_id: str) -> int | str:
    return int(chat_id) if chat_id.lstrip("-").isdecimal() else chat_id


def _file(source: Source) -> tuple[str | bytes, str | None]:
    """What is sent of a picture, and what it is called where it is uploaded."""
    return (source, None) if isinstance(source, str) else (source.data, source.name)


@dataclass(slots=True)
class _Turn:
    """A chat's turn, and when the message in it had certainly arrived."""

    spacing: Spacing
    chat_id: str
    is_taken: bool = False
    answered_at: float | None = None  # when the other side spoke, before anybody has read what it said


_TURN: ContextVar[_Turn | None] = ContextVar("_TURN", default=None)


async def _take(turn: _Turn) -> None:
    await turn.spacing.turn(turn.chat_id)
    turn.is_taken = True


async def _begin(_request: httpx.Request) -> None:
    if (turn := _TURN.get()) is not None and not turn.is_taken:
        await _take(turn)


async def _spoke(_response: httpx.Response) -> None:
    if (turn := _TURN.get()) is not None:
        turn.answered_at = asyncio.get_running_loop().time()


@asynccontextmanager
async def turn_of(spacing: Spacing, chat_id: str, *, late: bool = False) -> AsyncIterator[None]:
    """A chat's turn, in which one message is sent. What the API refuses is raised as ChannelError; a pause that it asks for is kept.

    With `late` it is waited for inside, when the first request of a bot of `open_bot` is written out and nothing but sending is left: what is
    made of the message before, and of the answer afterwards, takes nothing of the pace (docs/decisions/0197).
    """
    turn, again_after = _Turn(spacing, chat_id), None
    if not late:
        await _take(turn)
    before = _TURN.set(turn)
    try:
        yield
    except error.TelegramError as refusal:
        if isinstance(refusal.__cause__, ChannelError):  # there was no turn; python-telegram-bot takes it for the network's fault
            raise refusal.__cause__ from None
        meaning = sending_error(refusal)
        again_after = meaning.after if isinstance(meaning, TemporaryError) else None
        raise meaning from refusal
    finally:
        _TURN.reset(before)
        if turn.is_taken:
            spacing.answered(chat_id, again_after, at=turn.answered_at)


async def open_bot(token: str, api_url: str, *, connections: int) -> Bot:
    """A bot that the API has let in; `shutdown()` is the caller's. Raises LaneError `bot-token-refused` or `unreachable`.

    python-telegram-bot puts a refused token into its message, so neither text nor cause go on from here.
    """
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE)
    hooks = {"request": [_begin], "response": [_spoke]}
    request = HTTPXRequest(
        connect_timeout=10, read_timeout=30, write_timeout=30, pool_timeout=60, httpx_kwargs={"limits": limits, "event_hooks": hooks}
    )
    polling = HTTPXRequest(connection_pool_size=1, connect_timeout=10, read_timeout=30)
    try:
        bot = Bot(token, base_url=f"{api_url}/bot", request=request, get_updates_request=polling)
    except error.InvalidToken:
        raise LaneError("bot-token-refused") from None
    try:
        await bot.initialize()
    except error.TelegramError as refusal:
        await bot.shutdown()
        raise (LaneError("bot-token-refused") if isinstance(refusal, error.InvalidToken) else LaneError("unreachable", str(refusal))) from None
    return bot


def _keyboard(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    laid = keyboard.rows([button.label for button in buttons])
    return InlineKeyboardMarkup([[_key(buttons[place]) for place in row] for row in laid]) if buttons else None


def _key(button: Button) -> InlineKeyboardButton:
    copies = CopyTextButton(button.copies) if button.copies else None
    return InlineKeyboardButton(button.label, url=button.url or None, callback_data=button.data or None, copy_text=copies)


def sending_error(refusal: error.TelegramError) -> ChannelError:
    """What a refusal of one message means for it. An exception unknown to us is doubt: the message may have left."""
    meaning = _MEANINGS.get(type(refusal))
    return meaning(refusal) if meaning else UncertainError("unforeseen", repr(refusal))


def _bad_request(refusal: error.TelegramError) -> ChannelError:
    """The API tells chats that are gone from texts that are wrong by the sentence only. What is no chat's fault stops the lane."""
    said = refusal.message.lower()
    if any(words in said for words in ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty", "chat_id_invalid")):
        return PermanentError("no-such-chat", refusal.message)
    if "message to copy not found" in said or "can't be copied" in said:
        return PermanentError("cant-be-copied", refusal.message)
    if "file identifier" in said or "wrong remote file" in said:
        return TemporaryError(_FORGOTTEN, refusal.message, after=timedelta(seconds=5))  # nothing was sent; it is uploaded anew
    return LaneError("message-refused", refusal.message)


def _put_off(refusal: error.TelegramError) -> ChannelError:
    assert isinstance(refusal, error.RetryAfter)
    wait = refusal.retry_after  # whole seconds up to python-telegram-bot 22, a timedelta later
    return TemporaryError("too-fast", refusal.message, after=wait if isinstance(wait, timedelta) else timedelta(seconds=wait))


# httpx's errors that come before the request has been written; after any other the message may have arrived.
_NOT_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

_NOT_DONE = "Internal Server Error"
"""The API's own word that it did not do it (docs/decisions/0258). "Bad Gateway" is a server's in the middle, ": restart" of what broke off."""


def _network(refusal: error.TelegramError) -> ChannelError:
    """NetworkError and TimedOut: a broken connection, or an answer with a 5xx.

    python-telegram-bot keeps httpx's exception as the cause; an answer that could be read has none, one that couldn't has its own. Of an
    answer's status and description only the description is left of what it says in JSON.
    """
    cause = refusal.__cause__
    if isinstance(cause, _NOT_WRITTEN):
        return TemporaryError("unreachable", refusal.message)
    if cause is None and refusal.message == _NOT_DONE:
        return TemporaryError("server-error", refusal.message)
    return UncertainError("no-answer", refusal.message)


_MEANINGS: Mapping[type[error.TelegramError], Callable[[error.TelegramError], ChannelError]] = {
    error.TelegramError: lambda refusal: UncertainError("unreadable-answer", refusal.message),
    error.Forbidden: lambda refusal: PermanentError("blocked", refusal.message),
    error.BadRequest: _bad_request,
    error.ChatMigrated: lambda refusal: PermanentError("chat-moved", refusal.message),  # a private chat never moves: it was no person's
    error.RetryAfter: _put_off,
    error.NetworkError: _network,
    error.TimedOut: _network,
    error.InvalidToken: lambda refusal: LaneError("bot-token-refused", refusal.message),
    error.EndPointNotFound: lambda refusal: LaneError("not-a-bot-api", refusal.message),
    error.Conflict: lambda refusal: LaneError("other-bot-running", refusal.message),
    error.PassportDecryptionError: lambda refusal: LaneError("passport", refusal.message),  # of a service that we don't use
}

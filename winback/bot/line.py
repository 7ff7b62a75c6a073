"""The line to Telegram that the conversation is held over: ask what is new, answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    error,
)

from winback.bot import updates
from winback.bot.speaking import Manner, Utterance
from winback.bot.updates import Heard
from winback.channels.allowed import AllowList
from winback.channels.spacing import Spacing
from winback.channels.telegram import open_bot, sending_error, turn_of

IN_THE_AIR = 3
"""Messages that are said at the same moment: no more than that are in doubt when the process dies."""
_AT_ONCE = 100  # as many updates as Telegram gives
_TOAST = 200  # characters of answerCallbackQuery's text
_PLAIN = LinkPreviewOptions(is_disabled=True)


class Line:
    """A bot that listens by long polling, and speaks to chats on the allow-list only, where there is one.

    Entering raises LaneError when the API doesn't let us in.
    """

    def __init__(
        self,
        token: str,
        *,
        api_url: str = "https://api.telegram.org",
        messages_per_second: int = 25,
        seconds_per_chat: float = 1.0,
        spacing: Spacing | None = None,
        allowed: AllowList | None = None,
    ) -> None:
        """Its turns are those of `spacing`, which it may share with those who send letters."""
        self._token = token
        self._api_url = api_url
        self._spacing = spacing or Spacing(messages_per_second, per_chat=seconds_per_chat)
        self._allowed = allowed
        self._air = asyncio.Semaphore(IN_THE_AIR)
        self._bot: Bot | None = None

    async def __aenter__(self) -> Self:
        self._bot = await open_bot(self._token, self._api_url, connections=IN_THE_AIR + 1)  # and one for presses
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self._spacing.leave()
        await self._open.shutdown()

    @property
    def _open(self) -> Bot:
        assert self._bot is not None, "enter the line first"
        return self._bot

    @property
    def name(self) -> str:
        """The bot's user name, without @."""
        return self._open.username

    async def listen(self, offset: int, *, wait_seconds: int = 0) -> list[Heard]:
        """Updates from number `offset` on (0: all that wait), at most 100; those before it are Telegram's to forget. Raises ChannelError."""
        try:
            told = await self._open.get_updates(offset=offset or None, limit=_AT_ONCE, timeout=wait_seconds, allowed_updates=updates.WANTED)
        except error.TelegramError as refusal:
            raise sending_error(refusal) from refusal
        return [updates.read(update) for update in told]

    async def acknowledge(self, utterance: Utterance) -> None:
        """The app stops waiting for what it pressed, and shows a toast's words. What it no longer waits for, the API refuses; nothing is lost."""
        text = utterance.text[:_TOAST] if utterance.manner is Manner.TOAST else None
        with contextlib.suppress(error.TelegramError):
            await self._open.answer_callback_query(utterance.press_id, text=text or None)

    @asynccontextmanager
    async def turn(self, utterance: Utterance) -> AsyncIterator[None]:
        """The chat's turn, in which it is said: what is marked as handed over is marked when a connection is free for it. Raises ChannelError."""
        self._refuse_strangers(utterance.chat_id)
        async with turn_of(self._spacing, utterance.chat_id), self._air:
            yield

    async def say(self, utterance: Utterance) -> None:
        """Say it now: in its turn, which tells what a refusal means."""
        if utterance.manner is Manner.CONCLUSION:
            await self._write_over(utterance)
        else:
            await self._open.send_message(
                int(utterance.chat_id),
                utterance.text,
                reply_markup=_below(utterance),
                message_thread_id=utterance.topic or None,
                link_preview_options=_PLAIN,
            )

    async def webhook(self) -> str:
        """Where updates are told; empty: whoever asks hears them. Raises ChannelError."""
        try:
            return (await self._open.get_webhook_info()).url
        except error.TelegramError as refusal:
            raise sending_error(refusal) from refusal

    async def set_webhook(self, url: str, secret: str) -> None:
        """Tell updates to that address, with the secret in a header; to an empty one: to whoever asks. Raises ChannelError."""
        try:
            if url:
                await self._open.set_webhook(url, secret_token=secret, allowed_updates=updates.WANTED)
            else:
                await self._open.delete_webhook()
        except error.TelegramError as refusal:
            raise sending_error(refusal) from refusal

    async def show_commands(self, commands: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """What the app offers behind "/": name and description, by language; "" for everybody else. Raises ChannelError."""
        try:
            for language, named in commands.items():
                await self._open.set_my_commands(named, language_code=language or None)
        except error.TelegramError as refusal:
            raise sending_error(refusal) from refusal

    async def _write_over(self, utterance: Utterance) -> None:
        """A message that says the same already is none the worse for it; one that can't be changed any more gets another below."""
        markup = _buttons(utterance)
        try:
            await self._open.edit_message_text(
                utterance.text, chat_id=int(utterance.chat_id), message_id=utterance.message_id, reply_markup=markup, link_preview_options=_PLAIN
            )
        except error.BadRequest as refusal:
            if "not modified" in refusal.message:
                return
            if not any(words in refusal.message for words in ("can't be edited", "to edit not found", "no text in the message")):
                raise
            await self._open.send_message(int(utterance.chat_id), utterance.text, reply_markup=markup, link_preview_options=_PLAIN)

    def _refuse_strangers(self, chat_id: str) -> None:
        if self._allowed is not None:
            self._allowed.refuse_others(chat_id)


def _buttons(utterance: Utterance) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(key.label, callback_data=key.data or None, url=key.url or None) for key in row] for row in utterance.rows]
    return InlineKeyboardMarkup(rows) if rows else None


def _below(utterance: Utterance) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    if utterance.phone_label:
        return ReplyKeyboardMarkup([[KeyboardButton(utterance.phone_label, request_contact=True)]], resize_keyboard=True, one_time_keyboard=True)
    return _buttons(utterance) or (ReplyKeyboardRemove() if utterance.ends_asking else None)

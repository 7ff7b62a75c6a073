"""The line to Telegram that the conversation is held over: ask what is new, answer."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Self

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, error

from winback.bot import updates
from winback.bot.updates import Heard
from winback.channels.allowed import AllowList
from winback.channels.spacing import Spacing
from winback.channels.telegram import open_bot, sending_error, turn_of

_AT_ONCE = 100  # as many updates as Telegram gives


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
        spacing: Spacing | None = None,
        allowed: AllowList | None = None,
    ) -> None:
        """Its turns are those of `spacing`, which it may share with those who send letters."""
        self._token = token
        self._api_url = api_url
        self._spacing = spacing or Spacing(messages_per_second)
        self._allowed = allowed
        self._bot: Bot | None = None

    async def __aenter__(self) -> Self:
        self._bot = await open_bot(self._token, self._api_url, connections=4)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self._spacing.leave()
        await self._open.shutdown()

    @property
    def _open(self) -> Bot:
        assert self._bot is not None, "enter the line first"
        return self._bot

    async def listen(self, offset: int, *, wait_seconds: int = 0) -> list[Heard]:
        """Updates from number `offset` on (0: all that wait), at most 100; those before it are Telegram's to forget. Raises ChannelError."""
        try:
            told = await self._open.get_updates(offset=offset or None, limit=_AT_ONCE, timeout=wait_seconds, allowed_updates=updates.WANTED)
        except error.TelegramError as refusal:
            raise sending_error(refusal) from refusal
        return [updates.read(update) for update in told]

    async def say(self, chat_id: str, text: str, button: tuple[str, str] | None = None) -> None:
        """A plain text; `button` is a label and its callback data. Raises ChannelError."""
        self._refuse_strangers(chat_id)
        markup = InlineKeyboardMarkup([[InlineKeyboardButton(button[0], callback_data=button[1])]]) if button else None
        async with turn_of(self._spacing, chat_id):
            await self._open.send_message(int(chat_id), text, reply_markup=markup)

    async def conclude(self, heard: Heard, text: str) -> None:
        """Acknowledge a press and write `text` over the message that had the button. Raises ChannelError."""
        self._refuse_strangers(heard.chat_id)
        async with turn_of(self._spacing, heard.chat_id):
            with contextlib.suppress(error.BadRequest):  # minutes later the app has stopped waiting, and the API says so
                await self._open.answer_callback_query(heard.press_id)
            await self._open.edit_message_text(text, chat_id=int(heard.chat_id), message_id=heard.message_id)

    def _refuse_strangers(self, chat_id: str) -> None:
        if self._allowed is not None:
            self._allowed.refuse_others(chat_id)

"""The line to the group of the shop's people: a topic for each customer, in which their words are shown (core.telegram.org/bots/api#createforumtopic).

The bot must be an administrator of the group with the right to manage topics.
"""

from __future__ import annotations

from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

from telegram import Bot, LinkPreviewOptions, error

from winback.channels.allowed import AllowList
from winback.channels.telegram import open_bot, sending_error
from winback.errors import ChannelError, LaneError

T = TypeVar("T")

_NAME = 128  # characters of a topic's name
_TEXT = 4_096
_PLAIN = LinkPreviewOptions(is_disabled=True)
TOPIC_GONE = "topic-gone"
"""The group has no such topic any more."""
_GONE = ("message thread not found", "topic_id_invalid", "topic_deleted", "topic not found")


class StaffLine:
    """Speaks to one group. Entering raises LaneError when the API doesn't let us in."""

    def __init__(self, token: str, chat_id: str, *, api_url: str = "https://api.telegram.org", allowed: AllowList | None = None) -> None:
        self._token, self._chat_id, self._api_url, self._allowed = token, chat_id, api_url, allowed
        self._bot: Bot | None = None

    async def __aenter__(self) -> Self:
        if self._allowed is not None:
            self._allowed.refuse_others(self._chat_id)
        self._bot = await open_bot(self._token, self._api_url, connections=1)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self._open.shutdown()

    @property
    def _open(self) -> Bot:
        assert self._bot is not None, "enter the line first"
        return self._bot

    async def begin(self, name: str) -> int:
        """A new topic; its number. Raises ChannelError."""
        made = await self._asked(self._open.create_forum_topic(int(self._chat_id), name[:_NAME]))
        return made.message_thread_id

    async def reopen(self, topic: int) -> None:
        await self._as_it_is(self._open.reopen_forum_topic(int(self._chat_id), topic))

    async def close(self, topic: int) -> None:
        await self._as_it_is(self._open.close_forum_topic(int(self._chat_id), topic))

    async def delete(self, topic: int) -> None:
        await self._as_it_is(self._open.delete_forum_topic(int(self._chat_id), topic))

    async def post(self, topic: int, text: str) -> None:
        """A plain text in a topic. Raises ChannelError; LaneError `topic-gone` where there is no such topic."""
        await self._asked(self._open.send_message(int(self._chat_id), text[:_TEXT], message_thread_id=topic, link_preview_options=_PLAIN))

    async def copy(self, topic: int, chat_id: str, message_id: int) -> None:
        """A customer's picture, voice or file, as they sent it."""
        await self._asked(self._open.copy_message(int(self._chat_id), int(chat_id), message_id, message_thread_id=topic))

    async def _as_it_is(self, asked: Awaitable[object]) -> None:
        """A topic that stands as it is meant to already is none the worse for it."""
        try:
            await asked
        except error.TelegramError as refusal:
            if "topic_not_modified" not in refusal.message.lower():
                raise _meaning(refusal) from refusal

    async def _asked(self, asked: Awaitable[T]) -> T:
        try:
            return await asked
        except error.TelegramError as refusal:
            raise _meaning(refusal) from refusal


def _meaning(refusal: error.TelegramError) -> ChannelError:
    if isinstance(refusal, error.BadRequest) and any(words in refusal.message.lower() for words in _GONE):
        return LaneError(TOPIC_GONE, refusal.message)
    return sending_error(refusal)

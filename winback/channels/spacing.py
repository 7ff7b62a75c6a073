"""Turns on a line with a strict pace: never more than so many in any second, and one a second for each chat."""

from __future__ import annotations

import asyncio

_SLACK = 1.03  # turns lie 3 % further apart than the pace asks, so that jitter on the way bunches no second's worth and one more


class Spacing:
    """Gives out turns `per_second` times a second, evenly, without bursts; the same chat gets one every `per_chat` seconds.

    A chat that waits for its own turn holds nobody else up. Times are the event loop's clock.
    """

    def __init__(self, per_second: float, *, per_chat: float = 1.0) -> None:
        self._between = _SLACK / per_second
        self._per_chat = per_chat * _SLACK
        self._free_at = 0.0
        self._chats: dict[str, asyncio.Lock] = {}
        self._last: dict[str, float] = {}

    async def turn(self, chat: str) -> None:
        """Return when it is this chat's turn."""
        lock = self._chats.setdefault(chat, asyncio.Lock())
        async with lock:
            while (free_at := self._last.get(chat, float("-inf")) + self._per_chat) > asyncio.get_running_loop().time():
                await _until(free_at)  # asked again afterwards: the answer to the last message may have come in between
            at = max(asyncio.get_running_loop().time(), self._free_at)
            self._free_at = at + self._between
            self._last[chat] = at
            await _until(at)
        self._forget()

    def answered(self, chat: str) -> None:
        """The chat's message has certainly arrived by now: its next one counts from here, however long this one was on the way."""
        if chat in self._last:
            self._last[chat] = asyncio.get_running_loop().time()

    def _forget(self) -> None:
        """Chats whose second is over and whom nobody waits for."""
        if len(self._chats) > 1_000:
            now = asyncio.get_running_loop().time()
            for chat in [chat for chat, lock in self._chats.items() if not lock.locked() and self._last.get(chat, now) + self._per_chat < now]:
                del self._chats[chat], self._last[chat]


async def _until(at: float) -> None:
    wait = at - asyncio.get_running_loop().time()
    if wait > 0:
        await asyncio.sleep(wait)

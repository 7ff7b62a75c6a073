"""Questions to the database that a page asks while somebody types: the newest of each person is answered, and no other goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from fastapi import Request

from winback.store.interrupting import Question

T = TypeVar("T")

_LOOK_EVERY = 0.02  # seconds
_GONE = "http.disconnect"


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Questions:
    """Of one kind. `at_once`: how many are answered at a time, whoever asks. `apart`: seconds between two that one person begins.

    A question that is superseded by the same person's next one, or whose browser has gone, is ended in the database; one that hasn't
    begun never begins.
    """

    def __init__(self, *, at_once: int, apart: float = 0.0) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._apart = apart
        self._newest: dict[str, _Asked] = {}
        self._begun: dict[str, float] = {}

    async def ask(self, request: Request, whose: str, work: Callable[[Question], T], *, seconds: float) -> T:
        """What `work` finds out, in a thread. Raises Interrupted, TooSlow after so many seconds, and whatever `work` raises.

        The request's body must have been read: what comes next on it says that the browser has gone.
        """
        mine, before = _Asked(Question(seconds)), self._newest.get(whose)
        self._newest[whose] = mine
        watching = asyncio.ensure_future(_end_with(request, mine))
        try:
            if before is not None:
                await _end(before)
            await self._wait_for_turn(whose, mine.question)
            try:
                self._begun[whose] = monotonic()
                return await asyncio.to_thread(work, mine.question)
            finally:
                self._room.release()
        finally:
            watching.cancel()
            mine.done.set()
            if self._newest.get(whose) is mine:
                del self._newest[whose]

    async def _wait_for_turn(self, whose: str, question: Question) -> None:
        """Until there is room and the person's last one is long enough ago. Raises Interrupted as soon as nobody waits any more."""
        while self._room.locked() or monotonic() - self._begun.get(whose, -self._apart) < self._apart:
            question.go_on()
            await asyncio.sleep(_LOOK_EVERY)
        question.go_on()
        await self._room.acquire()


async def _end(asked: _Asked) -> None:
    """End it again and again, until its thread has noticed: a statement may just have been on its way."""
    while not asked.done.is_set():
        await asyncio.to_thread(asked.question.end)
        await asyncio.sleep(_LOOK_EVERY)


async def _end_with(request: Request, asked: _Asked) -> None:
    """End it when the browser goes."""
    while True:
        message = await request.receive()
        if message["type"] == _GONE:
            break
        await asyncio.sleep(_LOOK_EVERY)  # whatever else comes may come at once, again and again
    await _end(asked)

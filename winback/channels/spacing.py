"""Turns on a line with a strict pace: never more messages in any second than it allows, and one a second for each chat."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeAlias

from winback.channels import seats
from winback.channels.brakes import Brakes
from winback.channels.seats import LEASE, SECOND, Answered, Free, Grant, Granted, Stroke
from winback.errors import ChannelError, TemporaryError
from winback.speech import N_

Book: TypeAlias = Callable[[Stroke, Callable[[], float]], Awaitable[Granted]]
"""Writes a stroke down and grants turns, whose moments are on the clock that it is given."""

AT_WORK = 0.25
"""Seconds that a seat is taken ahead, so that nobody waits for the book while seats are free."""
IN_TALK = 0.6
"""The same for answers in a conversation: they come before letters, which can wait."""

_LONGEST = 60.0  # seconds that a message waits here while everybody must; after that it is put off
_FRESH = LEASE - 2  # a seat that wasn't sat down on by then is taken anew
_RENEWED = LEASE / 3
_AT_ONCE = 2  # so many times the pace's chats are asked for at once
_BETWEEN = 0.04  # seconds at least from one stroke to the next: what was answered meanwhile is written down together


def in_memory(per_second: int) -> Book:
    """The book of a line that nobody else uses."""
    rows = {number: Free(float("-inf")) for number in seats.numbers(per_second)}
    chats: dict[str, Free] = {}

    async def strike(stroke: Stroke, clock: Callable[[], float]) -> Granted:
        now = clock()
        for chat in [chat for chat, row in chats.items() if row.at < now] if len(chats) > 1_000 else ():
            del chats[chat]
        for chat in stroke.chats:
            chats.setdefault(chat, Free(float("-inf")))
        return seats.strike(stroke, rows, chats, now=now, ago=0.0)

    return strike


class Spacing:
    """Gives out turns, `per_second` in any second and one a second to each chat. A chat that waits holds nobody else up.

    Whoever shares a `book` shares the pace. Each turn is to be `answered` when the other side has spoken, or the connection broke.
    """

    def __init__(
        self, per_second: int, *, book: Book | None = None, ahead: float = AT_WORK, per_chat: float = 1.0, close: Callable[[], None] = lambda: None
    ) -> None:
        """`close` is called when it is left."""
        self._per_second, self._per_chat, self._ahead, self._close = per_second, per_chat * SECOND, ahead, close
        self._book = book or in_memory(per_second)
        self._waiting: deque[tuple[str, asyncio.Future[Grant]]] = deque()
        self._under_way: dict[str, tuple[int, float]] = {}  # chat -> its seat, and until when it is ours
        self._answered: list[Answered] = []
        self._unused: list[Grant] = []
        self._pause = 0.0
        self._closed_until = self._last_at = float("-inf")
        self._brakes = Brakes()
        self._stir = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._leaving = False
        self._struck_at = float("-inf")

    async def turn(self, chat: str) -> None:
        """Return when it is this chat's turn. Raises TemporaryError `too-fast` when that is a long time off, with that time."""
        clock = asyncio.get_running_loop().time
        while True:
            grant = await self._granted(chat)
            try:
                while 0 < (wait := max(grant.at, self._closed_until) - clock()) <= _LONGEST:  # noqa: ASYNC110  it is a moment that is waited for
                    await asyncio.sleep(wait)
            except BaseException:
                self._return(chat)
                raise
            if wait <= 0 and clock() < self._under_way[chat][1] - (LEASE - _FRESH):
                return
            self._return(chat)
            if wait > _LONGEST:
                raise _put_off(wait)

    def answered(self, chat: str, again_after: timedelta | None = None, *, at: float | None = None) -> None:
        """The chat's message has certainly arrived by now, or won't; `again_after`: the other side wants no more of them for so long.

        `at`: it had arrived by that moment of the loop's clock already.
        """
        now = asyncio.get_running_loop().time() if at is None else at
        seat, _ = self._under_way.pop(chat)
        after = None if again_after is None else again_after.total_seconds()
        self._answered.append(Answered(seat, chat, now, after or 0.0))
        if pause := self._brakes.told(chat, now, after):
            self._pause = max(self._pause, pause)
            self._closed_until = max(self._closed_until, now + pause)
        self._stirred()

    async def leave(self) -> None:
        """Write down what was answered last, so that others needn't wait for our seats."""
        self._leaving = True
        self._stir.set()
        if self._work is not None:
            await self._work
        if self._answered or self._unused:
            with suppress(ChannelError):
                await self._strike(())
        self._close()

    async def _granted(self, chat: str) -> Grant:
        turn: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        self._waiting.append((chat, turn))
        self._stirred()
        try:
            return await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._return(chat)
            raise

    def _return(self, chat: str) -> None:
        """Nobody sat down."""
        seat, until = self._under_way.pop(chat)
        self._unused.append(Grant(chat, seat, until - LEASE))
        self._stirred()

    def _stirred(self) -> None:
        self._stir.set()
        if self._work is None or self._work.done():
            self._work = asyncio.ensure_future(self._go_on())

    async def _go_on(self) -> None:
        """Ask the book as long as anybody waits, or sits."""
        clock = asyncio.get_running_loop().time
        while not self._leaving and (self._waiting or self._answered or self._unused or self._under_way):
            if (early := self._struck_at + _BETWEEN - clock()) > 0:
                await asyncio.sleep(early)
            self._stir.clear()
            self._struck_at = clock()
            wanted = self._next()
            try:
                again_in = await self._strike(wanted)
            except Exception as error:  # noqa: BLE001  whatever it is, those who wait must not wait for ever
                self._fail(error)
                return
            if self._leaving:  # whoever told us so meanwhile stirred before we listened again
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(again_in, _RENEWED) if self._waiting else _RENEWED):
                    await self._stir.wait()

    def _next(self) -> tuple[str, ...]:
        """Chats that somebody waits to write to, and that are not being written to."""
        self._waiting = deque(each for each in self._waiting if not each[1].done())
        found = dict.fromkeys(chat for chat, _ in self._waiting if chat not in self._under_way)
        return tuple(found)[: _AT_ONCE * self._per_second]

    async def _strike(self, wanted: tuple[str, ...]) -> float:
        """Returns in how many seconds to ask again."""
        clock = asyncio.get_running_loop().time
        answered, self._answered = self._answered, []
        unused, self._unused = self._unused, []
        pause, self._pause = self._pause, 0.0
        ours_until = clock() + LEASE
        ending = [(seat, chat) for chat, (seat, until) in self._under_way.items() if until - clock() < LEASE - _RENEWED]
        granted = await self._book(Stroke(answered, ending, unused, wanted, pause, self._per_chat, self._ahead), clock)
        for seat, chat in ending:
            if chat in self._under_way:
                self._under_way[chat] = seat, ours_until
        if granted.closed:
            self._closed_until = max(self._closed_until, clock() + granted.closed)
        for grant in granted.turns:
            self._give(grant)
        self._refuse(granted)
        return granted.again_in

    def _give(self, grant: Grant) -> None:
        """The turn goes to whoever waits longest for this chat; turns of one sender don't come in heaps."""
        at = self._last_at = max(grant.at, self._last_at + 0.5 / self._per_second)
        self._under_way[grant.chat] = grant.seat, grant.at + LEASE
        for chat, turn in self._waiting:
            if chat == grant.chat and not turn.done():
                turn.set_result(Grant(chat, grant.seat, at))
                return
        self._return(grant.chat)  # nobody waits any more

    def _refuse(self, granted: Granted) -> None:
        """Whoever would wait for longer than a seat may be held is told so."""
        for chat, turn in self._waiting:
            wait = granted.busy.get(chat, 0.0) if granted.closed <= _LONGEST else granted.closed
            if wait > LEASE + 2 and not turn.done():
                turn.set_exception(_put_off(wait))

    def _fail(self, error: Exception) -> None:
        """The book can't be read: nobody gets a turn, and everybody is told why."""
        for _, turn in self._waiting:
            if not turn.done():
                turn.set_exception(error)
        self._waiting.clear()


def _put_off(seconds: float) -> TemporaryError:
    return TemporaryError("too-fast", N_("the messenger asked for a pause"), after=timedelta(seconds=seconds))

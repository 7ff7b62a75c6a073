"""One channel's way out: letters wait for it, are handed over in groups, and are sent side by side."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from winback import tracing
from winback.channels.channel import INTERRUPTED, Channel
from winback.errors import ChannelError, LaneError
from winback.model import ChannelName, Receipt
from winback.sending import fuse
from winback.sending.ledger import Answered
from winback.sending.outgoing import Letter

Exchange: TypeAlias = Callable[[ChannelName, Sequence[Answered], Sequence[Letter]], Awaitable[list[Letter]]]
"""Writes down what became of some letters and marks others as handed over; returns those of the others that may be sent."""
Renew: TypeAlias = Callable[[], Awaitable[None]]
Excuses: TypeAlias = Callable[[Answered], bool]
"""Whether an answer that refuses us, once it is written down, has stopped its own lane alone, so that others may go on."""


_GRACE = 3.0  # seconds for what is under way when we are stopped
_PATIENCE = 0.5  # seconds from its first letter on in which a whole group comes together, or the part of it goes


class Line:
    """Never more letters handed over and not written down than the channel carries at once: those are in doubt if everything dies.

    While the last quarter of them is on the way, the answers are written down and the next ones handed over, so that the connections
    needn't wait for the database.
    """

    def __init__(  # noqa: PLR0917  one use
        self,
        name: ChannelName,
        channel: Channel[Any],
        exchange: Exchange,
        renew: Renew,
        renew_every: float,
        most: int,
        excuses: Excuses = lambda _: False,
    ) -> None:
        """`renew_every` is in seconds; `most` is how many letters are handed over at once at the most, whatever the channel carries."""
        self.name, self._channel = name, channel
        self._exchange, self._renew, self._renew_every = exchange, renew, renew_every
        self._excuses = excuses
        self._clock = asyncio.get_running_loop().time
        self._renew_at = self._clock() + renew_every
        self._most = most
        self._waiting: deque[Letter] = deque()
        self._waiting_since = 0.0
        self._under_way: dict[asyncio.Task[Receipt], Letter] = {}
        self._answered: list[Answered] = []
        self._refusals: list[Answered] = []  # those that refuse us and aren't excused: nothing is handed over as long as there are any
        self.stayed: list[int] = []  # deliveries that were not handed over after all, or never came so far
        self._stops: LaneError | BaseException | None = None
        self._flushed = self._closing = False
        self._stir, self._ease = asyncio.Event(), asyncio.Event()

    @property
    def _group(self) -> int:
        """How many letters are handed over at once."""
        return max(1, min(self._channel.in_flight * 3 // 4, self._most))

    async def put(self, letter: Letter) -> None:
        """Queue a finished letter; waits while enough are queued. One that comes after the channel stopped stays."""
        while len(self._waiting) >= 2 * self._group and self._stops is None:
            self._ease.clear()
            await self._ease.wait()
        if self._stops is not None:
            self.stayed.append(letter.claimed.id)
            return
        self._flushed = False
        if not self._waiting:
            self._waiting_since = self._clock()
        self._waiting.append(letter)
        if len(self._waiting) >= self._group:
            self._stir.set()

    def close(self) -> None:
        """No more letters will come: `run` returns when the last one is written down."""
        self._closing = self._flushed = True
        self._stir.set()

    async def run(self) -> None:
        """Send what is put until `close`. Raises what stops the channel: LaneError, or a fault in the program, when all is written down.

        When cancelled, what is known is kept; only letters without an answer stay in doubt.
        """
        try:
            while True:
                await self._keep_the_lease()
                letters = self._next_group()
                if letters or self._is_time_to_record():
                    await self._go_on(letters)
                elif self._is_done:
                    break
                else:
                    await self._wait()
        finally:
            await self._end()
        if self._stops is not None:
            raise self._stops

    async def _end(self) -> None:
        """Whatever ends it: letters under way get a moment to be answered, and all that is known is written down."""
        self.stayed += [letter.claimed.id for letter in self._waiting]
        self._waiting.clear()
        if self._under_way:
            with suppress(asyncio.CancelledError):  # told to stop twice: then at once
                await asyncio.wait(self._under_way, timeout=_GRACE)
        if unanswered := list(self._under_way):
            for task in unanswered:
                task.cancel()
            await asyncio.wait(unanswered)
        try:
            while self._answered:
                await self._exchange(self.name, self._taken_answers(), ())
        finally:
            self._ease.set()

    def _is_time_to_record(self) -> bool:
        """Answers wait for the next group, so that one transaction does for both; not when none is near."""
        return bool(self._answered) and (bool(self._refusals) or (not self._under_way and (self._flushed or self._stops is not None)))

    @property
    def _is_done(self) -> bool:
        is_empty = not self._under_way and not self._answered
        return is_empty and (self._stops is not None or (self._closing and not self._waiting))

    async def _keep_the_lease(self) -> None:
        if self._clock() >= self._renew_at:
            self._renew_at = self._clock() + self._renew_every
            await self._renew()

    def _next_group(self) -> list[Letter]:
        room = max(0, self._channel.in_flight - len(self._under_way))  # what is answered is written down with the same stroke
        ready = min(room, len(self._waiting), group := self._group)
        if self._stops is not None or self._refusals or not ready:
            return []
        is_due = ready == group or (self._flushed and ready == len(self._waiting))
        return [self._waiting.popleft() for _ in range(ready)] if is_due else []

    async def _go_on(self, letters: list[Letter]) -> None:
        answered = self._taken_answers()
        exchange = asyncio.ensure_future(self._exchange(self.name, answered, letters))
        try:
            with tracing.span("send", channel=str(self.name), letters=len(letters), answers=len(answered)):
                going = await asyncio.shield(exchange)
        except BaseException:
            await asyncio.wait([exchange])
            if exchange.exception() is None:  # we were stopped: handed over, and not sent after all, so there is nothing to doubt
                letters = exchange.result()
            else:  # perhaps nothing is written: it is tried once more on leaving
                self._answered[:0] = answered
            self._answered += [Answered(letter, LaneError(INTERRUPTED)) for letter in letters]
            raise
        self._weigh_refusals()
        if len(going) < len(letters):
            kept = {letter.claimed.id for letter in going}
            self.stayed += [letter.claimed.id for letter in letters if letter.claimed.id not in kept]
        for letter in going:
            task = asyncio.ensure_future(self._channel.send(letter.content))
            self._under_way[task] = letter
            task.add_done_callback(self._answer)
        self._ease.set()

    def _weigh_refusals(self) -> None:
        """What is written down may be excused; what still isn't when everything is answered stops the line."""
        unwritten = {each.letter.claimed.id for each in self._answered}
        self._refusals = [each for each in self._refusals if each.letter.claimed.id in unwritten or not self._excuses(each)]
        if self._refusals and not self._under_way and not unwritten and isinstance(refusal := self._refusals[0].answer, LaneError):
            self._stops = self._stops or refusal

    def _taken_answers(self) -> list[Answered]:
        answered, self._answered = self._answered, []
        return answered

    def _answer(self, task: asyncio.Task[Receipt]) -> None:
        letter = self._under_way.pop(task)
        if not task.cancelled():
            answer = task.exception() or task.result()
            self._answered.append(Answered(letter, answer))
            if fuse.refuses_us(answer):
                self._refusals.append(self._answered[-1])
            elif isinstance(answer, LaneError) or (isinstance(answer, BaseException) and not isinstance(answer, ChannelError)):
                self._stops = self._stops or answer
                self._ease.set()
        self._stir.set()

    async def _wait(self) -> None:
        self._stir.clear()
        try:
            async with asyncio.timeout(min(_PATIENCE, self._renew_every)):
                await self._stir.wait()
        except TimeoutError:  # nothing comes: what there is goes on
            self._flushed = not self._waiting or self._clock() - self._waiting_since >= _PATIENCE

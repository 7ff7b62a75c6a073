"""Claim -> last check -> write -> hand over -> send -> record: a pipeline in which the next batch is claimed and written while letters leave."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Engine

from winback.channels.channel import Channel
from winback.errors import LaneError, Problem, TemplateError
from winback.model import ChannelName, DeliveryStatus
from winback.sending import offering, outcomes
from winback.sending.compose import Writer
from winback.sending.desk import Batch, Desk
from winback.sending.ledger import Answered, Ledger
from winback.sending.line import Line
from winback.sending.outgoing import Letter, Passed
from winback.sending.undisturbed import undisturbed
from winback.store import database
from winback.store.deliveries import Claimed, Outcome
from winback.store.runs import Run

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lanes:
    """The channels of a campaign, entered, and the pace of one worker."""

    channels: Mapping[ChannelName, Channel[Any]]
    worker: str  # this worker's fencing token, never used by another
    batch: int
    closed: Mapping[ChannelName, LaneError] = field(default_factory=dict)  # channels of the campaign that couldn't be entered


class LaneStoppedError(Exception):
    """A channel stopped in the middle; everything not handed over was given back, and the other channels have sent what was theirs."""

    def __init__(self, channel: ChannelName, error: LaneError) -> None:
        self.channel = channel
        self.error = error
        super().__init__(f"{channel}: {error}")


@dataclass(frozen=True)
class Worker:
    """One worker at one run: sends what is due, and counts in `sent` what became of it."""

    engine: Engine
    run: Run
    writer: Writer
    lanes: Lanes
    now: Callable[[], datetime]
    faults: set[Problem] = field(default_factory=set)  # letters that couldn't be filled in: each fault once, however many it concerns

    @property
    def sent(self) -> Counter[DeliveryStatus]:
        return self._ledger.sent

    async def send_due(self, progress: Callable[[int], None] | None = None) -> Counter[DeliveryStatus]:
        """Send everything of the run that is due, and record what became of it.

        Raises LaneStoppedError when a channel's own side fails: what was claimed and not handed over is planned again, what had been
        handed over is recorded, and the letters of the other channels have left first. A letter that can't be filled in is put off, its fault kept in `faults`, and the others go out;
        TemplateError at the end tells of them.
        """
        while await self._go(None, progress):
            pass
        if self.faults:
            raise TemplateError(sorted(self.faults, key=str))
        return self.sent

    async def send_batches(self, count: int) -> int:
        """The same for so many batches at the most. Returns how many deliveries were claimed; 0: nothing is due. Raises LaneStoppedError alone."""
        return await self._go(count, None)

    def settle_dead_claims(self) -> int:
        """Settle what dead workers left; the journeys of the uncertain ones go on. Returns how many became uncertain."""
        with self._ledger.writing() as connection:
            return self._ledger.settle_dead_claims(connection)

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(database.frugal(self.engine), self.run, self.writer, self.lanes.worker, self.now)

    async def _go(self, batches: int | None, progress: Callable[[int], None] | None) -> int:
        """Claim so many batches, or until nothing is due, and see them through. Returns how many deliveries were claimed."""
        with undisturbed(), ThreadPoolExecutor(2, thread_name_prefix="winback-database") as threads:
            passage = _Passage(self, self._ledger, threads)
            try:
                return await passage.go(batches, progress)
            finally:
                await passage.leave()


class _Passage:
    """One go of a worker: the desk looks ahead in a thread, letters are written between the connections' moments, each channel has its line."""

    def __init__(self, worker: Worker, ledger: Ledger, threads: ThreadPoolExecutor) -> None:
        self._worker, self._ledger, self._threads = worker, ledger, threads
        self._desk = Desk(ledger, worker.lanes.channels, worker.lanes.batch, set(worker.lanes.closed))
        every = ledger.lease.total_seconds() / 3
        self._lines = {
            name: Line(name, channel, self._exchange, self._renew, every, worker.lanes.batch, self._excuses)
            for name, channel in worker.lanes.channels.items()
        }
        self._ahead: asyncio.Future[Batch] | None = None

    async def go(self, batches: int | None, progress: Callable[[int], None] | None) -> int:
        running = {asyncio.ensure_future(line.run()): name for name, line in self._lines.items()}
        writing = asyncio.ensure_future(self._write(batches, progress))
        tasks = [writing, *running]
        try:
            while not writing.done():
                await asyncio.wait([task for task in tasks if not task.done()], return_when=asyncio.FIRST_COMPLETED)
                if not self._goes_on({name: task.exception() for task, name in running.items() if task.done()}):
                    writing.cancel()
                    break
            for line in self._lines.values():
                line.close()
            errors = await _ends(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await _ends(tasks)
            raise
        for task, name in running.items():
            if (error := errors.get(task)) is not None:
                raise LaneStoppedError(name, error) if isinstance(error, LaneError) else error
        return writing.result()

    def _goes_on(self, stopped: Mapping[ChannelName, BaseException | None]) -> bool:
        """Whether letters are still to be written: a channel that is closed stops itself alone, a fault in the program everything."""
        self._desk.closed.update(stopped)
        return len(stopped) < len(self._lines) and all(isinstance(error, LaneError) for error in stopped.values())

    async def _write(self, batches: int | None, progress: Callable[[int], None] | None) -> int:
        """Put the letters of one batch after another on their lines, the next one being looked at meanwhile."""
        claimed = 0
        batch = await self._look()
        while batch.claimed:
            claimed += batch.claimed
            batches = None if batches is None else batches - 1
            self._ahead = self._look() if batches is None or batches > 0 else None
            await self._put(batch.passed)
            if progress:
                progress(batch.claimed)
            batch = await self._ahead if self._ahead else Batch(0)
        for line in self._lines.values():
            line.close()
        return claimed

    def _look(self) -> asyncio.Future[Batch]:
        return asyncio.ensure_future(self._ask_the_database(self._desk.next))

    async def _put(self, passed: Sequence[Passed]) -> None:
        put_off: list[tuple[Claimed, Outcome]] = []
        for each in passed:
            try:
                letter = self._written(each)
            except TemplateError as error:
                self._worker.faults.update(error.problems)
                put_off.append((each.claimed, outcomes.put_off(each.claimed, error, self._worker.now())))
            else:
                await self._lines[letter.channel].put(letter)
            await asyncio.sleep(0)  # the connections' turn
        if put_off:
            await self._ask_the_database(self._record, put_off)

    def _written(self, each: Passed) -> Letter:
        held = each.held
        content = self._worker.writer.write(each.claimed, each.candidate, each.recipient, each.send, now=self._worker.now(), held=held)
        code = held.id if held and offering.carries(content, held) else None
        return Letter(each.claimed, each.send.channel, each.send.letter, content, each.terms, code)

    async def leave(self) -> None:
        """Give back what was claimed and not handed over."""
        if self._ahead is not None:
            await _ends([self._ahead])
        stayed = [number for line in self._lines.values() for number in line.stayed]
        with suppress(database.Failure):  # the lease ends by itself; what went wrong is told by whoever met it first
            await self._ask_the_database(self._ledger.release, stayed)

    def _record(self, pairs: Sequence[tuple[Claimed, Outcome]]) -> None:
        with self._ledger.writing() as connection:
            self._ledger.record(connection, pairs)

    def _exchange(self, *arguments: Any) -> Any:
        return self._ask_the_database(self._ledger.exchange, *arguments)

    def _excuses(self, each: Answered) -> bool:
        return self._ledger.fuse.excuses(each.letter.content, each.answer)

    def _renew(self) -> Any:
        return self._ask_the_database(self._ledger.renew)

    async def _ask_the_database(self, deed: Callable[..., T], *arguments: Any) -> T:
        """A deed that waits for the database, and is seen to its end also when we are stopped meanwhile.

        SQLite is asked where we are: it works in this process, so that a thread would only take turns with the letters.
        """
        if self._ledger.engine.dialect.name == "sqlite":
            return deed(*arguments)
        future = asyncio.get_running_loop().run_in_executor(self._threads, deed, *arguments)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with suppress(Exception):
                await future
            raise


async def _ends(futures: Sequence[asyncio.Future[Any]]) -> dict[asyncio.Future[Any], BaseException]:
    """Wait for all of them; what went wrong with which. One error is told for all that fail together: asyncio tells of those nobody looked at."""
    await asyncio.wait(futures)
    return {each: error for each in futures if not each.cancelled() and (error := each.exception()) is not None}

"""Hits on their way into the store: answered at once, in a file at once, in the store a moment later, in batches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from winback import logs
from winback.store import database
from winback.tracking import spool
from winback.tracking.hits import Hit
from winback.tracking.spool import Part

log = logging.getLogger(__name__)

_NICE = 10

Store = Callable[[Sequence[Hit]], None]


class Buffer:
    """Writes hits down as they come. What is answered outlives the process; `within` seconds later it outlives the machine.

    `durable`: only what is on the disk is answered, so that nothing is lost whatever ends. `keeper`: who takes the files into the store from
    within this process; without one, somebody else does.
    """

    def __init__(self, folder: Path, keeper: Keeper | None = None, *, within: float = 0.5, durable: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.keeper = keeper
        self.within = within
        self.durable = durable
        self.dropped = 0
        self._part: Part | None = None
        self._turning: asyncio.Task[None] | None = None
        self._kept: asyncio.Future[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Hits that are not in the store yet."""
        return spool.lines(self.folder)

    def add(self, hit: Hit) -> None:
        """Write a hit down. Call it from the event loop. One that the disk doesn't take is dropped and counted."""
        self.add_line(hit.line)

    def add_line(self, line: bytes) -> None:
        """The same of a hit that is a line already."""
        try:
            if self._part is None:
                self._part = spool.begin(self.folder)
            os.write(self._part.fd, line)
        except OSError as error:
            self._drop(error)
            return
        if self._turning is None:
            self._turning = asyncio.get_running_loop().create_task(self._turn())

    async def kept(self) -> None:
        """Wait until everything that was added is on the disk, where that is asked for."""
        if not self.durable or self._turning is None:
            return
        if self._kept is None:
            self._kept = asyncio.get_running_loop().create_future()
        await self._kept

    async def close(self) -> None:
        """Everything is on the disk, and with a keeper in the store, unless that can't be written: then it waits for the next start."""
        while self._turning is not None:
            self._turning.cancel()
            await asyncio.gather(self._turning, return_exceptions=True)
            await self._turn(0)
        if self._closing is not None:  # of a turn that was cancelled: its file is not for the keeper yet
            await asyncio.gather(self._closing, return_exceptions=True)
        if self.keeper is not None:
            await asyncio.to_thread(self.keeper.stop)

    async def _turn(self, within: float | None = None) -> None:
        """Close files as long as there is something in them: `within` seconds after the first hit, or where it is awaited one after another."""
        try:
            while self._part is not None:
                await asyncio.sleep(0 if self.durable else self.within if within is None else within)
                part, self._part = self._part, None
                waiting, self._kept = self._kept, None
                try:
                    self._closing = asyncio.create_task(asyncio.to_thread(spool.close, part))
                    await asyncio.shield(self._closing)
                except OSError as error:
                    self._drop(error)
                finally:
                    if waiting is not None and not waiting.done():
                        waiting.set_result(None)
                if self.keeper is not None:
                    self.keeper.wake()
        finally:
            self._turning = None

    def _drop(self, error: OSError) -> None:
        if not self.dropped:
            log.error("hits are lost: %s can't be written (%s)", self.folder, error.strerror)
        self.dropped += 1


class Keeper:
    """Takes closed files into the store, from a thread that lives as long as there may be some."""

    def __init__(self, folder: Path, store: Store, *, every: float = 0.25, batch: int = 5_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.store = store
        self.every = every
        self.batch = batch
        self._stopping = False
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look for files from now on, and for those that a crash left. A second time does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self.start()
        self._woken.set()

    def stop(self) -> None:
        """Take what is left and end."""
        self._stopping = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def sweep(self) -> int:
        """Take everything that waits; returns how many hits that were. Raises database.Failure: what isn't in the store stays in its file."""
        count = 0
        for paths in _grouped(spool.closed(self.folder), self.batch):
            hits = [hit for path in paths for hit in _read(path)]
            for start in range(0, len(hits), self.batch):
                self.store(hits[start : start + self.batch])
            for path in paths:
                path.unlink(missing_ok=True)
            count += len(hits)
        return count

    def _run(self) -> None:
        _step_back()
        while True:
            ending = self._stopping
            try:
                self.sweep()
            except (database.Failure, OSError) as error:
                waiting = spool.lines(self.folder)
                log.warning("%d hits wait: the database can't be written (%s)", waiting, str(error).partition("\n")[0])
            except Exception:  # noqa: BLE001  a thread that ended would take nothing any more
                logs.broke(log, "%d hits wait: they can't be taken into the store", spool.lines(self.folder))
            if ending:
                return
            self._woken.wait(self.every)
            self._woken.clear()


def _step_back() -> None:
    """Whoever answers goes before this thread, where a system has priorities of threads (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _read(path: Path) -> list[Hit]:
    """The hits in a file. A line that a power cut tore is nothing."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # another keeper was quicker
        return []
    return [hit for line in content.splitlines() if (hit := Hit.read(line)) is not None]


def _grouped(paths: Sequence[Path], batch: int) -> list[list[Path]]:
    """Files together until they hold about a batch (150 bytes a hit at least)."""
    groups: list[list[Path]] = []
    room = 0
    for path in paths:
        size = path.stat().st_size if path.exists() else 0
        if size > room:
            groups.append([])
            room = batch * 150
        groups[-1].append(path)
        room -= size
    return groups

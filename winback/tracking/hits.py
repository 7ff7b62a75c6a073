"""Hits on pixels and links on their way into the store: answered at once, written a moment later in batches."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from winback.model import ChannelName, EventKind, Verdict
from winback.store import correspondence, database, events, freshness
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import machines
from winback.tracking.machines import Signals

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a pixel or a link, as it came."""

    kind: EventKind
    delivery_id: int
    link_id: int | None
    happened_at: datetime
    method: str
    user_agent: str
    prefetch: str

    @property
    def dedupe_key(self) -> str:
        """The same request, written twice, is one event: letter, link, microsecond and what it looked like."""
        look = hashlib.blake2s(f"{self.method}\n{self.user_agent}\n{self.prefetch}".encode(errors="replace"), digest_size=8).hexdigest()
        return f"{self.kind}:{self.delivery_id}:{self.link_id or 0}:{self.happened_at.isoformat()}:{look}"


def judged(hits: Iterable[Hit], correspondents: Mapping[int, Correspondent]) -> list[Event]:
    """Hits as events with their verdicts. Those on letters that are no longer known are left out."""
    return [_event(hit, correspondents[hit.delivery_id]) for hit in hits if hit.delivery_id in correspondents]


def _event(hit: Hit, who: Correspondent) -> Event:
    seconds = None if who.accepted_at is None else (hit.happened_at - who.accepted_at).total_seconds()
    signals = Signals(hit.method, hit.user_agent, hit.prefetch, seconds)
    verdict = machines.judge(hit.kind, who.channel, signals)
    return Event(
        dedupe_key=hit.dedupe_key,
        kind=hit.kind,
        customer_id=who.customer_id,
        delivery_id=hit.delivery_id,
        link_id=hit.link_id,
        happened_at=hit.happened_at,
        verdict=verdict.verdict,
        signals=verdict.with_signals(signals),
    )


class Buffer:
    """Keeps hits in memory for at most `within` seconds: that long is what a crash can lose; an orderly stop loses none.

    While the store can't be written, hits wait and are tried again every `within` seconds; above `most` of them, new ones are dropped and counted.
    """

    def __init__(self, engine: Engine, *, within: float = 0.5, most: int = 200_000, batch: int = 5_000) -> None:
        self.engine = engine
        self.within = within
        self.most = most
        self.batch = batch
        self.dropped = 0
        self._waiting: list[Hit] = []
        self._writer: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, hit: Hit) -> None:
        """Take a hit; the first one after a rest starts the clock. Call it from the event loop."""
        if len(self._waiting) >= self.most:
            self.dropped += 1
            return
        self._waiting.append(hit)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_soon())

    async def close(self) -> None:
        """Write what is left. Raises database.Failure when the store can't be written even now."""
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        while self._waiting:
            await self._write()

    async def _write_soon(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self.within)
                try:
                    await self._write()
                except database.Failure as error:
                    log.warning("%d hits wait: the database can't be written (%s)", len(self._waiting), str(error).partition("\n")[0])
        finally:
            self._writer = None

    async def _write(self) -> None:
        """Everything that waits now, in batches. A batch leaves the memory only when it is stored: written twice, it is kept once."""
        count = len(self._waiting)
        for start in range(0, count, self.batch):
            await asyncio.to_thread(_store, self.engine, self._waiting[: min(self.batch, count - start)])
            del self._waiting[: min(self.batch, count - start)]


def _store(engine: Engine, hits: list[Hit]) -> None:
    with database.writing(engine) as connection:
        known = correspondence.by_delivery(connection, {hit.delivery_id for hit in hits})
        happened = judged(hits, known)
        events.record(connection, happened)
        freshness.confirm(connection, _signs_of_life(happened, known))
        events.confirm(connection, known)


def _signs_of_life(happened: Iterable[Event], known: Mapping[int, Correspondent]) -> Iterator[tuple[int, ChannelName, datetime]]:
    """Clicks by people: the letter arrived and was read, at the address that they still have."""
    for event in happened:
        who = known[event.delivery_id or 0]
        if event.kind is EventKind.CLICK and event.verdict == Verdict.HUMAN and not who.is_former:
            yield who.customer_id, who.channel, event.happened_at

"""kill -9 of workers at random moments of one campaign, and the judgement: python -m tests.sending.faults --kills 200 --letters 20000."""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from tests.sending import crowd, judge, receiver
from tests.sending.judge import Evidence
from tests.sending.warm import SharedClock, Workers
from winback.store import database

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SPEED = 20.0
"""Of the workers' clock: a lease of a minute is over in three seconds."""
PAUSE = 0.004
"""Seconds at most between the server's taking a letter and its saying so: many a kill falls in between."""
GONE_EVERY = 50
_PATIENCE = 120.0  # seconds for one step of the campaign
Say = Callable[[str], None]


@dataclass(slots=True)
class Killer:
    """Keeps `workers` of one campaign at work and kills them, one at a time, spread over the whole of it."""

    workers: Workers
    server: receiver.Apart
    dice: random.Random
    alive: list[int] = field(default_factory=list)
    started: int = 0
    quicker: int = 0  # had come to their end when the blow fell, or before

    def keep(self, count: int) -> None:
        """So many are at work, or at least have begun to be."""
        for pid in list(self.alive):
            if (code := self.workers.left(pid)) is not None:
                self._gone(pid, code)
        while len(self.alive) < count:
            self.started += 1
            self.alive.append(self.workers.start(f"worker-{self.started}"))

    def strike(self) -> None:
        """One of them, a moment from now."""
        time.sleep(self.dice.uniform(0, 0.03))
        pid = self.dice.choice(self.alive)
        code = self.workers.kill(pid)
        if code >= 0:
            self.quicker += 1
        self._gone(pid, max(code, 0))

    def finish(self) -> None:
        """Nobody is killed any more: a worker comes to the end."""
        for pid in list(self.alive):
            self._gone(pid, self.workers.wait(pid))
        self._gone_well(self.workers.wait(self.workers.start("healthy")))

    def _gone(self, pid: int, code: int) -> None:
        self.alive.remove(pid)
        self._gone_well(code)

    def _gone_well(self, code: int) -> None:
        if code:
            msg = f"a worker left with {code}: {self.workers.errors.read_text(encoding='utf-8')}"
            raise RuntimeError(msg)


def play(
    folder: Path, engine: Engine, url: str, *, letters: int, kills: int, workers: int = 2, seed: int = 20261124, say: Say = lambda _: None
) -> tuple[Evidence, list[str]]:
    """A campaign of so many letters through so many kills. Returns what both books say then, and what doesn't hold."""
    dice = random.Random(seed)
    folder.mkdir(exist_ok=True)
    clock = SharedClock(folder / "clock", start=START, speed=SPEED)
    crowd.populate(engine, letters, now=START, gone_every=GONE_EVERY)
    with receiver.Apart(folder / "log", pause=PAUSE) as server:
        project = crowd.shop(folder / "shop", server.port)
        with Workers(project.root, crowd.CAMPAIGN, url, clock) as forge:
            killer = Killer(forge, server, dice)
            for kill in range(kills):
                _come_to(killer, kill, kills, letters, workers)
                killer.strike()
                if kill % 20 == 19:
                    say(f"{kill + 1} killed, {server.count():,} letters taken")
            for _ in range(5):  # what was put off comes when its time has come
                clock.jump(timedelta(minutes=10))
                killer.finish()
                evidence = judge.gather(engine, server.log)
                if not any(row.status in judge.QUEUED for row in evidence.rows):
                    break
            say(f"{kills} killed, {killer.quicker} of them had come to their end; {killer.started} workers")
    return evidence, judge.faults(evidence, letters=letters, in_flight=crowd.IN_FLIGHT)


def _come_to(killer: Killer, kill: int, kills: int, letters: int, workers: int) -> None:
    """Wait for the moment of a kill: the first few fall while the campaign is decided on, one in five soon after a worker's start, the others
    when so and so many letters have left."""
    killer.keep(workers)
    if kill < kills // 20 or killer.dice.random() < 0.2:
        time.sleep(killer.dice.uniform(0, 0.6))
        killer.keep(workers)
        return
    share = (kill + killer.dice.random()) / kills
    until = time.monotonic() + _PATIENCE
    while killer.server.count() < share * letters * 0.9:
        killer.keep(workers)
        time.sleep(0.005)
        if time.monotonic() > until:
            msg = f"the campaign doesn't go on: {killer.workers.errors.read_text(encoding='utf-8')}"
            raise RuntimeError(msg)


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'winback.db'}"
        return
    from tests.sending.postgres import Postgres

    with Postgres() as server:
        yield server.url


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--letters", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    said = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, _database(said.database, Path(name)) as url:
        engine = database.open_engine(url)
        evidence, wrong = play(
            Path(name) / "play", engine, url, letters=said.letters, kills=said.kills, workers=said.workers, seed=said.seed, say=print
        )
        engine.dispose()
    print(f"{said.database}: {evidence.summary()}; {time.monotonic() - began:.0f} s")
    print("\n".join(wrong) if wrong else "Nobody twice, nobody lost.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

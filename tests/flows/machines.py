"""Many machines, as docs/scaling.md says, played on this one: python -m tests.flows.machines [--machines 3] [--letters 3000].

Each machine is a Prefect worker with its flow runs. As root they live in network namespaces of their own and reach PostgreSQL, the mail
server and Prefect's server by TCP over a bridge; elsewhere they are processes side by side. One is killed with -9, all of it at once, in
the middle of a campaign. The others finish; then the mail server's log and the ledger are laid beside each other.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select

from tests.flows import served
from tests.flows.served import Prefect
from tests.sending import command, crowd, judge, receiver
from tests.sending.judge import Evidence
from tests.sending.postgres import Postgres
from winback.channels.email import DEEPEST
from winback.store import database
from winback.store.tables import deliveries

PAUSE = 0.3
"""Seconds at most that the mail server waits before it says that it took a letter: the campaign must last until everybody lends a hand."""
NETWORK = "10.211.77"
_BRIDGE = "wb-bridge"
_ALONE = 0.5  # seconds between looks
_FAR = (("config/settings.yaml", "public_url: http://localhost:8000", "environment: production\npublic_url: https://go.zerno.example"),)
"""What a project has to say before letters leave its machine."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Machines:
    """Where machines live: the address that all of them see, and the words before a command that is to run on one."""

    host: str
    entries: tuple[tuple[str, ...], ...]

    @property
    def are_apart(self) -> bool:
        return all(self.entries)


@contextlib.contextmanager
def machines(count: int) -> Iterator[Machines]:
    """Network namespaces on a bridge where that is allowed, else none."""
    if os.geteuid() or shutil.which("ip") is None or not _ip("link", "add", _BRIDGE, "type", "bridge"):
        yield Machines(receiver.HOST, ((),) * count)
        return
    names = [f"wb-machine-{number}" for number in range(1, count + 1)]
    try:
        _do("addr", "add", f"{NETWORK}.1/24", "dev", _BRIDGE)
        _do("link", "set", _BRIDGE, "up")
        for number, name in enumerate(names, start=1):
            _do("netns", "add", name)
            _do("link", "add", f"wb-out-{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            _do("link", "set", f"wb-out-{number}", "master", _BRIDGE, "up")
            for words in (("link", "set", "lo", "up"), ("addr", "add", f"{NETWORK}.{number + 1}/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
                _do("-n", name, *words)
        yield Machines(f"{NETWORK}.1", tuple(("ip", "netns", "exec", name) for name in names))
    finally:
        for name in names:
            _ip("netns", "del", name)
        _ip("link", "del", _BRIDGE)


def _ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], check=False, capture_output=True).returncode == 0


def _do(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def play(folder: Path, *, count: int, letters: int, say: Say = lambda _: None) -> tuple[Evidence, list[str]]:
    """A campaign of so many letters by so many machines, one of which dies. Returns what both books say, and what doesn't hold."""
    with machines(count) as places, Postgres() as postgres:
        url = postgres.open_to(places.host, f"{NETWORK}.0/24") if places.are_apart else postgres.url
        say(f"{count} machines, {'each in a network namespace of its own' if places.are_apart else 'side by side: no namespaces here'}")
        engine = database.open_engine(url)
        command.populate(engine, letters)
        with receiver.Apart(folder / "log", pause=PAUSE, host=places.host) as server:
            project = served.project(command.shop(folder / "shop", server.port, *(_FAR if places.are_apart else ()), host=places.host).root)
            with Prefect(folder / "prefect", project, host=places.host, WINBACK_DATABASE_URL=url) as prefect:
                _campaign(prefect, places, engine, server, letters, say)
                evidence = judge.gather(engine, server.log)
        engine.dispose()
    return evidence, judge.faults(evidence, letters=letters, in_flight=crowd.CONNECTIONS * DEEPEST)


def _campaign(prefect: Prefect, places: Machines, engine: Engine, server: receiver.Apart, letters: int, say: Say) -> None:
    first, *pools_and_deployments = served.block("docs/scaling.md", "prefect server start")
    prefect.stay(first)
    prefect.ready()
    for line in pools_and_deployments:
        prefect.shell(line)
    house, hands = served.block("docs/scaling.md", "prefect worker start")
    prefect.stay(house, before=places.entries[0], MACHINE="machine-1.")
    for number, entry in enumerate(places.entries[1:], start=2):
        prefect.stay(hands, before=entry, MACHINE=f"machine-{number}.")
    sending = prefect.start("enrol-and-send", {"campaign": crowd.CAMPAIGN})
    prefect.until(lambda: server.count() or None, "no letter leaves")
    helping = [prefect.start("send-beside", {}) for _ in places.entries[1:]]
    prefect.until(lambda: len(_at_work(engine)) >= len(places.entries) or None, "not everybody lends a hand")
    say(f"{server.count():,} letters taken, and {len(_at_work(engine))} at work")
    doomed = f"MACHINE=machine-{len(places.entries)}."
    dead = prefect.processes(doomed)
    for pid in dead:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    say(f"the last machine is dead, {len(dead)} processes of it, at {server.count():,} letters")
    began = time.monotonic()
    prefect.until(lambda: prefect.states([sending])[sending]["type"] in served.TERMINAL or None, "enrol-and-send doesn't end")
    say(
        f"enrol-and-send has ended after {time.monotonic() - began:.0f} s: {prefect.states([sending])[sending]['name']}, {server.count():,} letters taken"
    )
    prefect.until(lambda: not _under_way(engine) or _again(prefect, helping) or None, "letters that the dead one held stay where they are")
    names = sorted(state["name"] for state in prefect.states(helping).values())
    say(f"all {letters:,} letters are behind {time.monotonic() - began:.0f} s after the death; send-beside ended as {', '.join(names)}")


def _again(prefect: Prefect, helping: list[str]) -> bool:
    """As the schedule does: another pair of hands where none is at work. What the dead one held is free again after its lease."""
    states = prefect.states(helping)
    alive = [state for run, state in states.items() if state["type"] not in served.TERMINAL]
    if len(alive) <= 1:  # the dead one's run stays Running
        helping.append(prefect.start("send-beside", {}))
    time.sleep(_ALONE)
    return False


def _at_work(engine: Engine) -> set[str]:
    """Who holds letters just now."""
    with database.reading(engine) as connection:
        held = deliveries.c.status.in_(["claimed", "handed_over"])
        return set(connection.execute(select(deliveries.c.claimed_by).where(held).distinct()).scalars())


def _under_way(engine: Engine) -> int:
    with database.reading(engine) as connection:
        return int(connection.execute(select(func.count()).where(deliveries.c.status.in_(judge.UNDER_WAY))).scalar_one())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--machines", type=int, default=3)
    parser.add_argument("--letters", type=int, default=3000)
    said = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="wb-machines-") as name:
        evidence, wrong = play(Path(name), count=said.machines, letters=said.letters, say=lambda text: print(text, flush=True))
    print(evidence.summary())
    print("\n".join(wrong) if wrong else "Nobody twice, nobody lost.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""A process in which everything is imported and a campaign prepared: it forks workers on command, so that a kill -9 costs no second's start."""

from __future__ import annotations

import asyncio
import gc
import mmap
import os
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
CRASHED = 70
"""What a worker that ended by anything but a refusal leaves with."""


class SharedClock:
    """A clock for several processes: it goes `speed` times as fast as the machine's own, and jumps where it is told to."""

    _SHAPE = struct.Struct("dddd")

    def __init__(self, path: Path, *, start: datetime | None = None, speed: float = 1.0) -> None:
        self.path = path
        if start is not None:
            path.write_bytes(self._SHAPE.pack(start.timestamp(), time.monotonic(), speed, 0.0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), self._SHAPE.size)

    def __call__(self) -> datetime:
        start, began, speed, ahead = self._SHAPE.unpack_from(self._memory)
        return datetime.fromtimestamp(start + ahead + speed * (time.monotonic() - began), UTC)

    def jump(self, by: timedelta) -> None:
        """Everybody's clock shows another time from now on."""
        start, began, speed, ahead = self._SHAPE.unpack_from(self._memory)
        self._SHAPE.pack_into(self._memory, 0, start, began, speed, ahead + by.total_seconds())


class Workers:
    """Workers of one campaign, each a process; what they say on their way out is kept in `errors`."""

    def __init__(self, project: Path, campaign: str, url: str, clock: SharedClock) -> None:
        self.errors = project / "errors.txt"
        self.errors.touch()
        command = [sys.executable, "-m", "tests.sending.warm", str(project), campaign, str(clock.path)]
        environment = {**os.environ, "WINBACK_SECRET": "k" * 32, "WINBACK_DATABASE_URL": url}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        assert self._asked() == "ready"

    def start(self, name: str) -> int:
        """A new worker's process id."""
        return int(self._asked(f"fork {name}"))

    def left(self, pid: int) -> int | None:
        """What a worker that has ended left with; None while it works. Asked once: it is forgotten then."""
        said = self._asked(f"poll {pid}")
        return None if said == "works" else int(said)

    def wait(self, pid: int) -> int:
        return int(self._asked(f"reap {pid}"))

    def kill(self, pid: int) -> int:
        """kill -9. Returns what the worker left with: it may have been quicker."""
        os.kill(pid, signal.SIGKILL)
        return self.wait(pid)

    def _asked(self, question: str = "") -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if question:
            print(question, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def _serve(project: Path, campaign: str, clock: SharedClock) -> None:
    from winback import settings
    from winback.channels import email  # noqa: F401  imported before anybody forks
    from winback.operations import running  # noqa: F401
    from winback.sending import prepared
    from winback.store import database

    opened = settings.open_project(project, {name: value for name, value in os.environ.items() if name.startswith("WINBACK_")})
    engine = database.open_engine(opened.database_url)
    engine.dispose()  # no connection is shared with a child
    ready = prepared.prepare(opened, campaign)
    gc.collect()
    gc.freeze()
    children: set[int] = set()
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        verb, subject = line.split()
        if verb == "fork":
            child = os.fork()
            if not child:
                _work(ready, engine, clock, subject, project / "errors.txt")
            children.add(child)
            print(child, flush=True)
            continue
        found, status = os.waitpid(int(subject), os.WNOHANG if verb == "poll" else 0)
        children.discard(found)
        print(os.waitstatus_to_exitcode(status) if found else "works", flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work(ready, engine, clock: SharedClock, name: str, errors: Path) -> None:
    from winback.errors import Refused
    from winback.operations import running

    code = CRASHED
    try:
        silent = os.open(os.devnull, os.O_RDWR)
        told = os.open(errors, os.O_WRONLY | os.O_APPEND)
        for place, file in enumerate((silent, silent, told)):
            os.dup2(file, place)
        asyncio.run(running.go(ready, engine, now=clock, worker=name))
        code = 0
    except Refused as refused:
        os.write(2, f"{name}: {refused}\n".encode())
        code = 1
    except BaseException:  # noqa: BLE001  whatever it is, it must not become a second parent
        os.write(2, f"{name}: {traceback.format_exc()}\n".encode())
    finally:
        os._exit(code)


def main(arguments: Sequence[str]) -> None:
    project, campaign, clock = arguments
    _serve(Path(project), campaign, SharedClock(Path(clock)))


if __name__ == "__main__":
    main(sys.argv[1:])

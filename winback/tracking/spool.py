"""Files that hits are written to as they come, one line each: what is in one outlives the process, and once it is closed, the machine.

A file is `.open` while its writer holds it, `.hits` once everything in it is on the disk and waits for the store. One that is `.open` and
held by nobody was left by a crash.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OPEN, _CLOSED = ".open", ".hits"


@dataclass(frozen=True, slots=True)
class Part:
    """A file that is being written to."""

    path: Path
    fd: int


def begin(folder: Path) -> Part:
    """A new file, held until it is closed. Raises OSError."""
    path = folder / f"{time.time_ns():020d}-{os.getpid()}{_OPEN}"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return Part(path, fd)


def close(part: Part) -> None:
    """Everything that was written to it is on the disk, and for the store to take. May take as long as the disk does."""
    try:
        os.fsync(part.fd)
        part.path.rename(part.path.with_suffix(_CLOSED))
        _sync(part.path.parent)
    finally:
        os.close(part.fd)


def closed(folder: Path) -> list[Path]:
    """What waits for the store, oldest first, with what crashes left."""
    for path in folder.glob(f"*{_OPEN}"):
        with _held(path) as size:
            if size:
                path.rename(path.with_suffix(_CLOSED))
    return sorted(folder.glob(f"*{_CLOSED}"))


def lines(folder: Path) -> int:
    """How many hits lie in files."""
    count = 0
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # the store has taken it meanwhile
            count += path.read_bytes().count(b"\n")
    return count


@contextlib.contextmanager
def _held(path: Path) -> Iterator[int]:
    """The size of a file that nobody holds; 0 where somebody does. An empty one may have a writer who is about to hold it."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield 0
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield os.fstat(fd).st_size if path.exists() else 0
    except BlockingIOError:
        yield 0
    finally:
        os.close(fd)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

"""Whether a process may be sent requests: each thing it needs, and what is wrong with it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from winback.errors import Refused
from winback.settings import Project
from winback.store import database

_LEAST_BYTES = 64 * 1024 * 1024
"""Free where hits are written: some hundred thousand of them."""
_LONGEST_WAIT_S = 300
"""Of a hit: it is in the store within a second, and after the database was away within minutes."""


def look(project: Project, engine: Engine, hits: Path, now: datetime) -> dict[str, str]:
    """What is needed -> `ok`, or what is wrong with it."""
    return {"database": _database(engine), "secret": _secret(project), "disk": _disk(hits), "hits": _taken(hits, now)}


def _database(engine: Engine) -> str:
    try:
        found = database.revision(engine)
    except database.Failure:
        return "doesn't answer"
    newest = database.newest()
    return "ok" if found == newest else f"is at version {found}, and this winback works with {newest}"


def _secret(project: Project) -> str:
    try:
        has_one = bool(project.secret("WINBACK_SECRET") or (project.root / ".winback" / "secret").read_text().strip())
    except (OSError, Refused):
        has_one = False
    return "ok" if has_one else "can't be read"


def _disk(hits: Path) -> str:
    """Whether a hit can be written: it is tried with a file that has no name."""
    place = next(each for each in (hits, *hits.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(b"a hit")
        free = shutil.disk_usage(place).free
    except OSError as error:
        return f"can't be written ({error.strerror})"
    return "ok" if free >= _LEAST_BYTES else f"has {free // (1024 * 1024)} MB left"


def _taken(hits: Path, now: datetime) -> str:
    """Whether somebody takes hits into the store, in this process or another: none waits for long."""
    written = []
    for path in hits.glob("*"):
        with contextlib.suppress(OSError):  # it is in the store
            written.append(path.stat().st_mtime)
    waits = now.timestamp() - min(written, default=float("inf"))
    return "ok" if waits <= _LONGEST_WAIT_S else f"wait for {waits:.0f} s: nobody takes them into the store"

"""Whether a process may be sent requests: each thing it needs, and what is wrong with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import Engine

from winback.errors import Refused
from winback.settings import Project
from winback.store import database

_LEAST_BYTES = 64 * 1024 * 1024
"""Free where hits are written: some hundred thousand of them."""


def look(project: Project, engine: Engine, hits: Path) -> dict[str, str]:
    """What is needed -> `ok`, or what is wrong with it."""
    return {"database": _database(engine), "secret": _secret(project), "disk": _disk(hits)}


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
    place = next(each for each in (hits, *hits.parents) if each.exists())
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return "can't be looked at"
    return "ok" if free >= _LEAST_BYTES else f"has {free // (1024 * 1024)} MB left"

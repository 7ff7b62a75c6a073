"""winback retention: details that were kept longer than config/retention.yaml says go, from the database and from the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback.audience import retention
from winback.settings import Project
from winback.store import audit, database, expiring

_FOLDERS = {"letters": ("mailbox", "rehearsals", "approval"), "rejects": ("rejects",)}
"""Below out/."""


@dataclass(frozen=True, slots=True)
class Retained:
    """How much was cleared, or would be, by the names of config/retention.yaml."""

    cleared: Mapping[str, int]
    periods: Mapping[str, str]
    is_rehearsed: bool
    is_scrubbed: bool = True  # nothing of it is left in the database file either

    def as_json(self) -> dict[str, Any]:
        return {"cleared": dict(self.cleared), "kept_for": dict(self.periods), "dry_run": self.is_rehearsed, "scrubbed": self.is_scrubbed}


def apply(project: Project, engine: Engine, *, now: datetime, dry_run: bool = False) -> Retained:
    """Clear what is over its time; broken off, the next call goes on. Raises ConfigError when the file can't be meant."""
    terms = retention.read(project)
    cleared = {}
    for name in type(terms).model_fields:
        period = getattr(terms, name)
        if period is None:
            cleared[name] = 0
        elif name in _FOLDERS:
            cleared[name] = _clear_files(project, name, now - period, dry_run=dry_run)
        else:
            cleared[name] = _clear_rows(engine, name, now - period, dry_run=dry_run)
    done = Retained(cleared, terms.model_dump(mode="json"), dry_run)
    if dry_run or not any(cleared.values()):
        return done
    with database.writing(engine) as connection:
        detail = {name: count for name, count in cleared.items() if count}
        audit.record(connection, who=project.user, deed=audit.Deed.EXPIRED, about="retention", detail=detail, now=now)
    return Retained(cleared, done.periods, is_rehearsed=False, is_scrubbed=database.scrub(engine))


def _clear_rows(engine: Engine, name: str, before: datetime, *, dry_run: bool) -> int:
    """Each part in its own transaction."""
    if dry_run:
        with database.reading(engine) as connection:
            return expiring.count(connection, name, before)
    total = 0
    while True:
        with database.writing(engine) as connection:
            part = expiring.clear(connection, name, before)
        if not part:
            return total
        total += part


def _clear_files(project: Project, name: str, before: datetime, *, dry_run: bool) -> int:
    old = [path for folder in _FOLDERS[name] for path in _older(project.out / folder, before)]
    if not dry_run:
        for path in old:
            path.unlink(missing_ok=True)
    return len(old)


def _older(folder: Path, before: datetime) -> Iterator[Path]:
    """Files that nobody has changed since; no links."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime < before.timestamp():
            yield path

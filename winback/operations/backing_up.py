"""winback backup, winback restore: the database as one file, and back, without writing to anybody twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback.errors import Problem, StoreError
from winback.settings import Project
from winback.store import audit, copies, database, restored, runs
from winback.store.restored import Doubt

_WRONG_KEY = "was made with another key: addresses that must not be written to can't be told from others."
_BRING_THE_KEY = "Bring back .winback/secret, or WINBACK_SECRET, as it was; then try again."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and what a person has to look at."""

    paused: tuple[str, ...]  # campaigns
    waiting: tuple[str, ...]  # campaigns that wait for approval: they may have had it since
    enrolling: tuple[str, ...]  # campaigns that go on taking customers in: they don't before a person says whom they took in since
    letters: int  # in doubt
    answers: int  # in doubt

    def as_json(self) -> dict[str, Any]:
        return {
            "paused": list(self.paused),
            "waiting": list(self.waiting),
            "enrolling": list(self.enrolling),
            "uncertain_letters": self.letters,
            "uncertain_answers": self.answers,
        }


def backup(project: Project, engine: Engine, file: Path) -> int:
    """Write the database into a new file; returns its bytes. Raises StoreError."""
    copies.save(engine, file, surroundings(project))
    return file.stat().st_size


def surroundings(project: Project) -> Mapping[str, str]:
    return project.environment


def restore(project: Project, file: Path, *, now: datetime, nothing_sent: bool = False) -> Restored:
    """Bring back a backup into the place that settings.yaml names, which must be empty. Raises StoreError; then nothing was changed.

    Every run is paused, and what was due by now is uncertain, unless a person vouches with `nothing_sent` that nobody sent since the backup.
    """
    url = project.database_url
    made_of, wanted = copies.backend(file), copies.kind(url)
    if made_of != wanted:
        how = "Name a database of the same kind in `database:` or WINBACK_DATABASE_URL."
        raise StoreError(Problem(str(file), None, f"is a backup of {_NAMES[made_of]}, and this project is on {_NAMES.get(wanted, wanted)}.", how))
    if made_of == "sqlite":
        copies.refuse_damaged(file, str(file))
    version = copies.version(file, url, surroundings(project))
    if version not in database.revisions():
        what = f"is at version {version}, newer than this winback knows." if version else "holds no tables of winback."
        raise StoreError(Problem(str(file), None, what, "Update winback (pip install -U winback), or take another file."))
    if not copies.is_empty(url):
        how = "Move it away first, or name another in `database:` or WINBACK_DATABASE_URL; nothing is overwritten."
        raise StoreError(Problem("config/settings.yaml", None, "there is a database already.", how))
    return _into_sqlite(project, file, now, nothing_sent) if made_of == "sqlite" else _into_postgresql(project, file, now, nothing_sent)


_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _into_sqlite(project: Project, file: Path, now: datetime, nothing_sent: bool) -> Restored:
    """Beside its place first: where workers look, it appears paused."""
    place = copies.place(project.database_url)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        shutil.copyfile(file, draft)
        draft.chmod(0o600)
        engine = database.open_engine(f"sqlite:///{draft}")
        try:
            done = _settle(project, engine, file, now, nothing_sent)
        finally:
            engine.dispose()  # the last connection writes the log into the file
        os.link(draft, place)
    except FileExistsError as error:
        raise StoreError(Problem(str(place), None, "was made meanwhile.", "Stop whatever works with it, move it away, and try again.")) from error
    except OSError as error:
        raise StoreError(Problem(str(place), None, f"can't be written: {error.strerror}.", "See that there is room.")) from error
    finally:
        for end in ("", "-wal", "-shm"):
            draft.with_name(draft.name + end).unlink(missing_ok=True)
    return done


def _into_postgresql(project: Project, file: Path, now: datetime, nothing_sent: bool) -> Restored:
    bare = database.bare_engine(project.database_url)
    try:
        copies.fill(bare, file, surroundings(project))
    finally:
        bare.dispose()
    engine = database.open_engine(project.database_url)
    try:
        return _settle(project, engine, file, now, nothing_sent)
    finally:
        engine.dispose()


def _settle(project: Project, engine: Engine, file: Path, now: datetime, nothing_sent: bool) -> Restored:
    with database.writing(engine) as connection:
        if not restored.fits(connection, project.key):
            raise StoreError(Problem(str(file), None, _WRONG_KEY, _BRING_THE_KEY))
        restored.pause(connection)
        found = runs.unfinished(connection)
        doubt = Doubt(0, 0) if nothing_sent else restored.doubt(connection, found, restored.greeting_runs(connection), now)
        enrolling = [] if nothing_sent else [run for run in found if run.enrol != "once" or run.enrolled_at is None]
        if not nothing_sent:
            restored.mark_taking_in(connection, [run.id for run in enrolling], now)
            restored.leave_a_gap(connection)
        restored.record(connection, who=project.user, nothing_sent=nothing_sent, file=file.name, now=now)
        for run in found:
            detail = {"run": run.number, "restored_from": file.name, "nothing_sent_since": nothing_sent}
            audit.record(connection, who=project.user, deed=audit.Deed.PAUSED, about=f"campaign {run.campaign}", detail=detail, now=now)
    return Restored(
        tuple(dict.fromkeys(run.campaign for run in found if run.status == "paused")),
        tuple(dict.fromkeys(run.campaign for run in found if run.status == "waiting")),
        tuple(dict.fromkeys(run.campaign for run in enrolling)),
        doubt.letters,
        doubt.answers,
    )

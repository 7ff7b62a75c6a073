"""Open the project that a flow's parameters name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from winback import clock, logs, settings
from winback.errors import Problem
from winback.settings import Project
from winback.store import database


def project(folder: str) -> Project:
    opened = settings.open_project(Path(folder))
    logs.configure(opened.environment)
    return opened


@functools.lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    return database.open_engine(url)


def store(opened: Project) -> Engine:
    """The project's database; one pool of connections for all tasks of this process."""
    return _engine(opened.database_url)


def failed(campaign: str, failure: database.Failure) -> Problem:
    """What a campaign stopped at when the database failed. Only its first line: what follows may name customers."""
    said = str(getattr(failure, "orig", None) or type(failure).__name__).strip().partition("\n")[0]
    how = "Nothing is lost: the next run goes on from there. If it says so again, see `winback doctor`."
    return Problem("", None, f"`{campaign}` stopped at an error of the database: {said}.", how)


def moment(now: datetime | None) -> datetime:
    """The given moment of a simulation, else the present."""
    return now or clock.now()


def watch(now: datetime | None) -> Callable[[], datetime]:
    """A clock for work that takes a while: it stands in a simulation, and goes otherwise."""
    return clock.now if now is None else lambda: now

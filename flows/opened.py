"""Open the project that a flow's parameters name."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from winback import clock, logs, settings
from winback.errors import Problem, Refused
from winback.settings import Project
from winback.store import database

log = logging.getLogger("winback.flows")


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


@contextmanager
def apart(campaign: str, problems: list[Problem]) -> Iterator[None]:
    """Let a campaign fail alone: what was wrong goes into `problems`, and the others go on."""
    try:
        yield
    except Refused as refused:
        problems += [replace(each, message=f"`{campaign}` can't be measured: {each.message}") for each in refused.problems]
    except database.Failure as failure:
        problems.append(failed(campaign, failure))
    except Exception as error:  # noqa: BLE001  whatever it is, the others are measured; its words may name customers
        logs.broke(log, "%s can't be measured", campaign)
        problems.append(Problem("", None, f"`{campaign}` stopped at an error: {type(error).__name__}.", "The log says where."))


def moment(now: datetime | None) -> datetime:
    """The given moment of a simulation, else the present."""
    return now or clock.now()


def watch(now: datetime | None) -> Callable[[], datetime]:
    """A clock for work that takes a while: it stands in a simulation, and goes otherwise."""
    return clock.now if now is None else lambda: now

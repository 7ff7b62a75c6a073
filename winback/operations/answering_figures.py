"""winback threads figures: how soon customers who wrote were answered, against the promise; together, by manager and by channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from winback.journey import office
from winback.journey.office import FELT, Office
from winback.journey.threads import ThreadStatus
from winback.settings import Project
from winback.store import database, thread_lists

NOBODY = ""
"""Whose the threads are that nobody took."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How soon threads got their first answer. Times are None where nobody was answered."""

    threads: int
    answered: int
    unanswered: int  # still wait for the first answer
    set_aside: int  # closed without one: nothing to answer
    promised: int  # of which it is known whether the promise was kept: answered, or over without an answer
    kept: int  # answered within the promise
    median: timedelta | None  # until the first answer, as clocks go
    ninth_tenth: timedelta | None  # nine of ten were answered sooner, or as soon
    median_working: timedelta | None  # in the office's hours

    @property
    def share_kept(self) -> float | None:
        return self.kept / self.promised if self.promised else None

    def as_json(self) -> dict[str, Any]:
        spans = {"median": self.median, "90%": self.ninth_tenth, "median_working": self.median_working}
        told = {f"{name}_minutes": None if span is None else round(span.total_seconds() / 60, 1) for name, span in spans.items()}
        felt = None if self.median is None else round(self.median.total_seconds() * FELT / 60, 1)
        names = ("threads", "answered", "unanswered", "set_aside", "promised", "kept")
        return {name: getattr(self, name) for name in names} | {"share_kept": self.share_kept, **told, "median_feels_minutes": felt}


@dataclass(frozen=True, slots=True)
class Figures:
    """Threads that began in a span."""

    since: datetime
    until: datetime
    promise: timedelta
    everybody: Speed
    managers: tuple[tuple[str, Speed], ...]  # who answered first; of those that nobody answered, whose they are
    channels: tuple[tuple[str, Speed], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "promise_minutes": round(self.promise.total_seconds() / 60),
            "everybody": self.everybody.as_json(),
            "managers": [{"manager": name, **speed.as_json()} for name, speed in self.managers],
            "channels": [{"channel": name, **speed.as_json()} for name, speed in self.channels],
        }


def figures(project: Project, engine: Engine, *, since: datetime, until: datetime, now: datetime) -> Figures:
    """What is known at `now` of threads that began from `since` on, before `until`. Raises ConfigError."""
    hours = office.read(project)
    with database.reading(engine) as connection:
        rows = thread_lists.begun(connection, since, until)
    by_manager = _grouped(rows, lambda row: row.first_answer_by or row.assignee)
    by_channel = _grouped(rows, lambda row: row.channel)
    return Figures(
        since,
        until,
        hours.hours.within,
        speed(rows, hours, now),
        tuple((name, speed(each, hours, now)) for name, each in by_manager),
        tuple((name, speed(each, hours, now)) for name, each in by_channel),
    )


def _grouped(rows: Iterable[Row[Any]], by: Any) -> list[tuple[str, list[Row[Any]]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(by(row), []).append(row)
    return sorted(found.items())


def speed(rows: Sequence[Any], hours: Office, now: datetime) -> Speed:
    """How soon these were answered. Who still waits, and was promised an answer by a moment that is over, counts as a promise not kept."""
    answered = [row for row in rows if row.first_answer_at is not None]
    aside = [row for row in rows if row.first_answer_at is None and row.status == ThreadStatus.CLOSED]
    late = [row for row in rows if row.first_answer_at is None and row.status != ThreadStatus.CLOSED and row.first_due_at < now]
    times = sorted(row.first_answer_at - row.opened_at for row in answered)
    working = sorted(hours.working(row.opened_at, row.first_answer_at) for row in answered)
    return Speed(
        threads=len(rows),
        answered=len(answered),
        unanswered=len(rows) - len(answered) - len(aside),
        set_aside=len(aside),
        promised=len(answered) + len(late),
        kept=sum(row.first_answer_at <= row.first_due_at for row in answered),
        median=_quantile(times, 0.5),
        ninth_tenth=_quantile(times, 0.9),
        median_working=_quantile(working, 0.5),
    )


def _quantile(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    """Between neighbours in proportion (type 7 of Hyndman and Fan, 1996): of 1, 2, 3 and 4 the middle is 2.5."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

"""Count and name the members of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.audience import cohort
from winback.settings import Project
from winback.store import cohorts, database
from winback.store.cohorts import AsOf


@dataclass(frozen=True, slots=True)
class Shown:
    """A cohort with its funnel; `matched` counts by the cohort's own rules, consent and policy come later, as skips."""

    cohort: str
    title: str
    as_of: str
    matched: int
    funnel: tuple[tuple[str, int], ...]  # (condition, customers left), the first row is everybody
    languages: dict[str, int]
    sample: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "cohort": self.cohort,
            "as_of": self.as_of,
            "matched": self.matched,
            "funnel": [{"condition": condition, "left": left} for condition, left in self.funnel],
            "title": self.title,
            "languages": self.languages,
            "sample": list(self.sample),
        }


def show(project: Project, engine: Engine, name: str, *, now: datetime, sample: int) -> Shown:
    """The cohort as of `now`. Raises ConfigError when its file can't be meant."""
    document = cohort.read(project, name)
    excluded = cohort.excluded(project, document)
    as_of = AsOf(now, project.settings.time_zone, project.settings.currency)
    words = ["all customers", *(cohort.describe(rule) for rule in document.value.rules), *(["not on an exclude list"] if excluded else [])]
    with database.reading(engine) as connection:
        statement = cohorts.members(document.value, as_of, excluded=excluded, dialect=engine.dialect.name)
        left = cohorts.funnel(connection, document.value, as_of, excluded=excluded)
        languages = cohorts.make_up(connection, statement)
        some = cohorts.keys(connection, statement, limit=sample) if sample else []
    funnel = tuple(zip(words, left, strict=True))
    return Shown(name, document.value.title, clock.local_day(now, project.zone).isoformat(), left[-1], funnel, languages, tuple(some))


def members(project: Project, engine: Engine, name: str, *, now: datetime) -> Sequence[str]:
    """The shop's ids of all members, in order."""
    document = cohort.read(project, name)
    as_of = AsOf(now, project.settings.time_zone, project.settings.currency)
    with database.reading(engine) as connection:
        statement = cohorts.members(document.value, as_of, excluded=cohort.excluded(project, document), dialect=engine.dialect.name)
        return cohorts.keys(connection, statement)

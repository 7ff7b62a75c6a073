"""Everybody's scores: made once a day, before they are asked for, or as of a past moment beside the stored ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, FromClause

from winback import clock
from winback.audience import lifecycle, scoring, value
from winback.audience.scoring import Known, Scores
from winback.settings import Project
from winback.store import database, facts, refreshing, scores, stage_changes
from winback.store import tables as store
from winback.store.as_of import AsOf


@dataclass(frozen=True, slots=True)
class Scored:
    """What was done, and the figures of everybody that the scores rest on."""

    customers: int
    first_seen: int  # of them: scored for the first time
    changed_stage: int  # of the others
    basis: dict[str, Any]
    sentences: tuple[str, ...]


def update(project: Project, engine: Engine, *, now: datetime) -> Scored:
    """Score everybody as of now, and note whose stage changed. The same twice a day changes nothing."""
    as_of = AsOf.of(project, now)
    today = clock.local_day(now, project.zone)
    with database.writing(engine, sorts=True) as connection:
        refreshing.refresh(connection, as_of)
        known, made = score(connection, project, as_of)
        noted = stage_changes.record(connection, known.customer, made.stage, today=today, now=now)
        scores.keep(connection, made, known, today=today, now=now, terms=_terms(project))
    return Scored(known.customer.size, noted.first_seen, noted.changed, made.basis, made.sentences)


def score(connection: Connection, project: Project, as_of: AsOf) -> tuple[Known, Scores]:
    """Everybody's scores as of a moment; nothing is written."""
    worth, thresholds = value.read(project), lifecycle.read(project)
    today = clock.local_day(as_of.now, project.zone)
    known = scores.known(connection, as_of, worth.regularity.days, today)
    return known, scoring.score(known, scores.sample(connection, as_of), worth, thresholds, today.toordinal())


def bring_up(project: Project, engine: Engine, *, now: datetime) -> None:
    """Score everybody, unless that was done on this day of the shop already, by what value.yaml and lifecycle.yaml say now.

    A moment in the past is left to `as_of`; one in the future mustn't come here.
    """
    day = clock.local_day(now, project.zone)
    with database.reading(engine) as connection:
        state, counted = scores.state(connection), facts.read_state(connection)
    if (counted is not None and now < counted.known_until) or (state is not None and state.scored_on > day):
        return
    if state is None or state.scored_on < day or state.basis.get("terms") != _terms(project):
        update(project, engine, now=now)


def as_of(connection: Connection, project: Project, moment: AsOf) -> FromClause:
    """Where scores as of a moment are read: the stored ones where they are of that day, else made anew beside them."""
    state, counted = scores.state(connection), facts.read_state(connection)
    day = clock.local_day(moment.now, project.zone)
    is_of_day = state is not None and state.scored_on == day and state.basis.get("terms") == _terms(project)
    if is_of_day and counted is not None and counted.terms == moment.terms() and moment.now >= counted.known_until:
        return store.scores
    known, made = score(connection, project, moment)
    return scores.beside(connection, made, known)


def _terms(project: Project) -> dict[str, Any]:
    """What scores are made by, beside facts and the day: other words in these files make them void at once."""
    return {"value": value.read(project).model_dump(mode="json"), "lifecycle": lifecycle.read(project).model_dump(mode="json")}

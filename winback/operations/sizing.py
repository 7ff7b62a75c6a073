"""How many customers a cohort's rules leave, while somebody writes them: only what can be told at once, and nothing is changed for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback import clock
from winback.audience import cohort, conditions
from winback.audience.cohort import Cohort
from winback.operations import knowing, selecting
from winback.settings import Project
from winback.speech import N_, said
from winback.store import cohorts, database, refreshing, scores
from winback.store.as_of import AsOf
from winback.store.tables import scores as stored
from winback.strictyaml import Document


@dataclass(frozen=True, slots=True)
class Size:
    """A cohort's funnel: customers left after each condition, the first row is everybody; and what to know about the figures."""

    funnel: tuple[tuple[str, int], ...]
    sentences: tuple[str, ...]

    @property
    def customers(self) -> int:
        return self.funnel[0][1]

    @property
    def matched(self) -> int:
        return self.funnel[-1][1]


def size(project: Project, engine: Engine, document: Document[Cohort], *, now: datetime) -> Size:
    """The cohort by facts and scores as they are stored. `selecting.show` brings both up to date first, which may take its time.

    Raises ConfigError where the rules can't be meant, and what the engine's question raises (store/interrupting.py).
    """
    chosen, as_of = cohort.selection(project, document), AsOf.of(project, now)
    with database.reading(engine) as connection:
        stand = knowing.ground(connection, project, chosen, as_of, beside=stored)
        left = cohorts.funnel(connection, stand)
        aged = tuple(_aged(connection, project, document.value, as_of))
    funnel = tuple(zip(selecting.words(chosen), left, strict=True))
    return Size(funnel, (*selecting.warnings(funnel), *aged))


def _aged(connection: Connection, project: Project, chosen: Cohort, as_of: AsOf) -> Iterator[str]:
    """What the stored figures don't know yet."""
    if refreshing.is_due(connection, as_of):
        yield N_("Some of what happened lately isn't counted in yet; looking at who they are counts it in.")
    if not conditions.asks_scores(chosen):
        return
    state, today = scores.state(connection), clock.local_day(as_of.now, project.zone)
    if state is None:
        yield N_("What customers are worth, and how likely they are gone, was not told yet; looking at who they are tells it.")
    elif state.scored_on < today:
        yield said(N_("Values, stages and chances are those of %(day)s; looking at who they are makes today's."), day=state.scored_on)

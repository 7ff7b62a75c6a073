"""What is known of customers, brought up to date before anybody asks for it, and where a cohort's statement reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback.audience import conditions
from winback.audience.cohort import Cohort, Rule, Selection
from winback.audience.signs import Sign
from winback.errors import ConfigError, Problem
from winback.model import Money
from winback.settings import Project
from winback.store import cohorts, counting, database, evidence, refreshing
from winback.store.as_of import AsOf, Whose
from winback.store.evidence import Evidence
from winback.store.ground import Ground
from winback.store.refreshing import Refreshed

_ALL_SIGNS = Cohort(title="any sign", rules=(Rule(sign=tuple(Sign)),))


def refresh(project: Project, engine: Engine, *, now: datetime) -> Refreshed:
    """Count anew what changed since the last time: nearly nothing after a small import, everything after the first one."""
    as_of = AsOf.of(project, now)
    with database.reading(engine) as connection:
        if not refreshing.is_due(connection, as_of):
            return Refreshed(0, was_rebuilt=False)
    with database.writing(engine) as connection:
        return refreshing.refresh(connection, as_of)


def rebuild(project: Project, engine: Engine, *, now: datetime) -> Refreshed:
    """Count everything anew."""
    with database.writing(engine) as connection:
        return refreshing.rebuild(connection, AsOf.of(project, now))


def ground(connection: Connection, project: Project, selection: Selection, as_of: AsOf, *, run_id: int | None = None, whose: Whose = None) -> Ground:
    """What a cohort's statement stands on. Raises ConfigError where it compares amounts that have no common currency."""
    if conditions.asks_money(selection.cohort) and (sums := counting.unpriced(connection, as_of)):
        told = ", ".join(f"{Money.from_minor(minor, code).amount:f} {code} in {count:,} orders" for code, count, minor in sums)
        how = f"Write what one is worth in {as_of.currency}, for example: rates: {{{sums[0][0]}: 1.00}}."
        raise ConfigError(Problem(project.shown(project.config("settings.yaml")), None, f"amounts can't be compared: there are {told}.", how))
    return cohorts.ground(connection, selection, as_of, run_id=run_id, whose=whose)


def signs_of(connection: Connection, selection: Selection, as_of: AsOf, ids: Sequence[int]) -> dict[int, Evidence]:
    """The signs of being lost that customers show, whatever the cohort asks for."""
    asking = replace(selection, cohort=_ALL_SIGNS)
    return evidence.signs(connection, cohorts.ground(connection, asking, as_of, whose=list(ids)), ids)

"""Some real customers to look at letters with: of a cohort, or of the one that a campaign writes to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from winback.audience import cohort
from winback.journey import campaign
from winback.operations import knowing
from winback.settings import Project
from winback.store import cohorts, database
from winback.store.as_of import AsOf

AT_MOST = 24
"""How many are leafed through."""


def of_cohort(project: Project, engine: Engine, name: str, *, now: datetime) -> list[str]:
    """The shop's ids of the first members of a cohort. Raises ConfigError when its file can't be meant."""
    chosen = cohort.selection(project, cohort.read(project, name))
    knowing.prepare(project, engine, chosen.cohort, now=now)
    with database.reading(engine) as connection:
        stand = knowing.ground(connection, project, chosen, AsOf.of(project, now))
        return [*cohorts.keys(connection, cohorts.members(stand), limit=AT_MOST)]


def of_campaign(project: Project, engine: Engine, name: str, *, now: datetime) -> list[str]:
    """The same of the cohort that a campaign writes to. Raises ConfigError."""
    return of_cohort(project, engine, campaign.read(project, name).value.cohort, now=now)

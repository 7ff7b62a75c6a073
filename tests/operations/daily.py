"""A shop whose customers lapse one after another, and a campaign that enrols daily."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import Engine, select

from tests import projects
from tests.store import world
from winback import clock
from winback.operations import selecting
from winback.sending import prepared
from winback.sending.prepared import Prepared
from winback.store import database, refreshing
from winback.store.tables import back_fill, campaign_runs, recipients

CAMPAIGN = "winter-tea"
COHORT = "silent-1-2-years-3-orders"
KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CHANGES = {"enrol": "daily", "ends_on": "2028-12-31", "back_fill": {"a_day": 5}}


def make(folder, **changes) -> Prepared:
    """The shipped project with winter-tea changed into a daily campaign; a value of None takes a line out."""
    project = projects.make(folder)
    path = project.config("campaigns", f"{CAMPAIGN}.yaml")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, value in (CHANGES | changes).items():
        content[name] = value
    said = {name: value.isoformat() if name.endswith("_on") and not isinstance(value, str) else value for name, value in content.items()}
    text = yaml.safe_dump({name: value for name, value in said.items() if value is not None}, allow_unicode=True, sort_keys=False)
    for name in ("starts_on", "ends_on"):
        text = text.replace(f"{name}: '{said[name]}'", f"{name}: {said[name]}")
    path.write_text(text, encoding="utf-8")
    return prepared.prepare(project, CAMPAIGN)


def lapse(engine: Engine, days: range | list[int], *, begin: int = 0, moment: datetime = START) -> list[int]:
    """Customers who come into the cohort so many days after the moment's day (before it: negative), by an order a year earlier."""
    ids = []
    with database.writing(engine) as connection:
        for number, day in enumerate(days, start=begin):
            who = world.customer(connection, f"d{number:04d}", given_name="Emma", country="GB", locale="en", time_zone="Europe/London")
            last = clock.start_of_day(clock.local_day(moment, KYIV) + timedelta(days=day - 365), KYIV) + timedelta(hours=12)
            for back in (200, 100, 0):
                world.order(connection, who, last - timedelta(days=back), 100)
            world.reach(connection, who)
            ids.append(who)
        refreshing.due(connection, ids)  # as an import does
    return ids


def rows(engine: Engine) -> dict[int, tuple[str, str, str, datetime]]:
    """By customer: status, reason, arm, moment of the decision."""
    with database.reading(engine) as connection:
        found = connection.execute(select(recipients)).all()
    return {row.customer_id: (row.status, row.reason, row.arm, row.assigned_at) for row in found}


def waiting(engine: Engine) -> set[int]:
    """Who has a place in a back-fill and no decision."""
    with database.reading(engine) as connection:
        return set(connection.execute(select(back_fill.c.customer_id)).scalars()) - set(rows(engine))


def members(ready: Prepared, engine: Engine, now: datetime) -> set[str]:
    return set(selecting.members(ready.project, engine, COHORT, now=now))


def runs_of(engine: Engine) -> list[tuple[int, str]]:
    with database.reading(engine) as connection:
        return [(row.number, row.status) for row in connection.execute(select(campaign_runs).order_by(campaign_runs.c.number))]

"""The library of tactics, from runs in both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.outcomes.conftest import START, World, at
from winback.model import HOLDOUT
from winback.operations import tactics
from winback.store import database, tables


@pytest.fixture
def world(engine):
    """Two runs: in `spring` gift brings back 12 of 40 and one of twenty comes by themselves; in `summer`, begun later, 8 of 40 and one of twenty."""
    world = World(engine)
    summer = world.run("summer", 1)
    with database.writing(engine) as connection:
        plan = {"shares": {"gift": 0.6, HOLDOUT: 0.4}, "window_seconds": 30 * 86400}
        connection.execute(update(tables.campaign_runs).values(plan=plan))
        connection.execute(update(tables.campaign_runs).where(tables.campaign_runs.c.id == summer).values(started_at=at(100)))
    for run_id, day, back in ((world.run_id, 0, 12), (summer, 100, 8)):
        for arm, size, returning in (("gift", 40, back), (HOLDOUT, 20, 1)):
            for place in range(size):
                customer = world._insert(tables.customers, key=f"{run_id}-{arm}-{place}", updated_at=START)
                world.assign(customer, arm, assigned=day, run_id=run_id)
                if place < returning:
                    world.order(customer, day + 3)
    return world


def test_runs_count_once_their_windows_are_over(world):
    assert tactics.library(world.engine, now=at(20)) == ()
    (spring,) = tactics.library(world.engine, now=at(31))
    assert (spring.tactic, spring.customers, spring.returned) == ("gift", 40, 12)
    (both,) = tactics.library(world.engine, now=at(140))
    assert [(one.campaign, one.ours.successes, one.theirs.successes, one.theirs.n) for one in both.tried] == [
        ("spring", 12, 1, 20),
        ("summer", 8, 1, 20),
    ]


def test_the_plan_of_the_next_campaign_begins_from_it_and_writes_nothing(world):
    assert tactics.begin_with(world.engine, ["gift"], now=at(140)) == [tactics.known(world.engine, now=at(140))[0].sentence], (
        "by what was measured last: nobody has returned yet"
    )
    assert world.outcomes() == []
    tactics.library(world.engine, now=at(140))
    (known,) = tactics.begin_with(world.engine, ["gift"], now=at(140))
    assert known.startswith("gift was tried in 2 campaigns, with 80 customers: it brings back +")
    (best,) = tactics.begin_with(world.engine, ["letter"], now=at(140))
    assert best == f"Not tried here, and the best that is known: {known}"


def test_greetings_test_nothing(world):
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.campaign_runs).values(greets=True))
    assert tactics.library(world.engine, now=at(140)) == ()


def test_a_run_without_a_holdout_is_no_evidence(world):
    alone = world.run("alone", 1)
    customer = world._insert(tables.customers, key="alone", updated_at=START)
    world.assign(customer, "solo", run_id=alone)
    assert [one.tactic for one in tactics.library(world.engine, now=at(140))] == ["gift"]

"""The library of tactics, from runs in both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from tests.outcomes.conftest import START, World, at
from winback.model import HOLDOUT
from winback.operations import measuring, tactics
from winback.store import database, runs, tables


@pytest.fixture
def world(engine):
    """Two runs: in `spring` gift brings back 24 of 40 and one of twenty comes by themselves; in `summer`, begun later, 18 of 40 and one of twenty."""
    world = World(engine)
    summer = world.run("summer", 1)
    with database.writing(engine) as connection:
        plan = {"shares": {"gift": 0.6, HOLDOUT: 0.4}, "window_seconds": 30 * 86400}
        connection.execute(update(tables.campaign_runs).values(plan=plan))
        connection.execute(update(tables.campaign_runs).where(tables.campaign_runs.c.id == summer).values(started_at=at(100)))
    for run_id, day, back in ((world.run_id, 0, 24), (summer, 100, 18)):
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
    assert (spring.tactic, spring.customers, spring.returned) == ("gift", 40, 24)
    (both,) = tactics.library(world.engine, now=at(140))
    assert [(one.campaign, one.ours.successes, one.theirs.successes, one.theirs.n) for one in both.tried] == [
        ("spring", 24, 1, 20),
        ("summer", 18, 1, 20),
    ]


def test_the_plan_of_the_next_campaign_begins_from_it_and_writes_nothing(world):
    assert tactics.begin_with(world.engine, ["gift"], now=at(140)) == [], "what was never measured since its window closed is no evidence"
    assert world.outcomes() == []
    tactics.library(world.engine, now=at(140))
    (known,) = tactics.begin_with(world.engine, ["gift"], now=at(140))
    assert known.startswith("gift was tried in 2 campaigns, with 80 customers: it brings back +")
    (best,) = tactics.begin_with(world.engine, ["letter"], now=at(140))
    assert best == f"Not tried here, and the best that is known: {known}"


def test_what_was_measured_too_early_is_measured_again(world):
    with database.reading(world.engine) as connection:
        run = runs.get(connection, world.run_id)
    measuring.measure(world.engine, run.id, run.window, at(2))
    assert tactics.known(world.engine, now=at(31)) == ()
    assert tactics.library(world.engine, now=at(31))[0].returned == 24


def test_a_run_that_changed_its_shares_counts_wave_by_wave(world):
    t = tables.recipients
    with database.writing(world.engine) as connection:
        rows = connection.execute(select(t.c.customer_id, t.c.arm).where(t.c.run_id == world.run_id).order_by(t.c.customer_id)).all()
        for place, row in enumerate(rows):
            connection.execute(update(t).where(t.c.run_id == world.run_id, t.c.customer_id == row.customer_id).values(wave=1 + place % 2))
    (spring,) = tactics.library(world.engine, now=at(31))
    weighted = spring.tried[0].weighted
    assert weighted is not None
    assert weighted.difference == pytest.approx(24 / 40 - 1 / 20)


def test_greetings_test_nothing(world):
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.campaign_runs).values(greets=True))
    assert tactics.library(world.engine, now=at(140)) == ()


def test_a_run_without_a_holdout_is_no_evidence(world):
    alone = world.run("alone", 1)
    customer = world._insert(tables.customers, key="alone", updated_at=START)
    world.assign(customer, "solo", run_id=alone)
    assert [one.tactic for one in tactics.library(world.engine, now=at(140))] == ["gift"]

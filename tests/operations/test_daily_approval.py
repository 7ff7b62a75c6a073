"""Approval of campaigns that enrol daily: what it holds for, and that the letters still to come of the run before count too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests import projects
from tests.operations import daily
from tests.operations.daily import DAY, START, lapse, runs_of
from tests.operations.lost import go
from winback import settings
from winback.channels.memory import MemoryChannel
from winback.model import Reason, RecipientStatus
from winback.operations import approving, planning
from winback.sending import prepared
from winback.store import approvals, database, run_files, runs
from winback.store.tables import recipients

pytestmark = pytest.mark.one_database("who is asked and what is told; its statements are tested on both in tests/store")

YEAR = 366 * DAY
ABOVE = 4


@pytest.fixture
def shop(tmp_path):
    made = daily.make(tmp_path / "shop", back_fill={"a_day": 3}, holdout=0)
    return edit(made, "config/settings.yaml", "approve_above: 200", f"approve_above: {ABOVE}")


def edit(ready, file="templates/emails/we-miss-you/body.html", old="{% block body %}", new="{% block body %}<p>Hello again.</p>"):
    root = ready.project.root
    projects.edit(root / file, old, new)
    return prepared.prepare(settings.open_project(root, {"WINBACK_SECRET": "k" * 32}), daily.CAMPAIGN)


def say_yes(engine, ready, now):
    waiting, _ = approving.show(engine, ready, now=now)
    approving.approve(engine, ready.project, daily.CAMPAIGN, shown=waiting.fingerprint, by="Olena", now=now)
    return waiting.asked


def begin(engine, ready):
    """Eight people come in on the first day, approved."""
    lapse(engine, [0] * 8)
    say_yes(engine, ready, START)
    assert go(ready, engine, START, MemoryChannel()).waiting is None


def begin_two(engine, ready):
    """The letters of those eight are late, and still to come when the next run has begun."""
    begin(engine, ready)
    with database.writing(engine) as connection:
        connection.execute(update(recipients).values(next_due_at=START + YEAR + 3 * DAY))
    assert go(ready, engine, START + YEAR, MemoryChannel()).run == 2
    assert runs_of(engine) == [(1, "active"), (2, "active")]


def stands(engine) -> bool:
    with database.reading(engine) as connection:
        return approvals.last_approved(connection, daily.CAMPAIGN) is not None


def test_who_waits_in_the_back_fill_is_asked_about_before_the_first_letter(engine, shop):
    lapse(engine, range(-60, -40))
    channel = MemoryChannel()
    assert go(shop, engine, START, channel).waiting.asked.people == 20
    assert not channel.letters
    say_yes(engine, shop, START)
    for day in range(3):
        assert go(shop, engine, START + day * DAY, channel).waiting is None
    assert len(channel.letters) >= 9


def test_the_next_run_of_the_same_files_begins_by_itself(engine, shop):
    begin(engine, shop)
    lapse(engine, [366] * 6, begin=300)
    channel = MemoryChannel()
    ran = go(shop, engine, START + YEAR, channel)
    assert (ran.waiting, ran.run, ran.enrolled) == (None, 2, 6)


def test_the_next_run_of_other_files_is_asked_about_with_what_is_to_come_of_both(engine, shop):
    begin(engine, shop)
    lapse(engine, [366] * 6, begin=300)
    channel = MemoryChannel()
    other = edit(shop)
    asked = go(other, engine, START + YEAR, channel).waiting.asked
    assert (asked.run, asked.people, sum(asked.arms.values())) == (2, 14, 14)
    assert (channel.letters, runs_of(engine)) == ([], [(1, "active")])
    say_yes(engine, other, START + YEAR)
    ran = go(other, engine, START + YEAR, channel)
    assert (ran.waiting, ran.run, ran.enrolled) == (None, 2, 6)


def test_few_people_of_the_next_run_are_not_asked_about(engine, shop):
    lapse(engine, [0] * ABOVE)
    assert go(shop, engine, START, MemoryChannel()).waiting is None
    with database.writing(engine) as connection:
        runs.end(connection, 1, dict.fromkeys(runs.get_recipients(connection, 1, range(1, 100)), Reason.ORDERED), RecipientStatus.STOPPED, START)
    lapse(engine, [366] * ABOVE, begin=300)
    ran = go(edit(shop), engine, START + YEAR, MemoryChannel())
    assert (ran.run, ran.enrolled, ran.waiting) == (2, ABOVE, None)


def test_a_day_that_brings_many_is_asked_about_before_their_first_letter(engine, shop):
    lapse(engine, [0, 0])
    assert go(shop, engine, START, MemoryChannel()).waiting is None
    lapse(engine, [1] * ABOVE, begin=300)
    channel = MemoryChannel()
    ran = go(shop, engine, START + DAY, channel)
    assert (ran.waiting.asked.people, ran.enrolled, channel.letters) == (2 + ABOVE, ABOVE, [])
    say_yes(engine, shop, START + DAY)
    go(shop, engine, START + DAY, channel)
    assert len(channel.letters) == ABOVE


def test_the_plan_on_the_day_of_the_next_run_is_what_it_does(engine, shop):
    begin(engine, shop)
    lapse(engine, [366] * 6, begin=300)
    planned = planning.plan(shop, engine, now=START + YEAR)
    assert planned.people == 6 == go(shop, engine, START + YEAR, MemoryChannel()).enrolled


def test_letters_to_come_of_the_run_before_are_asked_about(engine, shop):
    begin_two(engine, shop)
    other, channel = edit(shop), MemoryChannel()
    waiting = go(other, engine, START + YEAR + 2 * DAY, channel).waiting
    assert (waiting.asked.people, channel.letters) == (8, [])
    assert runs_of(engine) == [(1, "waiting"), (2, "waiting")]
    say_yes(engine, other, START + YEAR + 2 * DAY)
    assert runs_of(engine) == [(1, "active"), (2, "active")]
    with database.reading(engine) as connection:
        assert [len(run_files.changes(connection, run.id)) for run in runs.unfinished_of(connection, daily.CAMPAIGN)] == [1, 1]


def test_taking_the_approval_back_stops_the_run_before_too(engine, shop):
    begin_two(engine, shop)
    approving.withdraw(engine, daily.CAMPAIGN, by="Andriy", now=START + YEAR)
    assert runs_of(engine) == [(1, "waiting"), (2, "waiting")]
    say_yes(engine, shop, START + YEAR + DAY)
    assert runs_of(engine) == [(1, "active"), (2, "active")]


@pytest.mark.parametrize("later", [DAY, YEAR, YEAR + DAY])
def test_who_looks_at_a_daily_campaign_that_was_approved_takes_nothing_back(engine, shop, later):
    begin(engine, shop)
    lapse(engine, [1, 1, 1, 366, 366], begin=300)
    for moment in (START + DAY, START + later):
        go(shop, engine, moment, MemoryChannel())
    assert approving.is_given(engine, shop)
    _, known = approving.show(engine, shop, now=START + later + timedelta(hours=1))
    assert (known is not None, stands(engine)) == (True, True)
    assert go(shop, engine, START + later + timedelta(hours=2), MemoryChannel()).waiting is None


def test_a_person_who_begins_a_daily_campaign_anew_is_asked_again(engine, shop):
    begin(engine, shop)
    with database.writing(engine) as connection:
        run = runs.latest(connection, daily.CAMPAIGN)
        runs.change_status(connection, run.id, "cancelled", START + DAY)
    lapse(engine, [1] * 6, begin=300)
    waiting, known = approving.show(engine, shop, now=START + DAY)
    assert (known, waiting.asked.run) == (None, 2)

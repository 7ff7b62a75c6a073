"""A campaign whose letters leave at a pace: run, rehearsed, planned and explained; on both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate
from winback.channels.memory import MemoryChannel
from winback.commands import campaign_tables
from winback.errors import TemporaryError
from winback.model import DeliveryStatus, Receipt
from winback.operations import calendar, explaining, pace_plan, planning, rehearsing, steering
from winback.sending import prepared
from winback.store import database, deliveries, paces, runs

TICK = timedelta(minutes=15)
EIGHT_AN_HOUR = 'groups: {"*": {per_hour: 8}}\n'


@pytest.fixture
def paced(tmp_path):
    """The campaign in a project with a pace: made by its text."""

    def ready(text: str):
        project = projects.make(tmp_path / "shop")
        project.config("pace.yaml").write_text(text, encoding="utf-8")
        return prepared.prepare(project, CAMPAIGN)

    return ready


def play(ready, engine):
    """What a schedule of every 15 minutes does on two days, around the hours of the first stage. Returns the letters by day."""
    channel, left = MemoryChannel(), Counter()
    for tick in (*range(12), *range(90, 108)):
        now = START + tick * TICK
        before = len(channel.letters)
        go(ready, engine, now, channel)
        left[now.date()] += len(channel.letters) - before
    return channel, {day: count for day, count in left.items() if count}


def test_letters_leave_at_the_pace_within_the_hours_and_none_is_lost(engine, paced):
    ready = paced(EIGHT_AN_HOUR)
    count = len(populate(engine, 40))
    channel, left = play(ready, engine)
    held_out = ledger(engine)["first-letter", DeliveryStatus.HELD_OUT]
    first_day = 2 * 10  # two each quarter of an hour from 10:30 until 13:00
    assert list(left.values()) == [first_day, count - held_out - first_day]
    assert len({letter.to for letter in channel.letters}) == len(channel.letters) == count - held_out


def test_a_rehearsal_shows_the_days_as_they_come(engine, paced):
    ready = paced(EIGHT_AN_HOUR)
    populate(engine, 40)
    rehearsed = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=2), worker="r", letters=False))
    with database.writing(engine) as connection:
        assert paces.hold(connection, ["group:post.example"]) == {}, "nothing is kept of it"
    play(ready, engine)
    with database.reading(engine) as connection:
        real = calendar.of(ready, deliveries.sent_by_moment(connection, runs.latest(connection, CAMPAIGN).id))
    assert len({each.day for each in rehearsed.calendar.leaving}) == 2
    assert rehearsed.calendar == real
    again = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=2), worker="r", letters=False))
    assert again.calendar.totals()[START.date()] == rehearsed.calendar.totals()[START.date()], "whatever has left since"


def test_who_waits_is_told_what_for(engine, paced, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ready = paced(EIGHT_AN_HOUR)
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    waiting = [row for row in steering.letters(engine, CAMPAIGN, status="planned", customer=None, limit=100) if row["reason"] == "pace"]
    assert len(waiting) > 5
    assert {row["detail"] for row in waiting} == {"waits for post.example"}
    campaign_tables.print_deliveries(waiting, 100)
    assert "waits for post.example" in capsys.readouterr().out
    told = explaining.by_campaign(ready, engine, waiting[0]["customer"], now=START).steps
    assert [step.found for step in told if "waits for post.example" in step.found]


def test_too_fast_an_answer_slows_the_provider_down(engine, paced):
    ready = paced(EIGHT_AN_HOUR + "slow_down: {factor: 0.5, floor_per_hour: 1}\n")
    populate(engine, 12)

    class Busy(MemoryChannel):
        async def send(self, letter) -> Receipt:
            raise TemporaryError("slow-down", "421 4.7.28 too fast")

    go(ready, engine, START, Busy())
    with database.writing(engine) as connection:
        assert paces.hold(connection, ["group:post.example"])["group:post.example"].factor == 0.5


def test_without_a_pace_nothing_is_asked(engine, paced):
    said = []
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    ready = paced("email: {per_hour: unlimited}\n")
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    assert len(said) > 20
    assert [statement for statement in said if "paces" in statement] == []


def test_a_batch_asks_three_statements(engine, paced):
    said = []
    ready = paced(EIGHT_AN_HOUR + "email: {per_hour: 1000}\n")
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    go(ready, engine, START + TICK, MemoryChannel())
    assert [statement.split()[0] for statement in said if "paces" in statement] == ["SELECT", "UPDATE"]
    assert len([statement for statement in said if "deliveries.reason IN" in statement]) == 1


def test_a_plan_says_how_long_the_pace_makes_a_stage_take(engine, paced):
    ready = paced('groups: {"*": {per_hour: 4, burst: 1}}\nemail: {per_hour: 20}\nwarm_up: {starts_on: 2026-11-24, per_day: [2, 3, 100]}\n')
    populate(engine, 40)
    first, *_ = planning.plan(ready, engine, now=START).stages
    sent = first.recipients
    assert [(each.lane, each.letters, each.takes) for each in first.paced] == [
        ("the warm-up of all e-mail", sent, timedelta(days=2)),
        ("post.example", sent, timedelta(hours=(sent - 1) / 4)),
        ("all e-mail", sent, timedelta(hours=(sent - 5) / 20)),
    ]
    (sentence,) = pace_plan.told(first.name, first.paced)
    assert sentence.startswith(
        f"By the pace, first-letter takes 2 days at the least: the warm-up of all e-mail 2 days ({sent} letters), post.example "
    )

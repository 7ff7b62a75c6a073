"""The customer's zone and usual hour from enrolment to the last check, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import EventKind, RecipientStatus, Verdict
from winback.operations import explaining, planning
from winback.sending import prepared
from winback.store import database, events
from winback.store.events import Event
from winback.store.tables import deliveries, recipients

AMERICANS = {
    "stored": {"time_zone": "America/Denver"},
    "city": {"city": "Los Angeles, CA"},
    "phone": {"city": "Springfield", "phone": "+12125551234"},
    "nowhere": {"city": "Springfield"},
}


@pytest.fixture
def ready(tmp_path):
    """The campaign with its first stage from 9 to 20 on any day, at the hour that was learnt."""
    file = f"config/campaigns/{CAMPAIGN}.yaml"
    first = ('    hours: "10:00-13:00"\n    weekdays: [tue, wed, thu]\n', '    send_hour: learnt\n    hours: "09:00-20:00"\n')
    project = projects.make(tmp_path / "shop", (file, *first), (file, "holdout: 0.25 ", "holdout: 0 "))
    return prepared.prepare(project, CAMPAIGN)


def lost(engine, **customers) -> dict[str, int]:
    """Lost customers with these facts, by their keys."""
    ids = {}
    with database.writing(engine) as connection:
        for key, facts in customers.items():
            who = ids[key] = world.customer(connection, key, given_name="Emma", locale="en", **facts)
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00")
            world.reach(connection, who)
    return ids


def reacts(engine, who: int, hour: int, days: int = 4) -> None:
    with database.writing(engine) as connection:
        moments = [datetime(2025, 2, 1 + day, hour, 30, tzinfo=UTC) for day in range(days)]
        events.record(connection, [Event(f"{who} {moment}", EventKind.CLICK, who, moment, Verdict.HUMAN) for moment in moments])


def told(ready, engine, key: str) -> dict[str, str]:
    return {step.question: step.found for step in explaining.by_campaign(ready, engine, key, now=START + timedelta(days=1)).steps}


def test_every_customer_is_written_to_by_their_own_clock_or_by_all_that_may_be_theirs(engine, ready):
    ids = lost(engine, **{key: {"country": "US", **facts} for key, facts in AMERICANS.items()})
    plan = planning.plan(ready, engine, now=START)
    assert plan.stages[0].first_on == plan.stages[0].last_on == "2026-11-24"
    go(ready, engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        found = {row.customer_id: row for row in connection.execute(select(recipients))}
    assert {key: (found[who].time_zone, f"{found[who].next_due_at:%d %H:%M}") for key, who in ids.items()} == {
        "stored": ("America/Denver", "24 16:00"),
        "city": ("America/Los_Angeles", "24 17:00"),
        "phone": ("America/New_York", "24 14:00"),
        "nowhere": ("US/*", "24 19:00"),  # nine in Honolulu
    }
    assert {key: told(ready, engine, key)["zone"] for key in ids} == {
        "stored": "America/Denver, as the shop's data say",
        "city": "America/Los_Angeles, by the city",
        "phone": "America/New_York, by the phone",
        "nowhere": "anywhere in US, by the country",
    }


def test_somebody_anywhere_in_a_country_gets_every_stage(engine, ready):
    ids = lost(engine, nowhere={"country": "US"})
    channel = MemoryChannel()
    for hours in (0, 10, 10 + 8 * 24, 10 + 24 * 24):  # half past ten in Honolulu
        go(ready, engine, START + timedelta(hours=hours), channel)
    with database.reading(engine) as connection:
        status = connection.execute(select(recipients.c.status).where(recipients.c.customer_id == ids["nowhere"])).scalar_one()
        sent = connection.execute(select(deliveries.c.stage, deliveries.c.sent_at).order_by(deliveries.c.id)).all()
    assert status == RecipientStatus.FINISHED
    assert [row.stage for row in sent] == ["first-letter", "reminder", "last-day"]
    assert len(channel.letters) == 3


def test_a_letter_waits_for_the_hour_at_which_the_customer_usually_reacts(engine, ready):
    ids = lost(engine, **{key: {"country": "GB"} for key in ("evening", "chance")})
    reacts(engine, ids["evening"], 18)
    reacts(engine, ids["chance"], 18, days=2)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    assert len(channel.letters) == 1
    go(ready, engine, START.replace(hour=18, minute=5), channel)
    assert len(channel.letters) == 2
    steps = told(ready, engine, "evening")
    assert steps["usual hour"] == "18:00, learnt from 4 of the 4 days on which they reacted"
    assert steps["zone"] == "Europe/London, by the country"
    assert "usual hour" not in told(ready, engine, "chance")


def test_a_letter_that_is_late_for_the_hour_leaves_and_one_that_is_late_for_the_day_waits_for_it(engine, ready):
    ids = lost(engine, evening={"country": "GB"})
    reacts(engine, ids["evening"], 15)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    go(ready, engine, START.replace(hour=21), channel)  # queued only now, out of hours
    with database.reading(engine) as connection:
        due = connection.execute(select(deliveries.c.due_at)).scalar_one()
    assert due == datetime(2026, 11, 25, 15, tzinfo=UTC)
    go(ready, engine, datetime(2026, 11, 25, 17, 40, tzinfo=UTC), channel)
    assert len(channel.letters) == 1


def test_a_campaign_that_does_not_ask_for_the_hour_learns_none(engine, tmp_path):
    ids = populate(engine, 4)
    for who in ids:
        reacts(engine, who, 18)
    go(prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        assert not any("send_hour" in facts for facts in connection.execute(select(recipients.c.facts)).scalars())

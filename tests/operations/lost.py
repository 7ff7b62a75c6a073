"""Lost customers in Britain, and a campaign that writes to them: what tests of operations begin with."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests import projects
from tests.store import world
from winback.model import DeliveryStatus, RecipientStatus
from winback.operations import running
from winback.sending import prepared
from winback.store import database
from winback.store.tables import deliveries, recipients

START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CAMPAIGN = "winter-tea"


def populate(engine, count=40, **changes) -> list[int]:
    """Lost customers in Britain, each with three orders a year and a half ago."""
    ids = []
    with database.writing(engine) as connection:
        for number in range(count):
            who = world.customer(connection, f"c{number:03d}", given_name="Emma", country="GB", locale="en", time_zone="Europe/London", **changes)
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100 + number)
            world.reach(connection, who)
            ids.append(who)
    return ids


def go(ready, engine, now, channel, worker="w"):
    return asyncio.run(running.go(ready, engine, now=lambda: now, worker=f"{worker}-{now}", open_channel=lambda *_: channel))


def ledger(engine) -> Counter:
    with database.reading(engine) as connection:
        return Counter((row.stage, DeliveryStatus(row.status)) for row in connection.execute(select(deliveries.c.stage, deliveries.c.status)))


def standing(engine) -> Counter:
    with database.reading(engine) as connection:
        return Counter(RecipientStatus(status) for status in connection.execute(select(recipients.c.status)).scalars())


@pytest.fixture
def ready(tmp_path):
    return prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN)

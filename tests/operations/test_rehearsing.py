"""A rehearsal is the real thing without the sending."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from tests.operations.lost import START, go, ledger, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import DeliveryStatus
from winback.operations import rehearsing
from winback.store import database
from winback.store.tables import campaign_runs, customers
from winback.tracking import tokens
from winback.tracking.tokens import Purpose


def test_a_rehearsal_is_the_same_plan_and_changes_nothing(engine, ready):
    populate(engine, 30)
    with database.writing(engine) as connection:  # one of them will order on the tenth day, as the data already knows
        who = connection.execute(select(customers.c.id).where(customers.c.key == "c007")).scalar_one()
        world.order(connection, who, START + timedelta(days=10))
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=60), worker="r"))
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(campaign_runs)).scalar() == 0
    letters = sorted(ready.project.out.rglob("*.eml"))
    assert sum(day.letters for day in played.calendar) == len(letters) > 50
    assert played.recipients.get("stopped: ordered", 0) <= 1

    channel = MemoryChannel()
    for days in (0, 7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    assert len(channel.letters) == len(letters)
    by_stage = Counter()
    for day in played.calendar:
        by_stage[day.stage] += day.letters
    real = Counter(stage for (stage, status), count in ledger(engine).items() for _ in range(count) if status is DeliveryStatus.SENT)
    assert by_stage == real


def test_rehearsed_links_mean_nobody_real(engine, ready):
    populate(engine, 10)
    asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=3), worker="r"))
    letters = [path.read_text(encoding="utf-8") for path in ready.project.out.rglob("*.eml")]
    found = [re.search(r"/u/([\w-]+)", letter) for letter in letters]
    assert found
    assert all(link and tokens.read(ready.project.key, Purpose.UNSUBSCRIBE, link[1]) is None for link in found)

"""A run cut into slices: everybody is in one of them, and what is counted in slices is what is counted at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from winback.model import HOLDOUT, DeliveryStatus, EventKind
from winback.store import database, slices
from winback.store.tables import recipients


@pytest.mark.parametrize("processes", [0, 1, 2, 3, 8])
@pytest.mark.parametrize("customers", [0, 1, 2, 7])
def test_everybody_of_a_run_is_in_one_slice(world, processes, customers):
    others = world.run("autumn", 1)
    theirs = []
    for number in range(customers):
        theirs.append(world.recipient("gift"))
        for _ in range(number):  # of another run, between them
            world.recipient("gift", run_id=others)
    with database.reading(world.engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL max_parallel_workers_per_gather = {processes}"))
        found = slices.find(connection, world.run_id)
        assert len(found) == (min(max(processes, 1), customers + 1) if connection.dialect.name == "postgresql" else 1)
        here = select(recipients.c.customer_id).where(recipients.c.run_id == world.run_id)
        each = [set(connection.execute(here.where(those.has(recipients.c.customer_id))).scalars()) for those in found]
    assert sorted(who for those in each for who in those) == theirs
    assert max(map(len, each)) - min(map(len, each)) <= 1


def test_what_is_counted_in_slices_is_what_is_counted_at_once(world, monkeypatch):
    for number in range(23):
        who = world.recipient(("letter", "gift", HOLDOUT)[number % 3], assigned=number % 4)
        first = world.delivery(who, "hello", status=DeliveryStatus.FAILED if number % 5 == 0 else DeliveryStatus.SENT)
        second = world.delivery(who, "once-more", due=8)
        if number % 2:
            world.event(who, EventKind.OPEN, delivery=first)
            world.event(who, EventKind.CLICK, delivery=second, days=9)
        if number % 7 == 0:
            world.event(who, EventKind.REPLY, days=10)
        if number % 3 == 0:
            world.order(who, 5 + number, 1000 * number + 10)
    in_slices = world.figures()
    monkeypatch.setattr(slices, "WORTH_IT", 1_000)
    world.measure(99)  # an earlier moment than before: everybody is counted anew
    assert world.figures() == in_slices
    assert sum(arm.returned for arm in in_slices.arms) == 8
    assert sum(stage.clicked for stage in in_slices.stages) == 11

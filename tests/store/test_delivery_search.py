"""Deliveries are found by what is known of them, page by page, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests.store import world
from winback.model import ChannelName, DeliveryStatus, RunStatus
from winback.store import contacts, database, delivery_search, runs
from winback.store.delivery_search import Looked
from winback.store.tables import deliveries

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


@pytest.fixture
def ledger(engine):
    """Two campaigns of thirty customers, three stages each; many letters fall due at one moment. Returns ids by customer's key."""
    who = {}
    with database.writing(engine) as connection:
        started = [runs.start(connection, name, number=1, salt="s", plan={}, now=NOW) for name in ("spring", "autumn")]
        for number in range(30):
            key = f"c{number:02d}"
            who[key] = world.customer(connection, key)
            world.reach(connection, who[key], address=f"{key}@post.example")
        for run in started:
            for index, stage in enumerate(("first", "second", "third")):
                for number, customer in enumerate(who.values()):
                    status = DeliveryStatus.SENT if index == 0 else DeliveryStatus.PLANNED
                    status = DeliveryStatus.UNCERTAIN if (index, number) == (0, 7) else status
                    row = {"run_id": run.id, "stage": stage, "customer_id": customer, "tactic": "t", "channel": "email" if index == 0 else ""}
                    connection.execute(insert(deliveries).values(**row, status=status, due_at=NOW + timedelta(days=7 * index, hours=number // 10)))
        runs.change_status(connection, started[0].id, RunStatus.FINISHED, NOW)
    return who


def everything(engine, looked: Looked, limit: int = 7, **options) -> list:
    """All pages after one another."""
    found, after = [], None
    for _ in range(100):
        with database.reading(engine) as connection:
            page = delivery_search.find(connection, looked, after, limit=limit, **options)
        assert len(page.rows) <= limit
        found += page.rows
        after = page.after
        if after is None:
            return found
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize(
    ("looked", "count"),
    [
        (Looked(), 180),
        (Looked(campaign="spring"), 90),
        (Looked(campaign="nobody"), 0),
        (Looked(status=DeliveryStatus.UNCERTAIN), 2),
        (Looked(status=DeliveryStatus.HELD_OUT), 0),
        (Looked(campaign="autumn", status=DeliveryStatus.PLANNED), 60),
        (Looked(stage="second"), 60),
        (Looked(campaign="autumn", stage="third", channel="email"), 0),
        (Looked(channel="email"), 60),
        (Looked(due_from=NOW + timedelta(hours=2), due_before=NOW + timedelta(days=1)), 20),
    ],
)
def test_pages_hold_everything_that_fits_once_and_in_order(engine, ledger, looked, count):
    found = everything(engine, looked)
    assert len({row.id for row in found}) == len(found) == count
    keys = [(row.due_at, row.id) for row in found]
    assert keys == sorted(keys, reverse=True)
    assert all(not looked.campaign or row.campaign == looked.campaign for row in found)
    assert all(not looked.stage or row.stage == looked.stage for row in found)
    assert all(looked.status is None or row.status == looked.status for row in found)


def test_what_no_index_tells_is_looked_for_a_stretch_at_a_time(engine, ledger):
    """Pages may be empty before the end; nothing is lost by it."""
    assert len(everything(engine, Looked(stage="first"), through=1)) == 60


def test_a_customer_is_found_by_their_id_and_by_an_address(engine, ledger):
    with database.reading(engine) as connection:
        assert delivery_search.whose_key(connection, "c03") == [ledger["c03"]]
        assert delivery_search.whose_key(connection, "c03'; DROP TABLE") == []
        hashed = contacts.address_hash(world.KEY, ChannelName.EMAIL, "C04@post.example")
        assert delivery_search.whose_addresses(connection, [(ChannelName.EMAIL, hashed)]) == [ledger["c04"]]
    assert len(everything(engine, Looked(customers=[ledger["c03"]]))) == 6
    assert len(everything(engine, Looked(customers=[ledger["c03"]], campaign="spring", stage="first"))) == 1
    assert everything(engine, Looked(customers=[ledger["c03"]], status=DeliveryStatus.FAILED)) == []

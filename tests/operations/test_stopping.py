"""An import ends journeys at once; so does a run, before it sends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.operations.lost import START, go, populate
from tests.operations.shopdata import CUSTOMERS, HEADER, ORDERS, run, shop
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import DeliveryStatus, RecipientStatus
from winback.store import database, deliveries, enrolling, runs
from winback.store.tables import customers, recipients
from winback.store.tables import deliveries as table

LISTED = CUSTOMERS.replace("given_name: name", "given_name: name, black_list: list")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"orders": HEADER + "1,A,2026-11-24 09:00,100,1\n"}, "ordered"),
        ({"orders": HEADER, "people": "id,email,name,list\nA,anna@zerno.example,Анна,debtor\nB,bohdan@zerno.example,Богдан,\n"}, "black-listed"),
    ],
)
def test_an_import_ends_journeys_and_stops_their_letters_at_once(engine, tmp_path, files, reason):
    people = "id,email,name,list\nA,anna@zerno.example,Анна,\nB,bohdan@zerno.example,Богдан,\n"
    project = shop(tmp_path, LISTED + ORDERS, people=people, orders=HEADER)
    run(project, engine, START - timedelta(days=1))
    with database.writing(engine) as connection:
        begun = runs.start(connection, "c", number=1, salt="s", plan={"stop_when": ["ordered"]}, now=START - timedelta(days=1))
        for who in connection.execute(select(customers.c.id)).scalars().all():
            place = {"run_id": begun.id, "customer_id": who, "status": RecipientStatus.ACTIVE, "arm": "a", "facts": {}, "next_stage": 0}
            enrolling.enrol(connection, [{**place, "assigned_at": START - timedelta(days=1), "next_due_at": None}])
            letter = {"run_id": begun.id, "stage": "one", "customer_id": who, "tactic": "a", "locale": "uk", "due_at": START}
            deliveries.plan(connection, [{**letter, "status": DeliveryStatus.PLANNED}])
    project = shop(tmp_path, LISTED + ORDERS, **{"people": people, **files})
    run(project, engine, START)
    with database.reading(engine) as connection:
        of = [customers.c.key, recipients.c.status, recipients.c.reason, table.c.status, table.c.reason]
        joined = select(*of).join(recipients, recipients.c.customer_id == customers.c.id).join(table, table.c.customer_id == customers.c.id)
        rows = connection.execute(joined.order_by(customers.c.key)).all()
    assert rows == [("A", "stopped", reason, "stopped", reason), ("B", "active", "", "planned", "")]


def test_a_run_ends_the_journeys_of_those_who_ordered_though_nothing_of_theirs_is_due(engine, ready):
    populate(engine, 8)
    go(ready, engine, START, MemoryChannel())
    with database.writing(engine) as connection:
        active = connection.execute(select(recipients.c.customer_id).where(recipients.c.status == RecipientStatus.ACTIVE)).scalars().all()
        held_out = connection.execute(select(recipients.c.customer_id).where(recipients.c.status == RecipientStatus.HELD_OUT)).scalars().all()
        for who in [active[0], *held_out]:
            world.order(connection, who, START + timedelta(hours=5))
    go(ready, engine, START + timedelta(days=1), MemoryChannel())
    with database.reading(engine) as connection:
        rows = connection.execute(select(recipients.c.customer_id, recipients.c.status, recipients.c.ended_at)).all()
    assert {who: status for who, status, _ in rows if who in held_out} == dict.fromkeys(held_out, "held_out")
    assert [(who, ended_at) for who, status, ended_at in rows if status == "stopped"] == [(active[0], START + timedelta(days=1))]

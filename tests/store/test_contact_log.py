"""Contacts of all campaigns and channels, and the moment at which two campaigns want to write to one customer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update

from tests.store import world
from winback.journey.contact_policy import Rival
from winback.journey.last_check import Postpone
from winback.journey.policy import Rules
from winback.journey.stage import Stage
from winback.model import DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.sending import turns
from winback.sending.turns import Terms
from winback.store import contact_log, database, deliveries, enrolling, runs
from winback.store.tables import campaign_runs, customers, tasks, touches
from winback.store.tables import deliveries as table

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
LEASE = timedelta(minutes=5)
DAY = timedelta(days=1)
STAGE = Stage.model_validate({"name": "one", "letter": "x"})
TERMS = Terms(STAGE, Rules.model_validate({"caps": {"week": 1}, "gap": "0 days"}), "Europe/Kyiv")


def begin(connection, campaign, priority=0):
    return runs.start(connection, campaign, number=1, salt="s", plan={"priority": priority}, now=NOW)


def letter(connection, run, who, status=DeliveryStatus.PLANNED, due_at=NOW, **values):
    row = {"run_id": run.id, "stage": "one", "customer_id": who, "tactic": "a", "locale": "uk", "status": status, "due_at": due_at, **values}
    return connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one()


def recipient(connection, run, who, status=RecipientStatus.ACTIVE, due_at=None):
    row = {
        "run_id": run.id,
        "customer_id": who,
        "status": status,
        "arm": "a",
        "facts": {},
        "assigned_at": NOW,
        "next_stage": 0,
        "next_due_at": due_at,
    }
    enrolling.enrol(connection, [row])


def claim(connection, run, worker="w", limit=10):
    return deliveries.claim(connection, run.id, worker=worker, now=NOW, lease=LEASE, limit=limit)


def test_letters_that_left_or_may_have_left_count_whatever_the_campaign_and_so_do_touches(engine):
    with database.writing(engine) as connection:
        who, other = world.customer(connection, "k"), world.customer(connection, "other")
        counted = []
        for number, status in enumerate(DeliveryStatus):
            moment = NOW - DAY * (number + 1)
            letter(connection, begin(connection, f"c{number}"), who, status, handed_over_at=moment)
            if status in {DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN}:
                counted.append(moment)
        old = begin(connection, "old")
        letter(connection, old, who, DeliveryStatus.SENT, handed_over_at=NOW - DAY * 368)
        connection.execute(insert(touches).values(key="t", customer_id=who, touched_at=NOW - DAY * 20, channel="phone"))
        connection.execute(insert(touches).values(key="to come", customer_id=who, touched_at=NOW + DAY, channel="visit"))
        found = contact_log.contacts(connection, [who, other], NOW)
    assert sorted(found[who]) == sorted([*counted, NOW - DAY * 20])
    assert other not in found


def test_letters_to_a_merged_record_count_and_a_task_counts_once(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "stays")
        gone = world.customer(connection, "went", merged_into=who)
        run, calls = begin(connection, "c"), begin(connection, "calls")
        letter(connection, run, gone, DeliveryStatus.SENT, handed_over_at=NOW - DAY)
        asked = letter(connection, calls, who, DeliveryStatus.SENT, handed_over_at=NOW - DAY * 3)
        connection.execute(insert(tasks).values(delivery_id=asked, customer_id=who, kind="call", status="done", asked_at=NOW, due_at=NOW))
        connection.execute(insert(touches).values(key="called", customer_id=who, touched_at=NOW - DAY * 2))
        assert sorted(contact_log.contacts(connection, [who], NOW)[who]) == [NOW - DAY * 2, NOW - DAY]


def test_a_clock_that_is_ahead_of_ours_is_believed_and_a_letter_of_tomorrow_is_not(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "k")
        letter(connection, begin(connection, "c"), who, DeliveryStatus.HANDED_OVER, handed_over_at=NOW + timedelta(seconds=20))
        letter(connection, begin(connection, "d"), who, DeliveryStatus.SENT, handed_over_at=NOW + DAY)
        assert contact_log.contacts(connection, [who], NOW)[who] == [NOW + timedelta(seconds=20)]


@pytest.mark.parametrize(
    ("situation", "goes_first"),
    [
        ({"priority": 1, "due": 1}, True),
        ({"priority": 1, "due": 4}, False),
        ({"priority": 1, "due": -2}, False),
        ({"priority": 1, "due": 1, "as_recipient": True}, True),
        ({"priority": 1, "due": 1, "as_recipient": True, "recipient": RecipientStatus.HELD_OUT}, False),
        ({"priority": 0, "due": 0}, False),
        ({"priority": 0, "due": -0.5}, True),
        ({"priority": -1, "due": -0.5}, False),
        ({"priority": 1, "due": 1, "run": RunStatus.PAUSED}, False),
        ({"priority": 1, "due": 1, "status": DeliveryStatus.STOPPED}, False),
    ],
    ids=str,
)
def test_who_goes_first(engine, situation, goes_first):
    with database.writing(engine) as connection:
        who = world.customer(connection, "k")
        mine, other = begin(connection, "mine"), begin(connection, "other", situation["priority"])
        due_at = NOW + DAY * situation["due"]
        letter(connection, mine, who)
        if situation.get("as_recipient"):
            recipient(connection, other, who, situation.get("recipient", RecipientStatus.ACTIVE), due_at)
        else:
            letter(connection, other, who, situation.get("status", DeliveryStatus.PLANNED), due_at)
        connection.execute(update(campaign_runs).where(campaign_runs.c.id == other.id).values(status=situation.get("run", RunStatus.ACTIVE)))
        found = contact_log.rivals(connection, mine.id, {who: NOW}, NOW, DAY * 3)
    assert found == ({who: Rival("other", due_at)} if goes_first else {})


def test_of_two_campaigns_one_always_goes_first(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "k")
        both = [begin(connection, name) for name in ("c", "d")]
        for run in both:
            letter(connection, run, who)
        waiting = [run.campaign for run in both if contact_log.rivals(connection, run.id, {who: NOW}, NOW, DAY)]
    assert waiting == ["d"], "of equals that are due at once, the run that began first"


def test_of_two_letters_to_one_customer_in_a_group_only_the_first_goes(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "k")
        letter(connection, begin(connection, "c"), who)
        run = begin(connection, "d")
        letter(connection, run, who)
        first = claim(connection, run)[0]
        twice = [(first, TERMS), (replace(first, id=first.id + 1), TERMS)]
        late = turns.late(connection, date(2027, 1, 31), twice, NOW)
    assert set(late) == {first.id + 1}
    assert isinstance(late[first.id + 1], Postpone)
    assert late[first.id + 1].reason is Reason.CAPPED


CAMPAIGNS, CUSTOMERS = 6, 5


def test_however_many_campaigns_want_a_customer_at_once_the_cap_holds(engine):
    """Workers of six campaigns, each in a thread with a connection of its own, hand over to the same customers in the same moment; cap 1."""
    with database.writing(engine) as connection:
        people = [world.customer(connection, f"k{number}") for number in range(CUSTOMERS)]
        started = [begin(connection, f"c{number}") for number in range(CAMPAIGNS)]
        for run in started:
            for who in people:
                recipient(connection, run, who)
                letter(connection, run, who)
        claimed = {run.id: claim(connection, run, f"w{run.id}") for run in started}
    assert all(len(each) == CUSTOMERS for each in claimed.values())
    together = Barrier(CAMPAIGNS)

    def hand_over(run):
        mine = claimed[run.id] if run.id % 2 else claimed[run.id][::-1]  # in opposite orders, as deadlocks like it
        together.wait()
        with database.writing(engine) as connection:
            late = turns.late(connection, date(2027, 1, 31), [(each, TERMS) for each in mine], NOW)
            rows = [{"id": each.id, "channel": "email", "letter": "x", "message_id": "", "cost_micros": 0} for each in mine if each.id not in late]
            return deliveries.record_hand_over(connection, rows, worker=f"w{run.id}", now=NOW, lease=LEASE)

    with ThreadPoolExecutor(CAMPAIGNS) as pool:
        handed = [delivery for mine in pool.map(hand_over, started) for delivery in mine]
    with database.reading(engine) as connection:
        left = connection.execute(select(table.c.customer_id).where(table.c.status == DeliveryStatus.HANDED_OVER)).scalars().all()
    assert sorted(left) == people
    assert len(handed) == CUSTOMERS


def test_an_import_that_holds_the_customers_rows_holds_up_no_letter(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: letters wait for it")
    with database.writing(engine) as connection:
        who = world.customer(connection, "k")
        run = begin(connection, "c")
        recipient(connection, run, who)
        letter(connection, run, who)
        claimed = claim(connection, run)
    with database.writing(engine) as importing:
        importing.execute(update(customers).values(city="Lviv"))
        with database.writing(engine) as connection:
            assert turns.late(connection, date(2027, 1, 31), [(claimed[0], TERMS)], NOW) == {}

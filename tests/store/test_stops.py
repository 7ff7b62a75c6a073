"""Orders and the black list end journeys at once, and by the same rule as the last check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.store import world
from winback.model import ChannelName, DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.operations import stopping
from winback.store import candidates, database, deliveries, enrolling, events, runs, stops_due
from winback.store.deliveries import Outcome
from winback.store.tables import customers, recipients
from winback.store.tables import deliveries as table

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
KNOWN = datetime(2025, 5, 11, 12, 0, 0, 123456, tzinfo=UTC)  # the last order that the decision knew of; to the microsecond
LEASE = timedelta(minutes=5)


def enrol(connection, run, who, status=RecipientStatus.ACTIVE, known=KNOWN):
    facts = {"last_order_at": known and known.isoformat()}
    row = {
        "run_id": run.id,
        "customer_id": who,
        "status": status,
        "arm": "a",
        "facts": facts,
        "assigned_at": NOW,
        "next_stage": 0,
        "next_due_at": NOW,
    }
    enrolling.enrol(connection, [row])


def queue(connection, run, who):
    row = {"run_id": run.id, "stage": "one", "customer_id": who, "tactic": "a", "locale": "uk", "status": DeliveryStatus.PLANNED, "due_at": NOW}
    deliveries.plan(connection, [row])


def begin(connection, campaign="c", stop_when=("ordered", "replied")):
    return runs.start(connection, campaign, number=1, salt="s", plan={"stop_when": list(stop_when)}, now=NOW)


def standing(engine):
    with database.reading(engine) as connection:
        rows = connection.execute(select(customers.c.key, recipients.c.status, recipients.c.reason).join(customers).order_by(customers.c.key))
        return {key: f"{status}: {reason}" if reason else status for key, status, reason in rows}


ORDERS = {  # when somebody ordered, and whether that ends the journey of somebody whose last known order is KNOWN, or unknown
    "the order that was known": (KNOWN, False, False),
    "a microsecond later": (KNOWN + timedelta(microseconds=1), True, False),
    "long before": (KNOWN - timedelta(days=90), False, False),
    "between the two": (NOW - timedelta(hours=3), True, False),
    "after the decision": (NOW + timedelta(hours=1), True, True),
    "later than now": (NOW + timedelta(hours=3), False, False),
}


@pytest.mark.parametrize("situation", ORDERS)
@pytest.mark.parametrize("known", [KNOWN, KNOWN.replace(microsecond=0), None], ids=["to the microsecond", "to the second", "nothing known"])
def test_an_order_ends_a_journey_when_it_would_at_the_claim(engine, situation, known):
    moment, ends, ends_unknown = ORDERS[situation]
    moment = moment.replace(microsecond=0) if known == KNOWN.replace(microsecond=0) and moment == KNOWN else moment
    later = NOW + timedelta(hours=2)
    with database.writing(engine) as connection:
        who = world.customer(connection, "k")
        world.order(connection, who, moment)
        run = begin(connection)
        enrol(connection, run, who, known=known)
    with database.reading(engine) as connection:
        row = connection.execute(select(recipients)).one()
        at_the_claim = candidates.since(connection, [row], later)[who].purchases > 0
    assert stopping.stop(engine, now=later) == (ends if known else ends_unknown) == at_the_claim


def test_what_was_planned_stops_with_the_journey_and_the_holdout_stays(engine):
    with database.writing(engine) as connection:
        stops_on_orders, goes_on = begin(connection), begin(connection, "d", stop_when=())
        people = {key: world.customer(connection, key) for key in ("free gift", "held out", "listed", "ordered", "ordered, not asked", "silent")}
        for key, who in people.items():
            run = goes_on if key == "ordered, not asked" else stops_on_orders
            enrol(connection, run, who, RecipientStatus.HELD_OUT if key == "held out" else RecipientStatus.ACTIVE)
            if key != "held out":
                queue(connection, run, who)
        for key in ("held out", "ordered", "ordered, not asked"):
            world.order(connection, people[key], NOW + timedelta(hours=1))
        world.order(connection, people["free gift"], NOW + timedelta(hours=1), 0)
        connection.execute(update(customers).where(customers.c.key == "listed").values(black_list="debtor"))
        runs.change_status(connection, stops_on_orders.id, RunStatus.PAUSED, NOW)
    assert stopping.stop(engine, now=NOW + timedelta(hours=2)) == 2
    assert standing(engine) == {
        "free gift": "active",
        "held out": "held_out",
        "listed": "stopped: black-listed",
        "ordered": "stopped: ordered",
        "ordered, not asked": "active",
        "silent": "active",
    }
    with database.reading(engine) as connection:
        rows = connection.execute(select(customers.c.key, table.c.status, table.c.reason).join(customers)).all()
        due = connection.execute(select(recipients.c.next_due_at).where(recipients.c.status == RecipientStatus.STOPPED)).scalars().all()
    stopped = {key: reason for key, status, reason in rows if status == DeliveryStatus.STOPPED}
    assert stopped == {"ordered": "ordered", "listed": "black-listed"}
    assert due == [None, None]
    assert stopping.stop(engine, now=NOW + timedelta(hours=3)) == 0


def test_a_run_that_is_over_is_left_as_it_is(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "k", black_list="debtor")
        run = begin(connection)
        enrol(connection, run, who)
        runs.change_status(connection, run.id, RunStatus.FINISHED, NOW)
    assert stopping.stop(engine, now=NOW) == 0


@pytest.mark.parametrize("wish", ["an order", "the black list", "unsubscribing"])
def test_a_wish_between_claim_and_hand_over_is_respected(engine, wish):
    with database.writing(engine) as connection:
        run = begin(connection)
        who = world.customer(connection, "k")
        world.reach(connection, who, ChannelName.EMAIL)
        enrol(connection, run, who)
        queue(connection, run, who)
        claimed = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=1)
    with database.writing(engine) as connection:
        if wish == "unsubscribing":
            events.stop(connection, who, Reason.UNSUBSCRIBED, NOW)
        elif wish == "an order":
            world.order(connection, who, NOW + timedelta(seconds=1))
        else:
            connection.execute(update(customers).values(black_list="debtor"))
    stopping.stop(engine, now=NOW + timedelta(seconds=2))
    row = {"id": claimed[0].id, "channel": "email", "letter": "x", "message_id": "", "cost_micros": 0}
    with database.writing(engine) as connection:
        assert deliveries.record_hand_over(connection, [row], worker="w", now=NOW, lease=LEASE) == set()
        deliveries.release(connection, run.id, worker="w")
        deliveries.stop_those_of_ended(connection, [claimed[0].id])
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.STOPPED): 1}


def test_unsubscribing_stops_the_planned_letters_of_every_campaign_at_once(engine):
    with database.writing(engine) as connection:
        who, other = world.customer(connection, "k"), world.customer(connection, "other")
        for name in ("c", "d"):
            run = begin(connection, name)
            for each in (who, other):
                enrol(connection, run, each)
                queue(connection, run, each)
        assert events.stop(connection, who, Reason.UNSUBSCRIBED, NOW) == 2
        rows = connection.execute(select(table.c.customer_id, table.c.status).order_by(table.c.id)).all()
    assert rows == [(who, "stopped"), (other, "planned")] * 2


def test_journeys_that_a_worker_holds_are_passed_over_and_nobody_waits(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: there is nobody to wait for")
    with database.writing(engine) as connection:
        run = begin(connection)
        people = [world.customer(connection, f"k{number}", black_list="debtor") for number in range(3)]
        for who in people:
            enrol(connection, run, who)
    with database.writing(engine) as worker:
        worker.execute(select(recipients).where(recipients.c.customer_id == people[1]).with_for_update())
        assert stopping.stop(engine, now=NOW) == 2
    assert stopping.stop(engine, now=NOW) == 1


def test_what_a_dead_worker_left_in_a_cancelled_run_is_settled_by_whoever_comes_by(engine):
    """No worker comes to a cancelled run any more, and what may have left must be seen."""
    with database.writing(engine) as connection:
        run = begin(connection)
        for key in ("given back", "claimed", "handed over"):
            who = world.customer(connection, key)
            enrol(connection, run, who)
            queue(connection, run, who)
        first, _claimed, third = deliveries.claim(connection, run.id, worker="dead", now=NOW, lease=LEASE, limit=3)
        row = {"id": third.id, "channel": "email", "letter": "x", "message_id": "<x>", "cost_micros": 0}
        deliveries.record_hand_over(connection, [row], worker="dead", now=NOW, lease=LEASE)
        deliveries.record(connection, [Outcome(first.id, DeliveryStatus.PLANNED, due_at=NOW)], worker="dead")
        runs.change_status(connection, run.id, RunStatus.CANCELLED, NOW)
        connection.execute(update(table).where(table.c.id == first.id).values(status=DeliveryStatus.PLANNED))  # released after it was cancelled

    def letters():
        with database.reading(engine) as connection:
            return connection.execute(select(table.c.status, table.c.reason).order_by(table.c.id)).all()

    stopping.stop(engine, now=NOW + LEASE)
    assert letters() == [("stopped", "cancelled"), ("claimed", ""), ("handed_over", "")], "its lease still lasts"
    stopping.stop(engine, now=NOW + LEASE * 2)
    assert letters() == [("stopped", "cancelled"), ("stopped", "cancelled"), ("uncertain", "no-answer")]
    with database.writing(engine) as connection:
        assert deliveries.record(connection, [Outcome(third.id, DeliveryStatus.SENT, sent_at=NOW)], worker="dead") == set()
    assert letters()[2].status == "sent", "its late answer is taken"


def test_nobody_looks_again_until_something_comes_in_or_comes_true(engine):
    hour = timedelta(hours=1)
    with database.writing(engine) as connection:
        one, two, three = (world.customer(connection, key) for key in "abc")
        run = begin(connection)
        enrol(connection, run, one)
        world.order(connection, two, NOW + 5 * hour)  # as a shop writes down what is booked ahead
    assert is_due(engine, NOW + hour), "a recipient came in"
    assert stopping.stop_if_due(engine, now=NOW + hour) == 0
    assert not is_due(engine, NOW + 2 * hour)
    with database.writing(engine) as connection:
        enrol(connection, run, two)
    assert stopping.stop_if_due(engine, now=NOW + 2 * hour) == 0
    assert not is_due(engine, NOW + 2 * hour)
    assert is_due(engine, NOW + 6 * hour), "the order lay ahead, and may be true by now"
    assert stopping.stop_if_due(engine, now=NOW + 6 * hour) == 1
    assert not is_due(engine, NOW + 7 * hour)
    assert not is_due(engine, NOW), "a clock that goes back brings nothing in"
    with database.writing(engine) as connection:
        enrol(connection, run, three)
        world.order(connection, one, NOW + 3 * hour)
    assert stopping.stop_if_due(engine, now=NOW + 7 * hour) == 1
    assert not is_due(engine, NOW + 8 * hour)


def test_an_import_that_is_under_way_is_looked_for_again(engine):
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer: nobody looks while an import is under way")
    with database.writing(engine) as connection:
        who = world.customer(connection, "a")
        enrol(connection, begin(connection), who)
    stopping.stop(engine, now=NOW)
    with database.writing(engine) as under_way:
        stops_due.note(under_way)
        world.order(under_way, who, NOW + timedelta(hours=1))
        assert stopping.stop(engine, now=NOW + timedelta(hours=2)) == 0, "its orders can't be seen yet"
    assert stopping.stop_if_due(engine, now=NOW + timedelta(hours=2)) == 1


def is_due(engine, now) -> bool:
    with database.reading(engine) as connection:
        return stops_due.is_due(connection, now)

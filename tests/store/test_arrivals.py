"""Orders that come in are added to facts; whatever happens to them before or after, facts are what a rebuild makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, insert, select, update

from tests.store import world
from winback.model import DeliveryStatus, EventKind, FeedbackKind, OrderStatus, RunStatus, Verdict
from winback.store import counting, database, facts, merging, persons, refreshing
from winback.store.as_of import EVER, AsOf
from winback.store.tables import campaign_runs, customers, deliveries, events, facts_due, facts_state, feedback, inquiries, orders, touches
from winback.store.tables import facts as stored

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
RATES = {"EUR": Decimal("45.20")}
AS_OF, OF_ALL = AsOf(NOW, "Europe/Kyiv", "UAH", RATES), AsOf(EVER, "Europe/Kyiv", "UAH", RATES)
WORLD = (stored, facts_due, facts_state, events, deliveries, campaign_runs, orders, inquiries, touches, feedback, customers)
PEOPLE = 5
FUTURE = datetime(2028, 1, 1)  # drawn without a zone, read as UTC
NOON = datetime(2026, 3, 1, 12)  # as above


def kept(connection: Connection) -> dict[int, dict[str, Any]]:
    return {row.customer_id: dict(row._mapping) for row in connection.execute(select(stored))}


def counted(connection: Connection) -> dict[int, dict[str, Any]]:
    rows = counting.relation(OF_ALL, connection.dialect.name)
    return {row.customer_id: dict(row._mapping) for row in connection.execute(select(rows))}


def came_in(connection: Connection, who: int, moment: datetime | str, amount: float, **values: Any) -> None:
    """An order, noted as an import notes it."""
    world.order(connection, who, moment, amount, **values)
    newest = select(orders.c.id).order_by(orders.c.id.desc()).limit(1).scalar_subquery()
    refreshing.arrived(connection, select(orders.c.customer_id, orders.c.id).where(orders.c.id == newest))


@pytest.fixture
def anna(engine) -> int:
    with database.writing(engine) as connection:
        who = world.customer(connection, "anna")
        _others(connection)
        for day in ("2025-01-10", "2025-02-10", "2025-04-10"):
            world.order(connection, who, day, 100, margin_minor=1000)
        connection.execute(insert(inquiries), [{"key": day, "customer_id": who, "inquired_at": at(day)} for day in ("2025-05-01", "2025-07-01")])
        connection.execute(insert(touches), [{"key": day, "customer_id": who, "touched_at": at(day)} for day in ("2025-05-02", "2025-07-02")])
        refreshing.refresh(connection, AS_OF)
    return who


def _others(connection: Connection) -> None:
    """So many that a handful of customers are few: where most are due, everybody is counted."""
    for number in range(30):
        world.customer(connection, f"other-{number}")


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


CASES = {
    "after all others": [("2025-06-01", 70, {"code": "TEA", "margin_minor": 5})],
    "after all that happened": [("2025-09-01", 70, {})],
    "before all others": [("2024-06-01", 70, {})],
    "in between": [("2025-03-01", 70, {})],
    "at the same moment": [("2025-04-10", 70, {"key": "again"})],
    "twice at one new moment": [("2025-08-01", 70, {"key": "one"}), ("2025-08-01", 80, {"key": "two"})],
    "later on the last day": [("2025-04-10 18:00", 70, {})],
    "tomorrow": [("2027-01-01", 70, {})],
    "in a currency with a rate": [("2025-06-01", 70, {"currency": "EUR"})],
    "in a currency without one": [("2025-06-01", 70, {"currency": "USD", "margin_minor": 900})],
    "in two currencies": [("2025-06-01", 70, {"currency": "USD"}), ("2025-06-02", 70, {"currency": "EUR"})],
    "brought back": [("2025-06-01", -70, {"status": OrderStatus.RETURNED, "margin_minor": -10})],
    "bought, brought back": [("2025-06-01", 70, {}), ("2025-06-02", -70, {"status": OrderStatus.RETURNED})],
    "brought back tomorrow": [("2027-01-01", -70, {"status": OrderStatus.RETURNED})],
    "cancelled": [("2025-06-01", 70, {"status": OrderStatus.CANCELLED})],
    "a gift": [("2025-06-01", 0, {})],
}


@pytest.mark.parametrize("case", CASES)
def test_an_order_that_came_in_makes_the_facts_that_counting_makes(engine, anna, case):
    with database.writing(engine) as connection:
        for moment, amount, values in CASES[case]:
            came_in(connection, anna, moment, amount, **values)
        refreshing.refresh(connection, AS_OF)
        assert kept(connection) == counted(connection)
        moments = [at(moment) for moment, amount, values in CASES[case] if amount and values.get("status") != OrderStatus.CANCELLED]
        state = facts.read_state(connection)
        assert state is not None
        assert state.known_until == max([at("2025-07-02"), *moments])


@pytest.mark.parametrize("currency", ["UAH", "EUR", "USD"])
def test_a_first_order_that_came_in_makes_the_facts_that_counting_makes(engine, currency):
    with database.writing(engine) as connection:
        _others(connection)
        who = world.customer(connection, "new")
        connection.execute(insert(inquiries).values(key="i", customer_id=who, inquired_at=at("2025-07-01")))
        refreshing.refresh(connection, AS_OF)
        came_in(connection, who, "2025-06-01", 70, currency=currency)
        refreshing.refresh(connection, AS_OF)
        assert kept(connection) == counted(connection)


def test_an_order_that_came_in_is_added_and_older_ones_are_not_counted_again(engine, anna):
    with database.writing(engine) as connection:
        connection.execute(update(stored).where(stored.c.customer_id == anna).values(orders=40, inquiries=50))
        came_in(connection, anna, "2025-06-01", 70)
        refreshing.refresh(connection, AS_OF)
        assert (kept(connection)[anna]["orders"], kept(connection)[anna]["inquiries"]) == (41, 50)
        came_in(connection, anna, "2025-06-02", 70)
        refreshing.due(connection, [anna])
        refreshing.refresh(connection, AS_OF)
        assert kept(connection) == counted(connection)


@dataclass(frozen=True)
class Step:
    """Something that happens: to whom or to which order, when, and how much."""

    what: str
    who: int
    moment: datetime
    amount: int

    @property
    def currency(self) -> str:
        return ("UAH", "UAH", "EUR", "USD")[self.amount % 4]


WORDS = ["order"] * 6 + ["return", "cancelled", "changed", "deleted", "moved", "merged", "new", "inquiry", "touch", "letter", "click", "complaint"]
moments = st.datetimes(datetime(2024, 1, 1), FUTURE) | st.sampled_from([NOON, NOON + timedelta(hours=1), NOON + timedelta(days=1)])
steps = st.lists(st.builds(Step, st.sampled_from([*WORDS, "refresh", "refresh"]), st.integers(0, 99), moments, st.integers(0, 400)), max_size=40)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps)
def test_whatever_happens_facts_with_orders_added_are_those_of_a_rebuild(engine, happening):
    with database.writing(engine) as connection:
        for table in WORLD:
            connection.execute(delete(table))
        ids = [world.customer(connection, f"k{number}") for number in range(PEOPLE)]
        _others(connection)
        refreshing.rebuild(connection, AS_OF)
        run = _run(connection)
        for number, step in enumerate(happening):
            _happen(connection, ids, run, step, f"x{number}")
        refreshing.refresh(connection, AS_OF)
        bit_by_bit, then = kept(connection), facts.read_state(connection)
        assert bit_by_bit == counted(connection)
        refreshing.rebuild(connection, AS_OF)
        assert kept(connection) == bit_by_bit
        anew = facts.read_state(connection)
        assert then is not None
        assert anew is not None
        assert then.known_until >= anew.known_until


def _happen(connection: Connection, ids: list[int], run: int, step: Step, key: str) -> None:
    moment, who = step.moment.replace(tzinfo=UTC), _person(connection, ids[step.who % len(ids)])
    known = connection.execute(select(orders.c.id, orders.c.customer_id).order_by(orders.c.id)).all()
    if step.what == "refresh":
        refreshing.refresh(connection, AS_OF)
    elif step.what in {"order", "return", "cancelled"}:
        status = {"order": OrderStatus.PLACED, "return": OrderStatus.RETURNED, "cancelled": OrderStatus.CANCELLED}[step.what]
        amount = -step.amount if step.what == "return" else step.amount
        margin = None if step.amount % 3 else step.amount
        came_in(connection, who, moment, amount, key=key, status=status, currency=step.currency, margin_minor=margin, code="TEA" * (step.amount % 2))
    elif step.what in {"changed", "deleted", "moved"} and known:
        _change_order(connection, known[step.who % len(known)], step, who)
    elif step.what == "merged":
        merging.merge(connection, who, _person(connection, ids[step.amount % len(ids)]), NOW)
    elif step.what == "new":
        ids.append(world.customer(connection, key))
        refreshing.due(connection, [ids[-1]])
    else:
        _touch(connection, who, run, step.what, moment, key)


def _person(connection: Connection, who: int) -> int:
    """Who they are by now: what is told of a record that was merged into another is that one's."""
    return connection.execute(select(persons.person_id()).where(customers.c.id == who)).scalar_one()


def _change_order(connection: Connection, order: Any, step: Step, who: int) -> None:
    refreshing.due(connection, [order.customer_id])
    the_order = orders.c.id == order.id
    if step.what == "deleted":
        connection.execute(delete(orders).where(the_order))
    elif step.what == "moved":
        connection.execute(update(orders).where(the_order).values(customer_id=who))
        refreshing.due(connection, [who])
    else:
        status = OrderStatus.CANCELLED if step.amount % 2 else OrderStatus.PLACED
        connection.execute(update(orders).where(the_order).values(amount_minor=step.amount, currency=step.currency, status=status))


def _run(connection: Connection) -> int:
    values = {"campaign": "c", "number": 1, "status": RunStatus.ACTIVE, "salt": "s", "started_at": NOW, "plan": "{}"}
    return connection.execute(insert(campaign_runs).values(values).returning(campaign_runs.c.id)).scalar_one()


def _touch(connection: Connection, who: int, run: int, what: str, moment: datetime, key: str) -> None:
    if what == "inquiry":
        connection.execute(insert(inquiries).values(key=key, customer_id=who, inquired_at=moment))
    elif what == "touch":
        connection.execute(insert(touches).values(key=key, customer_id=who, touched_at=moment))
    elif what == "letter":
        values = {"run_id": run, "stage": key, "customer_id": who, "tactic": "plain", "status": DeliveryStatus.SENT, "due_at": moment}
        connection.execute(insert(deliveries).values(values | {"sent_at": moment}))
    elif what == "click":
        values = {"dedupe_key": key, "kind": EventKind.CLICK, "customer_id": who, "happened_at": moment, "verdict": Verdict.HUMAN, "signals": {}}
        connection.execute(insert(events).values(values))
    elif what == "complaint":
        connection.execute(insert(feedback).values(key=key, customer_id=who, kind=FeedbackKind.COMPLAINT, said_at=moment))
    refreshing.due(connection, [who])


def test_an_order_that_comes_in_while_its_customer_is_counted_counts_once(engine, anna):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with database.writing(engine) as connection:
        refreshing.due(connection, [anna])

    def also(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO chosen"):
            with database.writing(engine) as importer:
                came_in(importer, anna, "2025-06-01", 70)

    with database.writing(engine) as connection:
        event.listen(connection, "after_cursor_execute", also)
        refreshing.refresh(connection, AS_OF)
    with database.writing(engine) as connection:
        assert kept(connection)[anna]["orders"] == 4
        assert connection.execute(select(facts_due.c.customer_id)).scalars().all() == [anna]
        refreshing.refresh(connection, AS_OF)
        assert kept(connection) == counted(connection)

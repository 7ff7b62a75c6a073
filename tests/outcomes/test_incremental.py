"""Measuring counts only those of whom something changed, and comes to the same as counting everybody; on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from winback.model import HOLDOUT, OrderStatus
from winback.store import database, enrolling, refreshing, tables
from winback.store.as_of import AsOf

START = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)  # when everybody is assigned


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def refresh(world, days: float = 100) -> None:
    """Facts are brought up to date, which empties their notes."""
    with database.writing(world.engine) as connection:
        refreshing.refresh(connection, AsOf(at(days), "Europe/Kyiv", "UAH"))


def kept(world) -> list[tuple]:
    """Everything of the outcomes but when they were counted."""
    t = tables.outcomes.c
    columns = [column for column in t if column.name != "measured_at"]
    with database.reading(world.engine) as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(t.run_id, t.customer_id, t.currency))]


def from_scratch(world, days: float) -> list[tuple]:
    """The outcomes as they are when nothing was ever measured before."""
    with database.writing(world.engine) as connection:
        connection.execute(delete(tables.measurings))
        connection.execute(delete(tables.outcomes))
    world.measure(days)
    return kept(world)


def counted_at(world) -> dict[int, datetime]:
    t = tables.outcomes.c
    with database.reading(world.engine) as connection:
        return dict(connection.execute(select(t.customer_id, t.measured_at)).all())


def crowd(world, count: int = 12) -> list[int]:
    """So many that a few of them are few."""
    return [world.recipient(HOLDOUT if number % 4 == 0 else "gift") for number in range(count)]


def test_only_those_of_whom_something_changed_are_counted(world):
    people = crowd(world)
    for who in people:
        world.order(who, 2)
    refresh(world, 10)
    world.measure(10)
    world.order(people[3], 11, 700)
    world.measure(12)
    assert {who for who, moment in counted_at(world).items() if moment == at(12)} == {people[3]}
    assert [row[4:6] for row in kept(world) if row[1] == people[3]] == [(2, 1700)]


@pytest.mark.parametrize("refreshed", [False, True], ids=["noted", "handed on"])
def test_a_change_is_heard_whether_or_not_facts_were_refreshed_in_between(world, refreshed):
    people = crowd(world)
    order = world.order(people[5], 4)
    world.measure(10)
    world.change(order, status=OrderStatus.CANCELLED)
    if refreshed:
        refresh(world, 10)
    assert world.measure(11) == 0
    assert kept(world) == []


def test_facts_counted_anew_for_everybody_lose_no_note(world):
    people = crowd(world)
    world.measure(10)
    world.order(people[2], 5)
    with database.writing(world.engine) as connection:
        refreshing.rebuild(connection, AsOf(at(10), "Europe/Kyiv", "UAH"))
    assert world.measure(11) == 1


def test_an_order_that_lies_in_the_future_counts_once_its_moment_has_come(world):
    people = crowd(world)
    world.order(people[1], 20)  # the shop's clock is ahead, or it takes orders for later
    assert world.measure(10) == 0
    refresh(world, 10)
    assert world.measure(15) == 0
    assert world.measure(20) == 1


def test_an_order_imported_late_counts_where_its_own_moment_lies(world):
    people = crowd(world)
    world.measure(90)  # every window is over
    world.order(people[1], 59)
    world.order(people[2], 61)
    assert world.measure(95) == 1
    assert [row[1] for row in kept(world)] == [people[1]]


def test_whoever_is_assigned_later_is_counted_with_what_had_come_in_before(world):
    crowd(world)
    world.measure(10)
    refresh(world, 10)
    late = world.recipient("gift", assigned=12)
    with database.writing(world.engine) as connection:  # known before the assignment was written down: no note was ever for this run
        connection.execute(
            tables.orders.insert().values(
                key="early bird", customer_id=late, ordered_at=at(13), amount_minor=100, currency="UAH", quantity=1, status=OrderStatus.PLACED
            )
        )
    assert world.measure(14) == 1


def test_an_assignment_as_of_an_earlier_moment_than_the_last_measuring_is_heard(world):
    crowd(world)
    world.measure(10)
    refresh(world, 10)
    who = world.recipient("gift", assigned=50)
    world.order(who, 9)
    refresh(world, 10)
    with database.writing(world.engine) as connection:
        connection.execute(delete(tables.recipients).where(tables.recipients.c.customer_id == who))
        connection.execute(delete(tables.outcomes_due))
        row = {"run_id": world.run_id, "customer_id": who, "status": "active", "arm": "gift", "facts": {}, "assigned_at": at(8)}
        enrolling.enrol(connection, [row])
    assert world.measure(11) == 1


def test_an_earlier_moment_and_another_window_are_other_questions(world):
    people = crowd(world)
    for day, who in enumerate(people):
        world.order(who, day + 0.5)
    assert world.measure(20) == 12
    assert world.measure(4) == 4
    assert world.measure(20) == 12
    assert world.measure(20, window=timedelta(days=6)) == 6
    assert world.measure(20) == 12


def test_another_run_of_the_same_people_keeps_its_own_notes(world):
    people, first = crowd(world), world.run_id
    second = world.run("autumn", 1)
    for who in people:
        world.assign(who, "gift", run_id=second, assigned=1)
    world.measure(10)
    world.run_id = second
    world.measure(10)
    world.order(people[0], 5)
    refresh(world, 10)
    assert world.measure(11) == 1
    world.run_id = first
    assert world.measure(11) == 1


def _happens(dice: random.Random, world, people: list[int], placed: list[int], day: float) -> None:
    match dice.randrange(6):
        case 0 | 1 | 2:
            who, when = dice.choice(people), day - dice.uniform(-8, 30)
            status = dice.choice([OrderStatus.PLACED, OrderStatus.PLACED, OrderStatus.RETURNED])
            amount = dice.randrange(1, 900) * (-1 if status == OrderStatus.RETURNED else 1)
            placed.append(world.order(who, when, amount, status=status, currency=dice.choice(["UAH", "UAH", "USD"])))
        case 3 if placed:
            world.change(dice.choice(placed), status=dice.choice([OrderStatus.PLACED, OrderStatus.CANCELLED]))
        case 4:
            people.append(world.recipient("gift", assigned=day - dice.random()))
        case _:
            refresh(world, day)


@pytest.mark.parametrize("seed", range(3))
def test_day_by_day_comes_to_the_same_as_from_scratch(world, seed):
    dice, placed, people = random.Random(seed), list[int](), crowd(world, 30)
    day = 0.0
    for _ in range(12):
        day += dice.uniform(0.2, 8)
        for _ in range(dice.randrange(4)):
            _happens(dice, world, people, placed, day)
        world.measure(day)
    bit_by_bit = kept(world)
    assert any(row[4] for row in bit_by_bit), "nobody ordered: the dice prove nothing"
    assert bit_by_bit == from_scratch(world, day)


def test_a_merge_moves_the_outcome_to_who_stays(world):
    people = crowd(world)
    order = world.order(people[1], 5)
    world.measure(10)
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.orders).where(tables.orders.c.id == order).values(customer_id=people[2]))
        refreshing.due(connection, people[1:3])
    assert world.measure(10) == 1
    assert [row[1] for row in kept(world)] == [people[2]]

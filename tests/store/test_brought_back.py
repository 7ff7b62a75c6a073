from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.store.world import customer, order
from winback.audience import orders as told
from winback.model import OrderStatus
from winback.store import brought_back, database
from winback.store.tables import customers

DAY = "2026-11-01"


@pytest.fixture
def connection(engine):
    with database.writing(engine) as connection:
        yield connection


def of(connection, *keys: str):
    return brought_back.overdrawn(connection, select(customers.c.id).where(customers.c.key.in_(keys)))


def test_customers_who_brought_back_more_than_they_bought_are_counted_and_one_is_named(connection):
    for key, rows in {
        "even": [(100, "placed"), (-100, "returned")],
        "owing": [(100, "placed"), (-150, "returned")],
        "only-back": [(-1, "returned")],
        "bought": [(100, "placed")],
        "cancelled": [(100, "cancelled"), (-1, "returned")],
        "cancelled-refund": [(1, "placed"), (-100, "cancelled")],
    }.items():
        who = customer(connection, key)
        for amount, status in rows:
            order(connection, who, DAY, amount, status=OrderStatus(status))
    assert of(connection, "even", "owing", "only-back", "bought", "cancelled", "cancelled-refund") == (3, "cancelled")
    assert of(connection, "owing") == (1, "owing")
    assert of(connection, "even", "bought", "cancelled-refund") == (0, "")
    assert of(connection) == (0, "")


def test_another_currency_makes_up_for_nothing_and_counts_a_customer_once(connection):
    who = customer(connection, "A")
    order(connection, who, DAY, 1000)
    order(connection, who, DAY, -5, currency="USD", status=OrderStatus.RETURNED)
    order(connection, who, DAY, -6, currency="EUR", status=OrderStatus.RETURNED)
    assert of(connection, "A") == (1, "A")


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (0, ""),
        (1, "1 customer has more brought back than bought, for example `A`. Their purchases may lie in another file"),
        (1234, "1,234 customers have more brought back than bought, for example `A`."),
    ],
)
def test_the_report_says_for_how_many(count, sentence):
    assert told.told_overdrawn(count, "A").startswith(sentence)
    assert bool(told.told_overdrawn(count, "A")) == bool(sentence)

"""Days with a purchase, from both databases, against plain Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from tests.store import world
from winback import clock
from winback.model import OrderStatus
from winback.store import database, purchases, refreshing
from winback.store.as_of import AsOf
from winback.store.tables import customers, facts, facts_due, orders

KYIV = ZoneInfo("Europe/Kyiv")
NOW = clock.end_of_day(date(2026, 11, 23), KYIV)
AS_OF = AsOf(NOW, "Europe/Kyiv", "UAH")


def pairs(connection, as_of=AS_OF, ids=None) -> list[tuple[int, str]]:
    found = purchases.days(connection, as_of, ids=ids)
    return [(who, date.fromordinal(day).isoformat()) for who, day in zip(found.customer.tolist(), found.day.tolist(), strict=True)]


def test_only_purchases_that_are_known_make_a_day_and_two_on_a_day_make_one(engine):
    with database.writing(engine) as connection:
        anna, bohdan = world.customer(connection, "a"), world.customer(connection, "b")
        world.order(connection, anna, "2025-03-01 09:00", 100)
        world.order(connection, anna, "2025-03-01 18:00", 50, currency="EUR")
        world.order(connection, anna, "2025-04-01", 0)
        world.order(connection, anna, "2025-04-02", status=OrderStatus.CANCELLED)
        world.order(connection, anna, "2025-04-03", -50, status=OrderStatus.RETURNED)
        world.order(connection, anna, NOW + timedelta(microseconds=1))
        world.order(connection, bohdan, NOW)
        assert pairs(connection) == [(anna, "2025-03-01"), (bohdan, "2026-11-23")]
        assert pairs(connection, ids=[anna]) == [(anna, "2025-03-01")]
        assert pairs(connection, AsOf(datetime(2025, 3, 1, tzinfo=UTC), "Europe/Kyiv", "UAH")) == []


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-01-31 21:59:59.999999", "Europe/Kyiv", "2026-01-31"),  # the last microsecond of the day there
        ("2026-01-31 22:00:00", "Europe/Kyiv", "2026-02-01"),
        ("2026-07-31 20:59:59.999999", "Europe/Kyiv", "2026-07-31"),  # in summer the day ends an hour sooner
        ("2026-07-31 21:00:00", "Europe/Kyiv", "2026-08-01"),
        ("2026-07-31 21:00:00", "America/New_York", "2026-07-31"),
        ("1969-12-31 23:59:59.999999", "UTC", "1969-12-31"),
        ("1970-01-01 00:00:00", "UTC", "1970-01-01"),
        ("0001-01-01 12:00:00", "Europe/Kyiv", "0001-01-01"),  # what some shops write for "unknown"
        ("0001-01-01 23:00:00", "Europe/Kyiv", "0001-01-02"),
    ],
)
def test_a_purchase_belongs_to_the_shops_own_day(engine, moment, zone, day):
    with database.writing(engine) as connection:
        world.order(connection, world.customer(connection, "a"), moment, ordered_on=0)
        refreshing.rebuild(connection, AsOf(NOW, zone, "UAH"))
        assert [found for _, found in pairs(connection, AsOf(NOW, zone, "UAH"))] == [day]


moments = st.lists(st.tuples(st.integers(0, 3), st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 1))), max_size=15)
zones = st.sampled_from(["UTC", "Europe/Kyiv", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moments, zones)
def test_days_are_those_that_the_calendar_of_python_says(engine, moments, zone):
    with database.writing(engine) as connection:
        for table in (facts, facts_due, orders, customers):
            connection.execute(delete(table))
        ids = [world.customer(connection, f"k{number}") for number in range(4)]
        for number, (who, moment) in enumerate(moments):
            world.order(connection, ids[who], moment, key=f"o{number}")  # in the calendar of another zone
        refreshing.rebuild(connection, AsOf(NOW, "Europe/Kyiv", "UAH"))
        refreshing.refresh(connection, AsOf(NOW, zone, "UAH"))
        expected = {(ids[who], clock.local_day(moment.replace(tzinfo=UTC), ZoneInfo(zone)).isoformat()) for who, moment in moments}
        assert pairs(connection, AsOf(NOW, zone, "UAH")) == sorted(expected)


def test_customers_are_the_ids_that_a_statement_finds(engine):
    with database.writing(engine) as connection:
        ids = [world.customer(connection, key) for key in ("a", "b", "c")]
        assert sorted(purchases.customers(connection, select(customers.c.id).where(customers.c.key != "b")).tolist()) == [ids[0], ids[2]]
        assert purchases.customers(connection, select(customers.c.id).where(customers.c.key == "nobody")).tolist() == []

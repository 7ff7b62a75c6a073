"""How many customers have an occasion, counted by SQLite and by PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.store import world
from winback.model import OrderStatus
from winback.store import database, occasions, refreshing
from winback.store.as_of import AsOf

KYIV = ZoneInfo("Europe/Kyiv")
ALWAYS = [(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))]


@pytest.fixture
def people(engine):
    with database.writing(engine) as connection:
        olena = world.customer(connection, "olena", country="UA", sex="f", birthday=date(1980, 2, 29), favourite_day="05-19")
        ivan = world.customer(connection, "ivan", country="UA", sex="m", birthday=date(1990, 3, 1), favourite_day="05-19")
        ioana = world.customer(connection, "ioana", country="RO", sex="f", birthday=date(1975, 3, 1))
        world.customer(connection, "nobody-knows", favourite_day="10-01")
        world.customer(connection, "owes", country="UA", sex="f", birthday=date(1980, 3, 1), favourite_day="05-19", black_list="debt")
        world.order(connection, olena, "2025-03-07T22:30:00+00:00")  # past midnight in Kyiv
        world.order(connection, olena, "2026-01-05T10:00:00+00:00")
        world.order(connection, ivan, "2024-03-01T10:00:00+00:00", status=OrderStatus.CANCELLED)
        world.order(connection, ivan, "2024-03-02T10:00:00+00:00", 0)
        world.order(connection, ivan, "2024-04-02T10:00:00+00:00")
        world.order(connection, ioana, "2023-03-31T21:30:00+00:00")  # already April in Bucharest and in Kyiv
        refreshing.refresh(connection, AsOf(datetime(2026, 11, 1, tzinfo=UTC), "Europe/Kyiv", "UAH"))
    return engine


def test_customers_are_counted_by_country_and_sex_without_the_black_list(people):
    with database.reading(people) as connection:
        assert occasions.of_country(connection) == {("UA", "f"): 1, ("UA", "m"): 1, ("RO", "f"): 1, ("", ""): 1}


def test_birthdays_are_counted_by_their_day_of_the_year(people):
    with database.reading(people) as connection:
        assert occasions.birthdays(connection) == {("UA", 2, 29): 1, ("UA", 3, 1): 1, ("RO", 3, 1): 1}


def test_favourite_days_are_counted_where_a_card_names_one(people):
    with database.reading(people) as connection:
        assert occasions.favourite_days(connection) == {("UA", "05-19"): 2, ("", "10-01"): 1}


def test_first_orders_are_first_purchases_on_the_shops_own_days(people):
    with database.reading(people) as connection:
        assert occasions.first_orders(connection, ALWAYS, KYIV) == {
            ("UA", date(2025, 3, 8)): 1,
            ("UA", date(2024, 4, 2)): 1,
            ("RO", date(2023, 4, 1)): 1,
        }
        assert occasions.first_order_at(connection) == datetime(2023, 3, 31, 21, 30, tzinfo=UTC)


def test_only_first_orders_inside_the_stretches_are_counted(people):
    with database.reading(people) as connection:
        stretch = (datetime(2024, 4, 2, 10, tzinfo=UTC), datetime(2025, 3, 7, 22, 30, tzinfo=UTC))
        assert occasions.first_orders(connection, [stretch], KYIV) == {("UA", date(2024, 4, 2)): 1}
        assert occasions.first_orders(connection, [], KYIV) == {}


def test_a_store_without_orders_has_no_first_one(engine):
    with database.reading(engine) as connection:
        assert occasions.first_order_at(connection) is None
        assert occasions.first_orders(connection, ALWAYS, KYIV) == {}

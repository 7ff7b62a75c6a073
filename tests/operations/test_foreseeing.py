"""What is coming in a month, and for how many customers."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from tests import projects
from tests.store import world
from winback import clock
from winback.errors import ConfigError
from winback.journey import occasions
from winback.journey.greetings import Calendar, Celebrant
from winback.operations import foreseeing
from winback.store import database

MARCH = date(2027, 3, 1)
PEOPLE = [  # country, sex, birthday, favourite day, first order
    ("UA", "f", date(1980, 3, 8), "", "2024-03-20T09:00:00"),
    ("UA", "f", date(1988, 2, 29), "03-21", "2024-02-29T09:00:00"),
    ("UA", "m", date(1990, 3, 8), "02-14", "2026-11-01T09:00:00"),
    ("UA", "", None, "", None),
    ("UZ", "f", date(1970, 3, 21), "", "2027-03-05T09:00:00"),
    ("", "m", date(1970, 5, 9), "", "2020-03-31T22:30:00"),
]


@pytest.fixture
def shop(tmp_path, engine):
    with database.writing(engine) as connection:
        for number, (country, sex, birthday, favourite, ordered_at) in enumerate(PEOPLE):
            customer = world.customer(connection, f"c{number}", country=country, sex=sex, birthday=birthday, favourite_day=favourite)
            if ordered_at:
                world.order(connection, customer, ordered_at)
    return projects.make(tmp_path / "shop")


def told(month) -> dict[tuple[str, str, str], int]:
    return {(f"{each.coming.day:%m-%d}", each.coming.occasion, each.coming.country): each.customers for each in month.occasions}


def test_a_month_of_one_country_counts_everybody_for_its_holidays_and_each_for_their_own_days(shop, engine):
    month = foreseeing.foresee(shop, engine, MARCH, "UA")
    assert told(month) == {
        ("03-08", "womens-day", "UA"): 2,
        ("03-08", "birthday", "UA"): 2,
        ("03-20", "anniversary", "UA"): 1,
        ("03-21", "favourite-day", "UA"): 1,
    }
    assert month.customers == {"UA": 4}
    assert month.silences == ()


def test_a_month_of_all_countries_takes_those_that_have_customers(shop, engine):
    month = foreseeing.foresee(shop, engine, MARCH, None)
    assert month.customers == {"": 1, "UA": 4, "UZ": 1}
    found = told(month)
    assert found["03-09", "eid-al-fitr", "UZ"] == 1
    assert found["03-21", "birthday", "UZ"] == 1
    assert ("03-05", "anniversary", "UZ") not in found
    assert not [key for key in found if key[2] == "RO"]


@pytest.mark.parametrize(("leap_day", "shown"), [("02-28", date(2027, 2, 28)), ("03-01", date(2027, 3, 1))])
def test_29_february_is_counted_on_the_day_that_the_shop_keeps(tmp_path, shop, engine, leap_day, shown):
    projects.edit(shop.config("occasions.yaml"), "leap_day: 02-28", f"leap_day: {leap_day}")
    found = told(foreseeing.foresee(shop, engine, shown.replace(day=1), "UA"))
    assert found[f"{shown:%m-%d}", "birthday", "UA"] == 1
    assert found[f"{shown:%m-%d}", "anniversary", "UA"] == 1


def test_silent_and_estimated_days_are_shown_as_such(shop, engine):
    may = foreseeing.foresee(shop, engine, date(2027, 5, 1), None)
    rows = {(row["occasion"], row["country"]): row for row in may.as_json()["occasions"]}
    assert (rows["mothers-day", "UA"]["greeted"], rows["mothers-day", "UA"]["because"]) == (False, "the Soviet Victory Day")
    assert rows["eid-al-adha", "UZ"]["estimated"]
    assert not rows["birthday", ""]["greeted"]
    assert {"day": "2027-05-18", "country": "UA", "because": "Remembrance Day of the Crimean Tatar Genocide"} in may.as_json()["no_greetings"]


def test_a_country_that_nobody_lives_in_is_asked_about_its_holidays_all_the_same(shop, engine):
    month = foreseeing.foresee(shop, engine, MARCH, "GB")
    assert told(month) == {("03-07", "mothers-day", "GB"): 0, ("03-28", "easter", "GB"): 0}
    assert month.customers == {"GB": 0}


@pytest.mark.parametrize(
    ("country", "how"), [("UAA", "Did you mean `UA`?"), ("FR", "Countries: GB, KZ, MD, MN, RO, RU, UA, US, UZ."), ("Ukraine", "Countries: GB")]
)
def test_a_country_that_nobody_knows_is_refused_with_those_that_are(shop, engine, country, how):
    with pytest.raises(ConfigError) as refused:
        foreseeing.foresee(shop, engine, MARCH, country)
    assert f"there are no customers in `{country}`, and config/occasions.yaml doesn't know it. {how}" in str(refused.value)


def test_the_months_of_a_year_count_every_day_of_every_customers_own_once(shop, engine):
    counted = Counter()
    for number in range(1, 13):
        for each in foreseeing.foresee(shop, engine, date(2027, number, 1), None).occasions:
            if each.coming.kind in {"birthday", "anniversary", "favourite-day"}:
                counted[each.coming.kind, each.coming.day, each.coming.country] += each.customers
    calendar, expected = Calendar(occasions.read(shop).value), Counter()
    for country, _, birthday, favourite, ordered_at in PEOPLE:
        first = clock.local_day(clock.datetime.fromisoformat(f"{ordered_at}+00:00"), shop.zone) if ordered_at else None
        celebrant = Celebrant(country, birthday, favourite, first)
        for each in calendar.of_customer(celebrant, MARCH.replace(month=1), MARCH.replace(month=1) + timedelta(days=364)):
            expected[each.kind, each.day, each.country] += 1
    assert counted == expected

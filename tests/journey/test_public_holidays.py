"""What we take from the `holidays` package: known days of known years, and its traps."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.journey import public_holidays
from winback.journey.public_holidays import Holiday


@pytest.mark.parametrize(
    ("country", "name", "days"),
    [
        ("UA", "Easter Sunday (Pascha)", [date(2026, 4, 12), date(2027, 5, 2)]),
        ("UA", "Christmas Day", [date(2026, 12, 25), date(2027, 12, 25)]),
        ("RO", "Easter", [date(2026, 4, 12), date(2027, 5, 2)]),
        ("RO", "Unification of the Romanian Principalities Day", [date(2026, 1, 24), date(2027, 1, 24)]),
        ("RO", "National Day", [date(2026, 12, 1), date(2027, 12, 1)]),
        ("MD", "Christmas Day (by old style)", [date(2026, 1, 7), date(2027, 1, 7)]),
        ("MD", "Christmas Day (by new style)", [date(2026, 12, 25), date(2027, 12, 25)]),
        ("MN", "Lunar New Year", [date(2026, 2, 18), date(2027, 2, 7)]),
        ("MN", "National Festival and People's Revolution Anniversary", [date(2026, 7, 10), date(2027, 7, 10)]),
        ("UZ", "Nowruz", [date(2026, 3, 21), date(2027, 3, 21)]),
        ("UZ", "Eid al-Fitr", [date(2026, 3, 20), date(2027, 3, 9)]),
        ("UZ", "Teachers and Instructors Day", [date(2026, 10, 1), date(2027, 10, 1)]),
        ("RU", "New Year Holidays", [date(2026, 1, 1), date(2027, 1, 1)]),
        ("US", "Easter Sunday", [date(2026, 4, 5), date(2027, 3, 28)]),
        ("US", "Thanksgiving Day", [date(2026, 11, 26), date(2027, 11, 25)]),
        ("GB", "Boxing Day", [date(2026, 12, 26), date(2027, 12, 26)]),
    ],
)
def test_a_holiday_begins_on_its_first_day(country, name, days):
    assert [holiday.day for year in (2026, 2027) for holiday in public_holidays.beginnings(country, name, year)] == days


def test_lunar_new_year_has_three_days_and_begins_once():
    days = [holiday.day for holiday in public_holidays.in_year("MN", 2026)["Lunar New Year"]]
    assert days == [date(2026, 2, 18), date(2026, 2, 19), date(2026, 2, 20)]


def test_ukraine_has_its_holidays_though_martial_law_makes_them_working_days():
    assert len(public_holidays.in_year("UA", 2026)) == 11


def test_an_eid_comes_twice_in_a_year_of_that_kind():
    assert [holiday.day for holiday in public_holidays.beginnings("UZ", "Eid al-Fitr", 2033)] == [date(2033, 1, 2), date(2033, 12, 23)]


def test_a_day_that_the_moon_decides_is_estimated_until_a_state_has_announced_it():
    assert public_holidays.beginnings("UZ", "Eid al-Fitr", 2026) == (Holiday(date(2026, 3, 20), estimated=False),)
    assert public_holidays.beginnings("UZ", "Eid al-Fitr", 2027) == (Holiday(date(2027, 3, 9), estimated=True),)


@pytest.mark.parametrize("country", ["UA", "RU", "UZ", "KZ", "US"])
def test_moved_and_additional_days_off_are_no_holidays(country):
    words = ("observed", "substituted", "day off", "Day off")
    assert not [name for name in public_holidays.names(country) if any(word in name for word in words)]


def test_a_country_whose_holidays_are_kept_in_english_only_is_known_too():
    assert "Christmas Day" in public_holidays.names("NZ")


def test_an_unknown_country_has_no_holidays():
    assert not public_holidays.is_known("XX")
    assert public_holidays.in_year("XX", 2027) == {}
    assert public_holidays.names("XX") == frozenset()


@settings(deadline=None)
@given(st.sampled_from(["UA", "RO", "MD", "UZ", "MN", "KZ", "RU", "US", "GB"]), st.integers(2000, 2100))
def test_every_day_of_a_year_lies_in_it_and_every_holiday_begins_with_one_of_its_days(country, year):
    for name, days in public_holidays.in_year(country, year).items():
        assert {holiday.day.year for holiday in days} == {year}
        assert set(public_holidays.beginnings(country, name, year)) <= set(days)

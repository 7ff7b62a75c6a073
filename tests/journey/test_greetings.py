"""Which occasions come for a customer, when the letter leaves, and on which days nobody is greeted."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.projects import ROOT
from winback import strictyaml
from winback.journey.greetings import Calendar, Celebrant
from winback.journey.occasions import Kind, Occasions

YEAR = (date(2027, 1, 1), date(2027, 12, 31))
COUNTRIES = ["UA", "RO", "MD", "UZ", "MN", "KZ", "RU", "US", "GB", "DE", ""]
DAYS = st.dates(date(2015, 1, 1), date(2060, 12, 31))
CELEBRANTS = st.builds(
    Celebrant,
    country=st.sampled_from(COUNTRIES),
    birthday=st.none() | st.dates(date(1930, 1, 1), date(2010, 12, 31)),
    favourite_day=st.just("") | st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: f"{day:%m-%d}"),
    first_order_on=st.none() | st.dates(date(2010, 1, 1), date(2030, 12, 31)),
    sex=st.sampled_from(["f", "m", ""]),
    professional_days=st.frozensets(st.sampled_from(["teachers-day", "cooks-day", "accountants-day", "medical-workers-day"])),
)


def planned(text: str) -> Calendar:
    return Calendar(strictyaml.parse(text, Occasions, shown="config/occasions.yaml").value)


@cache
def shipped() -> Calendar:
    return planned((ROOT / "config/occasions.yaml").read_text(encoding="utf-8"))


def words(found) -> dict[str, date]:
    return {each.occasion: each.day for each in found}


def test_the_letter_of_a_birthday_leaves_two_weeks_before():
    (found,) = shipped().of_customer(Celebrant("UA", birthday=date(1980, 3, 20)), *YEAR)
    assert (found.kind, found.day, found.letter_on, found.name) == (Kind.BIRTHDAY, date(2027, 3, 20), date(2027, 3, 6), "your birthday")


@pytest.mark.parametrize(
    ("leap_day", "year", "day"),
    [
        ("02-28", 2027, date(2027, 2, 28)),
        ("02-28", 2028, date(2028, 2, 29)),
        ("02-28", 2100, date(2100, 2, 28)),
        ("03-01", 2027, date(2027, 3, 1)),
        ("03-01", 2028, date(2028, 2, 29)),
        ("03-01", 2100, date(2100, 3, 1)),
    ],
)
def test_who_was_born_on_29_february_has_a_birthday_every_year(leap_day, year, day):
    calendar = planned(f"leap_day: {leap_day}")
    (found,) = calendar.coming(Celebrant(birthday=date(1988, 2, 29)), date(year, 1, 1), date(year, 12, 31))
    assert found.day == day


def test_the_anniversary_of_a_first_order_comes_a_year_later_at_the_earliest():
    celebrant = Celebrant("RO", first_order_on=date(2026, 11, 3))
    assert planned("lead: 7 days").coming(celebrant, date(2026, 1, 1), date(2026, 12, 31)) == []
    assert words(planned("lead: 7 days").coming(celebrant, *YEAR)) == {"anniversary": date(2027, 11, 3)}


def test_a_favourite_day_is_called_by_its_name_where_the_shop_has_written_it():
    calendar = planned("favourite_day: {names: {05-19: Pioneers' Day}}")
    (pioneers,) = calendar.coming(Celebrant("MD", favourite_day="05-19"), *YEAR)
    (other,) = calendar.coming(Celebrant("MD", favourite_day="05-20"), *YEAR)
    assert (pioneers.day, pioneers.name) == (date(2027, 5, 19), "Pioneers' Day")
    assert other.name == "your favourite day"


def test_days_of_their_own_can_be_left_out():
    calendar = planned("birthday: null\nanniversary: null\nfavourite_day: null")
    assert calendar.coming(Celebrant("UA", date(1980, 3, 20), "05-19", date(2020, 3, 3)), *YEAR) == []


def test_easter_is_each_countrys_own():
    easters = {country: words(shipped().of_country(country, *YEAR)).get("easter") for country in ("UA", "RO", "MD", "GB")}
    assert easters == {"UA": date(2027, 5, 2), "RO": date(2027, 5, 2), "MD": date(2027, 5, 2), "GB": date(2027, 3, 28)}


def test_christmas_in_ukraine_is_in_december_only():
    assert [each.day for each in shipped().of_country("UA", *YEAR) if each.occasion == "christmas"] == [date(2027, 12, 25)]


def test_ukraine_never_gets_an_occasion_of_russia():
    russian = {(2, 23), (5, 9), (11, 4)}
    found = shipped().of_country("UA", date(2026, 1, 1), date(2040, 12, 31))
    assert not [each for each in found if (each.day.month, each.day.day) in russian and not each.silence]
    assert not shipped().may_greet(date(2027, 2, 23), "UA")
    assert not shipped().may_greet(date(2027, 5, 9), "UA")


def test_a_professional_day_comes_for_those_only_whose_it_is():
    assert "teachers-day" not in words(shipped().coming(Celebrant("UA"), *YEAR))
    teacher = Celebrant("UA", professional_days=frozenset({"teachers-day"}))
    found = words(shipped().coming(teacher, *YEAR))
    assert found["teachers-day"] == date(2027, 10, 3)
    assert "cooks-day" not in found


@pytest.mark.parametrize(("sex", "greeted"), [("f", True), ("m", False), ("", False)])
def test_womens_day_is_for_those_who_are_known_to_be_women(sex, greeted):
    assert ("womens-day" in words(shipped().coming(Celebrant("UA", sex=sex), *YEAR))) is greeted


def test_an_invented_day_is_for_everybody_or_for_some_countries():
    calendar = planned("invented_days:\n  coffee-day: {name: Coffee Day, day: 10-01}\n  tea-day: {name: Tea Day, day: 12-15, countries: [GB]}")
    assert words(calendar.coming(Celebrant("GB"), *YEAR)) == {"coffee-day": date(2027, 10, 1), "tea-day": date(2027, 12, 15)}
    assert words(calendar.coming(Celebrant("UA"), *YEAR)) == words(calendar.coming(Celebrant(), *YEAR)) == {"coffee-day": date(2027, 10, 1)}


def test_an_estimated_day_is_shown_and_leads_to_no_letter_until_the_state_has_confirmed_another():
    text = "holidays:\n  UZ:\n    eid: {name: Eid al-Fitr, holiday: Eid al-Fitr, lead: 3 days%s}"
    guessed, confirmed = planned(text % ""), planned(text % ", confirmed: [2027-03-10]")
    (found,) = guessed.coming(Celebrant("UZ"), *YEAR)
    assert (found.day, found.estimated, found.may_be_written) == (date(2027, 3, 9), True, False)
    assert guessed.due(Celebrant("UZ"), *YEAR) == []
    (found,) = confirmed.due(Celebrant("UZ"), *YEAR)
    assert (found.day, found.letter_on, found.estimated) == (date(2027, 3, 10), date(2027, 3, 7), False)


def test_tsagaan_sar_waits_for_the_states_word_though_the_package_is_sure():
    (next_year,) = [each for each in shipped().of_country("MN", *YEAR) if each.occasion == "tsagaan-sar"]
    (this_year,) = [each for each in shipped().of_country("MN", date(2026, 1, 1), date(2026, 12, 31)) if each.occasion == "tsagaan-sar"]
    assert (next_year.day, next_year.estimated) == (date(2027, 2, 7), True)
    assert (this_year.day, this_year.estimated) == (date(2026, 2, 18), False)


def test_nobody_is_greeted_for_a_day_of_silence_and_the_reason_is_told():
    found = {each.occasion: each for each in shipped().of_country("UA", *YEAR)}
    assert found["mothers-day"].day == date(2027, 5, 9)
    assert found["mothers-day"].silence == "the Soviet Victory Day"
    assert not found["mothers-day"].may_be_written
    assert found["fathers-day"].may_be_written


def test_a_letter_that_would_leave_on_a_day_of_silence_leaves_the_day_before():
    born = Celebrant("UA", birthday=date(1980, 5, 23))  # two weeks before is 9 May, and the day before that is silent too
    (found,) = shipped().of_customer(born, *YEAR)
    assert (found.day, found.letter_on) == (date(2027, 5, 23), date(2027, 5, 7))


def test_a_birthday_may_be_greeted_on_a_day_that_says_so():
    assert shipped().may_greet(date(2027, 2, 23), "UA", Kind.BIRTHDAY)
    assert not shipped().may_greet(date(2027, 2, 23), "UA", Kind.FAVOURITE_DAY)
    assert not shipped().may_greet(date(2027, 5, 8), "UA", Kind.BIRTHDAY)


def test_days_of_silence_are_each_countrys_own_and_everybodys_where_the_country_is_unknown():
    calendar, holodomor = shipped(), date(2027, 11, 27)
    assert calendar.silence(holodomor, "UA").because == "Holodomor Remembrance Day"
    assert calendar.may_greet(holodomor, "RO")
    assert not calendar.may_greet(holodomor, "")
    assert calendar.silence(date(2027, 5, 10), "MD").because.startswith("Memorial Easter")
    assert calendar.silence(date(2027, 5, 31), "US").because == "Memorial Day"
    assert (holodomor, "Holodomor Remembrance Day") in [(day, each.because) for day, each in calendar.silences("UA", *YEAR)]


def test_the_next_occasion_is_the_one_whose_letter_leaves_first():
    celebrant = Celebrant("GB", birthday=date(1980, 4, 10), favourite_day="04-05")
    found = shipped().next_for(celebrant, date(2027, 3, 20))
    assert (found.kind, found.letter_on) == (Kind.BIRTHDAY, date(2027, 3, 27))
    found = shipped().next_for(celebrant, date(2027, 3, 28))
    assert (found.kind, found.letter_on) == (Kind.FAVOURITE_DAY, date(2027, 4, 5))
    assert planned("lead: 7 days").next_for(Celebrant("GB"), date(2027, 3, 20)) is None


def test_a_letter_that_leaves_this_year_may_be_for_a_day_of_the_next():
    found = shipped().due(Celebrant("GB"), date(2026, 12, 1), date(2026, 12, 31))
    assert [(each.occasion, each.letter_on, each.day) for each in found] == [
        ("christmas", date(2026, 12, 11), date(2026, 12, 25)),
        ("new-year", date(2026, 12, 18), date(2027, 1, 1)),
    ]


@settings(deadline=None)
@given(CELEBRANTS, DAYS, st.integers(0, 500))
def test_every_occasion_lies_in_the_asked_days_and_comes_in_order(celebrant, first, length):
    last = first + timedelta(days=length)
    days = [each.day for each in shipped().coming(celebrant, first, last)]
    assert all(first <= day <= last for day in days)
    assert days == sorted(days)


@settings(deadline=None)
@given(CELEBRANTS, DAYS, st.integers(0, 500))
def test_nobody_is_ever_greeted_for_or_on_a_day_of_silence(celebrant, first, length):
    calendar = shipped()
    for each in calendar.due(celebrant, first, first + timedelta(days=length)):
        assert first <= each.letter_on <= first + timedelta(days=length)
        assert calendar.may_greet(each.day, celebrant.country, each.kind)
        assert calendar.may_greet(each.letter_on, celebrant.country, each.kind)
        assert not each.estimated
        assert each.letter_on <= each.day


@settings(deadline=None)
@given(CELEBRANTS, DAYS, st.integers(1, 300), st.integers(1, 300))
def test_two_stretches_of_days_have_what_the_whole_has(celebrant, first, one, other):
    calendar, middle = shipped(), first + timedelta(days=one)
    last = middle + timedelta(days=other)
    parts = calendar.coming(celebrant, first, middle - timedelta(days=1)) + calendar.coming(celebrant, middle, last)
    assert parts == calendar.coming(celebrant, first, last)
    assert len(calendar.due(celebrant, first, middle - timedelta(days=1)) + calendar.due(celebrant, middle, last)) == len(
        calendar.due(celebrant, first, last)
    )


@settings(deadline=None)
@given(CELEBRANTS, DAYS)
def test_the_next_occasion_is_due_within_a_year_and_nothing_is_due_before_it(celebrant, today):
    found = shipped().next_for(celebrant, today)
    if found is not None:
        assert today <= found.letter_on <= today + timedelta(days=366)
        assert shipped().due(celebrant, today, found.letter_on - timedelta(days=1)) == [] or found.letter_on == today

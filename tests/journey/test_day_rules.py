from __future__ import annotations

import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback import strictyaml
from winback.errors import ConfigError
from winback.journey import day_rules
from winback.journey.day_rules import DayOfYear, EveryYear, FromEaster, MonthDay, NthWeekday
from winback.strictyaml import Shape

CASES = yaml.safe_load(Path(__file__).with_name("day_rules.yaml").read_text(encoding="utf-8"))
RULES = st.one_of(
    st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: MonthDay(day.month, day.day)),
    st.builds(NthWeekday, st.sampled_from([1, 2, 3, 4, -1]), st.integers(0, 6), st.integers(1, 12)),
    st.integers(1, 365).map(DayOfYear),
    st.builds(FromEaster, st.sampled_from(["orthodox", "western"]), st.integers(-70, 200)),
)


class Day(Shape):
    day: EveryYear


def read(text: str) -> day_rules.Rule:
    return strictyaml.parse(f"day: {text}", Day, shown="occasions.yaml").value.day


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['rule']}, {case.get('leap_day', '')}")
def test_a_rule_means_these_days(case):
    rule = read(case["rule"])
    assert [day_rules.day_in(rule, day.year, case.get("leap_day", "02-28")) for day in case["days"]] == case["days"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("02-30", "day is 02-30; there is no such day in any year."),
        ("13-01", "there is no such day in any year"),
        ("5-19", "day is 5-19; there is no such day in any year. Write the month and the day, for example 02-28."),
        ("2027-05-19", "day is 2027-05-19; a day that returns every year has no year. Write 05-19."),
        ("19.05", "day is 19.05; it can't be read as a day of the year. Write for example 10-20, first sunday of october"),
        ("fifth sunday of may", "not every year has a fifth. Write last sunday of may."),
        ("first sonday of may", "`sonday` can't be read there. Did you mean `sunday`?"),
        ("frist sunday of may", "`frist` can't be read there. Did you mean `first`?"),
        ("first sunday of mai", "`mai` can't be read there. Did you mean `may`?"),
        ("366th day", "every year has days 1 to 365"),
        ("0th day", "every year has days 1 to 365"),
        ("71 days before western easter", "so far from Easter it would leave the year"),
        ("201 days after orthodox easter", "Write at most 70 days before and 200 days after."),
        ("49 days after easter", "it can't be read as a day of the year"),
        ("[05-19]", "it can't be read as a day of the year"),
    ],
)
def test_what_is_no_day_of_every_year_is_refused(text, message):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert message in str(refused.value)


@settings(deadline=None)
@given(RULES, st.integers(1900, 2200), st.sampled_from(["02-28", "03-01"]))
def test_every_rule_has_one_day_in_every_year(rule, year, leap_day):
    assert day_rules.day_in(rule, year, leap_day).year == year


@settings(deadline=None)
@given(RULES, st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 1500))
def test_the_days_between_two_days_are_all_of_them_and_no_others(rule, first, length):
    last = first + timedelta(days=length)
    found = list(day_rules.days_between(rule, first, last))
    assert all(first <= day <= last for day in found)
    assert found == [day for year in range(1989, 2110) if first <= (day := day_rules.day_in(rule, year)) <= last]


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 6), st.integers(2000, 2100))
def test_the_weekdays_of_a_month_follow_each_other_week_by_week(month, weekday, year):
    days = [day_rules.day_in(NthWeekday(nth, weekday, month), year) for nth in (1, 2, 3, 4)]
    assert days[0].day <= 7
    assert all(later - earlier == timedelta(days=7) for earlier, later in itertools.pairwise(days))
    last = day_rules.day_in(NthWeekday(-1, weekday, month), year)
    assert last.month == month
    assert (last + timedelta(days=7)).month != month


@pytest.mark.parametrize(("text", "found"), [("05-19", MonthDay(5, 19)), ("02-29", MonthDay(2, 29)), ("02-30", None), ("", None), ("5-19", None), ("00-01", None)])  # fmt: skip
def test_a_favourite_day_as_customers_cards_have_it(text, found):
    assert day_rules.month_day(text) == found

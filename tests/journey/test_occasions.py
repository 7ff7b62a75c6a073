"""config/occasions.yaml: what is shipped, and what can't be meant."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests import projects
from winback.errors import ConfigError
from winback.journey import occasions
from winback.journey.day_rules import MonthDay
from winback.journey.occasions import Occasions

FILE = "config/occasions.yaml"


def test_the_shipped_file_has_days_to_greet_on_for_every_country_that_we_know_letters_for(tmp_path):
    shipped = occasions.read(projects.make(tmp_path / "shop")).value
    assert set(shipped.holidays) == {"UA", "RO", "MD", "UZ", "MN", "KZ", "RU", "US", "GB"}
    assert all("new-year" in days for days in shipped.holidays.values())
    assert set(shipped.no_greetings) == set(shipped.holidays)


def test_every_shipped_rule_says_where_it_comes_from_and_when_somebody_looked(tmp_path):
    shipped = occasions.read(projects.make(tmp_path / "shop")).value
    days = [day for section in (shipped.holidays, shipped.professional_days) for found in section.values() for day in found.values()]
    ruled = [day for day in days if day.day is not None]
    assert len(ruled) > 10
    assert all(day.source and day.checked_on >= date(2026, 11, 1) for day in ruled)


def test_ukraines_medical_workers_have_the_day_of_2023_and_not_the_sunday_before(tmp_path):
    shipped = occasions.read(projects.make(tmp_path / "shop")).value
    assert shipped.professional_days["UA"]["medical-workers-day"].day == MonthDay(7, 27)


def test_a_project_without_the_file_knows_its_customers_own_days_only(tmp_path):
    project = projects.make(tmp_path / "shop")
    project.config("occasions.yaml").unlink()
    found = occasions.read(project).value
    assert found == Occasions()
    assert found.countries == frozenset()
    assert found.lead_of(found.birthday) == timedelta(days=14)


def test_an_occasion_leaves_by_its_own_lead_or_else_by_the_files(tmp_path):
    shipped = occasions.read(projects.make(tmp_path / "shop", (FILE, "lead: 7 days   ", "lead: 5 days   "))).value
    assert shipped.lead_of(shipped.holidays["UA"]["christmas"]) == timedelta(days=14)
    assert shipped.lead_of(shipped.holidays["UA"]["fathers-day"]) == timedelta(days=5)
    assert shipped.longest_lead() == timedelta(days=14)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("day: 07-16", "day: 02-30", "day is 02-30; there is no such day in any year."),
        ("day: 07-16, ", "", "accountants-day needs its day, once."),
        ("day: 07-16", "holiday: Christmas Day, day: 07-16", "accountants-day needs its day, once."),
        ("source: Presidential decree 662/2004, ", "", "accountants-day has a rule of its own, and doesn't say where it comes from and when somebody looked. Add `source:`"),
        ("source: Presidential decree 662/2004, checked_on: 2026-11-26", "source: Presidential decree 662/2004", "accountants-day has a rule of its own"),
        ("source: Presidential decree 662/2004", 'source: " "', "accountants-day has a rule of its own"),
        ("lead: 14 days}", "lead: 366 days}", "lead is 366 days; a letter leaves at most a year before its day. Write for example 14 days."),
        ("lead: 14 days}", "lead: 12 hours}", "lead is no whole number of days."),
        ("lead: 14 days}", "lead: soon}", "lead is soon; a duration is a whole number with its unit."),
        ("holiday: New Year's Day", "holiday: New Years Day", "UA has no holiday `New Years Day`. Did you mean `New Year's Day`?"),
        ("holiday: Teachers and Instructors Day", "holiday: Day off", "UZ has no holiday `Day off`."),
        ("  UA:\n    new-year", "  XX:\n    new-year", "nobody knows the holidays of XX. Write the day itself with `day:`."),
        ("  UA:\n    new-year", "  Ukraine:\n    new-year", "Ukraine is no country; a country is its two capital letters"),
        ("holiday: Memorial Day", "holiday: Memorial", "US has no holiday `Memorial`. Did you mean `Memorial Day`?"),
        ("    new-year: {name: New Year, holiday: New Year's Day, lead: 14 days}\n    valentines", "    New Year: {name: New Year, day: 01-01}\n    valentines", "New Year is no word for an occasion"),
        ("    new-year: {name", "    birthday: {name", "birthday is the word for a day of customers' own."),
        ("    accountants-day:", "    christmas:", "`christmas` is a holiday of UA too. Call one of them otherwise."),
        ("  coffee-day:\n", "  teachers-day:\n", "`teachers-day` is a day of a country already."),
        ("day: 12-06, lead: 10 days, source: church calendar of 2023", "day: 05-09, source: a slip", "nobody of UA is greeted on that day: the Soviet Victory Day."),
        ("leap_day: 02-28", "leap_day: 02-29", "`leap_day` is 02-29. Write one of '02-28' or '03-01'."),
        ("    02-14: Valentine's Day", "    02-30: Valentine's Day", "02-30 is a day of no year."),
        ("{day: 05-18, because: ", "{because: ", "UA keeps silent because of Remembrance Day of the Crimean Tatar Genocide, and needs that day, once."),
        ("day: 07-16,", "day: 07-16, declared_late: true,", "accountants-day has a rule of its own, and nothing to confirm."),
        ("checked_on: 2026-11-26", "checked_on: lately", "is lately; a day, as 2026-03-09 is expected."),
        ("leap_day:", "leep_day:", "`leep_day` is not known here. Did you mean `leap_day`?"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_place_and_what_to_write(tmp_path, old, new, sentence):
    project = projects.make(tmp_path / "shop", (FILE, old, new))
    with pytest.raises(ConfigError) as refused:
        occasions.read(project)
    assert sentence in str(refused.value)
    before = (projects.ROOT / FILE).read_text(encoding="utf-8")
    begins = before[: before.index(old)].count("\n") + 1
    problem = refused.value.problems[0]
    assert problem.file == FILE
    assert begins <= problem.line <= begins + old.count("\n") + 1

"""Days that return every year, as people say them: 10-20, first sunday of october, 256th day, 49 days after orthodox easter."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeAlias

from dateutil import easter
from pydantic import BeforeValidator, WithJsonSchema

from winback.strictyaml import nearest, refusal

LeapDay: TypeAlias = Literal["02-28", "03-01"]
"""When 29 February is kept in years that have none."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])
_NTHS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_EASTERS = {"orthodox": easter.EASTER_ORTHODOX, "western": easter.EASTER_WESTERN}
_MOST_BEFORE, _MOST_AFTER = 70, 200  # days from Easter that always lie in its year
_FORMS = "Write for example 10-20, first sunday of october, last friday of july, 256th day, orthodox easter, or 49 days after orthodox easter."


@dataclass(frozen=True, slots=True)
class MonthDay:
    """The same day of the same month; 29 February is allowed."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The first to fourth, or (-1) last, such weekday of a month; Monday is 0."""

    nth: int
    weekday: int
    month: int


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """Counted from 1 January, so that leap years come a day earlier from March on."""

    number: int


@dataclass(frozen=True, slots=True)
class FromEaster:
    """Days after (below zero: before) Easter Sunday of the Orthodox or the Western church."""

    church: Literal["orthodox", "western"]
    days: int


Rule: TypeAlias = MonthDay | NthWeekday | DayOfYear | FromEaster


def day_in(rule: Rule, year: int, leap_day: LeapDay = "02-28") -> date:
    """The one day of that year which the rule means. Easter by Gauss and Oudin (dateutil), in the Gregorian calendar, from 1583 on."""
    match rule:
        case MonthDay(month=2, day=29) if not calendar.isleap(year):
            return date.fromisoformat(f"{year:04d}-{leap_day}")
        case MonthDay(month=month, day=day):
            return date(year, month, day)
        case NthWeekday(nth=-1, weekday=weekday, month=month):
            last = date(year, month, calendar.monthrange(year, month)[1])
            return last - timedelta(days=(last.weekday() - weekday) % 7)
        case NthWeekday(nth=nth, weekday=weekday, month=month):
            first = date(year, month, 1)
            return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
        case DayOfYear(number=number):
            return date(year, 1, 1) + timedelta(days=number - 1)
        case FromEaster(church=church, days=days):
            sunday: date = easter.easter(year, _EASTERS[church])
            return sunday + timedelta(days=days)


def days_between(rule: Rule, first: date, last: date, leap_day: LeapDay = "02-28") -> Iterator[date]:
    """The days of the rule from `first` to `last`, both included."""
    days = (day_in(rule, year, leap_day) for year in range(first.year, last.year + 1))
    return (day for day in days if first <= day <= last)


def month_day(text: str) -> MonthDay | None:
    """A day of the year written MM-DD; None when there is no such day in any year."""
    found = re.fullmatch(r"([0-9]{2})-([0-9]{2})", text)
    if not found:
        return None
    month, day = int(found[1]), int(found[2])
    return MonthDay(month, day) if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000, month)[1] else None


def read(value: Any) -> Rule:
    """A day of the year as people write it. Raises what a shape's validator raises."""
    if isinstance(value, MonthDay | NthWeekday | DayOfYear | FromEaster):
        return value  # already read
    if isinstance(value, date):
        raise refusal(f"is {value}; a day that returns every year has no year.", f"Write {value:%m-%d}.")
    text = " ".join(str(value).lower().split())
    if re.fullmatch(r"[0-9]{1,2}-[0-9]{1,2}", text):
        return _month_day(text)
    found = _nth_weekday(text) or _day_of_year(text) or _from_easter(text)
    if found is None:
        raise refusal(f"is {value}; it can't be read as a day of the year.", _FORMS)
    return found


def _month_day(text: str) -> MonthDay:
    found = month_day(text)
    if found is None:
        raise refusal(f"is {text}; there is no such day in any year.", "Write the month and the day, for example 02-28.")
    return found


def _nth_weekday(text: str) -> NthWeekday | None:
    found = re.fullmatch(r"([a-z0-9]+) ([a-z]+) (?:of|in) ([a-z]+)", text)
    if not found:
        return None
    nth, weekday, month = found.groups()
    if nth == "fifth":
        raise refusal(f"is {text}; not every year has a fifth.", f"Write last {weekday} of {month}.")
    for word, known in ((nth, _NTHS), (weekday, _WEEKDAYS), (month, _MONTHS)):
        if word not in known:
            raise refusal(f"is {text}; `{word}` can't be read there.", nearest(word, known))
    return NthWeekday(_NTHS[nth], _WEEKDAYS.index(weekday), _MONTHS.index(month) + 1)


def _day_of_year(text: str) -> DayOfYear | None:
    found = re.fullmatch(r"([0-9]+)(?:st|nd|rd|th) day(?: of the year)?", text)
    if not found:
        return None
    if not 1 <= int(found[1]) <= 365:
        raise refusal(f"is {text}; every year has days 1 to 365.", "Write for example 256th day.")
    return DayOfYear(int(found[1]))


def _from_easter(text: str) -> FromEaster | None:
    found = re.fullmatch(r"(?:([0-9]+) days? (after|before) )?(orthodox|western) easter", text)
    if not found:
        return None
    days = int(found[1] or 0) * (-1 if found[2] == "before" else 1)
    if not -_MOST_BEFORE <= days <= _MOST_AFTER:
        how = f"Write at most {_MOST_BEFORE} days before and {_MOST_AFTER} days after."
        raise refusal(f"is {text}; so far from Easter it would leave the year.", how)
    return FromEaster("orthodox" if found[3] == "orthodox" else "western", days)


EveryYear: TypeAlias = Annotated[Rule, BeforeValidator(read), WithJsonSchema({"type": "string"})]
"""A day of the year as it is written in config/occasions.yaml."""

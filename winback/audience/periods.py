"""The months or quarters of the calendar that a shop looks back on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Per(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        return 3 if self is Per.QUARTER else 1


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a quarter, or what there has been of it so far."""

    name: str  # 2026-09, 2026-Q3
    first: date
    last: date  # today where it isn't over
    is_over: bool


def periods(per: Per, count: int, today: date, *, is_over: bool = False) -> tuple[Period, ...]:
    """The last `count` periods that are over, and the one under way, the oldest first. `is_over`: whether today itself is.

    Begins later where the calendar does.
    """
    length = per.months
    now = (today.year * 12 + today.month - 1) // length  # periods since the year 0
    first_after = _first_of(now + 1, length)
    complete = is_over and today + timedelta(days=1) == first_after
    numbers = range(max(now - count + complete, 12 // length), now + 1)
    return tuple(_period(number, length, today, is_over=number < now or complete) for number in numbers)


def quarter(name: str, today: date, *, is_over: bool = False) -> Period | None:
    """The quarter that is written 2026Q3 or 2026-Q3, until today where it isn't over; None of what is no quarter. `is_over`: whether today is."""
    found = re.fullmatch(r"(\d{4})-?[Qq]([1-4])", name.strip())
    if found is None or int(found[1]) < 1:
        return None
    number = int(found[1]) * 4 + int(found[2]) - 1
    last = _first_of(number + 1, 3) - timedelta(days=1)
    return _period(number, 3, today, is_over=last < today or (is_over and last == today))


def before(per: Per, day: date) -> str:
    """The name of the period before the one that a day lies in."""
    return _name((day.year * 12 + day.month - 1) // per.months - 1, per.months)


def holding(per: Per, day: date) -> str:
    """The name of the period that a day lies in."""
    return _name((day.year * 12 + day.month - 1) // per.months, per.months)


def _period(number: int, length: int, today: date, *, is_over: bool) -> Period:
    last = _first_of(number + 1, length) - timedelta(days=1) if is_over else today
    return Period(_name(number, length), _first_of(number, length), last, is_over)


def _name(number: int, length: int) -> str:
    year, place = divmod(number, 12 // length)
    return f"{year:04d}-Q{place + 1}" if length == 3 else f"{year:04d}-{place + 1:02d}"


def _first_of(number: int, length: int) -> date:
    year, month = divmod(number * length, 12)
    return date(year, month + 1, 1)

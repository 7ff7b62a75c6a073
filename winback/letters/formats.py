"""How a language writes days, numbers, money, shares, lists, and how long ago something was (Babel, with CLDR's data).

Babel is given the customer's own locale: who reads English in Leeds reads 6 December, and Romanian in Chişinău counts in lei of its own.
Its answers are mended in four things: no coins that nobody has, no “.00” after whole amounts, a space between a currency's letters and its
digits, and one kind of blank and of apostrophe, since U+202F shows as a box in older mail programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from babel import Locale, lists, numbers
from babel.dates import format_date, format_skeleton, format_timedelta, get_month_names

from winback.letters import apostrophes

Unit: TypeAlias = Literal["day", "week", "month", "year"]

_NO_SMALL_COINS = frozenset({"UZS", "MNT"})  # tiyin and möngö are in ISO 4217, and in nobody's purse
_AFTER_THE_NUMBER = {("mn", "MNT"): "#,##0\xa0¤"}  # 50,000 ₮, as price tags have it; CLDR puts the sign first
_TODAY = {"en": "today", "mn": "өнөөдөр", "ro": "astăzi", "ru": "сегодня", "uk": "сьогодні", "uz": "bugun"}  # Babel knows “in 0 days” only
_SECONDS: dict[Unit, int] = {"day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}  # what Babel takes these units for
_BLANKS = str.maketrans({"\u202f": "\xa0", "\u2009": "\xa0"})
_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")


@lru_cache(maxsize=4096)
def write_date(value: date, *, locale: str) -> str:
    """Day, month and year: 6 December 2026."""
    return _printed(format_date(value, "long", locale=locale), locale)


@lru_cache(maxsize=4096)
def write_day(value: date, *, locale: str) -> str:
    """Day and month, for days that are near: 6 December."""
    return _printed(format_skeleton("MMMMd", value, locale=locale), locale)


@lru_cache(maxsize=4096)
def write_weekday(value: date, *, locale: str) -> str:
    """The name of the day, by itself: Sunday, неділя. Not inside a sentence that would inflect it."""
    return _printed(format_date(value, "EEEE", locale=locale), locale)


@lru_cache(maxsize=4096)
def write_when(value: datetime, today: date, *, locale: str) -> str:
    """A wall time, with its day where that isn't today: 14:30; 6 December, 11:00. By 24 hours, as shops' doors have it."""
    at = f"{value:%H:%M}"
    return at if value.date() == today else f"{write_day(value.date(), locale=locale)}, {at}"


def month_names(*, locale: str) -> tuple[str, ...]:
    """January to December, each by itself: for a list to choose from."""
    names = get_month_names("wide", context="stand-alone", locale=locale)
    return tuple(_printed(names[number], locale) for number in range(1, 13))


@lru_cache(maxsize=4096)
def write_ago(value: date, today: date, *, locale: str) -> str:
    """How long ago a day was, or in how long it will be: 3 months ago, in 5 days. Days, weeks, months and years, whichever is natural."""
    if value == today:
        return _TODAY[_language(locale)]
    count, unit = _distance(min(value, today), max(value, today))
    seconds = count * _SECONDS[unit] * (1 if value > today else -1)
    told = format_timedelta(timedelta(seconds=seconds), granularity=unit, threshold=float("inf"), add_direction=True, locale=locale)
    return _printed(told, locale)


@lru_cache(maxsize=4096)
def write_number(value: float | Decimal, *, locale: str) -> str:
    return _printed(numbers.format_decimal(value, locale=locale), locale)


@lru_cache(maxsize=4096)
def write_percent(value: float | Decimal, *, locale: str) -> str:
    """A share as a percentage: 0.15 is 15%."""
    return _printed(numbers.format_percent(value, locale=locale, decimal_quantization=False), locale)


@lru_cache(maxsize=4096)
def write_money(value: float | Decimal, currency: str, *, locale: str) -> str:
    """An amount with its currency as the language writes it; without decimals for whole amounts, and where nobody has such coins."""
    own = _AFTER_THE_NUMBER.get((_language(locale), currency))
    if own is None and currency not in _NO_SMALL_COINS and value != int(value):
        told = numbers.format_currency(value, currency, locale=locale)
    else:
        pattern = own or re.sub(r"\.[0#]+", "", Locale.parse(locale).currency_formats["standard"].pattern)
        told = numbers.format_currency(value, currency, format=pattern, locale=locale, currency_digits=False)
    return _printed(_LETTER_BEFORE_DIGIT.sub("\xa0", told), locale)


def write_list(values: Iterable[str], *, locale: str) -> str:
    """Several things in a sentence: tea, coffee and cocoa."""
    return _write_list(tuple(values), locale)


@lru_cache(maxsize=4096)
def _write_list(values: tuple[str, ...], locale: str) -> str:
    return _printed(lists.format_list(values, locale=locale), locale)


FILTERS: dict[str, Callable[..., str]] = {
    "date": write_date,
    "day": write_day,
    "weekday": write_weekday,
    "ago": write_ago,  # the letter's `today` comes as its second argument
    "number": write_number,
    "percent": write_percent,
    "money": write_money,
    "list": write_list,
}
"""What templates write values with: `{{ offer.ends_on | day }}`."""


def _distance(start: date, end: date) -> tuple[int, Unit]:
    """The time between two days in the unit that people would choose."""
    days = (end - start).days
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    if days < 14:
        return days, "day"
    if months < 2:
        return days // 7, "week"
    return (months // 12, "year") if months >= 24 or months % 12 == 0 else (months, "month")


def _language(locale: str) -> str:
    return locale.partition("_")[0]


def _printed(text: str, locale: str) -> str:
    return apostrophes.printed(text.translate(_BLANKS), _language(locale))

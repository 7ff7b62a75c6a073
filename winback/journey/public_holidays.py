"""Public holidays of a country by their English names, out of the `holidays` package; the only place that imports it.

All categories count: under martial law Ukraine's holidays are working days, and Mongolia keeps dozens of observances there. So nothing
is taken by itself; whoever asks names the holiday. Substituted and additional days off are no holidays and are left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_LANGUAGE = "en_US"
_ESTIMATED = " (estimated)"  # how the package marks days that depend on the moon's being seen, until a state has announced them
_NO_HOLIDAY = re.compile(r"\bday off\b", re.IGNORECASE)
_LONGEST = timedelta(days=14)  # from the first to the last day of one holiday, with other days between: Russia's New Year has eight
_CHECKED_YEARS = range(2026, 2036)  # a name that none of these years has is a slip


@dataclass(frozen=True, slots=True)
class Holiday:
    """One day of a holiday."""

    day: date
    estimated: bool


def is_known(country: str) -> bool:
    """Whether the package has holidays of that country (ISO 3166-1 alpha-2)."""
    return country in countries()


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    import holidays

    return frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=256)
def names(country: str) -> frozenset[str]:
    """Every holiday of a country, as the package calls it in English."""
    return frozenset(name for year in _CHECKED_YEARS for name in in_year(country, year))


@lru_cache(maxsize=4096)
def in_year(country: str, year: int) -> Mapping[str, tuple[Holiday, ...]]:
    """The days of a year by the name of their holiday. An unknown country has none.

    The package falls back silently from a language that it lacks to the country's own; a country without languages is kept in English.
    """
    import holidays

    if not is_known(country):
        return {}
    kind = type(holidays.country_holidays(country))
    language = _LANGUAGE if _LANGUAGE in kind.supported_languages else None
    found = holidays.country_holidays(country, years=year, categories=kind.supported_categories, language=language, observed=False)
    days: dict[str, list[Holiday]] = defaultdict(list)
    for day in sorted(found):
        for name in found.get_list(day):
            if day.year == year and not _NO_HOLIDAY.search(name):
                days[name.removesuffix(_ESTIMATED)].append(Holiday(day, name.endswith(_ESTIMATED)))
    return {name: tuple(of_name) for name, of_name in days.items()}


def beginnings(country: str, name: str, year: int) -> tuple[Holiday, ...]:
    """The first day of the holiday each time it comes in that year: one of the three of Mongolia's Lunar New Year, two where Eid comes twice."""
    known = [holiday.day for near in (year - 1, year) for holiday in in_year(country, near).get(name, ())]
    return tuple(each for each in in_year(country, year).get(name, ()) if not any(day < each.day <= day + _LONGEST for day in known))

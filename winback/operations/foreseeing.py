"""What is coming in a month: every occasion with the day its letter leaves by, and how many customers have it."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from winback import clock
from winback.errors import ConfigError, Problem
from winback.journey import occasions
from winback.journey.greetings import Calendar, Celebrant, Coming
from winback.journey.occasions import Name
from winback.operations import knowing
from winback.settings import Project
from winback.store import database
from winback.store import occasions as counts
from winback.strictyaml import nearest

_ANY_LEAP_YEAR = 1904  # of birthdays only month and day matter here


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An occasion that comes, and how many customers have it: all of the country, or those whose own day it is. Consent comes later."""

    coming: Coming
    customers: int

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.coming.day.isoformat(),
            "occasion": self.coming.occasion,
            "name": in_english(self.coming.name),
            "kind": self.coming.kind,
            "country": self.coming.country,
            "letter_by": self.coming.letter_on.isoformat(),
            "customers": self.customers,
            "estimated": self.coming.estimated,
            "greeted": not self.coming.silence,
            "because": self.coming.silence,
        }


@dataclass(frozen=True, slots=True)
class Month:
    """A month's occasions in order of the day, and its days of silence as (day, country, why)."""

    first: date
    last: date
    customers: dict[str, int]  # by country; the empty word is unknown
    occasions: tuple[Foreseen, ...]
    silences: tuple[tuple[date, str, str], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "month": f"{self.first:%Y-%m}",
            "customers": self.customers,
            "occasions": [each.as_json() for each in self.occasions],
            "no_greetings": [{"day": day.isoformat(), "country": country, "because": why} for day, country, why in self.silences],
        }


def in_english(name: Name) -> str:
    """An occasion's name for the shop's own people."""
    return name if isinstance(name, str) else name.get("en") or next(iter(name.values()), "")


def foresee(project: Project, engine: Engine, first: date, country: str | None) -> Month:
    """The month that begins with `first`, for one country or for all that have customers. Raises ConfigError for an unknown country."""
    planned = occasions.read(project).value
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    knowing.refresh(project, engine, now=clock.start_of_day(first, project.zone))
    with database.reading(engine) as connection:
        customers = counts.of_country(connection)
        own = _own_days(connection, project, first, last)
    known = {of for of, _ in customers}
    if country is not None and country not in known | planned.countries:
        message = f"there are no customers in `{country}`, and config/occasions.yaml doesn't know it."
        slip = country if len(country) != len("UA") else ""  # any two codes of two letters look alike
        raise ConfigError(Problem("", None, message, nearest(slip, (known | planned.countries) - {""}, "Countries")))
    asked = sorted(known) if country is None else [country]
    dates = Calendar(planned)
    found = Counter({each: _of_sex(customers, of, each.sex) for of in asked for each in dates.of_country(of, first, last)})
    for celebrant, count in own.items():
        if celebrant.country in asked:
            found.update(dict.fromkeys(dates.of_customer(celebrant, first, last), count))
    return Month(
        first,
        last,
        {of: _of_sex(customers, of, "") for of in asked},
        tuple(sorted((Foreseen(each, count) for each, count in found.items()), key=_in_order)),
        tuple(sorted((day, of, each.because) for of in asked for day, each in dates.silences(of, first, last))),
    )


def _own_days(connection: Connection, project: Project, first: date, last: date) -> Counter[Celebrant]:
    """Customers by what their own days hang on."""
    found: Counter[Celebrant] = Counter()
    for (country, month, day), count in counts.birthdays(connection).items():
        found[Celebrant(country, birthday=date(_ANY_LEAP_YEAR, month, day))] += count
    for (country, favourite), count in counts.favourite_days(connection).items():
        found[Celebrant(country, favourite_day=favourite)] += count
    stretches = list(_first_orders_in(connection, project, first, last))
    for (country, ordered_on), count in counts.first_orders(connection, stretches, project.zone).items():
        found[Celebrant(country, first_order_on=ordered_on)] += count
    return found


def _first_orders_in(connection: Connection, project: Project, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """The same month of every year before, as long as there were orders; a day longer before, for 29 February kept on 1 March."""
    earliest = counts.first_order_at(connection)
    if earliest is None:
        return
    for year in range(clock.local_day(earliest, project.zone).year, first.year):
        begins = date(year, first.month, 1) - timedelta(days=1)
        ends = date(year, last.month, calendar.monthrange(year, last.month)[1]) + timedelta(days=1)
        yield clock.start_of_day(begins, project.zone), clock.start_of_day(ends, project.zone)


def _of_sex(customers: Counter[tuple[str, str]], country: str, sex: str) -> int:
    return sum(count for (of, known), count in customers.items() if of == country and sex in {"", known})


def _in_order(each: Foreseen) -> tuple[date, str, str, str]:
    return each.coming.day, each.coming.country, each.coming.kind, in_english(each.coming.name)

"""config/occasions.yaml: the days that customers are greeted on, how long before one its letter leaves, and the days of silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from winback.errors import ConfigError, Problem
from winback.journey import public_holidays
from winback.journey.day_rules import EveryYear, LeapDay, month_day
from winback.settings import Project
from winback.shapes import Duration
from winback.strictyaml import Document, Place, Shape, nearest, refusal

FILE = "config/occasions.yaml"


class Kind(StrEnum):
    """What makes a day an occasion."""

    HOLIDAY = "holiday"  # everybody of the country keeps it
    PROFESSIONAL = "professional"  # those of a profession keep it
    INVENTED = "invented"  # the shop made it up
    BIRTHDAY = "birthday"  # the customer's
    ANNIVERSARY = "anniversary"  # of the customer's first order
    FAVOURITE_DAY = "favourite-day"  # the one that the customer's card names


def _whole_days(value: timedelta) -> timedelta:
    if value.seconds:
        raise refusal("is no whole number of days.", "Write for example 7 days, or 0 days for the day itself.")
    if value > timedelta(days=365):
        raise refusal(f"is {value.days} days; a letter leaves at most a year before its day.", "Write for example 14 days.")
    return value


def _country(value: str) -> str:
    if not re.fullmatch("[A-Z]{2}", value):
        raise refusal("is no country; a country is its two capital letters (ISO 3166-1).", "Write for example UA or RO.")
    return value


def _word(value: str) -> str:
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", value):
        raise refusal("is no word for an occasion; it is made of small letters, digits and hyphens.", "Write for example mothers-day.")
    if value in set(Kind):
        raise refusal("is the word for a day of customers' own.", "Call this one otherwise.")
    return value


def _day_of_year(value: str) -> str:
    if month_day(value) is None:
        raise refusal("is a day of no year.", "Write the month and the day, for example 02-14.")
    return value


Name: TypeAlias = str | dict[str, str]
"""English that the catalogues translate, or a text for each language: {en: Coffee Day, uk: День кави}."""
Lead: TypeAlias = Annotated[Duration, AfterValidator(_whole_days)]
"""How long before its day the letter of an occasion leaves."""
Country: TypeAlias = Annotated[str, AfterValidator(_country)]
Word: TypeAlias = Annotated[str, AfterValidator(_word)]

OWN_NAMES: Mapping[Kind, str] = {
    Kind.BIRTHDAY: "your birthday",
    Kind.ANNIVERSARY: "the anniversary of your first order",
    Kind.FAVOURITE_DAY: "your favourite day",
}
"""What letters call the days of one customer, in English for the catalogues."""


class OwnDay(Shape):
    """Birthdays, or anniversaries."""

    lead: Lead | None = None


class FavouriteDay(OwnDay):
    """Days that customers' cards name, and what letters call those that have a name."""

    names: dict[Annotated[str, AfterValidator(_day_of_year)], Name] = Field(default_factory=dict)


class PublicDay(Shape):
    """A holiday or a professional day of a country: by its name in the `holidays` package, or by a rule with its source."""

    name: Name
    holiday: str | None = None
    day: EveryYear | None = None
    lead: Lead | None = None
    sex: Literal["f", "m"] | None = None  # greeted are only those who are known to be of it
    source: str = ""
    checked_on: date | None = None
    declared_late: bool = False  # the state names the day late: an estimate until it stands in `confirmed`
    confirmed: tuple[date, ...] = ()  # days that the state has named; each takes the place of what its year would have

    @model_validator(mode="after")
    def _knows_its_day(self) -> PublicDay:
        if (self.holiday is None) == (self.day is None):
            raise refusal("needs its day, once.", "Write for example `holiday: Christmas Day` or `day: first sunday of october`.")
        if self.day is not None and not (self.source.strip() and self.checked_on):
            how = "Add `source:` (the decree, the custom) and `checked_on: 2026-11-26`: such days move."
            raise refusal("has a rule of its own, and doesn't say where it comes from and when somebody looked.", how)
        if self.day is not None and (self.declared_late or self.confirmed):
            raise refusal("has a rule of its own, and nothing to confirm.", "Take out `declared_late:` and `confirmed:`, or name a `holiday:`.")
        return self


class InventedDay(Shape):
    """A day of the shop's own making, for everybody or for some countries."""

    name: Name
    day: EveryYear
    countries: tuple[Country, ...] = ()
    lead: Lead | None = None


class Silence(Shape):
    """A day on which nobody of a country is greeted."""

    because: str
    holiday: str | None = None
    day: EveryYear | None = None
    birthdays: bool = False  # greeted all the same

    @model_validator(mode="after")
    def _knows_its_day(self) -> Silence:
        if (self.holiday is None) == (self.day is None):
            raise refusal(f"keeps silent because of {self.because}, and needs that day, once.", "Write for example `day: 05-09`.")
        return self


class Occasions(Shape):
    """An occasions file; a project without one knows its customers' own days only."""

    lead: Lead = Field(default="7 days", validate_default=True)  # of an occasion that says nothing of its own
    leap_day: LeapDay = "02-28"  # when 29 February is kept in years that have none
    birthday: OwnDay | None = OwnDay(lead=timedelta(days=14))
    anniversary: OwnDay | None = OwnDay(lead=timedelta())
    favourite_day: FavouriteDay | None = FavouriteDay(lead=timedelta())
    holidays: dict[Country, dict[Word, PublicDay]] = Field(default_factory=dict)
    professional_days: dict[Country, dict[Word, PublicDay]] = Field(default_factory=dict)
    invented_days: dict[Word, InventedDay] = Field(default_factory=dict)
    no_greetings: dict[Country, tuple[Silence, ...]] = Field(default_factory=dict)

    @property
    def countries(self) -> frozenset[str]:
        """Every country that the file speaks of."""
        invented = (country for day in self.invented_days.values() for country in day.countries)
        return frozenset({*self.holidays, *self.professional_days, *self.no_greetings, *invented})

    def lead_of(self, day: OwnDay | PublicDay | InventedDay) -> timedelta:
        return self.lead if day.lead is None else day.lead

    def longest_lead(self) -> timedelta:
        own = (self.birthday, self.anniversary, self.favourite_day)
        public = (day for section in (self.holidays, self.professional_days) for days in section.values() for day in days.values())
        return max((self.lead_of(day) for day in (*own, *public, *self.invented_days.values()) if day is not None), default=self.lead)


def read(project: Project) -> Document[Occasions]:
    """The project's occasions, held against the holidays that there are. Raises ConfigError."""
    if not project.config("occasions.yaml").exists():
        return Document(Occasions(), FILE, {})
    document = project.read(Occasions, "occasions.yaml")
    if problems := [*_unknown_holidays(document), *_called_twice(document), *_silenced(document)]:
        raise ConfigError(problems)
    return document


def _unknown_holidays(document: Document[Occasions]) -> Iterator[Problem]:
    """Holidays that the package has under no such name, or in no such country."""
    for place, country, holiday in _named_holidays(document.value):
        known = public_holidays.names(country)
        if holiday not in known:
            message = f"{country} has no holiday `{holiday}`." if known else f"nobody knows the holidays of {country}."
            how = nearest(holiday, known, f"Holidays of {country}") if known else "Write the day itself with `day:`."
            yield document.problem((*place, "holiday"), message, how)


def _named_holidays(occasions: Occasions) -> Iterator[tuple[Place, str, str]]:
    """(place in the file, country, holiday)."""
    for section, countries in (("holidays", occasions.holidays), ("professional_days", occasions.professional_days)):
        for country, days in countries.items():
            yield from (((section, country, word), country, day.holiday) for word, day in days.items() if day.holiday is not None)
    for country, silences in occasions.no_greetings.items():
        yield from (
            (("no_greetings", country, index), country, silence.holiday) for index, silence in enumerate(silences) if silence.holiday is not None
        )


def _called_twice(document: Document[Occasions]) -> Iterator[Problem]:
    """One word for two days of a country: nobody could say which is meant."""
    occasions = document.value
    for country, days in occasions.professional_days.items():
        for word in days.keys() & occasions.holidays.get(country, {}).keys():
            yield document.problem(("professional_days", country, word), f"`{word}` is a holiday of {country} too.", "Call one of them otherwise.")
    for word, day in occasions.invented_days.items():
        for section in (occasions.holidays, occasions.professional_days):
            if any(word in days for country, days in section.items() if not day.countries or country in day.countries):
                yield document.problem(("invented_days", word), f"`{word}` is a day of a country already.", "Call one of them otherwise.")


def _silenced(document: Document[Occasions]) -> Iterator[Problem]:
    """A day to greet on that is a day of silence in the same country, every year."""
    occasions = document.value
    for section, countries in (("holidays", occasions.holidays), ("professional_days", occasions.professional_days)):
        for country, days in countries.items():
            for word, day in days.items():
                for silence in occasions.no_greetings.get(country, ()):
                    if (silence.day, silence.holiday) == (day.day, day.holiday):
                        message = f"nobody of {country} is greeted on that day: {silence.because}."
                        yield document.problem((section, country, word), message, "Take one of the two out.")

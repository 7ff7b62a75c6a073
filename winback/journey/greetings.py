"""Which occasions come for a customer, when the letter of each leaves, and whether anybody may be greeted on a day at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from winback.journey import day_rules, public_holidays
from winback.journey.day_rules import MonthDay
from winback.journey.occasions import OWN_NAMES, InventedDay, Kind, Name, Occasions, OwnDay, PublicDay, Silence

T = TypeVar("T")

_DAY = timedelta(days=1)
_YEAR = timedelta(days=366)
_LONGEST_SILENCE = timedelta(days=60)  # by which days of silence may bring a letter forward, and then some
_ORDER = list(Kind)


@dataclass(frozen=True, slots=True)
class Celebrant:
    """What the calendar asks about a customer."""

    country: str = ""  # ISO 3166-1 alpha-2; empty: unknown
    birthday: date | None = None
    favourite_day: str = ""  # MM-DD
    first_order_on: date | None = None  # in the shop's calendar
    sex: str = ""  # "f", "m" or unknown
    professional_days: frozenset[str] = frozenset()  # words of those that are theirs: nobody is taken for a teacher


@dataclass(frozen=True, slots=True)
class Coming:
    """An occasion on its day, for the customers of a country or for one customer."""

    kind: Kind
    occasion: str  # its word in config/occasions.yaml; of customers' own days the kind
    name: Name = field(hash=False)
    country: str
    day: date
    letter_on: date  # the lead before the day, or earlier where that would be a day of silence
    estimated: bool  # nobody has named the day for certain
    silence: str  # why nobody is greeted on that day; empty: everybody may be
    sex: str = ""  # only of those who are known to be of it; empty: of everybody

    @property
    def may_be_written(self) -> bool:
        """Whether a letter may leave by itself."""
        return not self.estimated and not self.silence


@dataclass(frozen=True)
class Calendar:
    """The occasions of a project, year by year. What was found once is kept: make one calendar for many customers."""

    occasions: Occasions
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    def coming(self, celebrant: Celebrant, first: date, last: date) -> list[Coming]:
        """Every occasion of a customer whose day lies from `first` to `last`, both included; silent and estimated ones too."""
        public = self.of_country(celebrant.country, first, last)
        return sorted([each for each in public if _is_theirs(each, celebrant)] + self.of_customer(celebrant, first, last), key=_by_day)

    def due(self, celebrant: Celebrant, first: date, last: date) -> list[Coming]:
        """The occasions of a customer whose letter leaves from `first` to `last`, in that order, without those that may not be written about."""
        found = self.coming(celebrant, first, last + self._longest_lead + _LONGEST_SILENCE)
        return sorted((each for each in found if each.may_be_written and first <= each.letter_on <= last), key=lambda each: each.letter_on)

    def next_for(self, celebrant: Celebrant, today: date) -> Coming | None:
        """The occasion of a customer whose letter leaves next, today at the earliest; None when there is none within a year."""
        return next(iter(self.due(celebrant, today, today + _YEAR)), None)

    def may_greet(self, day: date, country: str, kind: Kind | None = None) -> bool:
        """Whether somebody of that country may be greeted on that day; `silence` says why not."""
        return self.silence(day, country, kind) is None

    def silence(self, day: date, country: str, kind: Kind | None = None) -> Silence | None:
        """The day of silence that forbids greeting somebody of that country then, if there is one.

        Of whom the country isn't known, the days of all countries count. A birthday may be greeted on a day that says so.
        """
        for of in [country] if country else self.occasions.no_greetings:
            for each in self._silences(of, day.year).get(day, ()):
                if kind is not Kind.BIRTHDAY or not each.birthdays:
                    return each
        return None

    def silences(self, country: str, first: date, last: date) -> list[tuple[date, Silence]]:
        """The days of silence of a country from `first` to `last`, both included."""
        found = (item for year in range(first.year, last.year + 1) for item in self._silences(country, year).items())
        return [(day, each) for day, all_of_day in sorted(found, key=lambda item: item[0]) if first <= day <= last for each in all_of_day]

    def of_country(self, country: str, first: date, last: date) -> list[Coming]:
        """Holidays, professional and invented days of a country from `first` to `last`; of an unknown one the invented days for everybody."""
        return [each for year in range(first.year, last.year + 1) for each in self._public(country, year) if first <= each.day <= last]

    def of_customer(self, celebrant: Celebrant, first: date, last: date) -> list[Coming]:
        """A customer's own days from `first` to `last`: birthdays, anniversaries of the first order, the favourite day."""
        found = (each for kind in OWN_NAMES for each in self._own(kind, celebrant, first, last))
        return sorted(found, key=_by_day)

    def _own(self, kind: Kind, celebrant: Celebrant, first: date, last: date) -> Iterator[Coming]:
        began = {Kind.BIRTHDAY: celebrant.birthday, Kind.ANNIVERSARY: celebrant.first_order_on}.get(kind)
        settings: OwnDay | None = {
            Kind.BIRTHDAY: self.occasions.birthday,
            Kind.ANNIVERSARY: self.occasions.anniversary,
            Kind.FAVOURITE_DAY: self.occasions.favourite_day,
        }[kind]
        rule = MonthDay(began.month, began.day) if began else day_rules.month_day(celebrant.favourite_day) if kind is Kind.FAVOURITE_DAY else None
        if settings is None or rule is None:
            return
        name: Name = OWN_NAMES[kind]
        if kind is Kind.FAVOURITE_DAY and self.occasions.favourite_day:
            name = self.occasions.favourite_day.names.get(celebrant.favourite_day, name)
        for day in day_rules.days_between(rule, first, last, self.occasions.leap_day):
            if began is None or day.year > began.year:
                yield self._coming(settings, kind, kind, name, celebrant.country, day)

    def _public(self, country: str, year: int) -> tuple[Coming, ...]:
        return self._keep((Coming, country, year), lambda: tuple(sorted(self._found_public(country, year), key=_by_day)))

    def _found_public(self, country: str, year: int) -> Iterator[Coming]:
        for kind, section in ((Kind.HOLIDAY, self.occasions.holidays), (Kind.PROFESSIONAL, self.occasions.professional_days)):
            for word, day in section.get(country, {}).items():
                for on, estimated in self._days(day, country, year):
                    yield self._coming(day, kind, word, day.name, country, on, estimated=estimated)
        for word, invented in self.occasions.invented_days.items():
            if not invented.countries or country in invented.countries:
                on = day_rules.day_in(invented.day, year, self.occasions.leap_day)
                yield self._coming(invented, Kind.INVENTED, word, invented.name, country, on)

    def _days(self, day: PublicDay, country: str, year: int) -> list[tuple[date, bool]]:
        """The days of that year, and whether each is an estimate."""
        if day.day is not None:
            return [(day_rules.day_in(day.day, year, self.occasions.leap_day), False)]
        if confirmed := [on for on in day.confirmed if on.year == year]:
            return [(on, False) for on in confirmed]
        return [(each.day, each.estimated or day.declared_late) for each in public_holidays.beginnings(country, day.holiday or "", year)]

    def _coming(  # noqa: PLR0917  the parts of a value, in its order
        self, settings: OwnDay | PublicDay | InventedDay, kind: Kind, word: str, name: Name, country: str, day: date, *, estimated: bool = False
    ) -> Coming:
        found = self.silence(day, country, kind)
        letter_on = day - self.occasions.lead_of(settings)
        while not found and not self.may_greet(letter_on, country, kind):
            letter_on -= _DAY
        sex = settings.sex or "" if isinstance(settings, PublicDay) else ""
        return Coming(kind, word, name, country, day, letter_on, estimated, found.because if found else "", sex)

    def _silences(self, country: str, year: int) -> dict[date, list[Silence]]:
        return self._keep((Silence, country, year), lambda: self._found_silences(country, year))

    def _found_silences(self, country: str, year: int) -> dict[date, list[Silence]]:
        found: dict[date, list[Silence]] = {}
        for each in self.occasions.no_greetings.get(country, ()):
            if each.day is not None:
                days = [day_rules.day_in(each.day, year, self.occasions.leap_day)]
            else:
                days = [holiday.day for holiday in public_holidays.in_year(country, year).get(each.holiday or "", ())]
            for day in days:
                found.setdefault(day, []).append(each)
        return found

    @property
    def _longest_lead(self) -> timedelta:
        return self._keep((timedelta,), self.occasions.longest_lead)

    def _keep(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept


def _is_theirs(each: Coming, celebrant: Celebrant) -> bool:
    """Whether a country's day is this customer's too."""
    return each.sex in {"", celebrant.sex} and (each.kind is not Kind.PROFESSIONAL or each.occasion in celebrant.professional_days)


def _by_day(each: Coming) -> tuple[date, int, str]:
    return each.day, _ORDER.index(each.kind), each.occasion

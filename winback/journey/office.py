"""When somebody is there to answer, and by when that is promised: working time, which stands still at night, on free days and on holidays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from winback import clock
from winback.errors import ConfigError, Problem
from winback.journey import clocks, public_holidays
from winback.journey.clocks import Span
from winback.settings import Project
from winback.strictyaml import nearest
from winback.ways_in import AnsweringSettings

_AHEAD = 400
"""Days that are looked through for an open one: whoever is closed for longer has no hours."""
FELT = 4 / 3
"""Waiting feels a third longer than it is (docs/threads.md)."""


@dataclass(frozen=True, slots=True)
class Office:
    """The hours of a shop's people."""

    zone: ZoneInfo
    hours: AnsweringSettings

    def due_at(self, since: datetime) -> datetime:
        """By when somebody who wrote at a moment is promised an answer: so much working time later."""
        left = self.hours.within
        for start, end in self._open(since):
            if start + left <= end:
                return start + left
            left -= end - start
        return since + self.hours.within

    def opens_at(self, moment: datetime) -> datetime:
        """The first moment from then on at which somebody is there; that moment itself, where somebody is."""
        return next((start for start, _ in self._open(moment)), moment)

    def is_open(self, moment: datetime) -> bool:
        return self.opens_at(moment) <= moment

    def working(self, since: datetime, until: datetime) -> timedelta:
        """Working time between two moments."""
        spans = (span for day in _days(self.zone, since, until) for span in self._of(day))
        return sum((min(end, until) - max(start, since) for start, end in spans if start < until and end > since), timedelta())

    def _open(self, moment: datetime) -> Iterator[Span]:
        """Spans in which somebody is there, from a moment on."""
        for day in _days(self.zone, moment, moment + timedelta(days=_AHEAD)):
            yield from ((max(start, moment), end) for start, end in self._of(day) if end > moment)

    def _of(self, day: date) -> tuple[Span, ...]:
        return clocks.open_on(self.zone, day, self.hours.office_hours) if self._works_on(day) else ()

    def _works_on(self, day: date) -> bool:
        if day.weekday() not in self.hours.days or day in self.hours.closed:
            return False
        return not any(
            day == each.day
            for country, names in self.hours.holidays.items()
            for name in names
            for each in public_holidays.in_year(country, day.year).get(name, ())
        )


def _days(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[date]:
    day, last = clock.local_day(since, zone), clock.local_day(until, zone)
    while day <= last:
        yield day
        day += timedelta(days=1)


def read(project: Project) -> Office:
    """The project's hours, its holidays held against those that there are. Raises ConfigError."""
    hours = project.settings.answering
    if problems := [*_unknown(project, hours)]:
        raise ConfigError(problems)
    return Office(project.zone, hours)


def _unknown(project: Project, hours: AnsweringSettings) -> Iterator[Problem]:
    for country, names in hours.holidays.items():
        known = public_holidays.names(country)
        for number, name in enumerate(names):
            if name not in known:
                message = f"{country} has no holiday `{name}`." if known else f"nobody knows the holidays of {country}."
                how = nearest(name, known, f"Holidays of {country}") if known else "Write the days themselves in `closed:`."
                yield project.document.problem(("answering", "holidays", country, number), message, how)

"""What a rehearsal tells, arranged for a page: what leaves on which day, what became of everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from winback.operations import calendar
from winback.operations.calendar import Calendar, Leaving
from winback.studio import status_words, why_words


@dataclass(frozen=True, slots=True)
class Days:
    """Letters by day, or by week where they leave on more days than a month has."""

    by_week: bool
    counts: tuple[tuple[date, int], ...]

    @property
    def most(self) -> int:
        return max((count for _, count in self.counts), default=1)


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that leaves on one day, or in one week."""

    day: date
    letters: int
    lines: tuple[Leaving, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The whole calendar."""

    by_week: bool
    stages: tuple[str, ...]
    groups: tuple[Group, ...]


def days(told: Mapping[str, Any]) -> Days:
    """The calendar in one number a day."""
    shown, by_week = _shown(told)
    return Days(by_week, tuple(shown.totals().items()))


def leaving(told: Mapping[str, Any]) -> Table:
    """The calendar with stages, ways and languages."""
    shown, by_week = _shown(told)
    groups = ((day, tuple(lines)) for day, lines in groupby(shown.leaving, key=lambda each: each.day))
    return Table(by_week, shown.stages, tuple(Group(day, sum(line.letters for line in lines), lines) for day, lines in groups))


def _shown(told: Mapping[str, Any]) -> tuple[Calendar, bool]:
    stages = tuple(told["stages"])
    places = {name: place for place, name in enumerate(stages)}
    lines = [{**each, "day": date.fromisoformat(each["day"]), "stage": places[each["stage"]]} for each in told["calendar"]]
    whole = Calendar(stages, tuple(Leaving(**line) for line in lines))
    by_week = calendar.is_long(whole)
    return (calendar.by_week(whole) if by_week else whole), by_week


def recipients(told: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """(how they stand, in words to translate; the reason; how many) of everybody in the cohort, the most first."""
    found = []
    for word, count in told["recipients"].items():
        status, _, reason = word.partition(": ")
        found.append((status_words.RECIPIENT.get(status, status), why_words.why(reason), count))
    return sorted(found, key=lambda each: (-each[2], each[0], each[1]))

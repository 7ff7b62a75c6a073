"""A campaign's stages as bars over its days, in thousandths of the whole: a page draws them without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

WHOLE = 1000
_NARROWEST = 8
_MONTHS = 13
"""So many marks of months at the most; of longer campaigns every third is shown."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: from where, how long; None: nobody planned its days, or nobody would get it."""

    left: int | None
    width: int
    first_on: str
    last_on: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The first day of a month."""

    left: int
    month: str  # 2026-12


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of it; `today`: None where today lies outside."""

    bars: Mapping[str, Bar]
    marks: tuple[Mark, ...]
    today: int | None


def draw(first: date, last: date, stages: Iterable[Mapping[str, Any]], today: date) -> Timeline:
    """Bars of the stages of a plan (`name`, `first_on`, `last_on` as ISO days) between a campaign's days."""
    days = max((last - first).days + 1, 1)

    def place(day: date) -> int:
        return min(max(round(WHOLE * (day - first).days / days), 0), WHOLE)

    bars = {}
    for stage in stages:
        if not stage["first_on"]:
            bars[stage["name"]] = Bar(None, 0, "", "")
            continue
        begin, end = date.fromisoformat(stage["first_on"]), date.fromisoformat(stage["last_on"])
        left = min(place(begin), WHOLE - _NARROWEST)
        right = min(round(WHOLE * ((end - first).days + 1) / days), WHOLE)
        bars[stage["name"]] = Bar(left, max(right - left, _NARROWEST), stage["first_on"], stage["last_on"])
    return Timeline(bars, tuple(_marks(first, last, place)), place(today) if first <= today <= last else None)


def _marks(first: date, last: date, place: Any) -> Iterable[Mark]:
    months = []
    year, month = first.year, first.month
    while (day := date(year, month, 1)) <= last:
        if day >= first:
            months.append(Mark(place(day), f"{day:%Y-%m}"))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months if len(months) <= _MONTHS else months[::3]

"""Wall clocks: which moment a wall time is, and when the hours of one or several zones are open, whatever the clocks leap over or repeat."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, reduce
from typing import TypeAlias
from zoneinfo import ZoneInfo

Hours: TypeAlias = tuple[time, time]
"""Wall time from the first to the second, which isn't part of it."""
Span: TypeAlias = tuple[datetime, datetime]
"""Moments in UTC from the first to the second, which isn't part of it."""

AHEAD = 15
"""Days looked ahead: two of every weekday, should the clocks leap over the hours of the first."""


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """The wall time of a moment, naive, and never less than that of an earlier moment: while an hour comes for the second time, its end."""
    local = moment.astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    first, second = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    began = _change(zone, moment.astimezone(UTC) - (first - second), moment.astimezone(UTC))
    return began.replace(tzinfo=None) + first


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clock first shows a naive wall time, in UTC; when it leaps over it, the moment of the leap."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _change(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment)


@lru_cache(maxsize=16384)
def open_on(zone: ZoneInfo, day: date, hours: Hours) -> tuple[Span, ...]:
    """When the clock shows these hours of that day: once, not at all, or with a break where it is put back to before they began."""
    start, end = (moment_of(datetime.combine(day, wall), zone) for wall in hours)
    if start >= end:
        return ()
    opens, closes = (datetime.combine(day, wall) for wall in hours)
    if end - start > closes - opens:
        back = _change(zone, start, end)
        early = opens - back.astimezone(zone).replace(tzinfo=None)
        if early > timedelta():
            return ((start, back), (back + early, end))
    return ((start, end),)


@lru_cache(maxsize=4096)
def open_from(zones: Sequence[ZoneInfo], hours: Hours, weekdays: Sequence[int], day: date) -> tuple[Span, ...]:
    """When the clocks of all the zones show these hours of these weekdays, from the day before a UTC day on, for two weeks."""
    days = [ahead for offset in range(-1, AHEAD + 1) if (ahead := day + timedelta(days=offset)).weekday() in weekdays]
    return reduce(_both, (tuple(span for each in days for span in open_on(zone, each, hours)) for zone in zones))


def _both(some: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """Moments that lie in both; each in order, so is the result."""
    pairs = ((max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others)
    return tuple(pair for pair in pairs if pair[0] < pair[1])


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment between two at which the clocks were changed: the first with another offset than `before` has. Clocks change at whole seconds."""
    begin = before.replace(microsecond=0)
    offset = begin.astimezone(zone).utcoffset()
    seconds = range(int((after - begin).total_seconds()) + 1)
    changed = bisect_left(seconds, True, key=lambda count: (begin + timedelta(seconds=count)).astimezone(zone).utcoffset() != offset)
    return begin + timedelta(seconds=changed)

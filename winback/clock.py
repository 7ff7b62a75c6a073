"""The wall clock, read at the edges only: everything inside takes `now` as an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of `day` in `zone`, as aware UTC (where midnight doesn't exist, the moment after the gap)."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of `day` in `zone`, as aware UTC: what is known "as of" that day."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an aware moment in `zone`."""
    return moment.astimezone(zone).date()

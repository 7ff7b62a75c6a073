"""A stage's message once more, because the customer asked to be reminded: how its delivery is called, and when it may come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from winback.journey import clocks

_MARK = "+"  # stages' own names have none
MOST = 3
"""So often a message can be put off: after that it is a no that nobody says."""


class Later(IntEnum):
    """What a customer may choose: days of their calendar."""

    THREE_DAYS = 3
    WEEK = 7
    MONTH = 30


def named(stage: str, number: int) -> str:
    """The stage of the delivery that brings a message again, for the first time, the second..."""
    return f"{stage}{_MARK}{number}"


def stage_of(delivery: str) -> str:
    """The stage that a delivery's stage names, brought again or not."""
    return delivery.partition(_MARK)[0]


def number_of(delivery: str) -> int:
    """The how-manieth time it is that the message is brought again; 0: it is the first time that it comes at all."""
    return int(delivery.partition(_MARK)[2] or 0)


def moment(now: datetime, later: Later, calendar: ZoneInfo) -> datetime:
    """The same hour of the customer's clock, so many days on; hours in which nothing leaves are minded when it falls due."""
    return clocks.moment_of(clocks.shown(now, calendar) + timedelta(days=int(later)), calendar)


def choices(now: datetime, calendar: ZoneInfo, last_days: Sequence[date]) -> tuple[Later, ...]:
    """What may be chosen: nobody is reminded of what is over by then. `last_days` are the campaign's and the offer's."""
    return tuple(each for each in Later if all(moment(now, each, calendar).astimezone(calendar).date() <= last for last in last_days))

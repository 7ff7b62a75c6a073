"""Campaigns that go on: who comes in on which day, how those lapsed long ago are spread over weeks, who may come in again. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import Field, model_validator

from winback.model import Reason
from winback.shapes import Duration
from winback.strictyaml import Shape, refusal

SEASON = timedelta(days=365)
"""So long one run of a recurring campaign takes customers in; then the next begins, and who came back and lapsed again can enter it."""


class BackFill(Shape):
    """How those who lapsed long before the campaign began are spread: so many a day, or all of them evenly over some weeks."""

    a_day: int | None = Field(default=None, ge=1)
    over: Duration | None = None

    @model_validator(mode="after")
    def _says_how(self) -> BackFill:
        if (self.a_day is None) == (self.over is None):
            raise refusal("says two paces at once, or none.", "Write {a_day: 200} or {over: 6 weeks}.")
        if self.over is not None and (self.over < timedelta(days=1) or self.over % timedelta(days=1)):
            raise refusal(f"lasts {self.over}, which isn't whole days.", "Write for example over: 6 weeks.")
        return self

    def quota(self, waiting: int, begun_on: date, today: date) -> int:
        """How many of those who wait are taken today. By `over`, days that were missed are made up for evenly by those left."""
        if self.a_day is not None:
            return min(self.a_day, waiting)
        assert self.over is not None
        return math.ceil(waiting / max(1, (begun_on + self.over - today).days))

    def calendar(self, waiting: int, begun_on: date, today: date) -> Iterator[tuple[date, int]]:
        """Each day from `today` on with how many it takes, as long as somebody waits and if nobody leaves the cohort meanwhile."""
        while waiting:
            taken = self.quota(waiting, begun_on, today)
            yield today, taken
            waiting, today = waiting - taken, today + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier journeys of a customer say about a new one."""

    exhausted_at: datetime | None = None  # left alone for good since, and neither ordered nor wrote afterwards
    assigned_at: datetime | None = None  # the last time that an earlier run of the same campaign took them in, or held them out


NOTHING = Past()


def refuse(past: Past, re_enter_after: timedelta, now: datetime) -> Reason | None:
    """Why somebody who may be written to otherwise isn't taken in again."""
    if past.exhausted_at is not None:
        return Reason.EXHAUSTED
    if past.assigned_at is not None and now - past.assigned_at < re_enter_after:
        return Reason.WRITTEN_LATELY
    return None


def last_entry(begun_on: date, takes_until: date) -> date:
    """The last day on which a run that began on some day takes customers in."""
    return min(begun_on + SEASON - timedelta(days=1), takes_until)

"""How long somebody waits, and how long that feels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from winback.journey.office import FELT, Office
from winback.speech import N_, said


@dataclass(frozen=True, slots=True)
class Wait:
    """A span of waiting."""

    plain: timedelta
    working: timedelta  # of it in the office's hours

    @classmethod
    def of(cls, hours: Office, since: datetime, until: datetime) -> Wait:
        return cls(until - since, hours.working(since, until))

    @property
    def felt(self) -> timedelta:
        """Waiting feels a third longer than it is."""
        return self.plain * FELT

    @property
    def in_words(self) -> str:
        return said(N_("%(time)s, which feels like %(felt)s"), time=span(self.plain), felt=span(self.felt))


def span(length: timedelta) -> str:
    """A length of time in its two largest units: 2 d 3 h, 1 h 20 min, 5 min."""
    minutes = round(length.total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return said(N_("%(days)s d %(hours)s h"), days=days, hours=hours) if hours else said(N_("%(days)s d"), days=days)
    if hours:
        return said(N_("%(hours)s h %(minutes)s min"), hours=hours, minutes=rest) if rest else said(N_("%(hours)s h"), hours=hours)
    return said(N_("%(minutes)s min"), minutes=rest)

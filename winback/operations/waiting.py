"""How long somebody waits, and how long that feels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from winback.journey.office import FELT, Office


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
        return f"{span(self.plain)}, which feels like {span(self.felt)}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: 2 d 3 h, 1 h 20 min, 5 min."""
    minutes = round(length.total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{rest} min"

"""Who would be greeted in the days to come: on what, when, over which channel, in which language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from winback import clock
from winback.journey.eligibility import Eligible
from winback.operations.enrolment import Decision
from winback.sending.greeting import Greeter
from winback.sending.prepared import Prepared
from winback.store import greeted

DAYS = 31
"""How far a plan looks ahead."""


@dataclass(frozen=True, slots=True, order=True)
class GreetingsOfDay:
    """Greetings alike that leave on one day, by the customers' calendars."""

    day: date
    occasion: str
    occasion_on: date
    channel: str
    language: str
    letters: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"day": self.day.isoformat(), "occasion_on": self.occasion_on.isoformat()}


class Tally:
    """Counts greetings of those who would be written to."""

    def __init__(self, prepared: Prepared, now: datetime) -> None:
        self.greeter = Greeter.of(prepared)
        self.now = now
        begins_on = max(prepared.campaign.starts_on, clock.local_day(now, prepared.project.zone))
        self.first, self.last = begins_on, min(begins_on + timedelta(days=DAYS - 1), prepared.campaign.ends_on)
        self._counts: Counter[GreetingsOfDay] = Counter()

    def add(self, connection: Connection, decisions: Iterable[Decision]) -> None:
        """Count a batch of decisions; nothing in a campaign that doesn't greet."""
        if self.greeter is None:
            return
        written_to = [each for each in decisions if each.is_written_to]
        had = greeted.left(connection, [each.candidate.customer_id for each in written_to])
        for each in written_to:
            if not isinstance(each.verdict, Eligible):
                continue
            usual = each.usual.hour if each.usual else None
            who = self.greeter.circumstances(each.candidate, each.home.zone, usual, had.get(each.candidate.customer_id, ()))
            for day in self.greeter.greetings(who, max(self.first, who.day(self.now)), self.last):
                if self.greeter.told(day.occasion, who.celebrant, each.verdict.locale) is not None:
                    alike = GreetingsOfDay(day.leaves_on, day.coming.occasion, day.coming.day, each.verdict.channels[0], each.verdict.locale)
                    self._counts[alike] += 1

    def greetings(self) -> tuple[GreetingsOfDay, ...] | None:
        """In order of the day; None where the campaign doesn't greet."""
        if self.greeter is None:
            return None
        return tuple(
            GreetingsOfDay(each.day, each.occasion, each.occasion_on, each.channel, each.language, self._counts[each])
            for each in sorted(self._counts)
        )

"""How long the pace makes a stage take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from winback.sending import places
from winback.sending.pace import Terms
from winback.speech import N_, figure, joined, numbered, said

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Paced:
    """One lane of a stage: how many of its letters take it, and how long they need at the least."""

    lane: str  # as people call it
    letters: int
    per_hour: int | None  # None: only the warm-up limits it
    takes: timedelta

    def as_json(self) -> dict[str, Any]:
        return {"lane": self.lane, "letters": self.letters, "per_hour": self.per_hour, "hours": round(self.takes.total_seconds() / 3600, 2)}


def of(letters: Mapping[Terms, int], first_on: date | None) -> tuple[Paced, ...]:
    """Every lane of a stage whose first letter leaves on a day, the slowest first. Hours in which nobody is written to aren't counted."""
    if first_on is None:
        return ()
    found = [each for terms, count in letters.items() for each in _of_lane(terms, count, first_on)]
    return tuple(sorted(found, key=lambda each: (-each.takes, each.lane)))


def _of_lane(terms: Terms, count: int, first_on: date) -> Iterator[Paced]:
    if terms.per_hour is not None:
        takes = timedelta(hours=max(0, count - terms.burst) / terms.per_hour)
        yield Paced(places.word(terms.lane), count, terms.per_hour, takes)
    today = (first_on - terms.starts_on).days
    if terms.per_day and 0 <= today < len(terms.per_day):
        left = list(accumulate(terms.per_day[today:]))
        days = next((day for day, places_until in enumerate(left) if count <= places_until), len(left))
        yield Paced(places.warming(terms.lane), count, None, timedelta(days=days))


def told(stage: str, paced: Sequence[Paced]) -> Iterator[str]:
    """What takes longer than a moment, as a sentence."""
    slow = [each for each in paced if each.takes]
    if slow:
        told = {"stage": stage, "long": _long(slow[0].takes), "lanes": joined(map(_told, slow[:_SHOWN]))}
        if len(slow) > _SHOWN:
            sentence = N_("By the pace, %(stage)s takes %(long)s at the least: %(lanes)s and %(others)s lanes more that are faster.")
            yield said(sentence, **told, others=len(slow) - _SHOWN)
        else:
            yield said(N_("By the pace, %(stage)s takes %(long)s at the least: %(lanes)s."), **told)


def _told(paced: Paced) -> str:
    told = {"lane": paced.lane, "long": _long(paced.takes), "letters": figure(paced.letters)}
    if paced.per_hour is None:
        return said(N_("%(lane)s %(long)s (%(letters)s letters)"), **told)
    return said(N_("%(lane)s %(long)s (%(letters)s letters, %(rate)s an hour)"), **told, rate=figure(paced.per_hour))


def _long(span: timedelta) -> str:
    minutes = -(-span // timedelta(minutes=1))
    if span.days >= 2 or (span.days and not span.seconds):
        return numbered("%(num)s day", "%(num)s days", -(-minutes // 1440))
    if minutes >= 60:
        return said(N_("%(hours)s h %(minutes)s min"), hours=minutes // 60, minutes=minutes % 60)
    return said(N_("%(minutes)s min"), minutes=minutes)

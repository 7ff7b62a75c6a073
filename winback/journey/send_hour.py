"""The hour of day at which a customer usually reacts: clicked, answered, or, if they never did, ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

FEWEST = 3
"""Days with a reaction around one hour, below which it may be chance: of three reactions at random between 8 and 22, 6 % lie so close."""
NEWEST = 20
"""Days looked at; habits change."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """An hour, and what it was learnt from: kept with a recipient's facts."""

    hour: int  # 0 to 23, on the customer's clock
    reactions: int  # days on which they reacted in it, in the hour before or in the one after
    days: int  # on which they reacted at all


def learn(reacted: Iterable[datetime], zone: ZoneInfo) -> Learnt | None:
    """The hour with the most reactions in it and the hours beside it; None unless those are three, and half of all.

    Not the mean: of somebody who reads at 8 and at 20 it is 14, when they never do. A day counts once, by its first reaction.
    """
    first: dict[int, int] = {}
    for local in sorted(moment.astimezone(zone) for moment in reacted):
        first.setdefault(local.toordinal(), local.hour)
    hours = list(first.values())[-NEWEST:]
    at = Counter(hours)
    around = {hour: at[(hour - 1) % 24] + at[hour] + at[(hour + 1) % 24] for hour in at}
    best = max(around, key=lambda hour: (around[hour], at[hour], -hour), default=None)
    if best is None or around[best] < FEWEST or 2 * around[best] < len(hours):
        return None
    return Learnt(best, around[best], len(hours))


def of(facts: Mapping[str, Any]) -> int | None:
    """The hour that was learnt when a recipient was decided on, out of the facts kept with them."""
    learnt = facts.get("send_hour")
    return learnt["hour"] if learnt else None


def inside(hour: int, hours: tuple[time, time]) -> tuple[time, time]:
    """The part of a window that lies in this hour; where it doesn't, in the window's hour that is nearest on the clock's face."""
    opens, closes = hours
    parts = range(opens.hour, closes.hour + (closes > time(closes.hour)))
    nearest = min(parts, key=lambda part: (min((part - hour) % 24, (hour - part) % 24), part))
    return max(opens, time(nearest)), min(closes, time(nearest + 1)) if nearest < closes.hour else closes

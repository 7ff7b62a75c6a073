"""When a stage falls due: wall time in the customer's own zone, inside the stage's hours and the country's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from winback.journey.policy import Rules
from winback.journey.stage import Stage

_WEEK = 7


def zone_of(stored: str, rules: Rules, shop: str) -> str:
    """The customer's zone: the stored one if it exists, else their country's, else the shop's."""
    for name in (stored, rules.time_zone or ""):
        try:
            if name and ZoneInfo(name):
                return name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return shop


def due_at(stage: Stage, after: datetime, zone: str, rules: Rules) -> datetime:
    """The first moment at or after `after` + the stage's wait that lies in its window, as aware UTC.

    Days of waiting are calendar days on the customer's wall clock: a letter of 10:00 is followed at 10:00, whatever the
    clocks did in between. The window is the stage's hours and weekdays cut by the country's.
    """
    local = ZoneInfo(zone)
    wall = after.astimezone(local).replace(tzinfo=None) + stage.wait
    return first_in_window(wall.replace(tzinfo=local), stage, rules)


def first_in_window(moment: datetime, stage: Stage, rules: Rules) -> datetime:
    """The first moment at or after an aware local `moment` at which this stage may leave, as aware UTC."""
    opens, closes = window(stage, rules)
    weekdays = allowed_weekdays(stage, rules)
    zone = moment.tzinfo
    day = moment.date()
    for offset in range(2 * _WEEK):
        candidate = day + timedelta(days=offset)
        if candidate.weekday() not in weekdays:
            continue
        start = datetime.combine(candidate, opens, zone)
        end = datetime.combine(candidate, closes, zone)
        if moment.astimezone(UTC) < end.astimezone(UTC):
            return max(start.astimezone(UTC), moment.astimezone(UTC))
    raise AssertionError("a window opens at least once a week")


def window(stage: Stage, rules: Rules) -> tuple[time, time]:
    """The hours of a stage cut by the country's; the country's own where the two never meet."""
    if stage.hours is None:
        return rules.hours
    opens, closes = max(stage.hours[0], rules.hours[0]), min(stage.hours[1], rules.hours[1])
    return (opens, closes) if opens < closes else rules.hours


def allowed_weekdays(stage: Stage, rules: Rules) -> Sequence[int]:
    """The weekdays of a stage that the country allows; the country's own where the two never meet."""
    both = [day for day in stage.weekdays or rules.weekdays if day in rules.weekdays]
    return both or rules.weekdays

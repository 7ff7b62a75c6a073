"""When a stage falls due: wall time in the customer's own zone, inside the stage's hours and the country's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from winback.journey import clocks, send_hour, zones
from winback.journey.policy import Rules
from winback.journey.stage import Stage


def due_at(stage: Stage, after: datetime, zone: str, rules: Rules, hour: int | None = None) -> datetime:
    """The first moment at or after `after` + the stage's wait that lies in its window, as aware UTC.

    Days of waiting are calendar days on the customer's wall clock: a letter of 10:00 is followed at 10:00, whatever the
    clocks did in between; what a wait has beyond whole days goes by the stopwatch. `zone` is a recipient's (zones.py), `hour` the one at
    which they usually react, for stages that ask for it.
    """
    moment, whole_days = after, timedelta(days=stage.wait.days)
    if whole_days:
        calendar = zones.calendar(zone, rules)
        moment = clocks.moment_of(clocks.shown(after, calendar) + whole_days, calendar)
    return first_in_window(moment + (stage.wait - whole_days), stage, zone, rules, hour)


def first_in_window(moment: datetime, stage: Stage, zone: str, rules: Rules, hour: int | None = None) -> datetime:
    """The first moment at or after an aware one at which this stage may leave, as aware UTC.

    The window is the stage's hours and weekdays cut by the country's, on every clock that the customer may live by.
    """
    moment = moment.astimezone(UTC)
    for of, hours, weekdays in _windows(stage, zone, rules, hour):
        for start, end in clocks.open_from(of, hours, weekdays, moment.date()):
            if moment < end:
                return max(start, moment)
    raise AssertionError("a window opens at least once in two weeks")


def _windows(stage: Stage, zone: str, rules: Rules, hour: int | None) -> Iterator[tuple[Sequence[ZoneInfo], clocks.Hours, Sequence[int]]]:
    """Windows by preference; a later one counts only where an earlier one never opens.

    Of a country's many clocks: the stage's hours where they are the stage's on all of them, else hours that the country allows on all of
    them, else the stage's hours on the clock of the calendar.
    """
    every, hours, weekdays = zones.clocks(zone, rules), window(stage, rules), tuple(allowed_weekdays(stage, rules))
    if len(every) == 1 and hour is not None and stage.send_hour:
        yield every, send_hour.inside(hour, hours), weekdays
    yield every, hours, weekdays
    if len(every) > 1:
        yield every, rules.hours, weekdays
        yield (zones.calendar(zone, rules),), hours, weekdays


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

"""How long a stage has to wait for the customer's sake: caps, the gap, days of mourning, and whose turn it is. Over all campaigns and channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from winback import clock
from winback.journey.policy import SPANS, Rules
from winback.model import Reason
from winback.speech import N_, numbered, said

AT_ONCE = timedelta(days=1)
"""Two campaigns want the same customer at once when they are no further apart than the gap, and than this."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A stage of another campaign that goes before this one, and when it is due."""

    campaign: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. `reason` is None when only the hours are over; `told` names the facts."""

    until: datetime
    reason: Reason | None = None
    told: str = ""
    days: int = 0  # by which it leaves later than the hours alone would let it


def wait(
    contacts: Sequence[datetime],
    rules: Rules,
    calendar: ZoneInfo,
    now: datetime,
    *,
    opens: Callable[[datetime], datetime],
    rival: Rival | None = None,
    paused_until: date | None = None,
) -> Wait | None:
    """What a stage has to wait for, and until when; None: it may leave now.

    `contacts` are the moments at which the customer was written or spoken to, in any order, a year back; `calendar` is the customer's;
    `opens` gives the first moment from another on that lies in the stage's hours and weekdays. Before the day `paused_until` nothing comes.
    """
    days = sorted((clock.local_day(each, calendar) for each in contacts), reverse=True)
    last = max(contacts, default=None)
    first = moment = opens(now)
    found: Wait | None = None
    while True:
        if rules.mourns(day := clock.local_day(moment, calendar)):
            found = found or Wait(moment, Reason.DAY_OF_SILENCE, f"{day} is a day of mourning")
            moment = opens(clock.start_of_day(day + timedelta(days=1), calendar))
            continue
        if paused_until is not None and day < paused_until:
            found = found or Wait(moment, Reason.PAUSED, f"asked for a pause until {paused_until}")
            moment = opens(clock.start_of_day(paused_until, calendar))
            continue
        blocks = (_capped(days, rules, day, calendar), _too_soon(last, rules, moment, calendar), _other_first(rival, rules, moment, calendar))
        block = max((each for each in blocks if each and each.until > moment), key=lambda each: each.until, default=None)
        if block is None:
            break
        found, moment = block, opens(block.until)
    if found is None:
        return Wait(moment) if moment > now else None
    return Wait(moment, found.reason, found.told, (clock.local_day(moment, calendar) - clock.local_day(first, calendar)).days)


def used(contacts: Sequence[datetime], calendar: ZoneInfo, now: datetime) -> dict[str, int]:
    """How many contacts count today towards the cap of each span."""
    today = clock.local_day(now, calendar)
    days = [clock.local_day(each, calendar) for each in contacts]
    return {span: sum(day > today - timedelta(days=length) for day in days) for span, length in SPANS.items()}


def caps_told(rules: Rules) -> str:
    """2 a week, 4 a month, any number a year."""
    caps = {span: getattr(rules.caps, span) or said(N_("any number")) for span in SPANS}
    return said(N_("%(week)s a week, %(month)s a month, %(year)s a year"), **caps)


def _capped(days: Sequence[date], rules: Rules, day: date, calendar: ZoneInfo) -> Wait | None:
    """Until the day on which every span has room for one more; `days` are those of contacts, the latest first."""
    found: Wait | None = None
    for span, length in SPANS.items():
        cap = getattr(rules.caps, span)
        if cap is None or len(days) < cap:
            continue
        free_on = days[cap - 1] + timedelta(days=length)
        if free_on > day and (found is None or clock.start_of_day(free_on, calendar) > found.until):
            inside = sum(each > day - timedelta(days=length) for each in days)
            found = Wait(clock.start_of_day(free_on, calendar), Reason.CAPPED, f"{inside} of {cap} contacts a {span}, the last on {days[0]}")
    return found


def _too_soon(last: datetime | None, rules: Rules, moment: datetime, calendar: ZoneInfo) -> Wait | None:
    if last is None or not rules.gap or (until := _later(last, rules.gap, calendar)) <= moment:
        return None
    shown = f"{last.astimezone(calendar):%Y-%m-%d %H:%M}"
    return Wait(until, Reason.TOO_SOON, f"the last contact was on {shown}, and {spoken(rules.gap)} lie between two")


def _other_first(rival: Rival | None, rules: Rules, moment: datetime, calendar: ZoneInfo) -> Wait | None:
    """Until the gap after the other one: had it left at that moment, this one would be too soon."""
    between = max(rules.gap, AT_ONCE)
    if rival is None or rival.due_at > _later(moment, between, calendar):
        return None
    due = rival.due_at.astimezone(calendar)
    return Wait(_later(rival.due_at, between, calendar), Reason.OTHER_FIRST, f"`{rival.campaign}` goes first, on {due:%Y-%m-%d %H:%M}")


def _later(moment: datetime, span: timedelta, calendar: ZoneInfo) -> datetime:
    """Whole days later at the same hour of the wall clock, and what the span has beyond them by the stopwatch."""
    days = timedelta(days=span.days)
    if days:
        moment = (moment.astimezone(calendar).replace(tzinfo=None) + days).replace(tzinfo=calendar)
    return moment.astimezone(UTC) + (span - days)


def spoken(span: timedelta) -> str:
    """3 days, 12 hours, 90 minutes: as it is written in policy.yaml."""
    minutes = int(span.total_seconds() // 60)
    if not minutes % 1440:
        return numbered("%(num)s day", "%(num)s days", minutes // 1440)
    return numbered("%(num)s minute", "%(num)s minutes", minutes) if minutes % 60 else numbered("%(num)s hour", "%(num)s hours", minutes // 60)

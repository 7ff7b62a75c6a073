"""What a plan says of a campaign that enrols daily: who comes in next, who waits and until when, how many are to be expected."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from winback import clock
from winback.audience import conditions
from winback.operations import knowing, recurring
from winback.operations.recurring import Turn
from winback.sending.prepared import Prepared
from winback.store import cohorts
from winback.store.as_of import AsOf
from winback.store.runs import Run

_LOOKS_BACK = 30  # days


@dataclass(frozen=True, slots=True)
class DailyPlan:
    """The next day of a daily campaign and those after it; the plan's arms and skips are of that next day."""

    newly: int  # not in the cohort before the run began, or since the last day
    back_filled: int  # of those who lapsed before
    again: int  # skipped so far, decided on anew
    before: int  # of the cohort, assigned on earlier days
    waiting: int  # left in the back-fill afterwards
    waiting_until: str  # the day on which the last of them is taken; empty where nobody waits
    unreached: int  # of them, who would still wait when the campaign takes nobody in any more
    calendar: tuple[tuple[str, int], ...]  # of the back-fill
    newly_a_day: float | None  # as it was in the last 30 days; None where only scores could tell
    takes_until: str

    def as_json(self) -> dict[str, Any]:
        calendar = [{"day": day, "customers": customers} for day, customers in self.calendar]
        return {**asdict(self), "calendar": calendar}


def turn(connection: Connection, prepared: Prepared, run: Run | None, *, salt: str, now: datetime) -> Turn:
    """Whose turn it is next: in the run that is under way, else on the first day of one that would begin now."""
    if run is None or (run.enrolled_on is None and run.enrolling_at is None):
        return recurring.first_turn(connection, prepared, salt, now)
    return recurring.turn(connection, prepared, run, now)


def of(connection: Connection, prepared: Prepared, run: Run | None, chosen: Turn, *, now: datetime) -> DailyPlan:
    """What that turn means for the days after it."""
    zone, takes_until = prepared.project.zone, prepared.campaign.takes_until
    today = clock.local_day(now, zone)
    begun_on = clock.local_day(run.started_at, zone) if run is not None else today
    first = today + timedelta(days=1) if run is not None and run.enrolled_on == today else today
    days = list(_calendar(prepared, chosen, begun_on, first))
    return DailyPlan(
        newly=chosen.newly,
        back_filled=chosen.back_filled,
        again=len(chosen.again),
        before=chosen.before,
        waiting=chosen.waiting,
        waiting_until=days[-1][0].isoformat() if chosen.waiting else "",
        unreached=sum(customers for day, customers in days if day > takes_until),
        calendar=tuple((day.isoformat(), customers) for day, customers in days if day <= takes_until),
        newly_a_day=newly_a_day(connection, prepared, now),
        takes_until=takes_until.isoformat(),
    )


def _calendar(prepared: Prepared, chosen: Turn, begun_on: date, first: date) -> list[tuple[date, int]]:
    rule, waiting = prepared.campaign.back_fill, chosen.back_filled + chosen.waiting
    return list(rule.calendar(waiting, begun_on, first)) if rule is not None else []


def newly_a_day(connection: Connection, prepared: Prepared, now: datetime) -> float | None:
    """Of those in the cohort now, how many came in each day, from the cohort as it was 30 days ago."""
    if conditions.asks_scores(prepared.selection.cohort):
        return None
    then, inside = (_members(connection, prepared, moment) for moment in (now - timedelta(days=_LOOKS_BACK), now))
    return len(inside - then) / _LOOKS_BACK


def _members(connection: Connection, prepared: Prepared, moment: datetime) -> set[int]:
    stand = knowing.ground(connection, prepared.project, prepared.selection, AsOf.of(prepared.project, moment))
    return set(connection.execute(cohorts.members(stand)).scalars())

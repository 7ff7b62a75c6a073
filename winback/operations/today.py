"""The studio's home: what runs, what waits for somebody, what leaves today, how sending does, who returned this month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection, Engine

from winback import clock
from winback.errors import Refused
from winback.journey import campaign
from winback.limits import FuseCause
from winback.model import HOLDOUT, RunStatus
from winback.operations import lane_control, lane_words
from winback.operations.lane_control import LaneState
from winback.outcomes import comparison
from winback.outcomes.comparison import Comparison
from winback.outcomes.statistics import Counted
from winback.settings import Project
from winback.store import approvals, database, fuses, runs, today
from winback.store.today import RunToday

_MEASURED = 40
"""Of so many runs, the newest, returns are told."""
MOST = today.MOST
"""No count goes further."""
_ALARMS_OF = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A campaign that waits for a person's yes."""

    campaign: str
    people: int
    asked_at: datetime
    has_begun: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """A lane stopped or broke off within the last week, and goes on by now, or never stood."""

    lane: str
    at: datetime
    happened: str


@dataclass(frozen=True, slots=True)
class Returned:
    """Of one run, who returned this month as it was measured last: of those written to, and of those left alone."""

    campaign: str
    run: int
    measured_at: datetime
    written: Counted
    alone: Counted
    lift: Comparison  # in fractions, by an interval that holds however often one looks


@dataclass(frozen=True, slots=True)
class Health:
    """How sending does: letters due now, and waiting for their place by the pace; each lane with what came of its newest letters."""

    due: int
    paced: int
    lanes: tuple[LaneState, ...]

    @property
    def stopped(self) -> tuple[LaneState, ...]:
        return tuple(each for each in self.lanes if each.stop is not None)

    @property
    def near(self) -> tuple[LaneState, ...]:
        return tuple(each for each in self.lanes if each.stop is None and each.warns)


@dataclass(frozen=True, slots=True)
class Today:
    """Counts go up to MOST: what is as many may be more."""

    runs: tuple[RunToday, ...]
    waiting: tuple[Waiting, ...]
    not_begun: tuple[str, ...]  # campaigns whose time it is, and that nobody began
    sent: int
    later: int
    health: Health
    uncertain: tuple[tuple[str, int], ...]  # by campaign
    alarms: tuple[Alarm, ...]
    returned: tuple[Returned, ...]
    is_counting: bool = False  # returns of others are still being counted

    @property
    def returned_customers(self) -> int:
        """Of all campaigns, of those written to."""
        return sum(each.written.successes for each in self.returned)


@dataclass(frozen=True, slots=True)
class Month:
    """Runs whose returns of this month are known, and whether others are still being counted."""

    returned: tuple[Returned, ...] = ()
    is_counting: bool = False


Key: TypeAlias = tuple[int, datetime, datetime]
"""A run, when it was measured, and the month's beginning: what the figures of a run rest on."""
Ask: TypeAlias = Callable[[Key, Callable[[], tuple[Counted, Counted]]], tuple[Counted, Counted] | None]
"""Looks up what is kept under a key, or has it counted; None while it is being counted."""


def at_once(_key: Key, count: Callable[[], tuple[Counted, Counted]]) -> tuple[Counted, Counted]:
    """Counts while whoever asks waits: of a large run a second or two."""
    return count()


def _month(engine: Engine, ask: Ask, since: datetime, now: datetime) -> Month:
    """Runs that were measured this month, in which somebody returned this month or nobody yet of one that is new."""
    with database.reading(engine) as connection:
        measured = [row for row in today.measured(connection) if row.measured_at >= since][:_MEASURED]
    found, is_counting = [], False
    for run in measured:
        counted = ask((run.run_id, run.measured_at, since), partial(_counted, engine, run.run_id, since, min(now, run.measured_at)))
        if counted is None:
            is_counting = True
            continue
        written, alone = counted
        if written.successes or alone.successes:
            lift = comparison.of_rates_so_far(comparison.RETURNED, "written to", written, HOLDOUT, alone)
            found.append(Returned(run.campaign, run.number, run.measured_at, written, alone, lift))
    return Month(tuple(found), is_counting)


def _counted(engine: Engine, run_id: int, since: datetime, until: datetime) -> tuple[Counted, Counted]:
    with database.reading(engine) as connection:
        back = today.returned(connection, run_id, since, until + timedelta(microseconds=1))
        of = today.assigned(connection, run_id, until)
    written, alone = (Counted(min(some, all_), all_) for some, all_ in zip(back, of, strict=True))
    return written, alone


def look(project: Project, engine: Engine, ask: Ask = at_once, *, now: datetime) -> Today:
    """The day as it is now; returns are looked up, or counted, by `ask`."""
    day = clock.local_day(now, project.zone)
    morning, evening = clock.start_of_day(day, project.zone), clock.end_of_day(day, project.zone)
    lanes = tuple(lane_control.states(project, engine, now=now))
    with database.reading(engine) as connection:
        under_way = tuple(today.runs(connection, now, evening))
        sent, uncertain = today.sent_since(connection, morning), tuple(today.uncertain(connection))
        asking = tuple(waiting(connection))
        known = {run.campaign for run in under_way} | {each.campaign for each in asking} | set(runs.campaigns(connection))
        alarms = tuple(
            Alarm(each.lane, each.blown_at, lane_words.happened(each))
            for each in fuses.history(connection, limit=20)
            if each.resumed_at is not None and each.blown_at > now - _ALARMS_OF and each.cause is not FuseCause.PERSON
        )
    month = _month(engine, ask, clock.start_of_day(day.replace(day=1), project.zone), now)
    going = [run for run in under_way if run.status == RunStatus.ACTIVE]
    health = Health(sum(run.due for run in under_way), sum(run.waits_for_pace for run in under_way), lanes)
    not_begun = tuple(name for name in project.names("campaigns") if name not in known and _is_its_time(project, name, day.toordinal()))
    return Today(
        under_way, asking, not_begun, sent, sum(run.later_today for run in going), health, uncertain, alarms, month.returned, month.is_counting
    )


def waiting(connection: Connection) -> list[Waiting]:
    """The latest question of each campaign that has no answer that stands, unless a later run made it pointless."""
    found = []
    for name in approvals.campaigns(connection):
        last = approvals.of_campaign(connection, name)[0]
        if not last.stands and not _is_past(connection, name, last.summary.get("run", 1)):
            found.append(Waiting(name, last.summary.get("people", 0), last.asked_at, bool(last.summary.get("has_begun"))))
    return found


def _is_past(connection: Connection, name: str, number: int) -> bool:
    """The run that it was asked for is over, however that came about, or a later one has begun."""
    latest = runs.latest(connection, name)
    return latest is not None and (latest.number > number or (latest.number == number and latest.status in _OVER))


_OVER = frozenset({RunStatus.CANCELLED, RunStatus.FINISHED})


def _is_its_time(project: Project, name: str, day: int) -> bool:
    """Whether a campaign's days hold today; no of a file that can't be read, which the list of campaigns shows."""
    try:
        plan = campaign.read(project, name).value
    except Refused:
        return False
    return plan.starts_on.toordinal() <= day <= plan.ends_on.toordinal()

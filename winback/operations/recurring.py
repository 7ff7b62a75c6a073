"""A campaign that enrols daily: begin a day, choose whose turn it is, end the day. What is decided on them is enrolment's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from winback import clock
from winback.journey import assignment, recurrence
from winback.operations import knowing
from winback.sending.prepared import Prepared
from winback.store import cohorts, database, enrolling, runs
from winback.store.as_of import AsOf
from winback.store.runs import Run


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is on a day. The cohort = fresh + again + waiting + those assigned before."""

    fresh: list[int]  # never decided on: from the back-fill, and newly in the cohort
    again: list[int]  # skipped before; decided on anew, as long as they are in the cohort
    waiting: int  # left in the back-fill
    back_filled: int  # of `fresh`, from the back-fill
    before: int  # assigned by this run already

    @property
    def newly(self) -> int:
        return len(self.fresh) - self.back_filled


def next_day(prepared: Prepared, run: Run, now: datetime) -> datetime | None:
    """The first moment of the next day on which the run takes customers in; None: of none."""
    if not prepared.campaign.is_daily or run.enrolled_at is not None:
        return None
    tomorrow = clock.local_day(now, prepared.project.zone) + timedelta(days=1)
    return clock.start_of_day(tomorrow, prepared.project.zone) if tomorrow <= prepared.campaign.takes_until else None


def last_entry(prepared: Prepared, run: Run) -> date:
    """The last day on which a daily run takes customers in."""
    return recurrence.last_entry(clock.local_day(run.started_at, prepared.project.zone), prepared.campaign.takes_until)


def is_next_due(prepared: Prepared, run: Run, now: datetime) -> bool:
    """Whether a daily campaign's run takes nobody in any more, and the campaign itself goes on: the next one begins."""
    today = clock.local_day(now, prepared.project.zone)
    return prepared.campaign.is_daily and last_entry(prepared, run) < today <= prepared.campaign.takes_until


def begin(engine: Engine, prepared: Prepared, run: Run, now: datetime) -> datetime | None:
    """The moment as of which today's decisions are made, the same for all who make them; None when there is nothing to decide.

    An earlier day that was never finished is given up: whoever wasn't decided on then is today. After the last day the run is closed.
    """
    zone = prepared.project.zone
    today = clock.local_day(now, zone)
    if today > last_entry(prepared, run):
        with database.writing(engine) as connection:
            runs.record_enrolled(connection, run.id, now)
        return None
    with database.reading(engine) as connection:
        found = runs.get(connection, run.id)
        if _is_under_way(found, today, prepared):
            return found.enrolling_at
        first = found.enrolling_at is None and found.enrolled_on is None
        waiting = back_fill(connection, prepared, run.salt, run.started_at) if first else []
    with database.writing(engine) as connection:
        if enrolling.begin_day(connection, run.id, today=today, now=now, instead_of=found.enrolling_at):
            enrolling.wait(connection, run.id, waiting)
            return now
        found = runs.get(connection, run.id)  # somebody else began it meanwhile
    return found.enrolling_at if _is_under_way(found, today, prepared) else None


def _is_under_way(run: Run, today: date, prepared: Prepared) -> bool:
    return run.enrolling_at is not None and clock.local_day(run.enrolling_at, prepared.project.zone) == today


def end(engine: Engine, prepared: Prepared, run: Run, moment: datetime) -> None:
    """Everybody whose turn it was has been decided on."""
    with database.writing(engine) as connection:
        enrolling.end_day(connection, run.id, today=clock.local_day(moment, prepared.project.zone), moment=moment)


def back_fill(connection: Connection, prepared: Prepared, salt: str, began_at: datetime) -> list[int]:
    """Who lapsed before a run began and waits for their day, the first first: the cohort as of the day before.

    In the cohort's own order; else by a hash that has nothing to do with anybody's arm, so that each day is a fair sample of all.
    """
    if prepared.campaign.back_fill is None:
        return []
    zone = prepared.project.zone
    eve = clock.end_of_day(clock.local_day(began_at, zone) - timedelta(days=1), zone)
    stand = knowing.ground(connection, prepared.project, prepared.selection, AsOf.of(prepared.project, eve))
    members = enrolling.with_keys(connection, cohorts.members(stand))
    if prepared.selection.cohort.order_by is None:
        members = sorted(members, key=lambda member: assignment.bucket(f"{salt}:back-fill", member[1]))
    return [who for who, _ in members]


def turn(connection: Connection, prepared: Prepared, run: Run, moment: datetime) -> Turn:
    """Whose turn it is as of a moment, in a run whose first day has begun."""
    members = cohorts.members(knowing.ground(connection, prepared.project, prepared.selection, AsOf.of(prepared.project, moment), run_id=run.id))
    inside = set(connection.execute(members).scalars())
    decided, in_line = enrolling.decided(connection, run.id), enrolling.waiting(connection, run.id)
    waiting = [who for who in in_line if who in inside]
    taken = enrolling.taken(connection, run.id, moment)
    quota = max(0, quota_of(prepared, run.started_at, moment, len(waiting) + taken) - taken)
    newly = sorted(inside - decided.keys() - set(in_line))
    return Turn(
        fresh=[*waiting[:quota], *newly],
        again=sorted(who for who, place in decided.items() if place.is_skipped and place.decided_at < moment and who in inside),
        waiting=len(waiting[quota:]),
        back_filled=len(waiting[:quota]),
        before=sum(not place.is_skipped for who, place in decided.items() if who in inside),
    )


def first_turn(connection: Connection, prepared: Prepared, salt: str, moment: datetime) -> Turn:
    """The same of a run that would begin at that moment."""
    members = cohorts.members(knowing.ground(connection, prepared.project, prepared.selection, AsOf.of(prepared.project, moment)))
    today = sorted(connection.execute(members).scalars())
    inside = set(today)
    waiting = [who for who in back_fill(connection, prepared, salt, moment) if who in inside]
    quota = quota_of(prepared, moment, moment, len(waiting))
    later = set(waiting)
    fresh = [*waiting[:quota], *(who for who in today if who not in later)]
    return Turn(fresh=fresh, again=[], waiting=len(waiting[quota:]), back_filled=quota, before=0)


def quota_of(prepared: Prepared, began_at: datetime, moment: datetime, waiting: int) -> int:
    """How many of those who wait are taken on the day of `moment`."""
    rule, zone = prepared.campaign.back_fill, prepared.project.zone
    if rule is None:
        return waiting
    return rule.quota(waiting, clock.local_day(began_at, zone), clock.local_day(moment, zone))


def batches(ids: Sequence[int], size: int) -> list[list[int]]:
    return [list(ids[at : at + size]) for at in range(0, len(ids), size)]

"""Play a whole campaign with a simulated clock into the file channel, on a copy of the store. Nothing leaves, nothing changes."""

from __future__ import annotations

import hmac
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.model import TASK, RecipientStatus, RunStatus
from winback.operations import campaign_run, enrolment, recurring, running
from winback.sending import lanes
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import codes, contact_log, database, deliveries, runs, snapshot, tasks

TICK = timedelta(minutes=15)
"""How often a schedule would look for letters that have fallen due."""


@dataclass(frozen=True, slots=True)
class Day:
    """What leaves on one day, by the shop's calendar."""

    day: str
    stage: str
    channel: str
    language: str
    letters: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The calendar of a rehearsed campaign, what became of everybody, and where the letters lie."""

    campaign: str
    from_: str
    until: str
    folder: Path
    calendar: tuple[Day, ...]
    recipients: dict[str, int]  # "active", "held_out", "skipped: no-consent", "stopped: ordered"...

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "from": self.from_,
            "until": self.until,
            "folder": str(self.folder),
            "calendar": [{"day": d.day, "stage": d.stage, "channel": d.channel, "language": d.language, "letters": d.letters} for d in self.calendar],
            "recipients": self.recipients,
        }


async def rehearse(
    prepared: Prepared, engine: Engine, *, start: datetime, until: datetime, worker: str, progress: Callable[[datetime], None] | None = None
) -> Rehearsal:
    """Play from `start` to `until` as a schedule of every 15 minutes would; orders known to lie in between stop as they would have.

    It begins on the campaign's first day when `start` is earlier. Letters are written to out/rehearsals/<campaign>/, which is emptied first.
    """
    start = max(start, clock.start_of_day(prepared.campaign.starts_on, prepared.project.zone))
    prepared = replace(prepared, project=_with_another_key(prepared.project))
    folder = prepared.project.out / "rehearsals" / prepared.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="winback-rehearsal-") as scratch:
        copy = snapshot.copy_to(engine, Path(scratch) / "store.db")
        try:
            await _play(prepared, copy, start=start, until=until, worker=worker, folder=folder, progress=progress)
            return _told(prepared, copy, start, until, folder)
        finally:
            copy.dispose()


def _with_another_key(project: Project) -> Project:
    """The same project with a signing key of its own: the links of rehearsed letters mean nobody real."""
    key = hmac.digest(project.key, b"rehearsal", "sha256").hex()
    return replace(project, environment={**project.environment, "WINBACK_SECRET": key})


async def _play(
    prepared: Prepared, copy: Engine, *, start: datetime, until: datetime, worker: str, folder: Path, progress: Callable[[datetime], None] | None
) -> None:
    """A run that takes everybody in at once is rehearsed from its beginning; one that goes on every day, from where it stands."""
    now = start
    with database.writing(copy) as connection:
        for unfinished in runs.unfinished_of(connection, prepared.name):
            status = RunStatus.ACTIVE if prepared.campaign.is_daily else RunStatus.CANCELLED
            runs.change_status(connection, unfinished.id, status, now)
            if status is RunStatus.CANCELLED:
                codes.release_those_of_ended(connection, prepared.name, unfinished.id)
        contact_log.forget_later(connection, now)
        codes.forget_later(connection, now)
    async with running.open_lanes(prepared, worker=worker, open_channel=lambda _, name: lanes.rehearsal_channel(folder, name)) as opened:
        run = campaign_run.current(copy, prepared, now=now, again=True)
        entered: date | None = None
        while now <= until:
            today = clock.local_day(now, prepared.project.zone)
            if entered is None or (prepared.campaign.is_daily and today != entered):
                run = run if entered is None else campaign_run.current(copy, prepared, now=now)
                enrolment.enrol(copy, prepared, run, now=now)
                entered = today
            ran = running.Ran(prepared.name, run.number, run.status)
            under_way = campaign_run.under_way(copy, prepared)
            for each in under_way:
                await running.send(prepared, copy, each, opened, ran, now=partial(_same, now))
            with database.reading(copy) as connection:
                moments = [runs.next_due(connection, each.id) for each in under_way]
                moments.append(recurring.next_day(prepared, runs.get(connection, run.id), now))
            due = min((moment for moment in moments if moment is not None), default=None)
            if due is None:
                return
            now = max(now + TICK, start + _ticks(due - start))
            if progress:
                progress(now)


def _same(moment: datetime) -> datetime:
    return moment


def _ticks(span: timedelta) -> timedelta:
    """The first multiple of the tick that isn't before `span`."""
    return -(-span // TICK) * TICK


def _write_tasks(folder: Path, asked: Sequence[Row[Any]]) -> None:
    """What people would have been asked, each task a text beside the letters."""
    for task in asked:
        path = folder / TASK / f"{task.delivery_id}.txt"
        path.parent.mkdir(exist_ok=True)
        lines = [f"{task.manager}: {task.kind}, customer {task.customer}, by {task.due_at:%Y-%m-%d} (stage {task.stage})", "", task.text, ""]
        path.write_text("\n".join(lines), encoding="utf-8")


def _told(prepared: Prepared, copy: Engine, start: datetime, until: datetime, folder: Path) -> Rehearsal:
    zone = prepared.project.zone
    with database.reading(copy) as connection:
        played = runs.unfinished_of(connection, prepared.name)  # what is rehearsed is never closed
        sent = [row for run in played for row in deliveries.sent_by_moment(connection, run.id) if row[0] >= start]
        standing = sum((Counter(runs.counts(connection, run.id)) for run in played), Counter[tuple[RecipientStatus, str]]())
        asked = [task for run in played for task in connection.execute(tasks.listed(open_only=False, run_id=run.id)) if task.asked_at >= start]
    days: dict[tuple[str, str, str, str], int] = {}
    for sent_at, stage, channel, language, count in sent:
        key = clock.local_day(sent_at, zone).isoformat(), stage, channel, language
        days[key] = days.get(key, 0) + count
    _write_tasks(folder, asked)
    recipients = {f"{status}: {reason}" if reason else str(status): count for (status, reason), count in standing.items()}
    return Rehearsal(
        campaign=prepared.name,
        from_=clock.local_day(start, zone).isoformat(),
        until=clock.local_day(until, zone).isoformat(),
        folder=folder,
        calendar=tuple(Day(*key, count) for key, count in sorted(days.items())),
        recipients=recipients,
    )

"""Play a whole campaign with a simulated clock on a copy of the store. Nothing leaves, nothing changes."""

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
from winback.errors import ConfigError, Problem
from winback.model import TASK, RecipientStatus, RunStatus
from winback.operations import calendar, campaign_run, enrolment, recurring, running
from winback.operations.calendar import Calendar
from winback.sending import lanes
from winback.sending.compose import Writer
from winback.sending.prepared import Prepared
from winback.sending.unwritten import SilentWriter
from winback.settings import Project
from winback.speech import N_, said
from winback.store import codes, contact_log, database, deliveries, fuses, paces, runs, snapshot, tasks

TICK = timedelta(minutes=15)
"""How often a schedule would look for letters that have fallen due."""

_LETTERS_AT_ONCE, _UNWRITTEN_AT_ONCE = 500, 5000  # in memory


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The calendar of a rehearsed campaign, what became of everybody, and where the letters lie."""

    campaign: str
    from_: str
    until: str
    folder: Path | None  # None: no letters were written
    calendar: Calendar
    recipients: dict[str, int]  # "active", "held_out", "skipped: no-consent", "stopped: ordered"...

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "from": self.from_,
            "until": self.until,
            "folder": self.folder and str(self.folder),
            "calendar": self.calendar.as_json(),
            "days": {day.isoformat(): letters for day, letters in self.calendar.totals().items()},
            "recipients": self.recipients,
        }


def moved(prepared: Prepared, first_day: date) -> Prepared:
    """The same campaign as if it had begun on `first_day`, and lasted as long; unless that day is one of its own."""
    plan = prepared.campaign
    if plan.starts_on <= first_day <= plan.ends_on:
        return prepared
    by = first_day - plan.starts_on
    stages = tuple(stage.model_copy(update={"on_day": stage.on_day and stage.on_day + by}) for stage in plan.stages)
    dates = {"starts_on": first_day, "ends_on": plan.ends_on + by, "stages": stages}
    return replace(prepared, document=replace(prepared.document, value=plan.model_copy(update=dates)))


def between(prepared: Prepared, *, now: datetime, first: date | None, until: date | None) -> tuple[Prepared, datetime, datetime]:
    """What is rehearsed, from when and until when: from now, of a campaign that is over from its first day; a day outside of its dates moves them.

    Raises ConfigError when it would end before it begins.
    """
    zone = prepared.project.zone
    if first is None and clock.local_day(now, zone) > prepared.campaign.ends_on:
        first = prepared.campaign.starts_on
    ready = prepared if first is None else moved(prepared, first)
    start = now if first is None else clock.start_of_day(first, zone)
    end = clock.end_of_day(until or ready.campaign.ends_on, zone)
    if end <= start:
        raise ConfigError(
            Problem("", None, said(N_("the rehearsal would end on %(day)s, before it begins."), day=f"{end:%Y-%m-%d}"), "Write a later --until.")
        )
    return ready, start, end


async def rehearse(
    prepared: Prepared,
    engine: Engine,
    *,
    start: datetime,
    until: datetime,
    worker: str,
    letters: bool = True,
    progress: Callable[[datetime], None] | None = None,
) -> Rehearsal:
    """Play from `start` to `until` as a schedule of every 15 minutes would; orders known to lie in between stop as they would have.

    It begins on the campaign's first day when `start` is earlier. Letters are written to out/rehearsals/<campaign>/, which is emptied
    first; without `letters` none is, and the same is decided in a fraction of the time.
    """
    start = max(start, clock.start_of_day(prepared.campaign.starts_on, prepared.project.zone))
    prepared = replace(prepared, project=_with_another_key(prepared.project))
    folder = _emptied(prepared.project.out / "rehearsals" / prepared.name) if letters else None
    with tempfile.TemporaryDirectory(prefix="winback-rehearsal-") as scratch:
        copy = snapshot.copy_to(engine, Path(scratch) / "store.db")
        try:
            await _play(prepared, copy, start=start, until=until, worker=worker, folder=folder, progress=progress)
            return _told(prepared, copy, start, until, folder)
        finally:
            copy.dispose()


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _with_another_key(project: Project) -> Project:
    """The same project with a signing key of its own: the links of rehearsed letters mean nobody real."""
    key = hmac.digest(project.key, b"rehearsal", "sha256").hex()
    return replace(project, environment={**project.environment, "WINBACK_SECRET": key, "WINBACK_LINK_KEYS": "", "WINBACK_LINK_KEYS_FILE": ""})


async def _play(
    prepared: Prepared,
    copy: Engine,
    *,
    start: datetime,
    until: datetime,
    worker: str,
    folder: Path | None,
    progress: Callable[[datetime], None] | None,
) -> None:
    """A run that takes everybody in at once is rehearsed from its beginning; one that goes on every day, from where it stands."""
    now = start
    _wind_back(prepared, copy, start)
    batch, writer = (_UNWRITTEN_AT_ONCE, SilentWriter) if folder is None else (_LETTERS_AT_ONCE, Writer)
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
                await running.send(prepared, copy, each, replace(opened, batch=batch), ran, now=partial(_same, now), writer=writer)
            with database.reading(copy) as connection:
                moments = [runs.next_due(connection, each.id) for each in under_way]
                moments.append(recurring.next_day(prepared, runs.get(connection, run.id), now))
            due = min((moment for moment in moments if moment is not None), default=None)
            if due is None:
                return
            now = max(now + TICK, start + _ticks(due - start))
            if progress:
                progress(now)


def _wind_back(prepared: Prepared, copy: Engine, start: datetime) -> None:
    """Runs that lay in the future at `start` keep nobody from being written to, nor does the campaign's own, which is to be played anew.

    Of the pace, buckets are full, and a warm-up's allowances unused.
    """
    with database.writing(copy) as connection:
        for run in runs.unfinished(connection):
            own = run.campaign == prepared.name
            goes_on = own and prepared.campaign.is_daily and run.started_at <= start
            if goes_on:
                runs.change_status(connection, run.id, RunStatus.ACTIVE, start)
            elif own or run.started_at > start:
                runs.change_status(connection, run.id, RunStatus.CANCELLED, start)
                codes.release_those_of_ended(connection, run.campaign, run.id)
        fuses.forget(connection)
        contact_log.forget_later(connection, start)
        codes.forget_later(connection, start)
        paces.forget(connection)


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


def _told(prepared: Prepared, copy: Engine, start: datetime, until: datetime, folder: Path | None) -> Rehearsal:
    zone = prepared.project.zone
    with database.reading(copy) as connection:
        played = runs.unfinished_of(connection, prepared.name)  # what is rehearsed is never closed
        sent = [each for run in played for each in deliveries.sent_by_moment(connection, run.id) if each.sent_at >= start]
        standing = sum((Counter(runs.counts(connection, run.id)) for run in played), Counter[tuple[RecipientStatus, str]]())
        asked = [task for run in played for task in connection.execute(tasks.listed(open_only=False, run_id=run.id)) if task.asked_at >= start]
    if folder is not None:
        _write_tasks(folder, asked)
    return Rehearsal(
        campaign=prepared.name,
        from_=clock.local_day(start, zone).isoformat(),
        until=clock.local_day(until, zone).isoformat(),
        folder=folder,
        calendar=calendar.of(prepared, sent),
        recipients={f"{status}: {reason}" if reason else str(status): count for (status, reason), count in standing.items()},
    )

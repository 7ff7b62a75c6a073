"""The one door to a run: is the clock right, are the files those that it went on with, does somebody have to look at it first."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Engine

from winback import clock
from winback.errors import ConfigError, Problem
from winback.journey import approval, campaign
from winback.journey.fingerprint import Fingerprint
from winback.model import UNFINISHED, RunStatus
from winback.operations import approving, asking, campaign_run
from winback.operations.approving import Waiting
from winback.sending import contents
from winback.sending.prepared import Prepared
from winback.store import approvals, database, restored, run_files, runs
from winback.store.runs import Run

SKEW = timedelta(minutes=5)
"""So far apart the clocks of two machines may be."""
_TOLD_EVERY = timedelta(minutes=1)  # that a run is being worked at


def begin(engine: Engine, ready: Prepared, *, now: datetime, again: bool = False) -> Run | Waiting:
    """The campaign's run, begun now if there was none; or what a person must approve first. Nothing is enrolled or sent here.

    Raises ConfigError when it can't begin or go on, the clock has gone back, or another campaign has its title.
    """
    made_of = contents.read(ready)
    with database.reading(engine) as connection:
        run = runs.latest(connection, ready.name)
    if run is not None:
        _refuse_earlier(ready, run, now)
    if run is not None and campaign_run.goes_on(ready, run, now):
        return _go_on(engine, ready, campaign_run.current(engine, ready, now=now, made_of=made_of), made_of, now=now)
    _refuse_without_letters(engine, ready)
    if twins := campaign.twins(ready.project, ready.name):
        raise ConfigError(twins)
    again = again or (run is not None and run.status in UNFINISHED)  # a daily one's next run begins by itself
    campaign_run.refuse_to_begin(engine, ready, now=now, again=again)
    asked = approving.clear(engine, ready, run, made_of, now=now)
    if isinstance(asked, Waiting):
        return asked
    with database.reading(engine) as connection:
        needed = approvals.get(connection, ready.name, made_of.digest)
    cleared = partial(approving.is_cleared, campaign=ready.name, digest=made_of.digest, needed=needed is not None and needed.stands)
    began = campaign_run.current(engine, ready, now=now, again=again, made_of=made_of, is_cleared=cleared, expected=asked)
    return _go_on(engine, ready, began, made_of, now=now)  # somebody else's, perhaps, who began at the same moment


def _go_on(engine: Engine, ready: Prepared, run: Run, made_of: Fingerprint, *, now: datetime) -> Run | Waiting:
    """The same files as before: on with it. Others: recorded, and asked about where many are still to be written to."""
    with database.reading(engine) as connection:
        at_rest = run.status is RunStatus.PAUSED
        alike = all(each.fingerprint == made_of.digest for each in runs.unfinished_of(connection, ready.name))
        as_before = run.status is RunStatus.ACTIVE and alike and _may_go_on(connection, ready, run, made_of)
    if at_rest or as_before:
        if run.went_on_at is None or now - run.went_on_at >= _TOLD_EVERY:
            with database.writing(engine) as connection:
                run_files.went_on(connection, run.id, now)
        return run
    with database.writing(engine) as connection:
        goes = _may_go_on(connection, ready, run, made_of, hold=True)
        found = runs.latest(connection, ready.name)
        assert found is not None
        if found.status not in {RunStatus.ACTIVE, RunStatus.WAITING}:
            return found  # somebody paused or cancelled it meanwhile
        approving.go_on_with(connection, ready.name, made_of, by=ready.project.user, now=now)
        approving.set_going(connection, ready.name, RunStatus.ACTIVE if goes else RunStatus.WAITING, now=now)
        run_files.went_on(connection, run.id, now)
        found = runs.latest(connection, ready.name)
        known = approvals.get(connection, ready.name, made_of.digest)
    assert found is not None
    if goes:
        return found
    if known is not None:
        return approving.waiting(known)
    return approving.ask(engine, ready, asking.of_run(ready, engine, found, now=now), made_of, now=now)


def _may_go_on(connection: Connection, ready: Prepared, run: Run, made_of: Fingerprint, *, hold: bool = False) -> bool:
    """Whether those still to be written to may be, with these files."""
    above = ready.project.settings.approve_above
    known = approvals.get(connection, ready.name, made_of.digest, hold=hold)
    if known is not None and (known.approved_at is not None or known.withdrawn_at is not None):
        return known.stands
    if above is None:
        return True
    if run.is_deciding and run.fingerprint not in {"", made_of.digest}:
        return False  # it broke off while it decided, and nobody knows how many are to come
    return approval.may_go(above, run_files.count_to_come(connection, runs.unfinished_of(connection, ready.name)), None)


def _refuse_earlier(ready: Prepared, run: Run, now: datetime) -> None:
    """Letters would leave at odd hours, and twice as often: whoever set the clock must say which time is right."""
    latest = run.went_on_at or run.started_at
    if now < latest - SKEW:
        zone = ready.project.zone
        told = f"the clock of this machine says {now.astimezone(zone):%Y-%m-%d %H:%M}, and run {run.number} of `{ready.name}` was worked at on "
        message = f"{told}{latest.astimezone(zone):%Y-%m-%d %H:%M}: {_span(latest - now)} later."
        how = f"Set the clock right. If it was wrong then and is right now: winback run {ready.name} --clock-is-right"
        raise ConfigError(Problem("", None, message, how))


def accept_clock(engine: Engine, name: str, *, now: datetime) -> None:
    """A person says that the clock was wrong before, and is right now."""
    with database.writing(engine) as connection:
        run = runs.latest(connection, name)
        if run is not None:
            run_files.set_clock(connection, run.id, now)


def _refuse_without_letters(engine: Engine, ready: Prepared) -> None:
    """After a restore the gaps and caps of the contact policy can't hold: what left since the backup is in no row."""
    with database.reading(engine) as connection:
        restored_at = restored.lacks_letters_since(connection)
    if restored_at is not None:
        day = clock.local_day(restored_at, ready.project.zone)
        what = f"a backup was restored on {day}: nobody here knows whom letters went to after it was made, and a new run might write to them again at once."
        how = f"Bring those letters in (docs/backup.md says how), then say so: winback run {ready.name} --letters-are-in"
        raise ConfigError(Problem("", None, what, how))


def vouch_for_letters(engine: Engine, *, by: str, now: datetime) -> None:
    """A person says that what left between a backup and its being restored is imported, or that nothing did. Raises ConfigError when nobody asked."""
    with database.writing(engine) as connection:
        if restored.lacks_letters_since(connection) is None:
            raise ConfigError(Problem("", None, "no backup was restored that lacks letters.", "Leave out --letters-are-in."))
        restored.vouch_for_letters(connection, who=by, now=now)


def _span(length: timedelta) -> str:
    hours = length // timedelta(hours=1)
    for unit, count in (("day", hours // 24), ("hour", hours), ("minute", length // timedelta(minutes=1))):
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "a moment"

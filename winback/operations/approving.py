"""A campaign that would write to many waits until a person has looked at it: asked once, approved for these very files, withdrawn at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from winback import speech
from winback.errors import ConfigError, Problem
from winback.journey import approval, fingerprint
from winback.journey.fingerprint import Fingerprint
from winback.model import UNFINISHED, RunStatus
from winback.operations import asking, campaign_run, second_person, steering
from winback.operations.asking import Asked
from winback.sending import contents, prepared
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import approvals, audit, database, run_files, runs
from winback.store.approvals import Approval
from winback.store.runs import Run


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing leaves until somebody approves this."""

    asked: Asked
    fingerprint: str
    asked_at: datetime
    withdrawn_by: str | None  # who took an earlier approval back; None: nobody did

    def as_json(self) -> dict[str, Any]:
        return {"fingerprint": self.fingerprint, "asked_at": self.asked_at.isoformat(), **self.asked.as_json()}


def clear(engine: Engine, ready: Prepared, run: Run | None, made_of: Fingerprint, *, now: datetime) -> Waiting | Mapping[str, Any] | None:
    """What stands in the way of a run that hasn't begun, asked for now if it never was.

    Else nobody need be asked, or somebody said yes: then the figures that they were or would be shown, None where nobody counts them.
    """
    above, number = ready.project.settings.approve_above, 1 if run is None else run.number + 1
    with database.reading(engine) as connection:
        known = approvals.get(connection, ready.name, made_of.digest)
    if known is not None and known.stands and _takes_in(ready, run):
        return known.summary
    if known is not None and _concerns(known, number):
        if known.stands and not approval.outgrown(known.given, campaign_run.size(engine, ready, now=now)):
            return known.summary
        if not known.stands and not approval.may_go(above, known.summary["people"], known.given):
            return waiting(known)
    if above is None:
        return None
    question = asking.question(ready, engine, run, now=now)
    if approval.may_go(above, question.asked.people, None):
        return question.asked.as_json()
    return ask(engine, ready, question, made_of, now=now)


def ask(engine: Engine, ready: Prepared, question: asking.Question, made_of: Fingerprint, *, now: datetime) -> Waiting:
    """Write sample letters and what is asked."""
    letters, note = asking.write_letters(ready, engine, question, now=now)
    with database.writing(engine) as connection:
        changed = _since(connection, ready.name, made_of)
        asked = replace(question.asked, letters=letters, note=note, changed=changed)
        approvals.ask(connection, ready.name, made_of.digest, summary=speech.as_json(asked.as_json()), made_of=made_of.as_json(), now=now)
        detail = {"run": asked.run, "people": asked.people, "files": made_of.digest[:16]}
        audit.record(connection, who=ready.project.user, deed=audit.Deed.ASKED, about=f"campaign {ready.name}", detail=detail, now=now)
        known = approvals.get(connection, ready.name, made_of.digest)
    assert known is not None
    return waiting(known)


def _since(connection: Connection, campaign: str, made_of: Fingerprint) -> list[str]:
    """What is another than was approved last, else than the run began with, or last went on with: sentences."""
    last = approvals.last_approved(connection, campaign)
    if last is not None:
        told = fingerprint.differing(Fingerprint.from_json(last.made_of), made_of)
        return [sentence for each in told for sentence in each.told(last.approved_at)]
    changes = [change for run in (runs.latest(connection, campaign),) if run for change in run_files.changes(connection, run.id)]
    return [sentence for change in changes for each in change.changed for sentence in fingerprint.Changed.from_json(each).told()]


def is_cleared(connection: Connection, campaign: str, digest: str, *, needed: bool) -> bool:
    """Asked in the transaction that begins a run: an approval that is withdrawn at this very moment comes before it or after it, never beside."""
    known = approvals.get(connection, campaign, digest, hold=True)
    return not needed if known is None else known.stands if needed else not known.given.withdrawn


def show(engine: Engine, ready: Prepared, *, now: datetime) -> tuple[Waiting, Approval | None]:
    """What would be approved now, in figures of now, with sample letters; and what was approved already, if that still holds."""
    made_of = contents.read(ready)
    with database.reading(engine) as connection:
        run = runs.latest(connection, ready.name)
        known = approvals.get(connection, ready.name, made_of.digest)
    question = asking.question(ready, engine, run, now=now)
    if known is not None and known.stands and _holds(ready, known, run, question.asked):
        return waiting(known), known
    return ask(engine, ready, question, made_of, now=now), None


def approve(engine: Engine, project: Project, name: str, *, shown: str, by: str, email: str = "", now: datetime) -> str:
    """Approve what was shown; returns a sentence. `email` is that of whoever is signed in.

    Raises ConfigError when the files are others than those that `shown` is the fingerprint of, or a second person must do it.
    """
    ready = prepared.prepare(project, name)
    made_of = contents.read(ready)
    second_person.check(project, made_of.files, by=by, email=email)
    with database.writing(engine) as connection:
        asked = approvals.get(connection, name, shown, hold=True)
        if asked is None:
            raise ConfigError(Problem(ready.document.file, None, "this was never asked.", f"Look at it first: winback approve {name}"))
        if shown != made_of.digest:
            differing = fingerprint.differing(Fingerprint.from_json(asked.made_of), made_of)
            how = f"Look at it anew: winback approve {name}"
            raise ConfigError([Problem(each.file, None, "it was changed after it was shown; nothing is approved.", how) for each in differing])
        if problem := steering.not_vouched_for(connection, name):
            raise ConfigError(problem)
        approvals.approve(connection, name, shown, by=by, now=now)
        audit.record(
            connection, who=by, deed=audit.Deed.APPROVED, about=f"campaign {name}", detail={"files": shown[:16], "account": project.user}, now=now
        )
        run = runs.latest(connection, name)
        if run is None or run.status not in UNFINISHED:
            return f"{name} is approved. It begins with: winback run {name}"
        go_on_with(connection, name, made_of, by=by, now=now)
        set_going(connection, name, RunStatus.ACTIVE, now=now)
    going = "stays paused until `winback resume`" if run.status is RunStatus.PAUSED else "goes on with the next `winback run`"
    return f"{name} is approved; run {run.number} {going}."


def is_given(engine: Engine, ready: Prepared) -> bool:
    """Whether these very files were approved for the run that is under way, or would begin."""
    made_of = contents.read(ready)
    with database.reading(engine) as connection:
        known = approvals.get(connection, ready.name, made_of.digest)
        run = runs.latest(connection, ready.name)
    return known is not None and known.stands and (_takes_in(ready, run) or _concerns(known, asking.number_of(run)))


def withdraw(engine: Engine, name: str, *, by: str, now: datetime) -> str:
    """Take every approval of a campaign back: nothing of it leaves any more. Returns a sentence. Raises ConfigError when none stands."""
    with database.writing(engine) as connection:
        taken = {each.fingerprint for each in approvals.withdraw(connection, name, by=by, now=now)}
        if not taken:
            raise ConfigError(Problem("", None, f"no approval of `{name}` stands.", f"To stop it: winback pause {name}"))
        audit.record(
            connection,
            who=by,
            deed=audit.Deed.WITHDREW,
            about=f"campaign {name}",
            detail={"files": sorted(each[:16] for each in taken)[:20]},
            now=now,
        )
        run = runs.latest(connection, name)
        if run is not None and run.status is RunStatus.ACTIVE and run.fingerprint in taken:
            set_going(connection, name, RunStatus.WAITING, now=now)
            return f"The approval is withdrawn: nothing of {name}, run {run.number}, leaves any more. What is planned stays, until `winback approve {name}`."
    return f"The approval of {name} is withdrawn."


def go_on_with(connection: Connection, name: str, made_of: Fingerprint, *, by: str, now: datetime) -> None:
    """From now on the campaign's runs are made of these files; what differs from before is recorded with each."""
    for run in runs.unfinished_of(connection, name):
        if run.fingerprint == made_of.digest:
            continue
        changed = [each.as_json() for each in fingerprint.differing(Fingerprint.from_json(run.made_of), made_of)]
        run_files.go_on_with(connection, run.id, made_of.digest, before=run.fingerprint, made_of=made_of.as_json(), changed=changed, now=now)
        files = [f"{each['file']} {each['what']}" for each in changed]
        detail = {"run": run.number, "files": files[:20], "how_many": len(files), "now": made_of.digest[:16]}
        audit.record(connection, who=by, deed=audit.Deed.CHANGED, about=f"campaign {name}", detail=detail, now=now)


def set_going(connection: Connection, name: str, status: RunStatus, *, now: datetime) -> None:
    """Let the campaign's runs go, or wait: an older one beside the newest too. What is paused stays so."""
    for run in runs.unfinished_of(connection, name):
        if run.status is not RunStatus.PAUSED and run.status is not status:
            runs.change_status(connection, run.id, status, now)


def campaigns_asked(engine: Engine) -> Sequence[str]:
    with database.reading(engine) as connection:
        return approvals.campaigns(connection)


def latest(engine: Engine, name: str) -> Approval | None:
    """What was asked of a campaign last."""
    with database.reading(engine) as connection:
        return next(iter(approvals.of_campaign(connection, name)), None)


def _holds(ready: Prepared, known: Approval, run: Run | None, asked: Asked) -> bool:
    """What was approved is what is to come now."""
    return _takes_in(ready, run) or (_concerns(known, asked.run) and not approval.outgrown(known.given, asked.cohort))


def _takes_in(ready: Prepared, run: Run | None) -> bool:
    """A daily campaign is under way: who comes in from day to day, and from one run to the next, is what it was approved for."""
    return ready.campaign.is_daily and run is not None and run.status in UNFINISHED


def _concerns(known: Approval, number: int) -> bool:
    """It was asked for this run of the campaign: the next one writes to others."""
    return bool(known.summary.get("run") == number)


def waiting(known: Approval) -> Waiting:
    """What was asked, and has no answer that stands."""
    return Waiting(Asked.from_json(known.summary), known.fingerprint, known.asked_at, known.withdrawn_by if known.withdrawn_at else None)

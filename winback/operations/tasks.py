"""winback tasks, winback task: what people are asked to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback import clock
from winback.audience import reasons as known_reasons
from winback.errors import ConfigError, Problem
from winback.letters import sender
from winback.model import Reason, ReasonSource, TaskStatus
from winback.operations import describing, reasons
from winback.operations.describing import Portrait
from winback.settings import Project
from winback.speech import N_, called, said
from winback.store import audit, database, events, leaving_reasons, tasks
from winback.strictyaml import nearest

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Task:
    """One task, with days of the shop's calendar."""

    id: int
    manager: str
    kind: str
    status: str
    customer: str
    name: str
    phone: str
    say: str
    due_on: date
    is_overdue: bool
    asked_on: date
    campaign: str
    stage: str
    language: str
    done_on: date | None
    done_by: str
    note: str

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in plain.items()}


@dataclass(frozen=True, slots=True)
class Card:
    """A task with all that helps whoever does it."""

    task: Task
    customer: Portrait

    def as_json(self) -> dict[str, Any]:
        return {"task": self.task.as_json(), "customer": self.customer.as_json()}


def listed(
    project: Project,
    engine: Engine,
    *,
    manager: str | None = None,
    everything: bool = False,
    customer: str = "",
    limit: int | None = None,
    offset: int = 0,
    now: datetime,
) -> list[Task]:
    """Open tasks, or all that were ever given, the soonest due first; those of ended journeys are dropped before. Raises ConfigError.

    Those of one customer alone where the shop's id of them is given.
    """
    if manager is not None:
        _known_manager(project, manager)
    with database.writing(engine) as connection:
        tasks.drop_what_is_over(connection, now)
    with database.reading(engine) as connection:
        statement = tasks.listed(manager=manager, open_only=not everything, customer=customer)
        found = connection.execute(statement.limit(limit).offset(offset)).all()
    return [_task(row, project, now) for row in found]


def counts(project: Project, engine: Engine, *, now: datetime) -> tuple[int, int]:
    """How many tasks are open, and how many of them overdue."""
    with database.reading(engine) as connection:
        return tasks.open_counts(connection, clock.start_of_day(clock.local_day(now, project.zone), project.zone))


def show(project: Project, engine: Engine, task_id: int, *, now: datetime, at_once: bool = False) -> Card:
    """One task with the customer's card; `at_once` with scores as they were made last. Raises ConfigError when there is none of that number."""
    with database.writing(engine) as connection:
        tasks.drop_what_is_over(connection, now)
        task = _task(_existing(connection, task_id), project, now)
    portrait = describing.as_it_lies if at_once else describing.portrait_of
    return Card(task, portrait(project, engine, task.customer, now=now))


def hand_on(project: Project, engine: Engine, task_id: int, manager: str, *, by: str, now: datetime) -> str:
    """Give a task to another manager. Returns a sentence. Raises ConfigError when it isn't open any more, or there is no such manager."""
    _known_manager(project, manager)
    with database.writing(engine) as connection:
        task = _existing(connection, task_id)
        if not tasks.hand_on(connection, task_id, manager):
            raise ConfigError(
                Problem(
                    "",
                    None,
                    said(N_("task %(number)s was %(status)s."), number=task_id, status=called(task.status, "task status")),
                    said(N_("See `winback tasks` for those that are open.")),
                )
            )
        detail = {"task": task_id, "from": task.manager, "to": manager}
        audit.record(connection, who=by, deed=audit.Deed.HANDED_ON, about=audit.customer(task.customer_id), detail=detail, now=now)
    return f"Task {task_id} is {manager}'s now."


def done(project: Project, engine: Engine, task_id: int, *, by: str, note: str, now: datetime, account: str = "") -> str:
    """The customer was spoken or written to. Returns a sentence. Raises ConfigError when the task isn't open any more.

    `by` did it, a manager; `account` writes it down, that of the machine if it isn't said.
    """
    with database.writing(engine) as connection:
        task = _close(connection, task_id, TaskStatus.DONE, by=by, note=note, now=now)
        _write_down(connection, account or project.user, task, audit.Deed.DONE, by, now)
    return f"Done: {task.kind}, {task.customer}. It counts as a touch."


def drop(project: Project, engine: Engine, task_id: int, *, by: str, note: str, now: datetime, account: str = "") -> str:
    """It won't be done: nobody answered, or it isn't worth it. No touch. Returns a sentence. Raises ConfigError."""
    with database.writing(engine) as connection:
        task = _close(connection, task_id, TaskStatus.DROPPED, by=by, note=note, now=now)
        _write_down(connection, account or project.user, task, audit.Deed.DROPPED, by, now)
    return f"Dropped: {task.kind}, {task.customer}. The campaign goes on."


def declined(project: Project, engine: Engine, task_id: int, reason: str, *, by: str, note: str, now: datetime, account: str = "") -> str:
    """The customer doesn't want to be won back: nothing more is sent by any campaign under way, and why they left is kept.

    All in one transaction. Returns a sentence. Raises ConfigError when the task isn't open any more, or there is no such reason.
    """
    word, meant = reasons.known_word(project, reason)
    today = clock.local_day(now, project.zone)
    with database.writing(engine) as connection:
        task = _close(connection, task_id, TaskStatus.DECLINED, by=by, note=note, now=now)
        ended = events.stop(connection, task.customer_id, Reason.DECLINED, now)
        tasks.drop_what_is_over(connection, now)
        leaving_reasons.record(
            connection,
            task.customer_id,
            word,
            ReasonSource.STAFF,
            key=known_reasons.key(ReasonSource.STAFF, task.customer, today, word),
            recorded_at=now,
            recorded_by=by or task.manager,
            note=note,
        )
        _write_down(connection, account or project.user, task, audit.Deed.DECLINED, by, now, reason=word, journeys=ended)
    told = {0: "No campaign was still writing to them", 1: "The campaign ends for them"}.get(ended, f"{ended} campaigns end for them")
    return f"Declined: {task.customer} left because of `{word}` ({meant.title}). {told}."


def _close(connection: Connection, task_id: int, status: TaskStatus, *, by: str, note: str, now: datetime) -> Row[Any]:
    task = _existing(connection, task_id)
    if len(by) > _LONGEST_NAME:
        raise ConfigError(Problem("", None, f"the name after --by is longer than {_LONGEST_NAME} characters.", "Write the manager's key."))
    if not tasks.close(connection, task_id, status, now=now, by=by or task.manager, note=note):
        found = {"status": called(task.status, "task status"), "day": f"{task.done_at:%Y-%m-%d}", "who": task.done_by or said(N_("itself"))}
        what = said(N_("task %(number)s was %(status)s on %(day)s by %(who)s."), number=task_id, **found)
        raise ConfigError(Problem("", None, what, said(N_("See `winback tasks` for those that are open."))))
    return task


def _write_down(connection: Connection, account: str, task: Row[Any], deed: audit.Deed, by: str, now: datetime, **more: object) -> None:  # noqa: PLR0917  one use
    """Whose account it was, and in whose name; the note stays out of it."""
    detail = {"task": task.delivery_id, "kind": task.kind, "by": by or task.manager, **more}
    audit.record(connection, who=account, deed=deed, about=audit.customer(task.customer_id), detail=detail, now=now)


def _known_manager(project: Project, manager: str) -> None:
    if manager not in (known := sender.read(project).names()):
        raise ConfigError(Problem("", None, f"there is no `{manager}` in config/senders.yaml.", nearest(manager, known, "Senders")))


def _existing(connection: Connection, task_id: int) -> Row[Any]:
    task = tasks.find(connection, task_id)
    if task is None:
        raise ConfigError(Problem("", None, f"there is no task {task_id}.", "Give a number that `winback tasks` shows."))
    return task


def _task(row: Row[Any], project: Project, now: datetime) -> Task:
    due_on = clock.local_day(row.due_at, project.zone)
    return Task(
        id=row.delivery_id,
        manager=row.manager,
        kind=row.kind,
        status=row.status,
        customer=row.customer,
        name=f"{row.given_name} {row.family_name}".strip(),
        phone=row.phone,
        say=row.text,
        due_on=due_on,
        is_overdue=row.status == TaskStatus.OPEN and due_on < clock.local_day(now, project.zone),
        asked_on=clock.local_day(row.asked_at, project.zone),
        campaign=row.campaign,
        stage=row.stage,
        language=row.locale,
        done_on=None if row.done_at is None else clock.local_day(row.done_at, project.zone),
        done_by=row.done_by,
        note=row.note,
    )

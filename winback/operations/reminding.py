"""winback tasks remind: each manager with something to do today hears of it, once a day at the most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.channels.channel import Channel
from winback.channels.file import FileChannel
from winback.errors import ChannelError, LaneError, UncertainError
from winback.journey.notices import NoticeStatus
from winback.letters import sender
from winback.letters.sender import Sender
from winback.model import ChannelName, Email, Message, Reason
from winback.operations import staff_notes
from winback.operations.staff_notes import Note
from winback.sending import lanes
from winback.settings import Project
from winback.store import database, reminders, tasks

_SHOWN = 50  # tasks in one reminder; the command lists them all


@dataclass(frozen=True, slots=True)
class Reminded:
    """What became of one manager's reminder."""

    manager: str
    tasks: int
    status: str  # journey.notices.NoticeStatus, `already` or `unknown`
    detail: str = ""

    @property
    def is_held_back(self) -> bool:
        """Whether it would have left in production."""
        return self.detail.startswith(Reason.NOT_ALLOWED_HERE)

    def as_json(self) -> dict[str, Any]:
        return {"manager": self.manager, "tasks": self.tasks, "status": self.status, "detail": self.detail}


OpenChannel = Callable[[Project, ChannelName], AbstractAsyncContextManager[Channel[Any]]]


def open_channel(project: Project, name: ChannelName) -> AbstractAsyncContextManager[Channel[Any]]:
    """As letters leave; on a development machine into a folder of its own, for the numbers of reminders are not those of deliveries."""
    settings = project.settings.email if name is ChannelName.EMAIL else project.settings.telegram
    return FileChannel(project.out / "mailbox" / "reminders") if settings.via == "file" else lanes.open_channel(project, name)


async def remind(project: Project, engine: Engine, *, now: datetime, open_channel: OpenChannel = open_channel) -> list[Reminded]:
    """Remind every manager of what is due today or overdue. What each heard today already isn't said again, whatever became of it.

    The mark comes first: a crash in between leaves `handed_over`, which is shown, and never a second reminder of the same day. Who couldn't
    be reached for certain is tried again with the next call. Raises ConfigError when senders.yaml can't be read.
    """
    today = clock.local_day(now, project.zone)
    known = sender.read(project).senders
    with database.writing(engine) as connection:
        tasks.drop_what_is_over(connection, now)
    with database.reading(engine) as connection:
        due = tasks.managers(connection, clock.end_of_day(today, project.zone))
    return [
        await _remind(project, engine, manager, known[manager], count, today, now, open_channel)
        if manager in known
        else Reminded(manager, count, "unknown", f"There is no `{manager}` in config/senders.yaml any more.")
        for manager, count in due.items()
    ]


async def _remind(  # noqa: PLR0917  one use
    project: Project, engine: Engine, manager: str, to: Sender, count: int, today: date, now: datetime, open_channel: OpenChannel
) -> Reminded:
    with database.writing(engine) as connection:
        number = reminders.hand_over(connection, manager, today, tasks=count, now=now)
        due = connection.execute(tasks.listed(manager=manager, due_by=clock.end_of_day(today, project.zone)).limit(_SHOWN)).all()
    if number is None:
        with database.reading(engine) as connection:
            before = next(row for row in reminders.of_day(connection, today) if row.manager == manager)
        return Reminded(manager, count, "already" if before.status == NoticeStatus.SENT else before.status, before.detail)
    status, detail = NoticeStatus.SENT, ""
    name = ChannelName.TELEGRAM if to.telegram_chat else ChannelName.EMAIL
    try:
        async with open_channel(project, name) as channel:
            await channel.send(_written(project, number, to, due, count, today, now))
    except UncertainError as error:
        status, detail = NoticeStatus.UNCERTAIN, str(error)
    except LaneError as error:
        status, detail = NoticeStatus.FAILED, str(lanes.problem(project, name, error))
    except ChannelError as error:
        status, detail = NoticeStatus.FAILED, str(error)
    with database.writing(engine) as connection:
        reminders.record(connection, number, status, detail)
    return Reminded(manager, count, status, detail)


def _written(  # noqa: PLR0917  one use
    project: Project, number: int, to: Sender, due: Sequence[Row[Any]], count: int, today: date, now: datetime
) -> Email | Message:
    subject = f"{count} task{'' if count == 1 else 's'} for {today}"
    text = "\n".join([*_lines(project, due, count), "", f"All of them, with what to say: winback tasks --manager {due[0].manager}", ""])
    return staff_notes.written(project, to, Note("reminder", number, subject, text), now)


def _lines(project: Project, due: Sequence[Row[Any]], count: int) -> list[str]:
    """One task a line: by when, what, whom. Phones and what to say stay in the house."""
    lines = [
        f"{clock.local_day(row.due_at, project.zone)}  {row.kind:5}  {row.given_name or row.customer} ({row.customer})  winback task show {row.delivery_id}"
        for row in due
    ]
    return lines if count <= len(due) else [*lines, f"and {count - len(due):,} more"]

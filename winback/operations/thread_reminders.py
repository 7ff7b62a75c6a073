"""Whose thread waits longer than was promised hears of it: once a thread and wait, in their chat or mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.errors import ChannelError, UncertainError
from winback.journey import office
from winback.journey.notices import NoticeStatus
from winback.letters import sender
from winback.letters.sender import Sender
from winback.model import ChannelName, Email, Message
from winback.operations import reminding, staff_notes
from winback.operations.reminding import OpenChannel
from winback.operations.staff_notes import Note
from winback.operations.waiting import Wait
from winback.settings import Project
from winback.store import database, thread_lists, thread_reminders


@dataclass(frozen=True, slots=True)
class Reminded:
    """What became of one reminder."""

    thread: int
    manager: str
    status: NoticeStatus
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"thread": self.thread, "manager": self.manager, "status": str(self.status), "detail": self.detail}


async def remind(project: Project, engine: Engine, *, now: datetime, open_channel: OpenChannel = reminding.open_channel) -> list[Reminded]:
    """Remind whose thread is overdue, else the first one of senders.yaml: nobody waits unseen. Raises ConfigError.

    The mark comes first: a crash in between leaves `handed_over`, and never a second reminder. Who couldn't be reached for certain is
    tried again with the next call.
    """
    before = now - project.settings.answering.remind_after
    with database.reading(engine) as connection:
        late = thread_lists.overdue_to_remind(connection, before, failed=NoticeStatus.FAILED)
    if not late or not office.read(project).is_open(now):
        return []  # at night nobody is reminded: the promise counts working time, and so does its end
    known = sender.read(project).senders
    told = [await _remind(project, engine, row, known, now, open_channel) for row in late]
    return [each for each in told if each is not None]


async def _remind(  # noqa: PLR0917  one use
    project: Project, engine: Engine, row: Row[Any], known: dict[str, Sender], now: datetime, open_channel: OpenChannel
) -> Reminded | None:
    manager = row.assignee if row.assignee in known else next(iter(known))
    with database.writing(engine) as connection:
        if not thread_reminders.hand_over(connection, row.id, manager, now):
            return None
    to, status, detail = known[manager], NoticeStatus.SENT, ""
    try:
        async with open_channel(project, ChannelName.TELEGRAM if to.telegram_chat else ChannelName.EMAIL) as channel:
            await channel.send(_written(project, row, to, now))
    except UncertainError as error:
        status, detail = NoticeStatus.UNCERTAIN, str(error)
    except ChannelError as error:
        status, detail = NoticeStatus.FAILED, str(error)
    with database.writing(engine) as connection:
        thread_reminders.record(connection, row.id, status)
    return Reminded(row.id, manager, status, detail)


def _written(project: Project, row: Row[Any], to: Sender, now: datetime) -> Email | Message:
    """Who waits, since when, and how long that feels; their words stay in the house."""
    name = " ".join(filter(None, (row.given_name, row.family_name))) or row.customer or row.name or "somebody"
    wait = Wait.of(office.read(project), row.waiting_since, now)
    lines = [
        f"{name} waits for an answer since {row.waiting_since.astimezone(project.zone):%Y-%m-%d %H:%M}: {wait.in_words}.",
        f"The promise was {row.due_at.astimezone(project.zone):%Y-%m-%d %H:%M}.",
        "",
        f"Read and answer: winback thread show {row.id}, or the page /inbox/{row.id} of the studio.",
        "",
    ]
    return staff_notes.written(project, to, Note("thread-reminder", row.id, f"{name} waits for an answer", "\n".join(lines)), now)

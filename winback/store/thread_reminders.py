"""Reminders of threads whose promise is over: once a thread and wait, marked before anything is sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, update

from winback.journey.notices import NoticeStatus
from winback.journey.threads import ThreadStatus
from winback.store.tables import threads


def hand_over(connection: Connection, thread_id: int, manager: str, now: datetime) -> bool:
    """Mark the reminder as handed over, just before it is. False: somebody did already, or it isn't due any more."""
    due = (threads.c.id == thread_id, threads.c.status == ThreadStatus.OPEN, threads.c.due_at <= now)
    unsaid = or_(threads.c.reminder == "", threads.c.reminder == NoticeStatus.FAILED)
    values = {"reminder": NoticeStatus.HANDED_OVER, "reminded": manager, "reminded_at": now}
    return connection.execute(update(threads).where(*due, unsaid).values(values)).rowcount > 0


def record(connection: Connection, thread_id: int, status: NoticeStatus) -> None:
    """What became of it."""
    ours = (threads.c.id == thread_id, threads.c.reminder == NoticeStatus.HANDED_OVER)
    connection.execute(update(threads).where(*ours).values(reminder=status))

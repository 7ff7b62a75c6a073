"""Reminders to managers: one row per manager and day, written before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import reminders


class ReminderStatus(StrEnum):
    """What became of a manager's reminder of one day."""

    HANDED_OVER = "handed_over"  # it may have left: whoever sent it never came back to say
    SENT = "sent"  # the other side accepted it
    FAILED = "failed"  # the other side refused it, or wasn't there: the same day may try again
    UNCERTAIN = "uncertain"  # it may have left: not repeated; tomorrow's speaks of the same tasks


def hand_over(connection: Connection, manager: str, day: date, *, tasks: int, now: datetime) -> int | None:
    """Mark a manager's reminder of a day as handed over, just before it is; its number. None: somebody did already, and it isn't known to have failed."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(reminders).values(
        manager=manager, day=day, status=ReminderStatus.HANDED_OVER, tasks=tasks, handed_over_at=now, detail=""
    )
    again = statement.on_conflict_do_update(
        index_elements=["manager", "day"],
        set_={"status": ReminderStatus.HANDED_OVER, "tasks": tasks, "handed_over_at": now, "detail": ""},
        where=reminders.c.status == ReminderStatus.FAILED,
    )
    return connection.execute(again.returning(reminders.c.id)).scalar_one_or_none()


def record(connection: Connection, reminder_id: int, status: ReminderStatus, detail: str = "") -> None:
    """What became of it."""
    connection.execute(
        update(reminders)
        .where(reminders.c.id == reminder_id, reminders.c.status == ReminderStatus.HANDED_OVER)
        .values(status=status, detail=detail[:1000])
    )


def of_day(connection: Connection, day: date) -> Sequence[Row[Any]]:
    """Reminders of a day, by manager."""
    return connection.execute(select(reminders).where(reminders.c.day == day).order_by(reminders.c.manager)).all()


def in_doubt(connection: Connection, day: date) -> Sequence[Row[Any]]:
    """Reminders of a day of which nobody knows whether they left."""
    return [row for row in of_day(connection, day) if row.status in {ReminderStatus.HANDED_OVER, ReminderStatus.UNCERTAIN}]

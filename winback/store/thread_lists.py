"""Threads as the shop's people look at them: the list, one with its words, and what figures are counted from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, true

from winback.journey.threads import Author, ThreadStatus, WordStatus
from winback.model import ChannelName
from winback.store.tables import contacts, customers, thread_words, threads


def listed(
    connection: Connection,
    now: datetime,
    *,
    status: str = "",
    assignee: str | None = None,
    overdue: bool = False,
    customer: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Threads that somebody looks for: who waits for us first, by the promise; then the newest. Without `status` all but the closed ones.

    Those of one customer alone where the shop's id of them is given.
    """
    statement = _thread().where(*_looked_for(now, status, assignee, overdue=overdue))
    statement = statement.where(customers.c.key == customer) if customer else statement
    order = (threads.c.due_at.is_(None), threads.c.due_at, threads.c.id.desc())
    return connection.execute(statement.order_by(*order).limit(limit).offset(offset)).all()


def counts(connection: Connection, now: datetime, assignee: str | None = None) -> dict[str, int]:
    """How many are open, waiting, closed, and how many of the open ones overdue."""
    mine = true() if assignee is None else threads.c.assignee == assignee
    grouped = select(threads.c.status, func.count()).where(mine).group_by(threads.c.status)
    found: dict[str, int] = dict(connection.execute(grouped).all())
    late = select(func.count()).select_from(threads).where(*_looked_for(now, "", assignee, overdue=True))
    return {**{str(status): found.get(status, 0) for status in ThreadStatus}, "overdue": connection.execute(late).scalar_one()}


def _looked_for(now: datetime, status: str, assignee: str | None, *, overdue: bool) -> list[Any]:
    wanted = [threads.c.status == status if status else threads.c.status != ThreadStatus.CLOSED]
    if assignee is not None:
        wanted.append(threads.c.assignee == assignee)
    return [*wanted, threads.c.status == ThreadStatus.OPEN, threads.c.due_at < now] if overdue else wanted


def _thread() -> Select[Any]:
    """A thread with the customer's names, the last words in it, and what stands in the way of an answer."""
    last = select(func.max(thread_words.c.id)).where(thread_words.c.thread_id == threads.c.id, thread_words.c.author != Author.BOT)
    chat, words = contacts.alias("chat"), thread_words.alias("last_words")
    said = words.c.id == func.coalesce(
        last.scalar_subquery(), select(func.max(thread_words.c.id)).where(thread_words.c.thread_id == threads.c.id).scalar_subquery()
    )
    doubt = select(func.count()).where(thread_words.c.thread_id == threads.c.id, thread_words.c.status == WordStatus.UNCERTAIN).scalar_subquery()
    failed = select(func.count()).where(thread_words.c.thread_id == threads.c.id, thread_words.c.status == WordStatus.FAILED).scalar_subquery()
    return (
        select(
            threads,
            customers.c.key.label("customer"),
            customers.c.given_name,
            customers.c.family_name,
            customers.c.forgotten_at,
            words.c.text.label("last_text"),
            words.c.author.label("last_author"),
            words.c.has_media.label("last_has_media"),
            chat.c.blocked_at,
            doubt.label("in_doubt"),
            failed.label("failed"),
        )
        .outerjoin(customers, customers.c.id == threads.c.customer_id)
        .outerjoin(words, said)
        .outerjoin(
            chat, and_(chat.c.customer_id == threads.c.customer_id, chat.c.channel == ChannelName.TELEGRAM, chat.c.blocked_reason == "blocked")
        )
    )


def find(connection: Connection, thread_id: int) -> Row[Any] | None:
    """One thread with the same columns; None when there is none of that number."""
    return connection.execute(_thread().where(threads.c.id == thread_id)).one_or_none()


def of_customer(connection: Connection, customer_id: int, limit: int) -> Sequence[Row[Any]]:
    """A customer's threads with the same columns, the newest first."""
    return connection.execute(_thread().where(threads.c.customer_id == customer_id).order_by(threads.c.id.desc()).limit(limit)).all()


def words(connection: Connection, thread_id: int) -> Sequence[Row[Any]]:
    """What was said in a thread, from the first words on."""
    statement = select(thread_words).where(thread_words.c.thread_id == thread_id).order_by(thread_words.c.happened_at, thread_words.c.id)
    return connection.execute(statement).all()


def others(connection: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """Other threads of the same person, the newest first."""
    same = threads.c.customer_id == row.customer_id if row.customer_id is not None else (threads.c.chat_id == row.chat_id) & (threads.c.chat_id != "")
    columns: tuple[Any, ...] = (threads.c.id, threads.c.status, threads.c.why, threads.c.opened_at)
    return connection.execute(select(*columns).where(same, threads.c.id != row.id).order_by(threads.c.id.desc()).limit(20)).all()


def of_topic(connection: Connection, topic: int) -> Row[Any] | None:
    """The thread that a topic of the staff's group shows: the unfinished one, else the last."""
    mine = select(threads).where(threads.c.topic == topic, threads.c.topic != 0)
    order = (threads.c.status == ThreadStatus.CLOSED, threads.c.id.desc())
    return connection.execute(mine.order_by(*order).limit(1)).one_or_none()


def begun(connection: Connection, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """Threads that began in a span, with what figures need."""
    names = ("id", "channel", "status", "why", "assignee", "opened_at", "first_due_at", "first_answer_at", "first_answer_by")
    columns = [threads.c[name] for name in names]
    return connection.execute(select(*columns).where(threads.c.opened_at >= since, threads.c.opened_at < until).order_by(threads.c.id)).all()


def overdue_to_remind(connection: Connection, before: datetime, *, failed: str) -> Sequence[Row[Any]]:
    """Threads whose promise was over at a moment, and of which nobody was reminded, or couldn't be."""
    late = (threads.c.status == ThreadStatus.OPEN, threads.c.due_at <= before, or_(threads.c.reminder == "", threads.c.reminder == failed))
    return connection.execute(_thread().where(*late).order_by(threads.c.due_at, threads.c.id)).all()

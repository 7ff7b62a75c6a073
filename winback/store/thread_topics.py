"""Threads in the group of the shop's people: which words are still to be shown there, and in which topic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select, update

from winback.journey.threads import ThreadStatus, Topic, WordStatus
from winback.store.tables import customers, thread_words, threads


def to_show(connection: Connection, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Words that the group hasn't seen, the oldest first, with their thread and whose it is."""
    statement: Select[Any] = (
        select(
            *(thread_words.c[name] for name in ("id", "thread_id", "author", "by", "text", "has_media", "remote_id", "changed_at", "happened_at")),
            *(threads.c[name] for name in ("topic", "topic_status", "name", "chat_id", "why", "due_at", "status", "channel")),
            customers.c.key.label("customer"),
            customers.c.given_name,
            customers.c.family_name,
        )
        .join(threads, threads.c.id == thread_words.c.thread_id)
        .outerjoin(customers, customers.c.id == threads.c.customer_id)
        .where(thread_words.c.shown == WordStatus.PLANNED, or_(thread_words.c.shown_at.is_(None), thread_words.c.shown_at <= now))
        .order_by(thread_words.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def anything(connection: Connection, now: datetime) -> bool:
    """Whether any answer waits to leave, or any words to be shown."""
    leaves = (thread_words.c.status == WordStatus.PLANNED, or_(thread_words.c.try_at.is_(None), thread_words.c.try_at <= now))
    shows = (thread_words.c.shown == WordStatus.PLANNED, or_(thread_words.c.shown_at.is_(None), thread_words.c.shown_at <= now))
    return any(connection.execute(select(thread_words.c.id).where(*waits).limit(1)).first() is not None for waits in (leaves, shows))


def hand_over(connection: Connection, word_id: int, now: datetime) -> bool:
    """Mark words as handed over, just before they are shown. False: somebody else was quicker."""
    ours = (thread_words.c.id == word_id, thread_words.c.shown == WordStatus.PLANNED)
    return connection.execute(update(thread_words).where(*ours).values(shown=WordStatus.HANDED_OVER, shown_at=now)).rowcount > 0


def record(connection: Connection, word_id: int, status: WordStatus, now: datetime) -> None:
    """What became of words that were to be shown."""
    connection.execute(update(thread_words).where(thread_words.c.id == word_id).values(shown=status, shown_at=now))


def put_off(connection: Connection, until: datetime) -> None:
    """The group takes nothing before a moment."""
    connection.execute(update(thread_words).where(thread_words.c.shown == WordStatus.PLANNED).values(shown_at=until))


def record_topic(connection: Connection, thread_id: int, topic: int, status: Topic) -> None:
    """Where a thread is shown."""
    connection.execute(update(threads).where(threads.c.id == thread_id).values(topic=topic, topic_status=status))


def record_status(connection: Connection, topic: int, status: Topic) -> None:
    """How a topic stands: the same for every thread that it ever showed."""
    connection.execute(update(threads).where(threads.c.topic == topic).values(topic_status=status))


def to_close(connection: Connection) -> Sequence[int]:
    """Topics whose thread is closed, and shown to the last word."""
    other = threads.alias("other")
    unfinished = exists().where(other.c.topic == threads.c.topic, other.c.status != ThreadStatus.CLOSED)
    unshown = exists().where(and_(thread_words.c.thread_id == threads.c.id, thread_words.c.shown == WordStatus.PLANNED))
    statement = select(threads.c.topic).where(
        threads.c.status == ThreadStatus.CLOSED, threads.c.topic != 0, threads.c.topic_status == Topic.OPEN, ~unfinished, ~unshown
    )
    return connection.execute(statement.distinct().limit(20)).scalars().all()


def to_delete(connection: Connection) -> Sequence[int]:
    """Topics of those who are forgotten."""
    gone = select(customers.c.id).where(customers.c.forgotten_at.is_not(None))
    statement = select(threads.c.topic).where(threads.c.customer_id.in_(gone), threads.c.topic != 0, threads.c.topic_status != Topic.GONE)
    return connection.execute(statement.distinct().limit(20)).scalars().all()

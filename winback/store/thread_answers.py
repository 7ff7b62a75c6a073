"""Answers of the shop's people on their way to customers: each is written down before it is sent, and sent once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from winback.journey.threads import MOST_TRIES, ThreadStatus, WordStatus
from winback.model import ChannelName
from winback.store.tables import contacts, customers, deliveries, events, thread_words, threads


def due(connection: Connection, now: datetime, *, only: int | None = None, limit: int = 200) -> Sequence[Row[Any]]:
    """Answers that may leave now, the oldest first, with whom they go to. `only`: that one."""
    email = contacts.alias("email")
    letter = (
        select(func.max(events.c.delivery_id))
        .join(thread_words, thread_words.c.event_id == events.c.id)
        .where(thread_words.c.thread_id == threads.c.id)
        .scalar_subquery()
    )
    statement: Select[Any] = (
        select(
            *(thread_words.c[name] for name in ("id", "thread_id", "key", "channel", "text", "has_media", "by", "tries")),
            *(threads.c[name] for name in ("customer_id", "chat_id", "language")),
            customers.c.locale,
            customers.c.country,
            email.c.address.label("email"),
            select(deliveries.c.message_id).where(deliveries.c.id == letter).scalar_subquery().label("answers_to"),
        )
        .join(threads, threads.c.id == thread_words.c.thread_id)
        .outerjoin(customers, customers.c.id == threads.c.customer_id)
        .outerjoin(email, and_(email.c.customer_id == threads.c.customer_id, email.c.channel == ChannelName.EMAIL))
        .where(thread_words.c.status == WordStatus.PLANNED, or_(thread_words.c.try_at.is_(None), thread_words.c.try_at <= now))
        .order_by(thread_words.c.id)
        .limit(limit)
    )
    return connection.execute(statement if only is None else statement.where(thread_words.c.id == only)).all()


def hand_over(connection: Connection, word_id: int, now: datetime) -> bool:
    """Mark an answer as handed over, just before it is. False: somebody else was quicker."""
    done = connection.execute(
        update(thread_words)
        .where(thread_words.c.id == word_id, thread_words.c.status == WordStatus.PLANNED)
        .values(status=WordStatus.HANDED_OVER, handed_over_at=now, tries=thread_words.c.tries + 1, detail="")
    )
    return done.rowcount > 0


def sent(connection: Connection, word_id: int, remote_id: str, now: datetime) -> None:
    """The other side accepted it: the thread waits for the customer, unless they wrote again since it was written."""
    row = _record(connection, word_id, {"status": WordStatus.SENT, "remote_id": remote_id})
    if row is not None:
        _answered(connection, row, now)


def put_off(connection: Connection, word_id: int, detail: str, try_at: datetime) -> WordStatus:
    """It was refused for now: tried again later, but not for ever."""
    tries = connection.execute(select(thread_words.c.tries).where(thread_words.c.id == word_id)).scalar_one()
    status = WordStatus.PLANNED if tries < MOST_TRIES else WordStatus.FAILED
    _record(connection, word_id, {"status": status, "detail": detail[:1000], "try_at": try_at})
    return status


def fail(connection: Connection, word_id: int, detail: str) -> None:
    """It was refused for good."""
    _record(connection, word_id, {"status": WordStatus.FAILED, "detail": detail[:1000]})


def doubt(connection: Connection, word_id: int, detail: str) -> None:
    """It may have left."""
    _record(connection, word_id, {"status": WordStatus.UNCERTAIN, "detail": detail[:1000]})


def settle(connection: Connection, before: datetime) -> int:
    """Answers whose sender never came back to say: in doubt from now on. Returns how many."""
    lost = (thread_words.c.status == WordStatus.HANDED_OVER, thread_words.c.handed_over_at < before)
    return connection.execute(update(thread_words).where(*lost).values(status=WordStatus.UNCERTAIN, detail="no-answer")).rowcount


def resolve(connection: Connection, word_id: int, *, arrived: bool, now: datetime) -> bool:
    """What a person found out about an answer in doubt; one that didn't arrive is sent again. False: it is in no doubt."""
    lock = select(thread_words).where(thread_words.c.id == word_id, thread_words.c.status == WordStatus.UNCERTAIN).with_for_update()
    row = connection.execute(lock).one_or_none()
    if row is None:
        return False
    values = {"status": WordStatus.SENT} if arrived else {"status": WordStatus.PLANNED, "try_at": None, "tries": 0}
    connection.execute(update(thread_words).where(thread_words.c.id == word_id).values(**values, detail=""))
    if arrived:
        _answered(connection, row, now)
    return True


def again(connection: Connection, word_id: int) -> bool:
    """Try an answer that has failed once more, as a person asks. False: it hasn't failed."""
    failed = (thread_words.c.id == word_id, thread_words.c.status == WordStatus.FAILED)
    return connection.execute(update(thread_words).where(*failed).values(status=WordStatus.PLANNED, try_at=None, tries=0, detail="")).rowcount > 0


def _record(connection: Connection, word_id: int, values: dict[str, Any]) -> Row[Any] | None:
    ours = (thread_words.c.id == word_id, thread_words.c.status == WordStatus.HANDED_OVER)
    return connection.execute(update(thread_words).where(*ours).values(values).returning(*thread_words.c)).one_or_none()


def _answered(connection: Connection, word: Row[Any], now: datetime) -> None:
    thread = connection.execute(select(threads).where(threads.c.id == word.thread_id).with_for_update()).one()
    values: dict[str, Any] = {}
    if thread.first_answer_at is None:
        values |= {"first_answer_at": now, "first_answer_by": word.by}
    later = (thread_words.c.thread_id == thread.id, thread_words.c.due_at.is_not(None), thread_words.c.id > word.id)
    next_words = select(thread_words.c.happened_at, thread_words.c.due_at).where(*later).order_by(thread_words.c.id).limit(1)
    wait = connection.execute(next_words).one_or_none()
    if thread.status == ThreadStatus.OPEN:
        values |= {"waiting_since": wait and wait.happened_at, "due_at": wait and wait.due_at, "reminder": "", "reminded_at": None}
        values |= {} if wait else {"status": ThreadStatus.WAITING}
    if values:
        connection.execute(update(threads).where(threads.c.id == thread.id).values(values))

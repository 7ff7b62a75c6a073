"""Conversations between customers and the shop's people: one unfinished thread a customer, whatever way their words come by.

Whoever changes a thread holds its row until the end of the transaction; words are added once, by their key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.journey.threads import Author, ThreadStatus, Topic, Why, WordStatus
from winback.model import ChannelName
from winback.store.tables import customers, thread_words, threads
from winback.store.writable import writable


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is spoken with: a customer, or somebody known by their chat alone."""

    customer_id: int | None = None
    chat_id: str = ""
    name: str = ""  # of a stranger
    language: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What came in. `key` is the same for the same words, however often they are told."""

    key: str
    why: Why
    channel: ChannelName
    at: datetime
    due_at: datetime  # by when an answer to these is promised
    text: str = ""
    author: Author = Author.CUSTOMER  # BOT: a note on what they did, where they said nothing
    remote_id: str = ""
    event_id: int | None = None
    has_media: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """Where words came to lie."""

    thread_id: int
    is_new: bool  # the words
    begins: bool  # the thread, with these words
    waited: bool = False  # the customer was waiting already
    turn: int = 1  # of a stranger: how many words of theirs lie in the thread


def hear(connection: Connection, asker: Asker, words: Words, *, show: bool) -> Put:
    """Add words to the asker's unfinished thread, or begin one. From now on they wait. `show`: in the staff's group too."""
    row, begins = _unfinished(connection, asker, words)
    if not _add(connection, row.id, words, show=show):
        return Put(row.id, is_new=False, begins=False, waited=row.waiting_since is not None)
    if begins:
        return Put(row.id, is_new=True, begins=True)
    values: dict[str, Any] = {"status": ThreadStatus.OPEN, "channel": words.channel}
    if row.waiting_since is None:
        values |= {"waiting_since": words.at, "due_at": words.due_at, "reminder": "", "reminded_at": None}
    if asker.chat_id:
        values["chat_id"] = asker.chat_id
    connection.execute(update(threads).where(threads.c.id == row.id).values(values))
    theirs = select(func.count()).where(thread_words.c.thread_id == row.id, thread_words.c.author == Author.CUSTOMER)
    turn = connection.execute(theirs).scalar_one() if asker.customer_id is None else 0
    return Put(row.id, is_new=True, begins=False, waited=row.waiting_since is not None, turn=turn)


def _unfinished(connection: Connection, asker: Asker, words: Words) -> tuple[Row[Any], bool]:
    """The thread, held, and whether it was begun just now. Of two who begin one at once the second finds the first one's."""
    who = {"who": asker.customer_id, "chat": asker.chat_id}
    found = connection.execute(_near(is_known=asker.customer_id is not None), who).all()
    if asker.customer_id is not None and any(row.customer_id is None for row in found):
        adopt(connection, asker.chat_id, asker.customer_id)
        found = connection.execute(_near(is_known=True), who).all()
    if row := next((row for row in found if row.status != ThreadStatus.CLOSED), None):
        return row, False
    values = {
        "customer_id": asker.customer_id,
        "chat_id": asker.chat_id,
        "name": _printable(asker.name, 200),
        "language": asker.language[:20],
        "channel": words.channel,
        "status": ThreadStatus.OPEN,
        "why": words.why,
        "opened_at": words.at,
        "waiting_since": words.at,
        "due_at": words.due_at,
        "first_due_at": words.due_at,
        **_standing(connection, asker),
    }
    if begun := connection.execute(_beginning(connection.dialect.name, tuple(sorted(values))), values).one_or_none():
        return begun, True
    row = _held(connection, asker)
    assert row is not None, "somebody began one just now"
    return row, False


@cache
def _near(*, is_known: bool) -> Select[Any]:
    """The asker's unfinished thread, and whatever was said in their chat before anybody knew whose it is; held. Put together once."""
    who, chat = bindparam("who", type_=threads.c.customer_id.type), bindparam("chat", type_=threads.c.chat_id.type)
    unfinished, before = threads.c.status != ThreadStatus.CLOSED, and_(threads.c.chat_id == chat, threads.c.customer_id.is_(None))
    near = or_(and_(threads.c.customer_id == who, unfinished), and_(before, chat != "")) if is_known else and_(before, unfinished)
    return select(threads).where(near).order_by(threads.c.id.desc()).with_for_update()


@cache
def _beginning(dialect: str, columns: tuple[str, ...]) -> Any:
    begun = (sqlite if dialect == "sqlite" else postgresql).insert(threads)
    values = {name: bindparam(name, type_=threads.c[name].type) for name in columns}
    return begun.values(values).on_conflict_do_nothing().returning(*threads.c)


def _held(connection: Connection, asker: Asker) -> Row[Any] | None:
    statement = select(threads).where(threads.c.status != ThreadStatus.CLOSED, _whose(asker))
    return connection.execute(statement.order_by(threads.c.id.desc()).limit(1).with_for_update()).one_or_none()


def _whose(asker: Asker) -> Any:
    if asker.customer_id is not None:
        return threads.c.customer_id == asker.customer_id
    return and_(threads.c.customer_id.is_(None), threads.c.chat_id == asker.chat_id)


def _standing(connection: Connection, asker: Asker) -> Mapping[str, Any]:
    """Whose the new thread is from the beginning, and its topic: a customer has one in the staff's group, thread after thread."""
    who = {"who": asker.customer_id, "chat": asker.chat_id}
    row = connection.execute(_stood(is_known=asker.customer_id is not None), who).mappings().one_or_none()
    return {} if row is None else dict(row)


@cache
def _stood(*, is_known: bool) -> Select[Any]:
    who, chat = bindparam("who", type_=threads.c.customer_id.type), bindparam("chat", type_=threads.c.chat_id.type)
    has_topic = and_(threads.c.topic != 0, threads.c.topic_status != Topic.GONE)
    if not is_known:
        stranger = and_(threads.c.customer_id.is_(None), threads.c.chat_id == chat, has_topic)
        return select(threads.c.topic, threads.c.topic_status).where(stranger).order_by(threads.c.id.desc()).limit(1)
    shown = func.coalesce(threads.c.topic, 0).label("topic"), func.coalesce(threads.c.topic_status, "").label("topic_status")
    statement = select(customers.c.manager.label("assignee"), *shown).outerjoin(threads, and_(threads.c.customer_id == who, has_topic))
    return statement.where(customers.c.id == who).order_by(threads.c.id.desc()).limit(1)


def _add(connection: Connection, thread_id: int, words: Words, *, show: bool) -> bool:
    values = {
        "thread_id": thread_id,
        "key": words.key[:200],
        "author": words.author,
        "channel": words.channel,
        "text": writable(words.text),
        "happened_at": words.at,
        "due_at": words.due_at,
        "remote_id": words.remote_id,
        "event_id": words.event_id,
        "has_media": words.has_media,
        "status": WordStatus.HEARD,
        "shown": WordStatus.PLANNED if show else "",
    }
    return connection.execute(_adding(connection.dialect.name), values).scalar_one_or_none() is not None


@cache
def _adding(dialect: str) -> Any:
    added = (sqlite if dialect == "sqlite" else postgresql).insert(thread_words)
    return added.on_conflict_do_nothing(index_elements=["key"]).returning(thread_words.c.id)


def change(connection: Connection, chat_id: str, remote_id: str, text: str, now: datetime) -> bool:
    """The customer wrote a message anew: its words, where they lie in a thread. Whether any did."""
    theirs = select(threads.c.id).where(threads.c.chat_id == chat_id)
    mine = (thread_words.c.thread_id.in_(theirs), thread_words.c.author == Author.CUSTOMER, thread_words.c.remote_id == remote_id)
    shown = {"shown": WordStatus.PLANNED}
    done = connection.execute(update(thread_words).where(*mine, thread_words.c.text != text).values(text=writable(text), changed_at=now))
    connection.execute(update(thread_words).where(*mine, thread_words.c.shown == WordStatus.SENT, thread_words.c.changed_at == now).values(shown))
    return done.rowcount > 0


def answer(  # noqa: PLR0917  what an answer is
    connection: Connection,
    thread_id: int,
    key: str,
    by: str,
    text: str,
    now: datetime,
    *,
    channel: str = "",
    show: bool = False,
    has_media: bool = False,
) -> int | None:
    """Write down what one of the shop's people answers, before it is sent; its number, or that of the same answer written before.

    With `has_media` it is a picture, a voice or a file that lies in the messenger, and `text` what is written below it.

    Whoever answers a thread that is nobody's takes it. None: the thread is closed, or isn't there.
    """
    row = hold(connection, thread_id)
    if row is None or row.status == ThreadStatus.CLOSED:
        return None
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {
        "thread_id": thread_id,
        "key": key[:200],
        "author": Author.MANAGER,
        "by": by,
        "channel": channel or row.channel,
        "text": writable(text),
        "has_media": has_media,
        "happened_at": now,
        "status": WordStatus.PLANNED,
        "shown": WordStatus.PLANNED if show else "",
    }
    connection.execute(dialect.insert(thread_words).values(values).on_conflict_do_nothing(index_elements=["key"]))
    if not row.assignee:
        connection.execute(update(threads).where(threads.c.id == thread_id).values(assignee=by))
    number: int = connection.execute(select(thread_words.c.id).where(thread_words.c.key == key[:200])).scalar_one()
    return number


def note(connection: Connection, thread_id: int, text: str, now: datetime, *, show: bool = False) -> None:
    """A line for the shop's people that the customer doesn't see."""
    number = select(func.count()).where(thread_words.c.thread_id == thread_id).scalar_subquery()
    key = f"note:{thread_id}:{now.isoformat()}:{connection.execute(select(number)).scalar_one()}"
    values = {"thread_id": thread_id, "key": key, "author": Author.BOT, "channel": "", "text": writable(text)}
    shown = WordStatus.PLANNED if show else ""
    connection.execute(insert(thread_words).values(values | {"happened_at": now, "status": WordStatus.HEARD, "shown": shown}))


def assign(connection: Connection, thread_id: int, assignee: str) -> bool:
    """Whose thread it is from now on; empty: nobody's. Whether there is such a thread, unfinished."""
    mine = (threads.c.id == thread_id, threads.c.status != ThreadStatus.CLOSED)
    return connection.execute(update(threads).where(*mine).values(assignee=assignee, reminder="", reminded_at=None)).rowcount > 0


def close(connection: Connection, thread_id: int, by: str, now: datetime) -> bool:
    """Nothing is left to say. Whether it was unfinished."""
    mine = (threads.c.id == thread_id, threads.c.status != ThreadStatus.CLOSED)
    ended = {"status": ThreadStatus.CLOSED, "closed_at": now, "closed_by": by, "waiting_since": None, "due_at": None}
    return connection.execute(update(threads).where(*mine).values(ended)).rowcount > 0


def reopen(connection: Connection, thread_id: int) -> bool:
    """Go on with a closed thread: we wait for the customer. Not while another of theirs is unfinished, nor of somebody who is forgotten."""
    row = hold(connection, thread_id)
    if row is None or row.status != ThreadStatus.CLOSED or (row.customer_id is None and not row.chat_id):
        return False
    asker = Asker(row.customer_id, row.chat_id)
    gone = select(customers.c.id).where(customers.c.id == row.customer_id, or_(customers.c.forgotten_at.is_not(None), customers.c.merged_into > 0))
    if _held(connection, asker) is not None or connection.execute(gone).first() is not None:
        return False
    back = {"status": ThreadStatus.WAITING, "closed_at": None, "closed_by": ""}
    connection.execute(update(threads).where(threads.c.id == thread_id).values(back))
    return True


def hold(connection: Connection, thread_id: int) -> Row[Any] | None:
    """The thread's row, ours until the end of the transaction; None: there is none of that number."""
    return connection.execute(select(threads).where(threads.c.id == thread_id).with_for_update()).one_or_none()


def adopt(connection: Connection, chat_id: str, customer_id: int) -> None:
    """A stranger turned out to be this customer: what was said in their chat is the customer's."""
    theirs = (threads.c.chat_id == chat_id, threads.c.customer_id.is_(None))
    for row in connection.execute(select(threads).where(*theirs).order_by(threads.c.id).with_for_update()).all():
        _give(connection, row, customer_id)


def join(connection: Connection, merged_id: int, into_id: int) -> int:
    """Give the threads of one customer to another who is the same person. Returns how many."""
    rows = connection.execute(select(threads).where(threads.c.customer_id == merged_id).order_by(threads.c.id).with_for_update()).all()
    for row in rows:
        _give(connection, row, into_id)
    return len(rows)


def _give(connection: Connection, row: Row[Any], customer_id: int) -> None:
    """Where both have an unfinished thread, the words of the one go into the other, and the one is closed."""
    into = None if row.status == ThreadStatus.CLOSED else _held(connection, Asker(customer_id))
    mine = threads.c.id == row.id
    if into is None:
        connection.execute(
            update(threads).where(mine).values(customer_id=customer_id, name="", assignee=row.assignee or _own(connection, customer_id))
        )
        return
    ended = {"status": ThreadStatus.CLOSED, "closed_at": row.opened_at, "closed_by": "", "waiting_since": None, "due_at": None}
    connection.execute(update(threads).where(mine).values(ended | {"customer_id": customer_id, "name": ""}))
    connection.execute(update(thread_words).where(thread_words.c.thread_id == row.id).values(thread_id=into.id))
    values: dict[str, Any] = {"chat_id": into.chat_id or row.chat_id}
    if row.waiting_since is not None:
        since = [(each.waiting_since, each.due_at) for each in (row, into) if each.waiting_since is not None]
        values |= dict(zip(("waiting_since", "due_at"), min(since), strict=True)) | {"status": ThreadStatus.OPEN}
    connection.execute(update(threads).where(threads.c.id == into.id).values(values))


def _own(connection: Connection, customer_id: int) -> str:
    return connection.execute(select(customers.c.manager).where(customers.c.id == customer_id)).scalar() or ""


def _printable(text: str, longest: int) -> str:
    """A name as pages and topics can show it: one line, nothing that turns the direction of what follows."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:longest]

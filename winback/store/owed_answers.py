"""Answers that the bot owes: written down with what brought them about, marked before they leave, gone when they are said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import owed_answers, source_states

MOST_TRIES = 5
"""After so many refusals that come from the network or the pace an answer is given up: it would be late by then."""
_LINE = "telegram line"  # the row of source_states that says whose the line is
_OWNED_FOR = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Owed:
    """One answer."""

    chat_id: str
    utterance: Mapping[str, Any]
    customer_id: int | None
    id: int = 0


def owe(connection: Connection, answers: Sequence[Owed], now: datetime) -> None:
    """Write answers down, in their order."""
    rows = [
        {"customer_id": each.customer_id, "chat_id": each.chat_id, "utterance": dict(each.utterance), "owed_at": now, "due_at": now}
        for each in answers
    ]
    if rows:
        connection.execute(insert(owed_answers), rows)


def due(connection: Connection, busy: Collection[str], limit: int, now: datetime) -> list[Owed]:
    """Answers that may be said now, the oldest first; of chats that aren't busy, and of each chat only what nothing older stands before."""
    waits = select(owed_answers.c.chat_id).where(owed_answers.c.due_at > now).scalar_subquery()
    rows = connection.execute(
        select(owed_answers.c.id, owed_answers.c.chat_id, owed_answers.c.utterance, owed_answers.c.customer_id)
        .where(owed_answers.c.due_at <= now, owed_answers.c.handed_over_at.is_(None))
        .where(owed_answers.c.chat_id.not_in(list(busy)), owed_answers.c.chat_id.not_in(waits))
        .order_by(owed_answers.c.id)
        .limit(limit)
    )
    return [Owed(row.chat_id, row.utterance, row.customer_id, row.id) for row in rows]


def count(connection: Connection) -> int:
    """How many answers are owed, whenever they are due."""
    found: int = connection.execute(select(func.count()).select_from(owed_answers)).scalar_one()
    return found


def hand_over(connection: Connection, answer_id: int, now: datetime) -> bool:
    """Mark an answer just before it leaves. False: somebody else was quicker, or its customer is forgotten."""
    waiting = (owed_answers.c.id == answer_id, owed_answers.c.handed_over_at.is_(None))
    done = connection.execute(update(owed_answers).where(*waiting).values(handed_over_at=now, tries=owed_answers.c.tries + 1))
    return done.rowcount > 0


def settle(connection: Connection, answer_id: int) -> None:
    """It was said, or never will be."""
    connection.execute(delete(owed_answers).where(owed_answers.c.id == answer_id))


def put_off(connection: Connection, answer_id: int, due_at: datetime) -> bool:
    """It certainly didn't leave: once more at that moment. False: it was tried often enough, and is given up."""
    again = (owed_answers.c.id == answer_id, owed_answers.c.tries < MOST_TRIES)
    if connection.execute(update(owed_answers).where(*again).values(handed_over_at=None, due_at=due_at)).rowcount:
        return True
    settle(connection, answer_id)
    return False


def left_in_doubt(connection: Connection) -> list[Owed]:
    """Answers that somebody handed over who never came back to say what became of them."""
    rows = connection.execute(select(owed_answers).where(owed_answers.c.handed_over_at.is_not(None)).order_by(owed_answers.c.id))
    return [Owed(row.chat_id, row.utterance, row.customer_id, row.id) for row in rows]


def own_line(connection: Connection, owner: str, now: datetime) -> bool:
    """Whether the line is `owner`'s from now on, for 20 seconds unless asked again: one at a time speaks, at one pace."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"watermark": owner, "imported_at": now}
    statement = dialect.insert(source_states).values(source=_LINE, **values)
    free = (source_states.c.watermark == owner) | (source_states.c.watermark == "") | (source_states.c.imported_at < now - _OWNED_FOR)
    taken = statement.on_conflict_do_update(index_elements=["source"], set_=values, where=free).returning(source_states.c.source)
    return connection.execute(taken).scalar() is not None


def leave_line(connection: Connection, owner: str) -> None:
    """Whoever waits for the line has it at once."""
    theirs = (source_states.c.source == _LINE, source_states.c.watermark == owner)
    connection.execute(update(source_states).where(*theirs).values(watermark=""))

"""Which question the bot has asked a customer and waits for: all that a conversation needs to go on after a restart, on any device.

What was answered is not here but where every such answer is: store/answers.py, store/leaving_reasons.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import talks

_PATIENCE = timedelta(days=1)
"""Words that come later than this after a question are about something else; its buttons work for as long as they stand there."""


class About(StrEnum):
    """What is being talked about."""

    SURVEY = "survey"  # the questions of the campaign's survey
    LEAVING = "leaving"  # why they aren't interested, and what would change their mind


@dataclass(frozen=True, slots=True)
class Talk:
    """Where one conversation stands."""

    delivery_id: int
    about: About
    question: int  # that is asked now, 1 the first; 0: none
    asked_at: datetime
    said_in: Mapping[int, int]  # by question, the message that answered it in words

    def waits_for_words(self, now: datetime) -> bool:
        """Whether what is written now may be an answer; the kind of question says whether it is."""
        return self.question > 0 and now - self.asked_at <= _PATIENCE

    def answered_by(self, message_id: int) -> int:
        """The question that a message of theirs answered; 0: none."""
        return next((question for question, message in self.said_in.items() if message == message_id), 0)


def newest(connection: Connection, customer_id: int) -> Talk | None:
    """The conversation that was last gone on with; None: there was none."""
    row = connection.execute(_NEWEST, {"who": customer_id}).one_or_none()
    return None if row is None else _talk(row)


_NEWEST = (  # put together once: asked of everybody who writes to the bot
    select(talks)
    .where(talks.c.customer_id == bindparam("who", type_=talks.c.customer_id.type))
    .order_by(talks.c.asked_at.desc(), talks.c.id.desc())
    .limit(1)
)


def of(connection: Connection, customer_id: int, delivery_id: int, about: About) -> Talk | None:
    """The conversation that began with a message; None: it hasn't begun."""
    row = connection.execute(
        select(talks).where(talks.c.customer_id == customer_id, talks.c.delivery_id == delivery_id, talks.c.about == about)
    ).one_or_none()
    return None if row is None else _talk(row)


def ask(connection: Connection, customer_id: int, delivery_id: int, about: About, *, question: int, now: datetime) -> None:
    """From now on this is the question that is waited for, 0 for none, and every other conversation with the customer rests."""
    connection.execute(
        update(talks)
        .where(talks.c.customer_id == customer_id, talks.c.question > 0, (talks.c.delivery_id != delivery_id) | (talks.c.about != about))
        .values(question=0)
    )
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"question": question, "asked_at": now}
    who = {"customer_id": customer_id, "delivery_id": delivery_id, "about": about, "began_at": now, "said_in": {}}
    connection.execute(
        dialect.insert(talks).values(**who, **values).on_conflict_do_update(index_elements=["customer_id", "delivery_id", "about"], set_=values)
    )


def note_words(connection: Connection, customer_id: int, talk: Talk, question: int, message_id: int) -> None:
    """A message of theirs answered a question: changed, it changes the answer. The conversation must have begun."""
    said_in = {str(number): message for number, message in {**talk.said_in, question: message_id}.items()}
    connection.execute(
        update(talks)
        .where(talks.c.customer_id == customer_id, talks.c.delivery_id == talk.delivery_id, talks.c.about == talk.about)
        .values(said_in=said_in)
    )


def _talk(row: Row[tuple[object, ...]]) -> Talk:
    said_in = {int(question): int(message) for question, message in row.said_in.items()}
    return Talk(row.delivery_id, About(row.about), row.question, row.asked_at, said_in)

"""What follows from answers to a survey, whichever way they came: kept, heard by the journey, and a bad score by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from winback.journey import office
from winback.journey.content import Survey
from winback.journey.office import Office
from winback.journey.threads import Author, Why
from winback.model import ChannelName, EventKind, Verdict
from winback.settings import Project
from winback.store import answers, chats, events, threads
from winback.store.answers import Answer
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.store.threads import Asker, Words
from winback.tracking import endings, survey_form


@dataclass(frozen=True, slots=True)
class Queue:
    """How the shop's people are told of a bad score."""

    hours: Office  # by when an answer is promised
    in_group: bool  # they are shown threads in a group of theirs too


def queue(project: Project) -> Queue:
    """That of a project. Raises ConfigError."""
    return Queue(office.read(project), bool(project.settings.telegram.staff_chat))


def keep(connection: Connection, who: Correspondent, survey: Survey, said: tuple[Answer, ...], now: datetime, *, told: Queue | None) -> bool:
    """Store answers in the caller's transaction, each time all of them that stand; they end the journey where the campaign stops on that.

    A bad score begins a thread with a person; `told` is None for answers in a chat, whose dialogue does that itself. Returns whether they are
    news.
    """
    assert who.delivery_id is not None, "a letter asked"
    overall = survey_form.score(said, survey)
    turn = answers.record(connection, who.customer_id, who.delivery_id, said, score=overall, now=now)
    if not turn:
        return False
    event = Event(
        dedupe_key=f"{EventKind.ANSWER}:{who.delivery_id}:{turn}",
        kind=EventKind.ANSWER,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"score": overall, "turn": turn, **({} if told else {"by": "telegram"})},
    )
    endings.end(connection, who, event, now)
    events.confirm(connection, [who.delivery_id])
    if overall is not None and overall < survey.bad_below and told is not None:
        _hand_over(connection, who, event.dedupe_key, survey_form.told(said, overall), told, now)
    return True


def _hand_over(connection: Connection, who: Correspondent, key: str, text: str, told: Queue, now: datetime) -> None:  # noqa: PLR0917  one use
    """Into the customer's thread; an answer goes the way that the letter came, where somebody can answer by it, else by mail."""
    person = chats.invited(connection, who.customer_id)
    if person is None:  # forgotten a moment ago
        return
    words = Words(
        key=key,
        why=Why.BAD_SCORE,
        channel=ChannelName.TELEGRAM if person.chat_id and who.channel is ChannelName.TELEGRAM else ChannelName.EMAIL,
        at=now,
        due_at=told.hours.due_at(now),
        text=text,
        author=Author.BOT,
        event_id=events.number(connection, key),
    )
    threads.hear(connection, Asker(person.customer_id, person.chat_id, language=who.locale), words, show=told.in_group)

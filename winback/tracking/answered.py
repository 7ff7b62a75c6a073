"""What follows from answers to a survey, whichever way they came: kept, heard by the journey, and a bad score by a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from winback.journey.content import Survey
from winback.model import EventKind, TaskKind, Verdict
from winback.store import answers, events, tasks
from winback.store.answers import Answer, Asked
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import endings, survey_form


def keep(  # noqa: PLR0917  one use each
    connection: Connection, who: Correspondent, survey: Survey, asked: Asked, said: tuple[Answer, ...], now: datetime, *, in_chat: bool = False
) -> bool:
    """Store answers in the caller's transaction, each time all of them that stand; they end the journey where the campaign stops on that.

    A bad score asks for a call, unless it was given in a chat: there a person answers at once. Returns whether they are news.
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
        signals={"score": overall, "turn": turn, **({"by": "telegram"} if in_chat else {})},
    )
    endings.end(connection, who, event, now)
    events.confirm(connection, [who.delivery_id])
    if overall is not None and overall < survey.bad_below and not in_chat:
        _ask_for_a_call(connection, who, survey, asked, survey_form.told(said, overall), now)
    return True


def _ask_for_a_call(connection: Connection, who: Correspondent, survey: Survey, asked: Asked, text: str, now: datetime) -> None:  # noqa: PLR0917  one use
    kind = TaskKind.CALL if asked.phone else TaskKind.CARD
    row = {"delivery_id": who.delivery_id, "customer_id": who.customer_id, "kind": kind, "manager": asked.manager, "text": text}
    tasks.give(connection, [{**row, "due_at": now + survey.call_within}], now=now)

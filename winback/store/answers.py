"""What was answered in surveys: every time that a form was sent is kept, the last one stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import FeedbackKind, ReasonSource
from winback.store import leaving_reasons, refreshing
from winback.store.tables import answers, campaign_runs, deliveries, feedback
from winback.store.tables import leaving_reasons as reasons

_NO_MORE = "call_within"
"""In surveys of runs that began when bad scores asked for a call (docs/decisions/0195)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said to one question."""

    question: int  # 1 the first
    kind: str  # content.QuestionKind
    asked: str  # in the words in which it was asked
    score: int | None = None
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The survey of a letter, as the campaign's file was when its run began."""

    survey: Mapping[str, Any]  # content.Survey


def asked(connection: Connection, delivery_id: int) -> Asked | None:
    """The survey that a letter asked; None where its campaign has none."""
    plan = connection.execute(
        select(campaign_runs.c.plan).join(deliveries, deliveries.c.run_id == campaign_runs.c.id).where(deliveries.c.id == delivery_id)
    ).scalar()
    survey = ((plan or {}).get("content") or {}).get("survey")
    if not survey:
        return None
    return Asked({name: value for name, value in survey.items() if name != _NO_MORE})


def last(connection: Connection, delivery_id: int) -> tuple[Answer, ...]:
    """What stands of a letter's survey; nothing while it is unanswered."""
    turn = select(func.max(answers.c.turn)).where(answers.c.delivery_id == delivery_id).scalar_subquery()
    rows = connection.execute(select(answers).where(answers.c.delivery_id == delivery_id, answers.c.turn == turn).order_by(answers.c.question))
    return tuple(Answer(row.question, row.kind, row.asked, row.score, row.reason, row.text) for row in rows)


def record(connection: Connection, customer_id: int, delivery_id: int, said: Sequence[Answer], *, score: int | None, now: datetime) -> int:
    """Keep what was answered; returns which time it is that the letter's survey is (1 the first), or 0 when exactly that stands already.

    `score` is that of the whole, 0 to 10: what signs and cohorts ask about. A reason for leaving is told on by the customer.
    """
    connection.execute(select(deliveries.c.id).where(deliveries.c.id == delivery_id).with_for_update())  # two forms at once come one after another
    if last(connection, delivery_id) == tuple(said):
        return 0
    turn = 1 + (connection.execute(select(func.max(answers.c.turn)).where(answers.c.delivery_id == delivery_id)).scalar() or 0)
    place = {"customer_id": customer_id, "delivery_id": delivery_id, "turn": turn, "answered_at": now}
    connection.execute(
        insert(answers),
        [{**place, **{name: getattr(each, name) for name in ("question", "kind", "asked", "score", "reason", "text")}} for each in said],
    )
    _score(connection, customer_id, delivery_id, said, score, now)
    _reason(connection, customer_id, delivery_id, said, now)
    refreshing.due(connection, [customer_id])
    return turn


def _score(connection: Connection, customer_id: int, delivery_id: int, said: Sequence[Answer], score: int | None, now: datetime) -> None:  # noqa: PLR0917  one use
    """As an imported answer to a survey stands: its score, and the words beside it."""
    key = f"answers:{delivery_id}"
    if score is None:
        connection.execute(delete(feedback).where(feedback.c.key == key))
        return
    text = "\n".join(each.text for each in said if each.text)
    values = {"customer_id": customer_id, "kind": FeedbackKind.SURVEY, "said_at": now, "score": score, "text": text}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(feedback).values(key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def _reason(connection: Connection, customer_id: int, delivery_id: int, said: Sequence[Answer], now: datetime) -> None:
    key = f"answers:{delivery_id}"
    told = next((each.reason for each in said if each.reason), "")
    if told:
        leaving_reasons.record(connection, customer_id, told, ReasonSource.SURVEY, key=key, recorded_at=now)
    else:
        connection.execute(delete(reasons).where(reasons.c.key == key))

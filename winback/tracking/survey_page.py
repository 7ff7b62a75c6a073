"""A letter's survey: GET shows its questions with the first answer that the link gave, POST counts what was answered."""

from __future__ import annotations

import asyncio
from datetime import datetime
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from winback.audience import reasons
from winback.journey.content import Survey
from winback.model import EventKind, TaskKind, Verdict
from winback.store import answers, database, events, tasks
from winback.store.answers import Answer, Asked
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import addresses, endings, forms, invitation, survey_form
from winback.tracking.forms import Fields
from winback.tracking.front import Front
from winback.tracking.tokens import Purpose


def add(app: FastAPI, front: Front) -> None:
    """Answer the paths of surveys."""

    @app.api_route(addresses.SURVEY + "{token}", methods=["GET", "HEAD"])
    def show(token: str) -> Response:
        """The questions. Whatever follows links on its own answers nothing by that."""
        who, first = front.addressee(Purpose.SURVEY, token)
        survey, _, stands = _asked(front, who)
        return _page(front, who, token, survey, first=first - 1 if first else None, has_answered=bool(stands))

    @app.post(addresses.SURVEY + "{token}")
    async def answer(token: str, request: Request) -> Response:
        """Keep the answers; sent twice they are the same answers, and others take their place."""
        who, _ = await asyncio.to_thread(front.addressee, Purpose.SURVEY, token)
        fields = await forms.read(request, survey_form.NAME)
        return await asyncio.to_thread(_answer, front, who, token, fields)


def _answer(front: Front, who: Correspondent, token: str, fields: Fields) -> Response:
    survey, asked, _ = _asked(front, who)
    said = survey_form.answers(fields, survey, reasons.read(front.project).reasons, who.locale)
    if not said:
        return _page(front, who, token, survey, is_empty=True)
    with database.writing(front.engine) as connection:
        keep(connection, who, survey, asked, said, front.now())
    return front.page("answered", who.locale, joining=invitation.to(front, who.customer_id))


def keep(connection: Connection, who: Correspondent, survey: Survey, asked: Asked, said: tuple[Answer, ...], now: datetime) -> None:  # noqa: PLR0917  one use
    """Store answers in the caller's transaction; they end the journey where the campaign stops on that, and a bad score asks for a call."""
    assert who.delivery_id is not None, "the token names a letter"
    overall = survey_form.score(said, survey)
    turn = answers.record(connection, who.customer_id, who.delivery_id, said, score=overall, now=now)
    if not turn:
        return
    event = Event(
        dedupe_key=f"{EventKind.ANSWER}:{who.delivery_id}:{turn}",
        kind=EventKind.ANSWER,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"score": overall, "turn": turn},
    )
    endings.end(connection, who, event, now)
    events.confirm(connection, [who.delivery_id])
    if overall is not None and overall < survey.bad_below:
        _ask_for_a_call(connection, who, survey, asked, survey_form.told(said, overall), now)


def _ask_for_a_call(connection: Connection, who: Correspondent, survey: Survey, asked: Asked, text: str, now: datetime) -> None:  # noqa: PLR0917  one use
    kind = TaskKind.CALL if asked.phone else TaskKind.CARD
    row = {"delivery_id": who.delivery_id, "customer_id": who.customer_id, "kind": kind, "manager": asked.manager, "text": text}
    tasks.give(connection, [{**row, "due_at": now + survey.call_within}], now=now)


def _asked(front: Front, who: Correspondent) -> tuple[Survey, Asked, tuple[Answer, ...]]:
    """The letter's survey and what stands of it. Raises HTTPException 404 where there is none."""
    assert who.delivery_id is not None, "the token names a letter"
    with database.reading(front.engine) as connection:
        asked = answers.asked(connection, who.delivery_id, who.customer_id)
        stands = answers.last(connection, who.delivery_id)
    if asked is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Survey.model_validate(asked.survey), asked, stands


def _page(
    front: Front, who: Correspondent, token: str, survey: Survey, *, first: int | None = None, has_answered: bool = False, is_empty: bool = False
) -> Response:
    offered = reasons.read(front.project).reasons
    shown = survey_form.shown(survey, offered, who.locale, first=first, has_answered=has_answered, is_empty=is_empty)
    return front.page("survey", who.locale, action=token, survey=shown)

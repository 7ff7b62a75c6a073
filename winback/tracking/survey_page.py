"""A letter's survey: GET shows its questions with the first answer that the link gave, POST counts what was answered."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from winback.audience import reasons
from winback.journey.content import Survey
from winback.store import answers, database
from winback.store.answers import Answer
from winback.store.correspondence import Correspondent
from winback.tracking import addresses, forms, invitation, survey_form
from winback.tracking import answered as taking
from winback.tracking.forms import Fields
from winback.tracking.front import Front
from winback.tracking.tokens import Purpose


def add(app: FastAPI, front: Front) -> None:
    """Answer the paths of surveys."""

    @app.api_route(addresses.SURVEY + "{token}", methods=["GET", "HEAD"])
    def show(token: str) -> Response:
        """The questions. Whatever follows links on its own answers nothing by that."""
        who, first = front.addressee(Purpose.SURVEY, token)
        survey, stands = _asked(front, who)
        return _page(front, who, token, survey, first=first - 1 if first else None, has_answered=bool(stands))

    @app.post(addresses.SURVEY + "{token}")
    async def answer(token: str, request: Request) -> Response:
        """Keep the answers; sent twice they are the same answers, and others take their place."""
        who, _ = await asyncio.to_thread(front.addressee, Purpose.SURVEY, token)
        fields = await forms.read(request, survey_form.NAME)
        return await asyncio.to_thread(_answer, front, who, token, fields)


def _answer(front: Front, who: Correspondent, token: str, fields: Fields) -> Response:
    survey, _ = _asked(front, who)
    said = survey_form.answers(fields, survey, reasons.read(front.project).reasons, who.locale)
    if not said:
        return _page(front, who, token, survey, is_empty=True)
    told = taking.queue(front.project)
    with database.writing(front.engine) as connection:
        taking.keep(connection, who, survey, said, front.now(), told=told)
    return front.page("answered", who.locale, joining=invitation.to(front, who.customer_id))


def _asked(front: Front, who: Correspondent) -> tuple[Survey, tuple[Answer, ...]]:
    """The letter's survey and what stands of it. Raises HTTPException 404 where there is none."""
    assert who.delivery_id is not None, "the token names a letter"
    with database.reading(front.engine) as connection:
        asked = answers.asked(connection, who.delivery_id)
        stands = answers.last(connection, who.delivery_id)
    if asked is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Survey.model_validate(asked.survey), stands


def _page(
    front: Front, who: Correspondent, token: str, survey: Survey, *, first: int | None = None, has_answered: bool = False, is_empty: bool = False
) -> Response:
    offered = reasons.read(front.project).reasons
    shown = survey_form.shown(survey, offered, who.locale, first=first, has_answered=has_answered, is_empty=is_empty)
    return front.page("survey", who.locale, action=token, survey=shown)

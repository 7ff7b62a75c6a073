"""Where a customer chooses what they are written: GET shows what stands and changes nothing, POST stores it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from winback.audience.consents import ConsentWay
from winback.journey import policy
from winback.store import database, preferences
from winback.store.preferences import Card
from winback.tracking import addresses, forms, invitation, preference_form, wanted
from winback.tracking.forms import Fields
from winback.tracking.front import Front
from winback.tracking.wanted import Said


def add(app: FastAPI, front: Front) -> None:
    """Answer the paths of the preference page."""

    @app.api_route(addresses.PREFERENCES + "{token}", methods=["GET", "HEAD"])
    def show(token: str) -> Response:
        """What holds now, as a form. Nothing is changed, and nothing is remembered of the visit."""
        card = _card(front, front.customer_id(token))
        return _page(front, card, token)

    @app.post(addresses.PREFERENCES + "{token}")
    async def store(token: str, request: Request) -> Response:
        """Keep what the form says, and show what holds from now on; the same form once more changes nothing."""
        card = await asyncio.to_thread(_card, front, front.customer_id(token))
        fields = await forms.read(request, preference_form.NAME)
        return await asyncio.to_thread(_store, front, card.customer_id, token, fields)


def _store(front: Front, who: int, token: str, fields: Fields) -> Response:
    with database.writing(front.engine) as connection:
        before = preferences.card(connection, who)
        if before is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        offered, spoken = wanted.languages(front.project, policy.read(front.project), before)
        wishes = preference_form.wishes(fields, before, offered, spoken, front.today)
        wanted.keep(connection, before, wishes, Said("preferences", ConsentWay.PAGE, preferences.SOURCE), front.now())
    return _page(front, _card(front, who), token, before=(before, spoken))


def _card(front: Front, who: int) -> Card:
    with database.reading(front.engine) as connection:
        card = preferences.card(connection, who)
    if card is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return card


def _page(front: Front, card: Card, token: str, *, before: tuple[Card, str] | None = None) -> Response:
    offered, spoken = wanted.languages(front.project, policy.read(front.project), card)
    shown = preference_form.shown(card, offered, spoken, spoken or card.locale, front.today, before=before)
    joining = invitation.to(front, card.customer_id) if before is not None and not shown.silent else None
    return front.page("preferences", spoken or card.locale, action=token, preferences=shown, joining=joining)

"""Where a customer chooses what they are written: GET shows what stands and changes nothing, POST stores it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from winback.audience.consents import ConsentWay
from winback.journey import policy
from winback.letters.page_values import PreferenceValues
from winback.store import database, preferences
from winback.store.preferences import Card
from winback.tracking import addresses, forms, invitation, own_words, preference_form, wanted
from winback.tracking.forms import Fields
from winback.tracking.front import Front
from winback.tracking.wanted import Said

QUESTION = "seeing"
"""The id of the part of the page that asks for a consent of its own."""


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
        return await asyncio.to_thread(_store, front, card, token, fields)


def _store(front: Front, card: Card, token: str, fields: Fields) -> Response:
    who, wording = card.customer_id, _wording(front, card) if preference_form.may_see(fields) else None
    with database.writing(front.engine) as connection:
        before = preferences.card(connection, who)
        if before is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        offered, spoken = wanted.languages(front.project, policy.read(front.project), before)
        wishes = preference_form.wishes(fields, before, offered, spoken, front.today)
        wanted.keep(connection, before, wishes, Said("preferences", ConsentWay.PAGE, preferences.SOURCE), front.now())
        if wording is not None or preference_form.may_see(fields) is False:
            preferences.say_seen(connection, before, may_see=wording is not None, wording=wording or "", now=front.now())
    return _page(front, _card(front, who), token, before=(before, spoken))


def _wording(front: Front, card: Card) -> str | None:
    """What the page asks of being seen, word for word in its language; None where it doesn't ask, and nobody can have answered."""
    rules = policy.read(front.project)
    if not preference_form.asks_to_see(card, rules.for_country(card.country)):
        return None
    _, spoken = wanted.languages(front.project, rules, card)
    page = front.render_page(front.project, "preferences", spoken or card.locale, preferences=_shown(front, card))
    return own_words.from_html(page, part=QUESTION).strip()


def _card(front: Front, who: int) -> Card:
    with database.reading(front.engine) as connection:
        card = preferences.card(connection, who)
    if card is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return card


def _page(front: Front, card: Card, token: str, *, before: tuple[Card, str] | None = None) -> Response:
    _, spoken = wanted.languages(front.project, policy.read(front.project), card)
    shown = _shown(front, card, before=before)
    joining = invitation.to(front, card.customer_id) if before is not None and not shown.silent else None
    return front.page("preferences", spoken or card.locale, action=token, preferences=shown, joining=joining)


def _shown(front: Front, card: Card, *, before: tuple[Card, str] | None = None) -> PreferenceValues:
    rules = policy.read(front.project)
    offered, spoken = wanted.languages(front.project, rules, card)
    return preference_form.shown(card, offered, spoken, spoken or card.locale, front.today, rules=rules.for_country(card.country), before=before)

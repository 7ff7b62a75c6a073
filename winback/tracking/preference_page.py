"""Where a customer chooses what they are written: GET shows what stands and changes nothing, POST stores it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from winback.journey import policy
from winback.journey.wishes import Wishes
from winback.letters import locales
from winback.letters.page_values import PreferenceValues
from winback.model import EventKind, Verdict
from winback.settings import Project
from winback.store import database, preferences
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.store.preferences import Card, Door
from winback.tracking import addresses, endings, forms, own_words, preference_form
from winback.tracking.forms import Fields
from winback.tracking.front import Front

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
        offered, spoken = _languages(front.project, before)
        keep(connection, before, preference_form.wishes(fields, before, offered, spoken, front.today), front.now())
        if wording is not None or preference_form.may_see(fields) is False:
            preferences.say_seen(connection, before, may_see=wording is not None, wording=wording or "", now=front.now())
    return _page(front, _card(front, who), token, before=(before, spoken))


def keep(connection: Connection, card: Card, wishes: Wishes, now: datetime) -> None:
    """Store wishes in the caller's transaction. Whoever wants nothing on any channel of theirs has unsubscribed, as by the link that says so."""
    preferences.say(connection, card.customer_id, wishes, now)
    for door in card.doors:
        if door.closed and door.channel not in wishes.channels_off:
            preferences.open_again(connection, card.customer_id, door, now)
    if all(door.channel in wishes.channels_off for door in card.doors):
        for door in card.doors:
            if not door.closed:
                _close(connection, card, door, now)


def _wording(front: Front, card: Card) -> str | None:
    """What the page asks of being seen, word for word in its language; None where it doesn't ask, and nobody can have answered."""
    if not preference_form.asks_to_see(card, policy.read(front.project).for_country(card.country)):
        return None
    _, spoken = _languages(front.project, card)
    page = front.render_page(front.project, "preferences", spoken or card.locale, preferences=_shown(front, card))
    return own_words.from_html(page, part=QUESTION).strip()


def _close(connection: Connection, card: Card, door: Door, now: datetime) -> None:
    who = Correspondent(card.customer_id, door.channel, card.locale, door.address_hash)
    event = Event(
        dedupe_key=f"{EventKind.UNSUBSCRIBE}:preferences:{card.customer_id}:{door.channel}:{now.isoformat()}",
        kind=EventKind.UNSUBSCRIBE,
        customer_id=card.customer_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"by": "preferences"},
    )
    endings.end(connection, who, event, now)


def _card(front: Front, who: int) -> Card:
    with database.reading(front.engine) as connection:
        card = preferences.card(connection, who)
    if card is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return card


def _page(front: Front, card: Card, token: str, *, before: tuple[Card, str] | None = None) -> Response:
    _, spoken = _languages(front.project, card)
    return front.page("preferences", spoken or card.locale, action=token, preferences=_shown(front, card, before=before))


def _shown(front: Front, card: Card, *, before: tuple[Card, str] | None = None) -> PreferenceValues:
    offered, spoken = _languages(front.project, card)
    rules = policy.read(front.project).for_country(card.country)
    return preference_form.shown(card, offered, spoken, spoken or card.locale, front.today, rules=rules, before=before)


def _languages(project: Project, card: Card) -> tuple[tuple[str, ...], str]:
    """Languages that the customer may have letters in, and the one that they have them in."""
    rules, chains = policy.read(project).for_country(card.country), project.settings.locales
    chain = card.wishes.languages(rules) or locales.choose(card.locale, card.country, chains)
    written = tuple(dict.fromkeys(language for each in chains.values() for language in each))
    offered = written if rules.languages_on_request or not rules.languages else rules.languages
    return offered, chain[0] if chain else ""

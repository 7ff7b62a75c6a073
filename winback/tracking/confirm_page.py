"""The page behind a letter that asks to confirm a consent (double opt-in). GET asks; only POST, by one of its two buttons, changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import Engine, Row
from starlette.exceptions import HTTPException

from winback.audience.consents import ConsentWay
from winback.letters.page_values import JoinValues
from winback.model import ChannelName, Reason
from winback.settings import Project
from winback.store import consent_requests, consents, database, suppressions
from winback.store.consents import Given, Withdrawn
from winback.tracking import addresses, front, tokens
from winback.tracking.tokens import Purpose

SOURCE = "confirmation letter"
"""Where a consent was given, as it is kept."""
VALID_FOR = timedelta(days=60)
"""So long after the letter a yes counts; a no always does."""


def add(
    app: FastAPI,
    project: Project,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    page: Callable[..., Response],
    invite: Callable[[int], JoinValues | None],
) -> None:
    """Put the page into the application; `page(name, locale, action=...)` makes the HTML of `confirm`, `confirmed` and `unsubscribed`.

    `invite` says how a customer gets into the chat with the bot.
    """

    @app.api_route(addresses.CONFIRM + "{token}", methods=["GET", "HEAD"])
    def ask(token: str) -> Response:
        return page("confirm", _asked(project, engine, token).locale, action=token)

    @app.post(addresses.CONFIRM + "{token}")
    async def answer(token: str, request: Request) -> Response:
        """A yes is the yes of the page's button alone; the one click of mail programs (RFC 8058) can only mean no."""
        asked = await asyncio.to_thread(_asked, project, engine, token)
        match said(await front.beginning(request)):
            case True:
                await asyncio.to_thread(_confirm, engine, asked, clock())
                return await asyncio.to_thread(lambda: page("confirmed", asked.locale, joining=invite(asked.person)))
            case False:
                await asyncio.to_thread(_refuse, engine, asked, clock())
                return await asyncio.to_thread(page, "unsubscribed", asked.locale)
        return await asyncio.to_thread(lambda: page("confirm", asked.locale, action=token))


def said(body: bytes) -> bool | None:
    """What a form says: yes, no, or nothing that could be told. Saying both is no."""
    if b"One-Click" in body:
        return False
    try:
        answers = set(parse_qs(body.decode("ascii", "replace"), max_num_fields=10).get("answer", ()))
    except ValueError:  # more fields than any form of ours has
        return None
    if "no" in answers:
        return False
    return True if answers == {"yes"} else None


def _asked(project: Project, engine: Engine, token: str) -> Row[Any]:
    """The request with this token. Raises HTTPException 404, the same for a wrong token and for an address that isn't theirs any more."""
    found = tokens.read(project.link_keys, Purpose.CONFIRM, token)
    if found is not None:
        with database.reading(engine) as connection:
            asked = consent_requests.find(connection, found[1], found[0])
        if asked is not None and asked.now_hash == asked.address_hash:
            return asked
    raise HTTPException(HTTPStatus.NOT_FOUND)


def _confirm(engine: Engine, asked: Row[Any], now: datetime) -> None:
    """Pressing twice proves once. Whoever had unsubscribed and says yes now is written to again; a complaint, or a bounce, stays."""
    if now - asked.asked_at > VALID_FOR:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    channel, evidence = ChannelName(asked.channel), {"request": asked.id, "asked_at": asked.asked_at.isoformat()}
    with database.writing(engine) as connection:
        consent_requests.answer(connection, asked.id, now)
        if consents.is_confirmed(connection, asked.person, channel, asked.purpose):
            return
        closed = suppressions.find(connection, channel, asked.address_hash)
        if closed is not None and closed.reason == Reason.UNSUBSCRIBED:
            suppressions.lift(connection, channel, asked.address_hash)
        agreed = Given(
            asked.person, channel, ConsentWay.LETTER, SOURCE, now, asked.purpose, is_confirmed=True, wording_id=asked.wording_id, evidence=evidence
        )
        consents.give(connection, agreed, now)


def _refuse(engine: Engine, asked: Row[Any], now: datetime) -> None:
    wish = Withdrawn(
        asked.person, ConsentWay.LETTER, ChannelName(asked.channel), (asked.purpose,), address_hash=asked.address_hash, evidence={"request": asked.id}
    )
    with database.writing(engine) as connection:
        consent_requests.answer(connection, asked.id, now)
        consents.withdraw(connection, wish, now)

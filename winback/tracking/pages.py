"""The pages behind a letter's links: unsubscribing, and what is not found. Only POST changes anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from winback.model import EventKind, Verdict
from winback.settings import Project
from winback.store import database, events
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import addresses, confirm_page, endings, invitation, preference_page, survey_page, view_page
from winback.tracking.buffer import Buffer
from winback.tracking.front import HEADERS, Front, beginning
from winback.tracking.tokens import Purpose


def create_pages(project: Project, engine: Engine, buffer: Buffer, *, clock: Callable[[], datetime], render_page: Callable[..., str]) -> FastAPI:
    """The application for everything but pixels and clicks; stopping it writes the hits that still wait.

    `render_page(project, page, locale, **values)` makes the HTML of the pages (letters/pages.py), with the values that each uses.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await buffer.close()

    app = FastAPI(title="winback", openapi_url=None, redirect_slashes=False, lifespan=lifespan)  # redirects follow the Host header, wherever it leads

    front = Front(project, engine, clock, render_page)
    preference_page.add(app, front)
    survey_page.add(app, front)
    view_page.add(app, front)

    @cache
    def not_found(locale: str) -> str:
        """Made once per language: whoever tries addresses mustn't keep the server busy."""
        return render_page(project, "not-found", locale)

    @app.api_route(addresses.UNSUBSCRIBE + "{token}", methods=["GET", "HEAD"])
    def ask(token: str) -> Response:
        """Asks; changes nothing, so that whatever follows links on its own unsubscribes nobody."""
        who, _ = front.addressee(Purpose.UNSUBSCRIBE, token)
        return front.page("unsubscribe", who.locale, action=token, preferences_url=_preferences_of(project, who))

    @app.post(addresses.UNSUBSCRIBE + "{token}")
    async def unsubscribe(token: str, request: Request) -> Response:
        """The page's button, and the one click of mail programs (RFC 8058): a form in either encoding, no cookies, no redirect."""
        who, _ = await asyncio.to_thread(front.addressee, Purpose.UNSUBSCRIBE, token)
        by = "one-click" if b"One-Click" in await beginning(request) else "page"
        await asyncio.to_thread(_unsubscribe, engine, who, by, clock())
        return await asyncio.to_thread(lambda: front.page("unsubscribed", who.locale, preferences_url=_preferences_of(project, who)))

    confirm_page.add(app, project, engine, clock=clock, page=front.page, invite=partial(invitation.to, front))

    @app.get("/health")
    def health() -> Response:
        """Whether the store answers, and how many hits wait to be written."""
        status, word = (HTTPStatus.OK, "ok") if database.answers(engine) else (HTTPStatus.SERVICE_UNAVAILABLE, "no database")
        return JSONResponse({"status": word, "waiting": len(buffer), "dropped": buffer.dropped}, status, HEADERS)

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.NOT_FOUND:
            text = await asyncio.to_thread(not_found, _spoken(request, project))
            return HTMLResponse(text, HTTPStatus.NOT_FOUND, HEADERS)
        return PlainTextResponse(f"{HTTPStatus(error.status_code).phrase}\n", error.status_code, {**HEADERS, **(error.headers or {})})

    return app


def _preferences_of(project: Project, who: Correspondent) -> str:
    """Where they choose rather less, or to be written to again. Relative, like every address in these pages, so that it holds below any public_url."""
    return addresses.preferences("..", project.link_keys[0], who.customer_id)


def _unsubscribe(engine: Engine, who: Correspondent, by: str, now: datetime) -> None:
    event = Event(
        dedupe_key=f"{EventKind.UNSUBSCRIBE}:{who.delivery_id}",
        kind=EventKind.UNSUBSCRIBE,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"by": by},
    )
    with database.writing(engine) as connection:
        endings.end(connection, who, event, now)
        events.confirm(connection, [event.delivery_id] if event.delivery_id else [])


def _spoken(request: Request, project: Project) -> str:
    """The first language that the browser asks for and the project writes in, else the first of the project's."""
    written: list[Any] = [language for chain in project.settings.locales.values() for language in chain]
    asked = re.findall(r"\b[a-z]{2,3}\b", request.headers.get("accept-language", "").lower())
    return str(next((language for language in asked if language in written), written[0] if written else "en"))

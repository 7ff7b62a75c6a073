"""The pages behind a letter's links: unsubscribing, and what is not found. Only POST changes anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from winback.model import EventKind, Verdict
from winback.settings import Project
from winback.store import correspondence, database, events
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import addresses, endings, tokens
from winback.tracking.hits import Buffer
from winback.tracking.tokens import Purpose

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
_BODY_BYTES = 4_096  # as much of a form as is read


def create_pages(project: Project, engine: Engine, buffer: Buffer, *, clock: Callable[[], datetime], render_page: Callable[..., str]) -> FastAPI:
    """The application for everything but pixels and clicks; stopping it writes the hits that still wait.

    `render_page(project, page, locale, **values)` makes the HTML of the pages `unsubscribe` (values: action), `unsubscribed` and `not-found`.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await buffer.close()

    app = FastAPI(title="winback", openapi_url=None, lifespan=lifespan)

    def page(name: str, locale: str, **values: object) -> Response:
        return HTMLResponse(render_page(project, name, locale, **values), HTTPStatus.OK, _HEADERS)

    @cache
    def not_found(locale: str) -> str:
        """Made once per language: whoever tries addresses mustn't keep the server busy."""
        return render_page(project, "not-found", locale)

    @app.api_route(addresses.UNSUBSCRIBE + "{token}", methods=["GET", "HEAD"])
    def ask(token: str) -> Response:
        """Asks; changes nothing, so that whatever follows links on its own unsubscribes nobody."""
        who = _addressee(project, engine, token)
        return page("unsubscribe", who.locale, action=token)  # relative, so that it holds below any public_url

    @app.post(addresses.UNSUBSCRIBE + "{token}")
    async def unsubscribe(token: str, request: Request) -> Response:
        """The page's button, and the one click of mail programs (RFC 8058): a form in either encoding, no cookies, no redirect."""
        who = await asyncio.to_thread(_addressee, project, engine, token)
        by = "one-click" if b"One-Click" in await _beginning(request) else "page"
        await asyncio.to_thread(_unsubscribe, engine, who, by, clock())
        return await asyncio.to_thread(page, "unsubscribed", who.locale)

    @app.get("/health")
    def health() -> Response:
        """Whether the store answers, and how many hits wait to be written."""
        status, word = (HTTPStatus.OK, "ok") if database.answers(engine) else (HTTPStatus.SERVICE_UNAVAILABLE, "no database")
        return JSONResponse({"status": word, "waiting": len(buffer), "dropped": buffer.dropped}, status, _HEADERS)

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.NOT_FOUND:
            text = await asyncio.to_thread(not_found, _spoken(request, project))
            return HTMLResponse(text, HTTPStatus.NOT_FOUND, _HEADERS)
        return PlainTextResponse(f"{HTTPStatus(error.status_code).phrase}\n", error.status_code, {**_HEADERS, **(error.headers or {})})

    return app


def _addressee(project: Project, engine: Engine, token: str) -> Correspondent:
    """Whom the letter with this link went to. Raises HTTPException 404, the same for every kind of wrong token."""
    found = tokens.read(project.link_keys, Purpose.UNSUBSCRIBE, token)
    if found is not None:
        with database.reading(engine) as connection:
            who = correspondence.by_delivery(connection, [found[0]]).get(found[0])
        if who is not None:
            return who
    raise HTTPException(HTTPStatus.NOT_FOUND)


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


async def _beginning(request: Request) -> bytes:
    """The first bytes of the body: enough to tell the two forms apart, whatever else comes."""
    body = b""
    async for part in request.stream():
        body += part[:_BODY_BYTES]
        if len(body) >= _BODY_BYTES:
            break
    return body


def _spoken(request: Request, project: Project) -> str:
    """The first language that the browser asks for and the project writes in, else the first of the project's."""
    written: list[Any] = [language for chain in project.settings.locales.values() for language in chain]
    asked = re.findall(r"\b[a-z]{2,3}\b", request.headers.get("accept-language", "").lower())
    return str(next((language for language in asked if language in written), written[0] if written else "en"))

"""The studio as an ASGI application: the gate in front, the pages behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from importlib import resources
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from winback.errors import Refused
from winback.operations.mailbox import Reading, Wanted
from winback.settings import Project
from winback.studio import pages, reason_form
from winback.studio.campaign_page import CampaignPage
from winback.studio.gate import Gate, Tickets
from winback.studio.inbox_page import InboxPage
from winback.studio.mailbox_page import MailboxPage
from winback.studio.reasons_page import ReasonsPage

_BODY_BYTES = 65_536  # 3,500 letters of four bytes, each byte written as %F0, and the other fields


def create_app(project: Project, engine: Engine, *, port: int, clock: Callable[[], datetime]) -> ASGIApp:
    """The studio for browsers that reach this machine at `port`."""
    app = FastAPI(title="winback studio", openapi_url=None, docs_url=None, redoc_url=None)
    tickets = Tickets(port)
    page = ReasonsPage(project, engine, tickets, clock)
    _add_campaigns(app, CampaignPage(project, engine, tickets, clock), tickets)
    _add_mailbox(app, MailboxPage(Reading(project, engine)))
    _add_inbox(app, InboxPage(project, engine, tickets, clock), tickets)

    @app.get("/")
    def start(find: str = "") -> Response:
        return page.start(find)

    @app.get("/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @app.get("/customers/{key:path}")
    def customer(request: Request, key: str, recorded: str = "", already: str = "") -> Response:
        return page.customer(request, key, recorded=recorded, already=already)

    @app.post("/customers/{key:path}")
    async def record(request: Request, key: str) -> Response:
        fields = await _fields(request)
        if not tickets.hold(request, fields.get("proof", "")):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return await asyncio.to_thread(page.record, request, key, fields)

    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(Refused, _to_mend)
    return Gate(app, port)


def _add_campaigns(app: FastAPI, campaigns: CampaignPage, tickets: Tickets) -> None:
    @app.get("/campaigns")
    def every() -> Response:
        return campaigns.every()

    @app.get("/campaigns/{name}")
    def campaign(request: Request, name: str, told: str = "") -> Response:
        return campaigns.campaign(request, name, told=told)

    @app.get("/campaigns/{name}/letters/{file}")
    def letter(name: str, file: str) -> Response:
        return campaigns.letter(name, file)

    @app.post("/campaigns/{name}")
    async def answer(request: Request, name: str) -> Response:
        fields = await _fields(request)
        if not tickets.hold(request, fields.get("proof", "")):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return await asyncio.to_thread(campaigns.answer, request, name, fields)


def _add_mailbox(app: FastAPI, mailbox: MailboxPage) -> None:
    @app.get("/mailbox")
    def letters(box: str = "", to: str = "", language: str = "", campaign: str = "", page: str = "") -> Response:
        number = int(page) if page.isdecimal() and len(page) < 8 else 1
        return mailbox.every(Wanted(box.strip(), to.strip(), language.strip(), campaign.strip()), max(number, 1))

    @app.get("/mailbox/{box}/{name}")
    def one(box: str, name: str) -> Response:
        return mailbox.letter(box, name)

    @app.get("/mailbox/{box}/{name}/html")
    def as_html(box: str, name: str) -> Response:
        return mailbox.html(box, name)

    @app.get("/mailbox/{box}/{name}/source")
    def as_source(box: str, name: str) -> Response:
        return mailbox.source(box, name)


def _add_inbox(app: FastAPI, inbox: InboxPage, tickets: Tickets) -> None:
    @app.get("/inbox")
    def every(show: str = "", assignee: str = "", page: str = "") -> Response:
        number = int(page) if page.isdecimal() and len(page) < 8 else 1
        return inbox.every(show, assignee or None, max(number, 1))

    @app.get("/inbox/{number}")
    def thread(request: Request, number: str, told: str = "") -> Response:
        return inbox.thread(request, _number(number), told=told)

    @app.post("/inbox/{number}")
    async def do(request: Request, number: str) -> Response:
        fields = await _fields(request)
        if not tickets.hold(request, fields.get("proof", "")):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return await asyncio.to_thread(inbox.do, request, _number(number), fields)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return int(text)


_STYLE = resources.files("winback.studio").joinpath("templates", "style.css").read_text(encoding="utf-8")
_REFUSALS = {
    HTTPStatus.NOT_FOUND: ("Not found", "There is no such customer, campaign, thread or page. Search for the shop's own id of the customer."),
    HTTPStatus.FORBIDDEN: (
        "Nothing was recorded",
        "The form was older than the studio, or didn't come from it. Open the page anew and fill it in once more.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "Nothing was recorded",
        f"The form was too long. Go back, and write a note of {reason_form.LONGEST_NOTE} characters at most.",
    ),
}


def _refusal(_request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR)
    title, sentence = _REFUSALS.get(status, (status.phrase, "The studio can't do that."))
    return HTMLResponse(pages.render("refusal.html", title=title, sentences=[sentence]), status)


def _to_mend(_request: Request, error: Exception) -> Response:
    """A file of the project says what can't be meant: the page says where, as a command would."""
    page = pages.render("refusal.html", title="Something must be mended first", sentences=str(error).splitlines())
    return HTMLResponse(page, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _fields(request: Request) -> dict[str, str]:
    """The form that came in, the first of each field. Raises HTTPException 413 when it is too long, 403 when it is no form of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise HTTPException(HTTPStatus.FORBIDDEN) from error
    return {name: values[0] for name, values in fields.items()}

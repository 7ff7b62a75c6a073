"""The studio as an ASGI application: the gate in front, the pages behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from winback.errors import Refused
from winback.settings import Project
from winback.studio import campaign_page, inbox_page, letters_page, mailbox_page, pages, reason_form, reasons_page
from winback.studio.desk import Desk
from winback.studio.gate import Gate, Tickets

ROUTES = (reasons_page.routes, campaign_page.routes, mailbox_page.routes, inbox_page.routes, letters_page.routes)
"""Each family of pages."""

_SCRIPT = re.compile(r"[a-z][a-z-]{0,40}\.js")


def create_app(project: Project, engine: Engine, *, port: int, clock: Callable[[], datetime]) -> ASGIApp:
    """The studio for browsers that reach this machine at `port`."""
    app = FastAPI(title="winback studio", openapi_url=None, docs_url=None, redoc_url=None)
    desk = Desk(project, engine, Tickets(port), clock)
    for routes in ROUTES:
        app.router.routes.extend(routes(desk).routes)  # themselves, so that whoever walks them sees them

    @app.get("/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @app.get("/static/{name}")
    def script(name: str) -> Response:
        file = _STATIC.joinpath(name)
        if not _SCRIPT.fullmatch(name) or not file.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(file.read_text(encoding="utf-8"), media_type="text/javascript")

    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(Refused, _to_mend)
    return Gate(app, port)


_STATIC = resources.files("winback.studio").joinpath("static")
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

"""Who may come in: whoever is signed in, or at this machine anybody, as long as nobody has an account."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from winback.model import Environment
from winback.operations import accounts, signing_in
from winback.operations.signing_in import Visit
from winback.studio import pages
from winback.studio.desk import Desk

_PUBLIC = re.compile(r"/sign-in(/[a-z-]+)*|/invitation/[^/]*")
_PLAIN = re.compile(r"/style\.css|/static/[^/]*")
"""Pages for everybody, and what they need; the latter isn't even asked who comes."""


class Door:
    """Finds out who comes, for every page behind it; leads whoever must sign in there and back."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._may_stand_open = not desk.project.settings.studio.address and desk.project.runs_in is not Environment.PRODUCTION
        self._has_accounts = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _PLAIN.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        visit, has_accounts = await asyncio.to_thread(self._who, self._desk.tickets.token(request))
        request.state.visit = visit
        request.state.is_open = self._may_stand_open and not has_accounts
        refusal = None
        if not has_accounts and not request.state.is_open:
            refusal = self._desk.page(request, "first.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
        elif visit is None and not request.state.is_open and not _PUBLIC.fullmatch(scope["path"]):
            refusal = self._to_sign_in(request)
        await (refusal or self._app)(scope, receive, send)

    def _who(self, token: str) -> tuple[Visit | None, bool]:
        visit = signing_in.visit(self._desk.engine, token, now=self._desk.clock()) if token else None
        self._has_accounts = self._has_accounts or visit is not None or accounts.any_there(self._desk.engine)  # nobody is ever taken out
        return visit, self._has_accounts

    def _to_sign_in(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return self._desk.page(request, "signed_out.html", status=HTTPStatus.UNAUTHORIZED)
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.headers.get("sec-fetch-site") == "cross-site":
            # a link in a mail was pressed: browsers keep strict cookies back then, and send them when the page asks for itself
            return HTMLResponse(pages.render("again.html", to=wanted))
        return RedirectResponse(f"/sign-in?{urlencode({'next': wanted})}" if wanted != "/" else "/sign-in", HTTPStatus.SEE_OTHER)


def own_path(wanted: str) -> str:
    """Where somebody wanted to go, if that is a page of ours, else the first page."""
    parts = urlsplit(wanted) if wanted.startswith("/") and wanted.isascii() and wanted.isprintable() and len(wanted) < 2000 else None
    if (
        parts is None
        or parts.scheme
        or parts.netloc
        or "\\" in wanted
        or wanted.startswith("//")
        or parts.path.startswith(("/sign-in", "/invitation"))
    ):
        return "/"
    return wanted

"""A letter in the browser. Nothing in it acts: no script runs, no form is sent, nothing tells that it was looked at."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from winback.sending.viewing import Viewing
from winback.tracking import addresses
from winback.tracking.front import HEADERS, Front
from winback.tracking.tokens import Purpose

_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
}


def add(app: FastAPI, front: Front) -> None:
    """Answer the paths of letters."""
    viewing = Viewing(front.project, front.engine)

    @app.api_route(addresses.VIEW + "{token}", methods=["GET", "HEAD"])
    def show(token: str) -> Response:
        """The letter as it was sent, without pixel and counted links. Its links to the other pages ask before they change anything."""
        who, _ = front.addressee(Purpose.VIEW, token)
        html = viewing.html(who.delivery_id or 0)
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(html, HTTPStatus.OK, _HEADERS)

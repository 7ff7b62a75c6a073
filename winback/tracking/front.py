"""What every public page needs, and what is said to everybody who comes with a wrong link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from winback import clock
from winback.settings import Project
from winback.store import correspondence, database
from winback.store.correspondence import Correspondent
from winback.tracking import tokens
from winback.tracking.tokens import Purpose

_BODY_BYTES = 4_096
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


@dataclass(frozen=True)
class Front:
    """The public side of a project.

    There is nothing to forge a request with: no cookie, no session. Who has the token of a link may do what the link is for, and nobody
    else can know it; so a form needs no second secret.
    """

    project: Project
    engine: Engine
    now: Callable[[], datetime]
    render_page: Callable[..., str]

    @property
    def today(self) -> date:
        """The shop's day."""
        return clock.local_day(self.now(), self.project.zone)

    def page(self, name: str, locale: str, **values: object) -> Response:
        return HTMLResponse(self.render_page(self.project, name, locale, **values), HTTPStatus.OK, HEADERS)

    def addressee(self, purpose: Purpose, token: str) -> tuple[Correspondent, int]:
        """Whom the letter with this link went to, and the token's second number. Raises HTTPException 404, the same for every wrong token."""
        found = tokens.read(self.project.link_keys, purpose, token)
        if found is not None:
            with database.reading(self.engine) as connection:
                who = correspondence.by_delivery(connection, [found[0]]).get(found[0])
            if who is not None:
                return who, found[1]
        raise HTTPException(HTTPStatus.NOT_FOUND)

    def customer_id(self, token: str) -> int:
        """Whose preferences a link is for. Raises HTTPException 404, as above."""
        found = tokens.read(self.project.link_keys, Purpose.PREFERENCES, token)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return found[0]


async def beginning(request: Request) -> bytes:
    """The first bytes of a body: enough to tell what a short form says, whatever else comes."""
    body = b""
    async for part in request.stream():
        body += part[:_BODY_BYTES]
        if len(body) >= _BODY_BYTES:
            break
    return body[:_BODY_BYTES]

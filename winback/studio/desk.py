"""What every page of the studio works with: the project, its store, who is signed in, and proofs that a form is ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from winback.operations.people import Person, Right, Role
from winback.settings import Project
from winback.studio import pages
from winback.studio.gate import Tickets

_BODY_BYTES = 65_536  # 3,500 letters of four bytes, each byte written as %F0, and the other fields
_FIELDS = 20
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Desk:
    """One project's. Files are read anew for each request: an edit shows at once."""

    project: Project
    engine: Engine
    tickets: Tickets
    clock: Callable[[], datetime]

    def person(self, _request: Request) -> Person:
        """Who is signed in: this machine's user, as long as there are no accounts."""
        return Person(self.project.user, "", frozenset(Role))

    def need(self, request: Request, right: Right) -> Person:
        """The person, who has that right. Raises HTTPException 403."""
        person = self.person(request)
        if not person.may(right):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return person

    def page(
        self, request: Request, template: str, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None, **values: object
    ) -> Response:
        """A page for who is signed in, with the proof that its forms send back."""
        visitor, person = self.tickets.visitor(request), self.person(request)
        html = pages.render(template, person=person, may=person.may, proof=self.tickets.proof(visitor), here=request.url.path, **values)
        response = HTMLResponse(html, status, headers=dict(headers or {}))
        response.set_cookie(self.tickets.cookie, visitor, httponly=True, samesite="strict")
        return response

    async def form(self, request: Request, right: Right, *, at_most: int = _BODY_BYTES, fields: int = _FIELDS) -> dict[str, str]:
        """The form that came in, the first of each field. `at_most` in bytes, and so many `fields`.

        Raises HTTPException 413 when it is too long, 403 when it is no form of ours or the person hasn't the right.
        """
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > at_most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            found = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=fields)
        except ValueError as error:
            raise HTTPException(HTTPStatus.FORBIDDEN) from error
        if not self.tickets.hold(request, found.get("proof", [""])[0]):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        self.need(request, right)
        return {name: values[0] for name, values in found.items()}


def number(text: str) -> int:
    """The number in a path. Raises HTTPException 404."""
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return int(text)


def sheet(text: str) -> int:
    """Which page of a list a query asks for, counted from one; the first for anything that is no number."""
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 8 else 1

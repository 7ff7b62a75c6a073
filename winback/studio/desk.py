"""What every page of the studio works with: the project, its store, who is signed in, and proofs that a form is ours."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from winback.letters import locales
from winback.model import Environment
from winback.operations.people import Person, Right, Role
from winback.settings import Project
from winback.speech import Language
from winback.studio import pages, words
from winback.studio.gate import Tickets
from winback.studio.words import N_
from winback.tracking import guard

_BODY_BYTES = 65_536  # 3,500 letters of four bytes, each byte written as %F0, and the other fields
_FIELDS = 20
_LONGEST_NUMBER = 18
NO_RIGHT = "no right"
"""Detail of a refusal: the form is ours, and the person hasn't the right."""

NOBODY = Person("", "", frozenset())
"""Whoever isn't signed in, on pages for everybody."""

PLACES = (
    ("/", N_("Home")),
    ("/cohorts", N_("Cohorts")),
    ("/letters", N_("Letters")),
    ("/campaigns", N_("Campaigns")),
    ("/results", N_("Results")),
    ("/customers", N_("Customers")),
    ("/inbox", N_("Inbox")),
    ("/deliveries", N_("Deliveries")),
    ("/settings", N_("Settings")),
)
"""The families of pages, as every page names them."""

_MAILBOX = ("/mailbox", N_("Development mailbox"))


@dataclass(frozen=True, slots=True)
class Desk:
    """One project's. Files are read anew for each request: an edit shows at once."""

    project: Project
    engine: Engine
    tickets: Tickets
    clock: Callable[[], datetime]

    def person(self, request: Request) -> Person:
        """Who is signed in: this machine's user, as long as there are no accounts; nobody, on pages for everybody."""
        visit = getattr(request.state, "visit", None)
        if visit is not None:
            return visit.person  # type: ignore[no-any-return]
        return Person(self.project.user, "", frozenset(Role)) if getattr(request.state, "is_open", False) else NOBODY

    def need(self, request: Request, right: Right) -> Person:
        """The person, who has that right. Raises HTTPException 403."""
        person = self.person(request)
        if not person.may(right):
            raise HTTPException(HTTPStatus.FORBIDDEN, NO_RIGHT)
        return person

    def language(self, request: Request) -> Language:
        """The person's own, else their browser's, else the project's."""
        return words.choose(self.person(request).language, request.headers.get("accept-language", ""), self.project.settings.report_language)

    def network(self, request: Request) -> str:
        """The address that a request comes from, behind proxies that are believed too."""
        trusted = [ipaddress.ip_network(each, strict=False) for each in self.project.settings.trusted_proxies]
        return guard.client(request.scope, trusted)

    def page(
        self, request: Request, template: str, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None, **values: object
    ) -> Response:
        """A page for who is signed in, in their language, with the proof that its forms send back."""
        person, language = self.person(request), self.language(request)
        html = pages.render(
            template,
            language=language,
            person=person,
            may=person.may,
            proof=self.tickets.proof(request),
            here=request.url.path,
            places=self._places(request) if person is not NOBODY else (),
            spoken=locales.own_name(language),
            **values,
        )
        response = HTMLResponse(html, status, headers=dict(headers or {}))
        self.tickets.remember(request, response)
        return response

    async def form(self, request: Request, right: Right | None, *, at_most: int = _BODY_BYTES, fields: int = _FIELDS) -> dict[str, str]:
        """The form that came in, the first of each field. `at_most` in bytes, and so many `fields`.

        None is a right that everybody has, also who isn't signed in.

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
        if right is not None:
            self.need(request, right)
        return {name: values[0] for name, values in found.items()}

    def _places(self, request: Request) -> list[tuple[str, str, bool]]:
        """(address, name, whether it is this one) of every family of pages that is there."""
        there = {route.path for route in request.app.routes if hasattr(route, "path")}
        shown = PLACES if self.project.runs_in is Environment.PRODUCTION else (*PLACES, _MAILBOX)
        return [(path, name, _is_below(request.url.path, path)) for path, name in shown if path in there]


def _is_below(here: str, place: str) -> bool:
    return here == place or (place != "/" and here.startswith(f"{place}/"))


def number(text: str) -> int:
    """The number in a path. Raises HTTPException 404."""
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return int(text)


def sheet(text: str) -> int:
    """Which page of a list a query asks for, counted from one; the first for anything that is no number."""
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 8 else 1

"""The other door: a provider of identities says who somebody is, and whoever has an account here by that address is let in."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.operations import identities, signing_in
from winback.operations.identities import Asked, NotKnownError
from winback.studio import door, pages
from winback.studio.desk import Desk
from winback.studio.sign_in_page import SignInPage
from winback.studio.words import N_
from winback.ways_in import OidcSettings

log = logging.getLogger(__name__)

_NOT_KNOWN = N_("That way nobody was let in: the provider didn't say who you are, or nobody here has the address that it vouches for.")
_LONGEST = 4_000


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), SignInPage(desk)

    @router.get("/sign-in/provider")
    def ask(request: Request, next: str = "") -> Response:  # noqa: A002  as the address calls it
        back_to = f"{'https' if desk.tickets.is_abroad(request) else 'http'}://{request.headers['host']}/sign-in/return"
        try:
            address, asked = identities.ask(_settings(desk), back_to=back_to, wanted=door.own_path(next))
        except NotKnownError as error:
            log.warning("nobody was let in by the provider of identities: %s", error)
            return page.refused(request, _NOT_KNOWN)
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        desk.tickets.lend(request, response, asked.as_json())
        return response

    @router.get("/sign-in/return")
    def come_back(request: Request) -> Response:
        settings, lent = _settings(desk), desk.tickets.lent(request)
        said = {name: value[:_LONGEST] for name, value in request.query_params.items()}
        try:
            if not lent:
                raise NotKnownError("the browser brings nothing back")  # noqa: TRY301  told like everything else
            asked = Asked(**lent)
            email = identities.email(desk.project, settings, asked, said, now=desk.clock())
            visit = signing_in.let_in(desk.engine, email, by="provider", now=desk.clock())
            if visit is None:
                raise NotKnownError("nobody here has the address")  # noqa: TRY301  told like everything else
        except NotKnownError as error:
            log.warning("nobody was let in by the provider of identities: %s", error)
            response = page.refused(request, _NOT_KNOWN)
        else:
            # a redirect would still be the other site's, and the strict cookie would stay behind: the page asks for itself
            response = HTMLResponse(pages.render("again.html", to=door.own_path(asked.wanted)))
            desk.tickets.admit(request, response, visit.token)
        desk.tickets.take_back(request, response)
        return response

    return router


def _settings(desk: Desk) -> OidcSettings:
    settings = desk.project.settings.studio.oidc
    if settings is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return settings

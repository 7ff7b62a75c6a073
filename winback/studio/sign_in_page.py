"""Signing in and out, choosing a password by an invitation, and everybody's own page: their language, their password."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.letters import locales
from winback.operations import accounts, passwords, signing_in
from winback.operations.signing_in import Slowed, Visit
from winback.speech import Language
from winback.studio import door, people_page
from winback.studio.desk import Desk
from winback.studio.words import N_

_WRONG = N_("The address and the password don't belong together.")
_WRONG_OLD = N_("That isn't your password.")
_DIFFERENT = N_("The two passwords differ. Type the same one twice.")
_TOLD = {"language": N_("Kept."), "password": N_("Your password is another one now. Wherever else you were signed in, you aren't any more.")}


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), SignInPage(desk)

    @router.get("/sign-in")
    def ask(request: Request, next: str = "") -> Response:  # noqa: A002  as the address calls it
        return page.ask(request, next)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        return await asyncio.to_thread(page.sign_in, request, await desk.form(request, None))

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await desk.form(request, None)
        return await asyncio.to_thread(page.sign_out, request)

    @router.get("/invitation/{token}")
    def invited(request: Request, token: str) -> Response:
        return page.invited(request, token)

    @router.post("/invitation/{token}")
    async def accept(request: Request, token: str) -> Response:
        return await asyncio.to_thread(page.accept, request, token, await desk.form(request, None))

    @router.get("/account")
    def own(request: Request, told: str = "") -> Response:
        return page.own(request, told=told)

    @router.post("/account")
    async def change(request: Request) -> Response:
        return await asyncio.to_thread(page.change, request, await desk.form(request, None))

    return router


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Answers for one project."""

    desk: Desk

    def ask(self, request: Request, wanted: str) -> Response:
        """The form, unless they are in already."""
        if self.desk.person(request).name:
            return RedirectResponse(door.own_path(wanted), HTTPStatus.SEE_OTHER)
        return self._form(request, wanted)

    def sign_in(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Sign them in and lead them where they wanted to go; or the form again, which says no more than that it was wrong."""
        wanted, email = fields.get("next", ""), fields.get("email", "")
        found = signing_in.sign_in(
            self.desk.project,
            self.desk.engine,
            email,
            fields.get("password", ""),
            network=self.desk.network(request),
            now=self.desk.clock(),
        )
        if not isinstance(found, Visit):
            return self._form(request, wanted, email=email, refused=found, fault="" if found else _WRONG)
        return self._admit(request, found, door.own_path(wanted))

    def sign_out(self, request: Request) -> Response:
        signing_in.sign_out(self.desk.engine, self.desk.tickets.token(request))
        response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        self.desk.tickets.dismiss(request, response)
        return response

    def invited(self, request: Request, token: str, *, fault: str = "") -> Response:
        """The form of an invitation. Raises HTTPException 404 when it was used, or is over."""
        account = accounts.invited(self.desk.engine, token, now=self.desk.clock())
        if account is None:
            return self.desk.page(request, "invitation.html", status=HTTPStatus.NOT_FOUND, account=None, fault="", shortest=passwords.SHORTEST)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self.desk.page(request, "invitation.html", status=status, account=account, fault=fault, shortest=passwords.SHORTEST)

    def accept(self, request: Request, token: str, fields: Mapping[str, str]) -> Response:
        """Keep the password that was chosen, and sign them in."""
        chosen = fields.get("password", "")
        if chosen != fields.get("again", ""):
            return self.invited(request, token, fault=_DIFFERENT)
        try:
            email = accounts.accept(self.desk.engine, token, chosen, now=self.desk.clock())
        except ConfigError as error:
            return self.invited(request, token, fault=error.problems[0].message)
        found = signing_in.let_in(self.desk.engine, email, by="invitation", now=self.desk.clock())
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return self._admit(request, found, "/")

    def own(self, request: Request, *, told: str = "", fault: str = "", refused: Slowed | None = None) -> Response:
        """Who they are, and what they may change of it."""
        return self.desk.page(
            request,
            "account.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault or refused else HTTPStatus.OK,
            told=_TOLD.get(told, ""),
            fault=fault,
            wait=_seconds(refused),
            roles=people_page.ROLES,
            languages={str(language): locales.own_name(language) for language in Language},
            shortest=passwords.SHORTEST,
        )

    def change(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Another language or another password of theirs; without an account there is nothing to change."""
        person = self.desk.person(request)
        if not person.email:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        if fields.get("say") == "language":
            accounts.speak(self.desk.engine, person.email, fields.get("language", ""))
            return RedirectResponse("/account?told=language", HTTPStatus.SEE_OTHER)
        if fields.get("say") == "password":
            return self._change_password(request, person.email, fields)
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def _change_password(self, request: Request, email: str, fields: Mapping[str, str]) -> Response:
        old, chosen = fields.get("old", ""), fields.get("password", "")
        if chosen != fields.get("again", ""):
            return self.own(request, fault=_DIFFERENT)
        network, now = self.desk.network(request), self.desk.clock()
        try:
            found = signing_in.change_password(self.desk.project, self.desk.engine, email, old, chosen, network=network, now=now)
        except ConfigError as error:
            return self.own(request, fault=error.problems[0].message)
        if not isinstance(found, Visit):
            return self.own(request, refused=found, fault="" if found else _WRONG_OLD)
        return self._admit(request, found, "/account?told=password")

    def refused(self, request: Request, sentence: str) -> Response:
        """The form again, since another door didn't open."""
        return self._form(request, "", fault=sentence)

    def _form(self, request: Request, wanted: str, *, email: str = "", refused: Slowed | None = None, fault: str = "") -> Response:
        status = HTTPStatus.TOO_MANY_REQUESTS if refused else HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        headers = {"Retry-After": str(_seconds(refused))} if refused else {}
        return self.desk.page(
            request,
            "sign_in.html",
            status=status,
            headers=headers,
            wanted=door.own_path(wanted),
            email=email,
            fault=fault,
            wait=_seconds(refused),
            provider=_provider(self.desk),
        )

    def _admit(self, request: Request, visit: Visit, to: str) -> Response:
        response = RedirectResponse(to, HTTPStatus.SEE_OTHER)
        self.desk.tickets.admit(request, response, visit.token)
        return response


def _provider(desk: Desk) -> str:
    """What the button calls the provider of identities; empty: there is none."""
    settings = desk.project.settings.studio.oidc
    return "" if settings is None else settings.name or urlsplit(settings.issuer).netloc


def _seconds(refused: Slowed | None) -> int:
    """Whole seconds until the next try; 0: nobody waits."""
    return 0 if refused is None else max(1, -(refused.wait // timedelta(seconds=-1)))

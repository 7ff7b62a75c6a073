"""The pages of who may open the studio: everybody, one of them, and the link that lets somebody choose a password."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.operations import accounts, signing_in
from winback.operations.accounts import Listed
from winback.operations.people import Right, Role
from winback.studio import desk as desks
from winback.studio import written
from winback.studio.desk import Desk
from winback.studio.words import N_

ROLES = {
    Role.MARKETER: (N_("Marketer"), N_("Edits letters, cohorts and campaigns; sends letters to their own address.")),
    Role.APPROVER: (N_("Approver"), N_("Approves, starts, pauses and stops campaigns; opens lanes; settles letters in doubt.")),
    Role.MANAGER: (
        N_("Manager"),
        N_("Answers customers, closes tasks, records reasons; hands out what is held of a customer, and closes addresses."),
    ),
    Role.ADMIN: (N_("Admin"), N_("May do everything, also forget a customer, and looks after people and the audit log.")),
}
STATES = {
    "active": N_("may sign in"),
    "invited": N_("was invited"),
    "no password": N_("has no password and no open invitation"),
    "disabled": N_("is not let in"),
}
_TOLD = {
    "roles": N_("Their roles are these now."),
    "rename": N_("They are called so from now on."),
    "disable": N_("They aren't let in any more, from this moment on."),
    "enable": N_("They are let in again, with the password that they had."),
}


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), PeoplePage(desk)

    @router.get("/settings/people")
    def every(request: Request) -> Response:
        desk.need(request, Right.ADMIN)
        return page.every(request)

    @router.post("/settings/people")
    async def add(request: Request) -> Response:
        return await asyncio.to_thread(page.add, request, await desk.form(request, Right.ADMIN))

    @router.get("/settings/people/{number}")
    def one(request: Request, number: str, told: str = "") -> Response:
        desk.need(request, Right.ADMIN)
        return page.one(request, desks.number(number), told=told)

    @router.post("/settings/people/{number}")
    async def change(request: Request, number: str) -> Response:
        fields = await desk.form(request, Right.ADMIN)
        return await asyncio.to_thread(page.change, request, desks.number(number), fields)

    return router


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Answers for one project."""

    desk: Desk

    def every(self, request: Request, *, fault: str = "", typed: Mapping[str, str] | None = None) -> Response:
        """Everybody, and the form that adds somebody."""
        return self.desk.page(
            request,
            "people.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            people=self._listed(),
            roles=ROLES,
            states=STATES,
            fault=fault,
            typed={"email": "", "name": "", **(typed or {})},
            chosen=_roles(typed or {}),
            longest=accounts.LONGEST_NAME,
        )

    def add(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Add somebody and show the link by which they choose their password; or the form again."""
        try:
            email = accounts.add(
                self.desk.engine,
                fields.get("email", ""),
                name=fields.get("name", ""),
                roles=_roles(fields),
                by=self.desk.person(request).name,
                now=self.desk.clock(),
            )
        except ConfigError as error:
            return self.every(request, fault=_sentence(error), typed=fields)
        return self._invite(request, email)

    def one(self, request: Request, number: int, *, told: str = "", fault: str = "", link: str = "") -> Response:
        """One of them, and what can be changed. Raises HTTPException 404."""
        each = self._one(number)
        return self.desk.page(
            request,
            "person.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            each=each,
            chosen=each.account.roles,
            roles=ROLES,
            states=STATES,
            told=_TOLD.get(told, ""),
            fault=fault,
            link=link,
            days=accounts.INVITED_FOR.days,
            longest=accounts.LONGEST_NAME,
        )

    def change(self, request: Request, number: int, fields: Mapping[str, str]) -> Response:
        """Roles, name, a new invitation, disabled or let in again; then the page again, with what was said of it."""
        email, by, now, say = self._one(number).account.email, self.desk.person(request).name, self.desk.clock(), fields.get("say", "")
        try:
            match say:
                case "roles":
                    accounts.give_roles(self.desk.engine, email, _roles(fields), by=by, now=now)
                case "rename":
                    accounts.rename(self.desk.engine, email, fields.get("name", ""), by=by, now=now)
                case "disable":
                    accounts.disable(self.desk.engine, email, by=by, now=now)
                case "enable":
                    accounts.enable(self.desk.engine, email, by=by, now=now)
                case "invite":
                    return self._invite(request, email)
                case _:
                    raise HTTPException(HTTPStatus.FORBIDDEN)
        except ConfigError as error:
            return self.one(request, number, fault=_sentence(error))
        return RedirectResponse(f"/settings/people/{number}?{urlencode({'told': say})}", HTTPStatus.SEE_OTHER)

    def _invite(self, request: Request, email: str) -> Response:
        """The page with the link, in the answer itself: an address would keep it in the browser's history."""
        token = accounts.invite(self.desk.engine, email, by=self.desk.person(request).name, now=self.desk.clock())
        (number,) = (each.account.id for each in self._listed() if each.account.email == email)
        root = self.desk.project.settings.studio.address or f"http://{request.headers['host']}"
        return self.one(request, number, link=f"{root}/invitation/{token}")

    def _one(self, number: int) -> Listed:
        for each in self._listed():
            if each.account.id == number:
                return each
        raise HTTPException(HTTPStatus.NOT_FOUND)

    def _listed(self) -> list[Listed]:
        return accounts.listed(self.desk.engine, now=self.desk.clock(), idle=signing_in.IDLE)


def _roles(fields: Mapping[str, str]) -> list[str]:
    return [role for role in Role if fields.get(f"role-{role}")]


def _sentence(error: ConfigError) -> str:
    return written.refused(error, how=False)

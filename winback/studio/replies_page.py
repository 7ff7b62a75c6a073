"""The page of replies on their way to a manager: waiting, refused or in doubt, and what a person says of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.operations import unshown
from winback.operations.people import Right
from winback.studio import customers_page, inbox_views, written
from winback.studio import desk as desks
from winback.studio.desk import Desk
from winback.studio.words import N_

AT_ONCE = 50
"""Replies on a page."""
_TOLD = {
    "shown": N_("Noted: somebody saw it."),
    "again": N_("It is shown once more with the next look for mail."),
    "settled": N_("Somebody else said what became of it meanwhile."),
}
_WORDS = {
    "waiting": N_("nobody was shown it yet"),
    "handed_over": N_("nobody knows whether it was shown"),
    "uncertain": N_("nobody knows whether it was shown"),
    "failed": N_("it could not be shown"),
    "sent": N_("it was shown"),
}


def routes(desk: Desk) -> APIRouter:
    router, replies = APIRouter(), RepliesPage(desk)

    @router.get("/inbox/replies")
    def every(request: Request, show: str = "", customer: str = "", page: str = "", told: str = "") -> Response:
        return replies.every(request, everything=show == "all", customer=customer.strip(), number=desks.sheet(page), told=_TOLD.get(told, ""))

    @router.post("/inbox/replies/{number}")
    async def settle(request: Request, number: str) -> Response:
        fields = await desk.form(request, Right.ANSWER)
        return await asyncio.to_thread(replies.settle, request, desks.number(number), fields)

    return router


@dataclass(frozen=True, slots=True)
class RepliesPage:
    """Answers for one project."""

    desk: Desk

    def every(self, request: Request, *, everything: bool, customer: str, number: int, told: str) -> Response:
        """Replies that nobody may have been shown, or all, the oldest first; of one customer where the shop's id is given."""
        now, number = self.desk.clock(), min(number, inbox_views.LAST_PAGE)
        first = (number - 1) * AT_ONCE
        known = "" if "\0" in customer else customer
        found = unshown.listed(self.desk.engine, everything=everything, customer=known, limit=AT_ONCE + 1, offset=first)
        asked = {"show": "all" if everything else "", "customer": customer}
        return self.desk.page(
            request,
            "replies.html",
            replies=[(each, customers_page.address(each.customer), _WORDS.get(each.status, each.status)) for each in found[:AT_ONCE]],
            everything=everything,
            customer=customer,
            told=told,
            views=inbox_views.of_threads(self.desk, now),
            beside=inbox_views.beside(self.desk, now),
            managers=written.managers(self.desk.project, self.desk.language(request)),
            at=lambda moment: written.at(self.desk.project, moment),
            newer=inbox_views.address("/inbox/replies", **asked, page=number - 1) if number > 1 else "",
            older=inbox_views.address("/inbox/replies", **asked, page=number + 1) if len(found) > AT_ONCE else "",
        )

    def settle(self, request: Request, number: int, fields: Mapping[str, str]) -> Response:
        """Somebody saw it, or it is to be shown again."""
        answer = fields.get("say", "")
        if answer not in {"shown", "again"}:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        try:
            unshown.settle(self.desk.project, self.desk.engine, number, answer, by=self.desk.person(request).name, now=self.desk.clock())
        except ConfigError:
            answer = "settled"
        return RedirectResponse(f"/inbox/replies?told={answer}", HTTPStatus.SEE_OTHER)

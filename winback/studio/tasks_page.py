"""The pages of tasks: what people are asked to do, one of them with its customer's card, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.audience import reasons as known_reasons
from winback.errors import ConfigError
from winback.operations import tasks
from winback.operations.people import Right
from winback.operations.tasks import Card
from winback.speech import said
from winback.studio import customers_page, inbox_views, written
from winback.studio import desk as desks
from winback.studio.desk import Desk
from winback.studio.words import N_

AT_ONCE = 50
"""Tasks on a page."""
LONGEST_NOTE = 500
_TOO_LONG = N_("The note can't be kept. Write at most %(number)s characters.")
_TOLD = {
    "done": N_("Done. It counts as a touch."),
    "dropped": N_("Dropped. The campaign goes on."),
    "declined": N_("Noted: they don't want to be won back. No campaign under way writes to them any more."),
    "handed-on": N_("It has another manager now."),
}


def routes(desk: Desk) -> APIRouter:
    router, given = APIRouter(), TasksPage(desk)

    @router.get("/inbox/tasks")
    def every(request: Request, show: str = "", manager: str = "", customer: str = "", page: str = "") -> Response:
        return given.every(request, everything=show == "all", manager=manager, customer=customer.strip(), number=desks.sheet(page))

    @router.get("/inbox/tasks/{number}")
    def task(request: Request, number: str, told: str = "") -> Response:
        return given.task(request, desks.number(number), told=_TOLD.get(told, ""))

    @router.post("/inbox/tasks/{number}")
    async def do(request: Request, number: str) -> Response:
        fields = await desk.form(request, Right.ANSWER)
        return await asyncio.to_thread(given.do, request, desks.number(number), fields)

    return router


@dataclass(frozen=True, slots=True)
class TasksPage:
    """Answers for one project. Files are read anew for each. Each raises Refused for files that can't be meant."""

    desk: Desk

    def every(self, request: Request, *, everything: bool, manager: str, customer: str, number: int) -> Response:
        """Open tasks, or all that were ever given, the soonest due first."""
        now, number, managers = (
            self.desk.clock(),
            min(number, inbox_views.LAST_PAGE),
            written.managers(self.desk.project, self.desk.language(request)),
        )
        manager, customer = manager if manager in managers else "", "" if "\0" in customer else customer
        found = tasks.listed(
            self.desk.project,
            self.desk.engine,
            manager=manager or None,
            everything=everything,
            customer=customer,
            limit=AT_ONCE + 1,
            offset=(number - 1) * AT_ONCE,
            now=now,
        )
        asked = {"show": "all" if everything else "", "manager": manager, "customer": customer}
        return self.desk.page(
            request,
            "tasks.html",
            tasks=found[:AT_ONCE],
            everything=everything,
            manager=manager,
            customer=customer,
            managers=managers,
            views=inbox_views.of_threads(self.desk, now),
            beside=inbox_views.beside(self.desk, now),
            newer=inbox_views.address("/inbox/tasks", **asked, page=number - 1) if number > 1 else "",
            older=inbox_views.address("/inbox/tasks", **asked, page=number + 1) if len(found) > AT_ONCE else "",
        )

    def task(self, request: Request, number: int, *, told: str = "", fault: str = "", note: str = "") -> Response:
        """One task; `note` is what a form that was refused said."""
        card = self._card(number, self.desk.clock())
        return self.desk.page(
            request,
            "task.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            card=card,
            task=card.task,
            facts=[(name, value) for _, name, value in card.customer.in_words() if value not in {"none", "not known"}],
            customer=customers_page.address(card.task.customer),
            managers=written.managers(self.desk.project, self.desk.language(request)),
            known=known_reasons.read(self.desk.project).reasons,
            told=told,
            fault=fault,
            note=note,
            longest=LONGEST_NOTE,
        )

    def do(self, request: Request, number: int, fields: Mapping[str, str]) -> Response:
        """What came of it, or whose it is now; then the page again. What can't be meant is said there."""
        note = fields.get("note", "").replace("\r\n", "\n").strip()
        self._card(number, self.desk.clock())
        if len(note) > LONGEST_NOTE or "\0" in note:
            return self.task(request, number, fault=said(_TOO_LONG, number=LONGEST_NOTE), note=note[:LONGEST_NOTE])
        try:
            told = self._done(request, number, fields, note)
        except ConfigError as error:
            return self.task(request, number, fault=written.refused(error), note=note)
        return RedirectResponse(f"/inbox/tasks/{number}?told={told}", HTTPStatus.SEE_OTHER)

    def _done(self, request: Request, number: int, fields: Mapping[str, str], note: str) -> str:
        project, engine, by, now = self.desk.project, self.desk.engine, self.desk.person(request).name[:100], self.desk.clock()
        match fields.get("say", ""):
            case "done":
                tasks.done(project, engine, number, by=by, note=note, now=now, account=by)
                return "done"
            case "drop":
                tasks.drop(project, engine, number, by=by, note=note, now=now, account=by)
                return "dropped"
            case "declined":
                tasks.declined(project, engine, number, fields.get("reason", ""), by=by, note=note, now=now, account=by)
                return "declined"
            case "hand-on":
                tasks.hand_on(project, engine, number, fields.get("manager", ""), by=by, now=now)
                return "handed-on"
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def _card(self, number: int, now: datetime) -> Card:
        try:
            return tasks.show(self.desk.project, self.desk.engine, number, now=now, at_once=True)
        except ConfigError as error:
            if error.problems[0].file:
                raise
            raise HTTPException(HTTPStatus.NOT_FOUND) from error

"""The pages on what customers wrote: who waits for an answer, one conversation beside who they are, and the forms to answer and hand it on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError, Refused
from winback.journey import office
from winback.journey.threads import ThreadStatus
from winback.operations import acquainted, tending, threads
from winback.operations.people import Right
from winback.operations.threads import LONGEST, Shown, Wanted
from winback.operations.waiting import span
from winback.speech import said
from winback.studio import customers_page, inbox_views, written
from winback.studio import desk as desks
from winback.studio.desk import Desk
from winback.studio.words import N_

AT_ONCE = 50
"""Threads on a page."""
_LONGEST_NAME = 100
_LATER = N_("It is written down, and leaves as soon as this is mended: %(refused)s")
_TOLD = {
    "answered": N_("Answered."),
    "assigned": N_("It has another owner now."),
    "closed": N_("Closed. What they write next begins another thread."),
    "reopened": N_("It goes on."),
    "resolved": N_("Noted."),
}


def routes(desk: Desk) -> APIRouter:
    router, inbox = APIRouter(), InboxPage(desk)

    @router.get("/inbox")
    def every(request: Request, show: str = "", assignee: str = "", customer: str = "", page: str = "") -> Response:
        return inbox.every(request, show, assignee or None, customer.strip(), desks.sheet(page))

    @router.get("/inbox/{number}")
    def thread(request: Request, number: str, told: str = "") -> Response:
        return inbox.thread(request, desks.number(number), told=told)

    @router.post("/inbox/{number}")
    async def do(request: Request, number: str) -> Response:
        fields = await desk.form(request, Right.ANSWER)
        return await asyncio.to_thread(inbox.do, request, desks.number(number), fields)

    return router


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Answers for one project. Files are read anew for each. Each raises Refused for files that can't be meant."""

    desk: Desk

    def every(self, request: Request, view: str, assignee: str | None, customer: str, number: int) -> Response:
        """Threads, those that wait for us first. `assignee`: a sender's key, `-` for nobody's, None for anybody's; `customer`: the shop's id."""
        now, view, number = self.desk.clock(), view if view in inbox_views.VIEWS else "", min(number, inbox_views.LAST_PAGE)
        customer = "" if "\0" in customer else customer
        tending.queue(self.desk.project, self.desk.engine, now=now)
        whose = "" if assignee == "-" else assignee or None
        wanted = Wanted("" if view == "overdue" else view, whose, overdue=view == "overdue", customer=customer)
        found = threads.listed(self.desk.project, self.desk.engine, wanted, now=now, limit=AT_ONCE + 1, offset=(number - 1) * AT_ONCE)
        hours = office.read(self.desk.project)
        return self.desk.page(
            request,
            "inbox.html",
            threads=found[:AT_ONCE],
            views=inbox_views.of_threads(self.desk, now, assignee),
            beside=inbox_views.beside(self.desk, now),
            view=view,
            assignee=assignee or "",
            customer=customer,
            managers=written.managers(self.desk.project, self.desk.language(request)),
            at=self._at,
            span=span,
            newer=_list(view, assignee, customer, number - 1) if number > 1 else "",
            older=_list(view, assignee, customer, number + 1) if len(found) > AT_ONCE else "",
            promise=span(hours.hours.within),
            opens=None if hours.is_open(now) else self._at(hours.opens_at(now)),
        )

    def thread(self, request: Request, number: int, *, told: str = "", fault: str = "", typed: Mapping[str, str] | None = None) -> Response:
        """One conversation; `typed` is what a form that was refused said, so that nothing has to be written twice."""
        now = self.desk.clock()
        shown = self._shown(number, now)
        customer = shown.thread.customer
        return self.desk.page(
            request,
            "thread.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            shown=shown,
            thread=shown.thread,
            glance=acquainted.glance(self.desk.project, self.desk.engine, customer, now=now) if customer else (),
            customer=customers_page.address(customer) if customer else "",
            managers=written.managers(self.desk.project, self.desk.language(request)),
            at=self._at,
            told=_TOLD.get(told, ""),
            fault=fault,
            typed={"text": "", "by": "", "channel": "", **(typed or {})},
            longest=LONGEST,
            once=secrets.token_hex(16),
            is_closed=shown.thread.status == ThreadStatus.CLOSED,
        )

    def do(self, request: Request, number: int, fields: Mapping[str, str]) -> Response:
        """Answer, assign, close, reopen, or say what became of an answer; then the page again. What can't be meant is said there."""
        now, say = self.desk.clock(), fields.get("say", "")
        self._shown(number, now)
        try:
            told = self._done(request, number, say, fields, now)
        except ConfigError as error:
            return self.thread(request, number, fault=written.refused(error, how=False), typed=fields)
        if told in {"answered", "resolved"} and (refused := self._send(now)):
            return self.thread(request, number, fault=said(_LATER, refused=refused))
        return RedirectResponse(f"/inbox/{number}?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)

    def _done(self, request: Request, number: int, say: str, fields: Mapping[str, str], now: datetime) -> str:
        who = self.desk.person(request).name[:_LONGEST_NAME]
        match say:
            case "answer":
                key = f"studio:{number}:{fields.get('once', '')[:64]}"
                by, channel = fields.get("by", ""), fields.get("channel", "")  # who signs it, of config/senders.yaml
                threads.answer(self.desk.project, self.desk.engine, number, fields.get("text", ""), by=by, key=key, now=now, channel=channel)
                return "answered"
            case "assign":
                threads.assign(self.desk.project, self.desk.engine, number, fields.get("assignee", ""), by=who, now=now)
                return "assigned"
            case "close":
                threads.close(self.desk.engine, number, by=who, now=now)
                return "closed"
            case "reopen":
                threads.reopen(self.desk.engine, number, by=who, now=now)
                return "reopened"
            case "resolve":
                word = fields.get("word", "")
                if not word.isascii() or not word.isdecimal() or len(word) > 18 or int(word) not in self._words(number, now):
                    raise HTTPException(HTTPStatus.FORBIDDEN)
                threads.resolve(self.desk.engine, int(word), fields.get("outcome", ""), now=now)
                return "resolved"
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def _send(self, now: datetime) -> str:
        """Let what was written leave at once; what was refused for now leaves with the schedule. Returns what a person must mend, or nothing."""
        try:
            asyncio.run(tending.answer(self.desk.project, self.desk.engine, now=now))
        except Refused as refused:
            return written.refused(refused)
        return ""

    def _words(self, number: int, now: datetime) -> set[int]:
        return {word.id for word in self._shown(number, now).words}

    def _shown(self, number: int, now: datetime) -> Shown:
        try:
            return threads.show(self.desk.project, self.desk.engine, number, now=now)
        except ConfigError as error:
            if error.problems[0].file:
                raise
            raise HTTPException(HTTPStatus.NOT_FOUND) from error

    def _at(self, moment: datetime) -> str:
        return written.at(self.desk.project, moment)


def _list(view: str, assignee: str | None, customer: str = "", number: int = 1) -> str:
    return inbox_views.address("/inbox", show=view, assignee=assignee or "", customer=customer, page=number)

"""The pages on what customers wrote: who waits for an answer, one conversation beside who they are, and the forms to answer and hand it on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from winback.errors import ConfigError, Refused
from winback.journey import office
from winback.journey.threads import ThreadStatus
from winback.letters import sender, wording
from winback.operations import acquainted, tending, threads
from winback.operations.threads import LONGEST, Shown, Wanted
from winback.operations.waiting import span
from winback.settings import Project
from winback.studio import pages, reasons_page
from winback.studio.gate import Tickets

AT_ONCE = 50
"""Threads on a page."""
VIEWS = {"": "open and waiting", "open": "open", "overdue": "overdue", "waiting": "waiting", "closed": "closed"}
_LAST_PAGE = 10_000
_TOLD = {
    "answered": "Answered.",
    "assigned": "It has another owner now.",
    "closed": "Closed. What they write next begins another thread.",
    "reopened": "It goes on.",
    "resolved": "Noted.",
}


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Answers for one project. Files are read anew for each. Each raises Refused for files that can't be meant."""

    project: Project
    engine: Engine
    tickets: Tickets
    clock: Callable[[], datetime]

    def every(self, view: str, assignee: str | None, number: int) -> Response:
        """Threads, those that wait for us first. `assignee`: a sender's key, `-` for nobody's, None for anybody's."""
        now, view, number = self.clock(), view if view in VIEWS else "", min(number, _LAST_PAGE)
        tending.queue(self.project, self.engine, now=now)
        whose = "" if assignee == "-" else assignee or None
        wanted = Wanted("" if view == "overdue" else view, whose, overdue=view == "overdue")
        found = threads.listed(self.project, self.engine, wanted, now=now, limit=AT_ONCE + 1, offset=(number - 1) * AT_ONCE)
        counted = threads.counts(self.engine, now=now, assignee=whose)
        hours = office.read(self.project)
        page = pages.render(
            "inbox.html",
            threads=found[:AT_ONCE],
            views=[(name, says, _list(name, assignee), _counted(name, counted)) for name, says in VIEWS.items()],
            view=view,
            assignee=assignee or "",
            managers=self._managers(),
            at=self._at,
            span=span,
            newer=_list(view, assignee, number - 1) if number > 1 else "",
            older=_list(view, assignee, number + 1) if len(found) > AT_ONCE else "",
            promise=span(hours.hours.within),
            opens=None if hours.is_open(now) else self._at(hours.opens_at(now)),
        )
        return HTMLResponse(page)

    def thread(self, request: Request, number: int, *, told: str = "", fault: str = "", typed: Mapping[str, str] | None = None) -> Response:
        """One conversation; `typed` is what a form that was refused said, so that nothing has to be written twice."""
        now, visitor = self.clock(), self.tickets.visitor(request)
        shown = self._shown(number, now)
        customer = shown.thread.customer
        page = pages.render(
            "thread.html",
            shown=shown,
            thread=shown.thread,
            glance=acquainted.glance(self.project, self.engine, customer, now=now) if customer else (),
            customer=reasons_page.address(customer) if customer else "",
            managers=self._managers(),
            at=self._at,
            told=_TOLD.get(told, ""),
            fault=fault,
            typed={"text": "", "by": "", "channel": "", **(typed or {})},
            longest=LONGEST,
            once=secrets.token_hex(16),
            proof=self.tickets.proof(visitor),
            is_closed=shown.thread.status == ThreadStatus.CLOSED,
        )
        response = HTMLResponse(page, HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)
        response.set_cookie(self.tickets.cookie, visitor, httponly=True, samesite="strict")
        return response

    def do(self, request: Request, number: int, fields: Mapping[str, str]) -> Response:
        """Answer, assign, close, reopen, or say what became of an answer; then the page again. What can't be meant is said there."""
        now, say = self.clock(), fields.get("say", "")
        self._shown(number, now)
        try:
            told = self._done(number, say, fields, now)
        except ConfigError as error:
            return self.thread(request, number, fault=" ".join(problem.message for problem in error.problems), typed=fields)
        if told in {"answered", "resolved"} and (refused := self._send(now)):
            return self.thread(request, number, fault=f"It is written down, and leaves as soon as this is mended: {refused}")
        return RedirectResponse(f"/inbox/{number}?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)

    def _done(self, number: int, say: str, fields: Mapping[str, str], now: datetime) -> str:
        by = fields.get("by", "")
        match say:
            case "answer":
                key = f"studio:{number}:{fields.get('once', '')[:64]}"
                channel = fields.get("channel", "")
                threads.answer(self.project, self.engine, number, fields.get("text", ""), by=by, key=key, now=now, channel=channel)
                return "answered"
            case "assign":
                threads.assign(self.project, self.engine, number, fields.get("assignee", ""))
                return "assigned"
            case "close":
                threads.close(self.engine, number, by=by or self.project.user, now=now)
                return "closed"
            case "reopen":
                threads.reopen(self.engine, number)
                return "reopened"
            case "resolve":
                word = fields.get("word", "")
                if not word.isascii() or not word.isdecimal() or len(word) > 18 or int(word) not in self._words(number, now):
                    raise HTTPException(HTTPStatus.FORBIDDEN)
                threads.resolve(self.engine, int(word), fields.get("outcome", ""), now=now)
                return "resolved"
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def _send(self, now: datetime) -> str:
        """Let what was written leave at once; what was refused for now leaves with the schedule. Returns what a person must mend, or nothing."""
        try:
            asyncio.run(tending.answer(self.project, self.engine, now=now))
        except Refused as refused:
            return str(refused)
        return ""

    def _words(self, number: int, now: datetime) -> set[int]:
        return {word.id for word in self._shown(number, now).words}

    def _shown(self, number: int, now: datetime) -> Shown:
        try:
            return threads.show(self.project, self.engine, number, now=now)
        except ConfigError as error:
            if error.problems[0].file:
                raise
            raise HTTPException(HTTPStatus.NOT_FOUND) from error

    def _managers(self) -> dict[str, str]:
        return {key: wording.in_locale(each.name, wording.SOURCE) for key, each in sorted(sender.read(self.project).senders.items())}

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.project.zone):%Y-%m-%d %H:%M}"


def _counted(view: str, counted: Mapping[str, int]) -> int:
    return counted["open"] + counted["waiting"] if not view else counted[view]


def _list(view: str, assignee: str | None, number: int = 1) -> str:
    asked = {"show": view, "assignee": assignee or "", "page": number if number > 1 else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/inbox?{query}" if query else "/inbox"

"""The pages on why customers left: search and counts, and one customer with the form that records a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback import clock as times
from winback.audience import reasons as known_reasons
from winback.letters import sender, wording
from winback.operations import finding, reasons
from winback.operations.finding import Met
from winback.operations.people import Right
from winback.studio import reason_form
from winback.studio.desk import Desk
from winback.studio.reason_form import Faults, Typed


def address(key: str) -> str:
    """The page of a customer, whatever signs their id has."""
    return f"/customers/{quote(key, safe='')}"


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), ReasonsPage(desk)

    @router.get("/customers")
    def start(request: Request, find: str = "") -> Response:
        return page.start(request, find)

    @router.get("/customers/{key:path}")
    def customer(request: Request, key: str, recorded: str = "", already: str = "") -> Response:
        return page.customer(request, key, recorded=recorded, already=already)

    @router.post("/customers/{key:path}")
    async def record(request: Request, key: str) -> Response:
        fields = await desk.form(request, Right.ANSWER)
        return await asyncio.to_thread(page.record, request, key, fields)

    return router


@dataclass(frozen=True, slots=True)
class ReasonsPage:
    """Answers for one project. Files of config/ are read anew for each answer: an edit shows at once. Each raises ConfigError for them."""

    desk: Desk

    def start(self, request: Request, find: str) -> Response:
        """The search and the counts; an id that alone begins as it was typed is gone to at once."""
        text = find.strip()
        found, more = finding.beginning_with(self.desk.engine, text)
        if [each.customer for each in found] == [text]:
            return RedirectResponse(address(text), HTTPStatus.SEE_OTHER)
        counted = reasons.counted(self.desk.project, self.desk.engine)
        return self.desk.page(
            request,
            "start.html",
            find=text,
            found=[(address(each.customer), each) for each in found],
            more=more,
            at_most=finding.AT_MOST,
            counted=counted,
            total=sum(row.customers for row in counted),
        )

    def customer(self, request: Request, key: str, *, recorded: str = "", already: str = "") -> Response:
        """One customer, with an empty form; `recorded` or `already` is the reason that the last form named."""
        now = self.desk.clock()
        form = Typed(day=times.local_day(now, self.desk.project.zone).isoformat())
        reason = known_reasons.read(self.desk.project).reasons.get(recorded or already)
        told = None if reason is None else ("Recorded" if recorded else "Recorded already, nothing was changed", reason)
        return self._page(request, self._met(key, now), form, now, told=told)

    def record(self, request: Request, key: str, fields: Mapping[str, str]) -> Response:
        """Record what the form says and go back to the customer; or the form again with what to mend, and nothing recorded."""
        now = self.desk.clock()
        met, form = self._met(key, now), reason_form.typed(fields)
        known, managers = known_reasons.read(self.desk.project).reasons, sender.read(self.desk.project).names()
        read = reason_form.read(form, reasons=known, managers=managers, today=times.local_day(now, self.desk.project.zone))
        if isinstance(read, Faults):
            return self._page(request, met, form, now, faults=read)
        recorded = reasons.record(self.desk.project, self.desk.engine, met.customer, read.reason, now=now, day=read.day, by=read.by, note=read.note)
        told = urlencode({"recorded" if recorded.is_new else "already": recorded.reason})
        return RedirectResponse(f"{address(met.customer)}?{told}", HTTPStatus.SEE_OTHER)

    def _met(self, key: str, now: datetime) -> Met:
        met = finding.meet(self.desk.project, self.desk.engine, key, now=now)
        if met is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return met

    def _page(
        self,
        request: Request,
        met: Met,
        form: Typed,
        now: datetime,
        *,
        faults: Faults | None = None,
        told: tuple[str, known_reasons.Reason] | None = None,
    ) -> Response:
        return self.desk.page(
            request,
            "customer.html",
            status=HTTPStatus.OK if faults is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            met=met,
            action=address(met.customer),
            known=known_reasons.read(self.desk.project).reasons,
            managers={key: wording.in_locale(each.name, wording.SOURCE) for key, each in sorted(sender.read(self.desk.project).senders.items())},
            form=form,
            faults={} if faults is None else faults.sentences,
            told=told,
            today=times.local_day(now, self.desk.project.zone).isoformat(),
            longest=reason_form.LONGEST_NOTE,
        )

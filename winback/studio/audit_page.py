"""The page of the audit log: who did what, found by who, what, about what and when, and whether the chain of it holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from winback import clock as times
from winback.errors import ConfigError
from winback.operations import accounts, auditing
from winback.operations.auditing import Verified
from winback.operations.people import Right
from winback.store.audit import Deed, Wanted
from winback.studio.desk import Desk
from winback.studio.words import N_

AT_ONCE = 50
_FIELDS = ("who", "deed", "about", "customer", "since", "until")
_NO_DAY = N_("That is not a day. Write it as 2026-03-09.")
_NO_CUSTOMER = N_("There is no customer of that id.")


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), AuditPage(desk)

    @router.get("/settings/audit")
    def every(request: Request) -> Response:
        desk.need(request, Right.ADMIN)
        return page.every(request)

    @router.post("/settings/audit")
    async def verify(request: Request) -> Response:
        await desk.form(request, Right.ADMIN)
        return await asyncio.to_thread(page.verify, request)

    return router


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Answers for one project."""

    desk: Desk

    def every(self, request: Request, *, verified: Verified | None = None) -> Response:
        """The deeds that are asked for, the latest first."""
        asked = {name: request.query_params.get(name, "").strip()[:300] for name in _FIELDS}
        before = request.query_params.get("before", "")
        fault = ""
        found = []
        try:
            since, until = self._day(asked["since"]), self._day(asked["until"], is_last=True)
            wanted = Wanted(
                who=asked["who"],
                deed=asked["deed"],
                about=asked["about"],
                since=since,
                until=until,
                before=int(before) if before.isascii() and before.isdecimal() and len(before) < 18 else None,
            )
            found = list(auditing.listed(self.desk.engine, customer=asked["customer"], limit=AT_ONCE + 1, wanted=wanted))
        except ConfigError:
            fault = _NO_CUSTOMER
        except (ValueError, OverflowError):
            fault = _NO_DAY
        older = (
            urlencode({**{name: said for name, said in asked.items() if said}, "before": found[AT_ONCE - 1].number}) if len(found) > AT_ONCE else ""
        )
        return self.desk.page(
            request,
            "audit.html",
            deeds=found[:AT_ONCE],
            asked=asked,
            fault=fault,
            names=accounts.names(self.desk.engine),
            words=sorted(Deed),
            at=self._at,
            older=older,
            is_first=not before,
            verified=verified,
        )

    def verify(self, request: Request) -> Response:
        """Look through the whole chain, which takes its time, and say what came of it in the answer itself: an address could be made up."""
        return self.every(request, verified=auditing.verify(self.desk.project, self.desk.engine))

    def _day(self, text: str, *, is_last: bool = False) -> datetime | None:
        """The first moment of a day of the shop, or the last. Raises ValueError."""
        if not text:
            return None
        return (times.end_of_day if is_last else times.start_of_day)(date.fromisoformat(text), self.desk.project.zone)

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.desk.project.zone):%Y-%m-%d %H:%M}"

"""A customer's card: everything that is known of them, the forms for what they say, and why a cohort or a campaign has them or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback import clock as times
from winback.audience import reasons as known_reasons
from winback.errors import ConfigError
from winback.letters import sender
from winback.operations import dossier, explaining, finding, reasons, wishing
from winback.operations.dossier import Dossier
from winback.operations.explaining import Explanation
from winback.operations.people import Right
from winback.sending import prepared
from winback.speech import called
from winback.studio import customers_page, reason_form, status_words, wish_form, written
from winback.studio import desk as desks
from winback.studio.desk import Desk
from winback.studio.reason_form import Faults, Typed
from winback.studio.words import N_

_TOLD = {
    "wished": N_("Noted. It holds from the next letter on."),
    "unchanged": N_("Nothing was changed: that was known already."),
    "closed": N_("The address is closed. Consent, journeys and planned letters ended with it."),
    "closed-before": N_("The address was closed already."),
    "opened": N_("The address is open again. Consents that were taken back stay so: letters come only with a new one."),
    "open-before": N_("The address wasn't closed."),
}


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), CardPage(desk)

    @router.get("/customers/{key:path}")
    def card(request: Request, key: str) -> Response:
        asked = request.query_params
        if name := asked.get("cohort") or asked.get("campaign"):
            return page.why(request, key, name, of_cohort="cohort" in asked)
        return page.card(request, key)

    @router.post("/customers/{key:path}")
    async def reason(request: Request, key: str) -> Response:
        fields = await desk.form(request, Right.ANSWER)
        return await asyncio.to_thread(page.record, request, key, fields)

    @router.post("/wishes/{key:path}")
    async def wishes(request: Request, key: str) -> Response:
        fields = await desk.form(request, Right.ANSWER)
        return await asyncio.to_thread(page.wish, request, key, fields)

    return router


@dataclass(frozen=True, slots=True)
class CardPage:
    """Answers for one project. Files of config/ are read anew for each answer: an edit shows at once. Each raises ConfigError for them."""

    desk: Desk

    def card(self, request: Request, key: str) -> Response:
        """One customer, with empty forms; `recorded` or `already` in the query is the reason that the last form named."""
        now, asked = self.desk.clock(), request.query_params
        recorded, already = asked.get("recorded", ""), asked.get("already", "")
        reason = known_reasons.read(self.desk.project).reasons.get(recorded or already) if recorded or already else None
        told = None if reason is None else (bool(recorded), reason)
        before = asked.get("before", "")
        return self._page(
            request, key, now, told_reason=told, told=_TOLD.get(asked.get("told", ""), ""), before=desks.number(before) if before else None
        )

    def record(self, request: Request, key: str, fields: Mapping[str, str]) -> Response:
        """Record what the form says and go back to the customer; or the form again with what to mend, and nothing recorded."""
        now = self.desk.clock()
        own, form = self._own_key(key, now), reason_form.typed(fields)
        known, managers = known_reasons.read(self.desk.project).reasons, sender.read(self.desk.project).names()
        read = reason_form.read(form, reasons=known, managers=managers, today=times.local_day(now, self.desk.project.zone))
        if isinstance(read, Faults):
            return self._page(request, key, now, typed=form, faults=read)
        account = self.desk.person(request).name
        recorded = reasons.record(
            self.desk.project, self.desk.engine, own, read.reason, now=now, day=read.day, by=read.by, note=read.note, account=account
        )
        told = urlencode({"recorded" if recorded.is_new else "already": recorded.reason})
        return RedirectResponse(f"{customers_page.address(own)}?{told}", HTTPStatus.SEE_OTHER)

    def wish(self, request: Request, key: str, fields: Mapping[str, str]) -> Response:
        """Keep what the customer wants of letters; or the form again with what to mend."""
        now = self.desk.clock()
        own = self._own_key(key, now)
        try:
            told = wish_form.read(fields)
            changed = wishing.record(self.desk.project, self.desk.engine, own, told, by=self.desk.person(request).name, now=now)
        except ConfigError as error:
            return self._page(request, key, now, wish_fault=written.refused(error))
        return RedirectResponse(f"{customers_page.address(own)}?told={'wished' if changed else 'unchanged'}#wishes", HTTPStatus.SEE_OTHER)

    def why(self, request: Request, key: str, name: str, *, of_cohort: bool) -> Response:
        """Why a cohort has a customer, or a campaign wrote to them or not."""
        now = self.desk.clock()
        own = self._own_key(key, now)
        told = self._explained(own, name, now, of_cohort=of_cohort)
        return self.desk.page(request, "why.html", customer=own, action=customers_page.address(own), named=name, of_cohort=of_cohort, told=told)

    def _explained(self, own: str, name: str, now: datetime, *, of_cohort: bool) -> Explanation:
        if name not in self._names("cohorts" if of_cohort else "campaigns"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if of_cohort:
            return explaining.by_cohort(self.desk.project, self.desk.engine, name, own, now=now)
        return explaining.by_campaign(prepared.prepare(self.desk.project, name), self.desk.engine, own, now=now)

    def _names(self, folder: str) -> list[str]:
        return sorted(path.stem for path in self.desk.project.config(folder).glob("*.yaml"))

    def _own_key(self, key: str, now: datetime) -> str:
        met = finding.meet(self.desk.project, self.desk.engine, key, now=now)
        if met is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return met.customer

    def _page(
        self,
        request: Request,
        key: str,
        now: datetime,
        *,
        typed: Typed | None = None,
        faults: Faults | None = None,
        told_reason: tuple[bool, known_reasons.Reason] | None = None,
        told: str = "",
        wish_fault: str = "",
        before: int | None = None,
    ) -> Response:
        project = self.desk.project
        found = dossier.gather(project, self.desk.engine, key, now=now, orders_before=before)
        if found is None:
            return self._nobody(request, key)
        own, today = found.met.customer, times.local_day(now, project.zone).isoformat()
        return self.desk.page(
            request,
            "customer.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faults or wish_fault else HTTPStatus.OK,
            card=found,
            words=status_words,
            met=found.met,
            action=customers_page.address(own),
            path=customers_page.address(own).removeprefix("/customers/"),
            known=known_reasons.read(project).reasons,
            managers=written.managers(project, self.desk.language(request)),
            form=typed or Typed(day=today),
            faults={} if faults is None else faults.sentences,
            told_reason=told_reason,
            told=told,
            today=today,
            longest=reason_form.LONGEST_NOTE,
            wish=wish_form.shown(wishing.ask(self.desk.engine, own), fault=wish_fault),
            facts=list(_facts(found)),
            cohorts=self._names("cohorts"),
            campaigns=[name for name in found.campaigns if name in self._names("campaigns")],
            is_paged=before is not None,
            at=self._at,
            money=written.money,
        )

    def _nobody(self, request: Request, key: str) -> Response:
        """Somebody who was forgotten may come again by themselves; of anybody else nothing is known."""
        forgotten_at = dossier.forgotten_on(self.desk.project, self.desk.engine, key)
        if forgotten_at is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        path = customers_page.address(key).removeprefix("/customers/")
        return self.desk.page(request, "forgotten.html", status=HTTPStatus.GONE, path=path, on=self._at(forgotten_at)[:10])

    def _at(self, moment: datetime) -> str:
        return written.at(self.desk.project, moment)


def _facts(found: Dossier) -> Iterator[tuple[str, str]]:
    """Fields of the card, then every fact and score, in words; those that nobody knows are left out."""
    for name, value in found.shown.items():
        if value and isinstance(value, str) and name not in {"customer", "favourite_day", "first_order_on", "last_order_on"}:
            yield called(name, "field"), called(value, name) if name in {"sex", "standing"} else value
    if found.shown["tags"]:
        yield called("tags", "field"), ", ".join(found.shown["tags"])
    yield from ((str(name), str(value)) for name, value in found.shown["custom"].items())
    yield from ((name, value) for _, name, value in found.portrait.in_words() if value not in {"none", "not known", "0"})

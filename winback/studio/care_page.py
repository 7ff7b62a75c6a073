"""The forms by which a person is cared for: what is held of them, closed and opened addresses, forgetting and readmitting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.model import Reason
from winback.operations import finding, forgetting, held, suppressing
from winback.operations.people import Right
from winback.speech import N_, said
from winback.studio import customers_page, written
from winback.studio.desk import Desk


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), CarePage(desk)

    @router.post("/care/export/{key:path}")
    async def export(request: Request, key: str) -> Response:
        await desk.form(request, Right.CARE)
        return await asyncio.to_thread(page.export, request, key)

    @router.post("/care/suppress/{key:path}")
    async def suppress(request: Request, key: str) -> Response:
        fields = await desk.form(request, Right.CARE)
        return await asyncio.to_thread(page.suppress, request, key, fields)

    @router.post("/care/lift/{key:path}")
    async def lift(request: Request, key: str) -> Response:
        fields = await desk.form(request, Right.CARE)
        return await asyncio.to_thread(page.lift, request, key, fields)

    @router.post("/care/forget/{key:path}")
    async def forget(request: Request, key: str) -> Response:
        fields = await desk.form(request, Right.ERASE)
        return await asyncio.to_thread(page.forget, request, key, fields)

    @router.post("/care/readmit/{key:path}")
    async def readmit(request: Request, key: str) -> Response:
        await desk.form(request, Right.CARE)
        return await asyncio.to_thread(page.readmit, request, key)

    return router


@dataclass(frozen=True, slots=True)
class CarePage:
    """Does it, and leads back to where it is seen. What can't be done is said on a page of its own."""

    desk: Desk

    def export(self, request: Request, key: str) -> Response:
        """Everything that is held of a customer, as a file that the browser saves."""
        own = self._own(key)
        found = held.gather(self.desk.project, self.desk.engine, own, by=self.desk.person(request).name, now=self.desk.clock())
        text = json.dumps(found.as_json(), ensure_ascii=False, indent=2)
        return Response(text, media_type="application/json", headers={"Content-Disposition": attachment(f"customer-{own}.json")})

    def suppress(self, request: Request, key: str, fields: Mapping[str, str]) -> Response:
        """Close one of the customer's addresses, or all channels with it."""
        own, reason = self._own(key), next((each for each in suppressing.REASONS if each == fields.get("reason")), Reason.UNSUBSCRIBED)
        is_new = suppressing.add(
            self.desk.project,
            self.desk.engine,
            self._address(own, fields),
            reason=reason,
            everywhere=fields.get("everywhere") == "yes",
            by=self.desk.person(request).name,
            now=self.desk.clock(),
        )
        return self._back(own, "closed" if is_new else "closed-before")

    def lift(self, request: Request, key: str, fields: Mapping[str, str]) -> Response:
        """Open one of the customer's addresses again."""
        own = self._own(key)
        address = self._address(own, fields)
        was = suppressing.lift(self.desk.project, self.desk.engine, address, by=self.desk.person(request).name, now=self.desk.clock())
        return self._back(own, "open-before" if was is None else "opened")

    def forget(self, request: Request, key: str, fields: Mapping[str, str]) -> Response:
        """Forget the customer whose id was typed once more."""
        own, by = self._own(key), self.desk.person(request).name
        if fields.get("typed", "").strip() != own:
            return self._refused(request, own, [said(N_("What was typed isn't %(customer)s. Nobody was forgotten."), customer=own)])
        try:
            done = forgetting.forget(self.desk.project, self.desk.engine, own, by=by, now=self.desk.clock())
        except ConfigError as error:  # a letter to them is on its way
            return self._refused(request, own, [written.refused(error)])
        return RedirectResponse(f"/customers?told={'forgotten' if done.is_scrubbed else 'remains'}", HTTPStatus.SEE_OTHER)

    def readmit(self, request: Request, key: str) -> Response:
        """Let imports bring somebody again who was forgotten."""
        try:
            forgetting.readmit(self.desk.project, self.desk.engine, key, by=self.desk.person(request).name, now=self.desk.clock())
        except ConfigError as error:
            raise HTTPException(HTTPStatus.NOT_FOUND) from error
        return RedirectResponse("/customers?told=readmitted", HTTPStatus.SEE_OTHER)

    def _own(self, key: str) -> str:
        met = finding.meet(self.desk.project, self.desk.engine, key, now=self.desk.clock())
        if met is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return met.customer

    def _address(self, own: str, fields: Mapping[str, str]) -> str:
        """The customer's address on the channel that the form names: no other can be closed from their card."""
        found = finding.addresses_of(self.desk.engine, own).get(fields.get("channel", ""), "")
        if not found:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return found

    def _back(self, own: str, told: str) -> Response:
        return RedirectResponse(f"{customers_page.address(own)}?told={told}", HTTPStatus.SEE_OTHER)

    def _refused(self, request: Request, own: str, sentences: list[str]) -> Response:
        return self.desk.page(
            request, "care_refused.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, sentences=sentences, back=customers_page.address(own), customer=own
        )


def attachment(name: str) -> str:
    """The header by which a browser saves a file under that name (RFC 6266), whatever signs are in it."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

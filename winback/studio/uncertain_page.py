"""Deliveries of which nobody knows whether they left: a list, and the buttons that say so for one or for all that are shown."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.model import DeliveryStatus
from winback.operations import looking_up, steering
from winback.operations.looking_up import Wanted
from winback.operations.people import Right
from winback.studio import delivery_words
from winback.studio.desk import Desk
from winback.studio.desk import number as number_of

_LONGEST = 2000  # fifty numbers with their commas


def routes(desk: Desk) -> APIRouter:
    """GET and POST /deliveries/uncertain, POST /deliveries/NUMBER."""
    router = APIRouter()

    @router.get("/deliveries/uncertain")
    def uncertain(request: Request, campaign: str = "", after: str = "", done: str = "", missed: str = "") -> Response:
        wanted = Wanted(campaign=campaign.strip(), status=DeliveryStatus.UNCERTAIN)
        found = looking_up.search(desk.project, desk.engine, wanted, after=after)
        return desk.page(
            request,
            "uncertain.html",
            found=found,
            wanted=wanted,
            numbers=",".join(str(line.id) for line in found.lines),
            further=f"/deliveries/uncertain?{urlencode({'campaign': wanted.campaign, 'after': found.after})}" if found.after else "",
            done=_count(done),
            missed=_count(missed) or 0,
            **delivery_words.of(desk),
        )

    @router.post("/deliveries/uncertain")
    async def settle_several(request: Request) -> Response:
        fields = await desk.form(request, Right.SEND)
        numbers = [number_of(part) for part in fields.get("numbers", "")[:_LONGEST].split(",") if part][: looking_up.AT_ONCE]
        answer, by, now = fields.get("answer", ""), desk.person(request).name, desk.clock()
        try:
            done, missed = await asyncio.to_thread(steering.resolve_several, desk.engine, numbers, answer, now=now, by=by)
        except ConfigError as error:
            raise HTTPException(HTTPStatus.FORBIDDEN) from error
        told = urlencode({"campaign": fields.get("campaign", ""), "done": done, "missed": missed})
        return RedirectResponse(f"/deliveries/uncertain?{told}", HTTPStatus.SEE_OTHER)

    @router.post("/deliveries/{number}")
    async def settle(request: Request, number: str) -> Response:
        fields, delivery = await desk.form(request, Right.SEND), number_of(number)
        told = fields.get("answer", "")
        if told not in {"sent", "not-sent"}:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        try:
            await asyncio.to_thread(steering.resolve, desk.engine, delivery, told, now=desk.clock(), by=desk.person(request).name)
        except ConfigError:
            told = "other"
        return RedirectResponse(f"/deliveries/{delivery}?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)

    return router


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None

"""Deliveries: a search, the story of one, uncertain ones to settle, what came back."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.model import DeliveryStatus
from winback.operations import looking_up, returned_mail, steering
from winback.operations.looking_up import Line, Wanted
from winback.operations.people import Right
from winback.studio import status_words
from winback.studio.desk import Desk
from winback.studio.words import N_
from winback.tracking.replies import Meaning

_MEANS = {
    Meaning.HARD: N_("There is no such mailbox: the address is closed, nobody writes to it again."),
    Meaning.SOFT: N_("It didn't arrive this time: a full mailbox, or their machine's trouble. After weeks of that the address is closed."),
    Meaning.LANE: N_("They refuse us, not the address: authentication, reputation or contents. It counts towards the limit of the lane."),
    Meaning.GREYLISTED: N_("They wanted it tried again: it counts as nothing."),
    Meaning.COMPLAINT: N_("Its reader called it spam: they aren't written to again. It counts towards the limit of the lane."),
}
_TOLD = {
    "sent": N_("Kept as sent. If it bounces or is opened later, that is taken in as ever."),
    "not-sent": N_("Kept as not sent. It is not repeated; the next stage follows in its time."),
    "other": N_("Somebody else, a bounce or an open was quicker: it isn't uncertain any more. This is how it stands."),
}


def routes(desk: Desk) -> APIRouter:
    """GET /deliveries, /deliveries/bounces, /deliveries/uncertain, /deliveries/NUMBER; POST where letters are settled."""
    router = APIRouter()

    def at(moment: object) -> str:
        return f"{moment.astimezone(desk.project.zone):%Y-%m-%d %H:%M}"  # type: ignore[attr-defined]  # jinja2 gives moments

    words = {"statuses": status_words.DELIVERY, "channels": status_words.CHANNEL, "at": at}

    @router.get("/deliveries")
    def search(
        request: Request, who: str = "", campaign: str = "", stage: str = "", status: str = "", channel: str = "", day: str = "", after: str = ""
    ) -> Response:
        wanted = Wanted(*(each.strip() for each in (who, campaign, stage, status, channel, day)))
        found = looking_up.search(desk.project, desk.engine, wanted, after=after)
        return desk.page(
            request,
            "deliveries.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if found.faults else HTTPStatus.OK,
            wanted=wanted,
            found=found,
            campaigns=looking_up.campaigns(desk.project, desk.engine),
            further=_address(wanted, found.after) if found.after else "",
            first=_address(wanted) if after else "",
            link=_link,
            **words,
        )

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
            link=_link,
            done=_count(done),
            missed=_count(missed),
            **words,
        )

    @router.post("/deliveries/uncertain")
    async def settle_several(request: Request) -> Response:
        fields = await desk.form(request, Right.SEND)
        numbers = [_number(part) for part in fields.get("numbers", "").split(",") if part][: looking_up.AT_ONCE]
        answer, by, now = fields.get("answer", ""), desk.person(request).name, desk.clock()
        try:
            done, missed = await asyncio.to_thread(steering.resolve_several, desk.engine, numbers, answer, now=now, by=by)
        except ConfigError as error:
            raise HTTPException(HTTPStatus.FORBIDDEN) from error
        told = urlencode({"campaign": fields.get("campaign", ""), "done": done, "missed": missed})
        return RedirectResponse(f"/deliveries/uncertain?{told}", HTTPStatus.SEE_OTHER)

    @router.get("/deliveries/bounces")
    def bounces(request: Request, before: str = "") -> Response:
        back = returned_mail.look(desk.engine, now=desk.clock(), before=_number(before) if before else None)
        return desk.page(request, "bounces.html", back=back, means=_MEANS, days=returned_mail.DAYS, is_first=not before, link=_link, **words)

    @router.get("/deliveries/{number}")
    def one(request: Request, number: str, told: str = "") -> Response:
        story = looking_up.story(desk.engine, _number(number), now=desk.clock())
        if story is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return desk.page(request, "delivery.html", story=story, line=story.line, told=_TOLD.get(told, ""), run_words=status_words.CAMPAIGN, **words)

    @router.post("/deliveries/{number}")
    async def settle(request: Request, number: str) -> Response:
        fields, delivery = await desk.form(request, Right.SEND), _number(number)
        told = fields.get("answer", "")
        if told not in {"sent", "not-sent"}:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        try:
            await asyncio.to_thread(steering.resolve, desk.engine, delivery, told, now=desk.clock(), by=desk.person(request).name)
        except ConfigError:
            told = "other"
        return RedirectResponse(f"/deliveries/{delivery}?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)

    return router


def _address(wanted: Wanted, after: str = "") -> str:
    asked = {name: value for name, value in (asdict(wanted) | {"after": after}).items() if value}
    return f"/deliveries?{urlencode(asked)}" if asked else "/deliveries"


def _link(line: Line) -> str:
    """The page of a delivery's customer, whatever signs their id has."""
    return f"/customers/{quote(line.customer, safe='')}"


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return int(text)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None

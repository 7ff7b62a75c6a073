"""Deliveries: a search, the whole story of one, what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from winback.operations import looking_up, returned_mail
from winback.operations.looking_up import Wanted
from winback.studio import delivery_words, status_words
from winback.studio.desk import Desk
from winback.studio.desk import number as number_of
from winback.studio.words import N_
from winback.tracking.replies import Meaning

_MEANS = {
    Meaning.HARD: N_("There is no such mailbox: the address is closed, nobody writes to it again."),
    Meaning.SOFT: N_("It didn't arrive this time: a full mailbox, or their machine's trouble. After weeks of that the address is closed."),
    Meaning.LANE: N_("They refuse us, not the address: authentication, reputation or contents. It counts towards the limit of the way."),
    Meaning.GREYLISTED: N_("They wanted it tried again: it counts as nothing."),
    Meaning.COMPLAINT: N_("Its reader called it spam: they aren't written to again. It counts towards the limit of the way."),
}
_TOLD = {
    "sent": N_("Kept as sent. If it bounces or is opened later, that is taken in as ever."),
    "not-sent": N_("Kept as not sent. It is not repeated; the next stage follows in its time."),
    "other": N_("Somebody else, a bounce or an open was quicker: it isn't uncertain any more. This is how it stands."),
}


def routes(desk: Desk) -> APIRouter:
    """GET /deliveries, /deliveries/bounces, /deliveries/NUMBER."""
    router = APIRouter()

    @router.get("/deliveries")
    def search(request: Request) -> Response:
        wanted = _wanted(request.query_params)
        found = looking_up.search(desk.project, desk.engine, wanted, after=request.query_params.get("after", ""))
        return desk.page(
            request,
            "deliveries.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if found.faults else HTTPStatus.OK,
            wanted=wanted,
            found=found,
            campaigns=looking_up.campaigns(desk.project, desk.engine),
            further=_address(wanted, found.after) if found.after else "",
            first=_address(wanted) if request.query_params.get("after") else "",
            **delivery_words.of(desk),
        )

    @router.get("/deliveries/bounces")
    def bounces(request: Request, before: str = "") -> Response:
        back = returned_mail.look(desk.engine, now=desk.clock(), before=number_of(before) if before else None)
        return desk.page(request, "bounces.html", back=back, means=_MEANS, days=returned_mail.DAYS, is_first=not before, **delivery_words.of(desk))

    @router.get("/deliveries/{number}")
    def one(request: Request, number: str, told: str = "") -> Response:
        story = looking_up.story(desk.engine, number_of(number), now=desk.clock())
        if story is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return desk.page(
            request,
            "delivery.html",
            story=story,
            line=story.line,
            told=_TOLD.get(told, ""),
            run_words=status_words.CAMPAIGN,
            **delivery_words.of(desk),
        )

    return router


def _wanted(asked: Mapping[str, str]) -> Wanted:
    return Wanted(**{field.name: asked.get(field.name, "").strip() for field in fields(Wanted)})


def _address(wanted: Wanted, after: str = "") -> str:
    asked = {name: value for name, value in (asdict(wanted) | {"after": after}).items() if value}
    return f"/deliveries?{urlencode(asked)}" if asked else "/deliveries"

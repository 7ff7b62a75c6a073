"""The ways that letters leave by: which stand and why, and the button that lets one go on, or stops it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from winback.errors import ConfigError
from winback.operations import lane_control, lane_words
from winback.operations.people import Right
from winback.studio import written
from winback.studio.desk import Desk
from winback.studio.words import N_

_TOLD = {
    "resumed": N_("It is open again: its letters are due at once and leave with the next run."),
    "stopped": N_("Nothing leaves by it any more; its letters wait."),
}
_LONGEST = 500


def routes(desk: Desk) -> APIRouter:
    """GET and POST /deliveries/lanes."""
    router = APIRouter()

    def page(request: Request, *, told: str = "", fault: str = "", about: str = "", note: str = "") -> Response:
        now = desk.clock()
        return desk.page(
            request,
            "lanes.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            lanes=lane_control.states(desk.project, desk.engine, now=now),
            history=lane_control.history(desk.engine)[:50],
            lane_name=lane_words.name,
            happened=lane_words.happened,
            to_do=lane_words.advice,
            at=lambda moment: f"{moment.astimezone(desk.project.zone):%Y-%m-%d %H:%M}",
            told=_TOLD.get(told, ""),
            fault=fault,
            about=about,
            note=note,
        )

    @router.get("/deliveries/lanes")
    def lanes(request: Request, told: str = "") -> Response:
        return page(request, told=told)

    @router.post("/deliveries/lanes")
    async def do(request: Request) -> Response:
        fields = await desk.form(request, Right.SEND)
        return await asyncio.to_thread(done, request, fields)

    def done(request: Request, fields: dict[str, str]) -> Response:
        lane, note, by = fields.get("lane", ""), fields.get("note", "").strip()[:_LONGEST], desk.person(request).name
        try:
            if fields.get("say") == "resume":
                lane_control.resume(desk.engine, lane, by=by, note=note, now=desk.clock())
                told = "resumed"
            else:
                lane_control.stop(desk.engine, lane, by=by, note=note, now=desk.clock())
                told = "stopped"
        except ConfigError as error:
            return page(request, fault=written.refused(error, how=False), about=lane, note=note)
        return RedirectResponse(f"/deliveries/lanes?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)

    return router

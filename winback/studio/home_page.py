"""The studio's home: what runs, what waits for somebody, what leaves today, how sending does, who returned this month."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from winback import clock
from winback.operations import lane_words, today
from winback.studio import status_words
from winback.studio.desk import Desk


def routes(desk: Desk) -> APIRouter:
    """GET /."""
    router, measured = APIRouter(), today.Measured()

    @router.get("/")
    def home(request: Request) -> Response:
        now = desk.clock()
        held = today.look(desk.project, desk.engine, measured, now=now)
        return desk.page(
            request,
            "home.html",
            today=held,
            day=clock.local_day(now, desk.project.zone).isoformat(),
            states=status_words.CAMPAIGN,
            figure=partial(status_words.figure, most=today.MOST),
            at=lambda moment: f"{moment.astimezone(desk.project.zone):%Y-%m-%d %H:%M}",
            lane_name=lane_words.name,
            happened=lane_words.happened,
            points=_points,
        )

    return router


def _points(share: float) -> str:
    """A share in points of a hundred, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "\u2212")

"""The studio's home: what runs, what waits for somebody, what leaves today, how sending does, who returned this month."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from winback import clock
from winback.operations import lane_words, today
from winback.outcomes.statistics import Counted
from winback.studio import status_words
from winback.studio.counts import AGAIN, Counts
from winback.studio.desk import Desk

_PATIENCE_SECONDS = 0.1


def routes(desk: Desk) -> APIRouter:
    """GET /."""
    router, counts = APIRouter(), Counts()

    @router.get("/")
    def home(request: Request) -> Response:
        now = desk.clock()
        held = today.look(desk.project, desk.engine, partial(_ask, counts), now=now)
        return desk.page(
            request,
            "home.html",
            headers=AGAIN if held.is_counting else None,
            today=held,
            day=clock.local_day(now, desk.project.zone).isoformat(),
            states=status_words.CAMPAIGN,
            figure=partial(status_words.some, most=today.MOST),
            at=lambda moment: f"{moment.astimezone(desk.project.zone):%Y-%m-%d %H:%M}",
            lane_name=lane_words.name,
            happened=lane_words.happened,
        )

    return router


def _ask(counts: Counts, key: Hashable, count: Callable[[], tuple[Counted, Counted]]) -> tuple[Counted, Counted] | None:
    """Returns of a run, counted once for each measuring, beside the requests: a page waits a tenth of a second for them, then does without."""
    counts.begin(key, count)
    found: tuple[Counted, Counted] | None = counts.take(key, patience=_PATIENCE_SECONDS)
    return found

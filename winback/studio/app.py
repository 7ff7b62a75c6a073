"""The studio as an ASGI application: the gate in front, the pages behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from importlib import resources

from fastapi import FastAPI
from fastapi.responses import Response
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from winback.settings import Project
from winback.studio import (
    audit_page,
    campaign_file,
    campaign_page,
    campaigns_page,
    card_page,
    care_page,
    cohort_pages,
    customers_page,
    deliveries_page,
    drill_page,
    home_page,
    inbox_page,
    lanes_page,
    letters_page,
    mailbox_page,
    people_page,
    provider_page,
    refusals,
    replies_page,
    results_page,
    sent_page,
    settings_file,
    settings_page,
    sign_in_page,
    tasks_page,
    uncertain_page,
)
from winback.studio.desk import Desk
from winback.studio.door import Door
from winback.studio.gate import Gate, Tickets
from winback.watching.endpoints import Watched

ROUTES = (
    sign_in_page.routes,
    provider_page.routes,
    home_page.routes,
    customers_page.routes,
    card_page.routes,
    care_page.routes,
    results_page.routes,
    drill_page.routes,
    campaigns_page.routes,
    campaign_page.routes,
    campaign_file.routes,
    lanes_page.routes,
    uncertain_page.routes,
    deliveries_page.routes,
    cohort_pages.routes,
    letters_page.routes,
    mailbox_page.routes,
    replies_page.routes,  # before the threads, whose numbers stand in the same place
    tasks_page.routes,
    inbox_page.routes,
    sent_page.routes,
    settings_page.routes,
    settings_file.routes,
    people_page.routes,
    audit_page.routes,
)
"""Each family of pages."""

_SCRIPT = re.compile(r"[a-z][a-z-]{0,40}\.js")


def create_app(project: Project, engine: Engine, *, port: int, clock: Callable[[], datetime]) -> ASGIApp:
    """The studio for browsers that reach this machine at `port`, or where settings.yaml says so, a proxy of its own name. Raises ConfigError."""
    host = project.settings.studio.host
    app = FastAPI(title="winback studio", openapi_url=None, docs_url=None, redoc_url=None)
    desk = Desk(project, engine, Tickets(project.key, port, host), clock)
    for routes in ROUTES:
        app.router.routes.extend(routes(desk).routes)  # themselves, so that whoever walks them sees them

    @app.get("/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @app.get("/static/{name}")
    def script(name: str) -> Response:
        file = _STATIC.joinpath(name)
        if not _SCRIPT.fullmatch(name) or not file.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(file.read_text(encoding="utf-8"), media_type="text/javascript")

    app.add_middleware(Door, desk=desk)
    refusals.register(app, desk)
    return Gate(Watched(app, project, engine, project.root / ".winback" / "hits", clock), port, host)


_STATIC = resources.files("winback.studio").joinpath("static")
_STYLE = resources.files("winback.studio").joinpath("templates", "style.css").read_text(encoding="utf-8")

"""The public endpoints as one ASGI application: the hot paths in front, the pages behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from winback import clock as wall_clock
from winback.letters import pages as letter_pages
from winback.settings import Project
from winback.tracking.hits import Buffer
from winback.tracking.hot import HotPaths
from winback.tracking.pages import create_pages


def create_app(
    project: Project, engine: Engine, *, clock: Callable[[], datetime] = wall_clock.now, render_page: Callable[..., str] = letter_pages.render
) -> ASGIApp:
    """Pixel, click, unsubscribing and /health. Stopping it (ASGI lifespan) stores every hit that was answered."""
    buffer = Buffer(engine)
    hot = HotPaths(project.link_keys, engine, buffer, clock)
    pages = create_pages(project, engine, buffer, clock=clock, render_page=render_page)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not await hot.answer(scope, receive, send):
            await pages(scope, receive, send)

    return app

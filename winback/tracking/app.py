"""The public endpoints as one ASGI application: the hot paths in front, the pages behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from winback import clock as wall_clock
from winback.journey import policy
from winback.letters import pages as letter_pages
from winback.settings import Project
from winback.tracking import networks
from winback.tracking.buffer import Buffer, Keeper
from winback.tracking.guard import Guard, Limits
from winback.tracking.hot import HotPaths
from winback.tracking.pages import create_pages
from winback.tracking.recording import Recorder
from winback.watching.endpoints import Watched

if TYPE_CHECKING:
    from winback.bot.hook import Hook


def hits_folder(project: Project) -> Path:
    """Where hits lie until they are in the store."""
    return project.root / ".winback" / "hits"


def create_app(
    project: Project,
    engine: Engine,
    *,
    clock: Callable[[], datetime] = wall_clock.now,
    render_page: Callable[..., str] = letter_pages.render,
    keeps: bool = True,
    moment: Callable[[], float] | None = None,
) -> ASGIApp:
    """The ASGI application of `create`, for any server."""
    return create(project, engine, clock=clock, render_page=render_page, keeps=keeps, moment=moment)[0]


def create(
    project: Project,
    engine: Engine,
    *,
    clock: Callable[[], datetime] = wall_clock.now,
    render_page: Callable[..., str] = letter_pages.render,
    keeps: bool = True,
    moment: Callable[[], float] | None = None,
) -> tuple[ASGIApp, HotPaths]:
    """Pixel, click, the pages, the bot's webhook and /health; and the hot paths among them, for a server that asks these first (tracking/line.py).

    Stopping the application (ASGI lifespan) stores every hit that was answered.

    `keeps`: hits go from their files into the store in a thread of this process; else somebody else sees to that (tracking/serving.py).

    `moment`: the seconds by which each address's allowance grows again; the event loop's own, where none is given.
    """
    folder = hits_folder(project)
    buffer = Buffer(
        folder,
        Keeper(folder, Recorder(engine, policy.read(project), networks.known_proxies(project))) if keeps else None,
        durable=project.settings.tracking.durable,
    )
    hot = HotPaths(project, engine, buffer, clock)
    hook = _hook(project, engine, clock)
    inner = Limits(create_pages(project, engine, buffer, clock=clock, render_page=render_page), project.settings.trusted_proxies, moment=moment)
    pages = Watched(inner, project, engine, folder, clock, dropped=lambda: buffer.dropped)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (await hot.answer(scope, receive, send) or (hook and await hook.answer(scope, receive, send))):
            return
        await pages(scope, receive, send)

    return Guard(app, project.settings.public_url), hot


def _hook(project: Project, engine: Engine, clock: Callable[[], datetime]) -> Hook | None:
    """The bot's webhook, where Telegram is to tell us what is new."""
    if not project.settings.telegram.webhook:
        return None
    from winback.bot.hook import Hook  # brings python-telegram-bot along

    return Hook(project, engine, clock)

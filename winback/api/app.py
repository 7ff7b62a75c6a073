"""The HTTP API as one ASGI application, below /api/v1, with its own rings around it: it shares no port with pages that people look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from winback.api import campaign_routes, customer_routes, data_routes, problems, shop_routes, webhook_routes
from winback.api.desk import Desk
from winback.operations.working import Launch, Works, in_process
from winback.settings import Project
from winback.tracking.guard import Allowance, Guard, Limits
from winback.watching.endpoints import Watched

PREFIX = "/api/v1"
LONGEST_BODY = 2 * 2**20
"""Bytes: a thousand orders are a quarter of it."""

_HOOKS = f"{PREFIX}/shops/"
ROUTES = (data_routes.routes, campaign_routes.routes, customer_routes.routes, webhook_routes.routes, shop_routes.routes)


def create_app(
    project: Project,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    launch: Launch = in_process,
    allowance: Allowance | None = None,
) -> ASGIApp:
    """Everything below /api/v1, for programs with tokens, and whether it lives and is ready, for whoever watches it. `launch` begins works that take minutes; `allowance` is that of each token."""
    app = create_routes(
        Desk(project, engine, clock, Works(project, engine, launch), Allowance(burst=300, a_second=20) if allowance is None else allowance)
    )
    limits = Limits(_OnlyJson(app), project.settings.trusted_proxies, longest_body=LONGEST_BODY, refusing=problems.refuse)
    watched = Watched(limits, project, engine, project.root / ".winback" / "hits", clock)
    return Guard(watched, project.settings.public_url)


def create_routes(desk: Desk) -> FastAPI:
    app = FastAPI(
        title="winback",
        version="1",
        description="What the commands of winback do, for programs. Each route asks for one scope of a token (x-scope).",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    for routes in ROUTES:
        app.include_router(routes(desk), prefix=PREFIX)
    problems.register(app)
    return app


def described(project: Project, engine: Engine, *, clock: Callable[[], datetime]) -> dict[str, Any]:
    """The OpenAPI document."""
    return create_routes(Desk(project, engine, clock, Works(project, engine, in_process), Allowance())).openapi()


class _OnlyJson:
    """Refuses bodies of another kind. What a shop signs is taken as it comes: its signature says what it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and not scope["path"].startswith(_HOOKS) and not _is_json(scope):
            await problems.refuse(send, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return
        await self._app(scope, receive, send)


def _is_json(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    return kind == b"application/json" or (not kind and not has_body)

"""/healthz, /readyz and /metrics in front of an application's pages.

Whoever may see figures: a request of this very machine that came through no proxy, or one with the token of WINBACK_METRICS_TOKEN.
For anybody else /metrics is a page that isn't there, and /readyz says yes or no without reasons.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Engine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from winback.settings import Project
from winback.watching import readiness
from winback.watching.metrics import Meter

HEALTHZ, READYZ, METRICS = "/healthz", "/readyz", "/metrics"
_LOOKS_EVERY = 2.0  # seconds: whoever asks more often hears the same
_FORWARDED = {b"x-forwarded-for", b"forwarded", b"x-real-ip"}
_JSON = "application/json"


class Watched:
    """An application with the three pages before its own. What it answers otherwise is counted. `dropped`: hits that it lost so far."""

    def __init__(
        self, app: ASGIApp, project: Project, engine: Engine, hits: Path, clock: Callable[[], datetime], *, dropped: Callable[[], int] = lambda: 0
    ) -> None:
        self._app, self._project, self._engine, self._hits = app, project, engine, hits
        self._token = project.secret("WINBACK_METRICS_TOKEN").encode()
        self._clock = clock
        self._meter = Meter(project, engine, hits, clock, dropped)
        self._looked_at, self._found = float("-inf"), dict[str, str]()
        self._looking = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] in {"GET", "HEAD"}:
            if path == HEALTHZ:
                await _answer(scope, send, HTTPStatus.OK, b'{"status": "alive"}\n', _JSON)
                return
            if path == READYZ:
                await self._readyz(scope, send)
                return
            if path == METRICS and self._may_see(scope):
                await _answer(scope, send, HTTPStatus.OK, await asyncio.to_thread(self._meter.text), CONTENT_TYPE_LATEST)
                return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._meter.count(message["status"])
            await send(message)

        await self._app(scope, receive, counted)

    async def _readyz(self, scope: Scope, send: Send) -> None:
        async with self._looking:
            if monotonic() - self._looked_at > _LOOKS_EVERY:
                self._found = await asyncio.to_thread(readiness.look, self._project, self._engine, self._hits, self._clock())
                self._looked_at = monotonic()
        is_ready = set(self._found.values()) == {"ok"}
        said: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
        if self._may_see(scope):
            said["needs"] = self._found
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        await _answer(scope, send, status, json.dumps(said).encode() + b"\n", _JSON)

    def _may_see(self, scope: Scope) -> bool:
        headers = scope["headers"]
        if self._token:
            given = next((value for name, value in headers if name == b"authorization"), b"")
            if hmac.compare_digest(given, b"Bearer " + self._token):
                return True
        if any(name in _FORWARDED for name, _ in headers):  # a proxy on this machine speaks for somebody else
            return False
        peer = scope.get("client")
        try:
            return peer is not None and ipaddress.ip_address(peer[0]).is_loopback
        except ValueError:
            return False


async def _answer(scope: Scope, send: Send, status: HTTPStatus, body: bytes, kind: str) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

"""A program that asks the API of a small shop, over HTTP within the process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from winback.api.app import PREFIX, create_app
from winback.operations import api_tokens
from winback.operations.api_tokens import Scope
from winback.tracking.guard import Allowance

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


class Program:
    """Asks with its token; without scopes, with none."""

    def __init__(self, app: Any, token: str = "", *, address: str = "203.0.113.7") -> None:  # none
        self.token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 4711))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://api.zerno.example", headers=headers)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self._client.get(PREFIX + path, **more)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self._client.post(PREFIX + path, **more)


class Shop:
    """The project, its store, its API, and programs by name."""

    def __init__(self, project: Any, engine: Any) -> None:
        self.project, self.engine, self.now, self.launched = project, engine, NOW, []
        self.allowance = Allowance(burst=300, a_second=20)
        self.app = create_app(project, engine, clock=lambda: self.now, launch=self.launched.append, allowance=self.allowance)

    def program(self, *scopes: str, name: str = "shop", **more: Any) -> Program:
        token = api_tokens.new(self.engine, name, scopes or list(Scope), by="olha", now=self.now, **more)
        return Program(self.app, token)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """What a refusal says, held against RFC 9457."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert {"type", "title", "detail"} <= set(told)
    assert "Traceback" not in answer.text
    return told

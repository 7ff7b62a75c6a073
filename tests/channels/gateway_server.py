"""A provider of SMS on this machine: remembers what it was asked for, and answers as it is told to, by the number that is written to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from winback.demo.serving import Serving

Answer = tuple[int, Any, Mapping[str, str]]
OK: Answer = (200, {"code": 0, "messages": [{"message-id": "m-1"}]}, {})
SILENT: Answer = (0, None, {})
"""The connection breaks once the request was read."""


@dataclass
class Provider:
    """Answers at `url`; `answers` says how, by number."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._serving = Serving(self._app)
        self.url = self._serving.url

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._serving.stop()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})
            return
        request = Request(scope, receive)
        body = (await request.body()).decode()
        kind = request.headers.get("content-type", "")
        said = json.loads(body) if "json" in kind else dict(parse_qsl(body)) if "form" in kind else body or dict(request.query_params)
        self.asked.append(
            {"path": request.url.path, "query": request.url.query, "headers": dict(request.headers), "body": said, "method": request.method}
        )
        status, answer, headers = next((each for number, each in self.answers.items() if number in f"{said}{request.url.query}"), OK)
        if status == 0:
            scope["state"]["hang_up"]()
            await asyncio.sleep(0)
            return
        content = (json.dumps(answer) if isinstance(answer, dict | list) else str(answer)).encode()
        raw = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        raw += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

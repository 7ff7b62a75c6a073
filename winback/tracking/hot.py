"""The pixel and the click: plain ASGI, because they are hit by every letter and a framework costs four times as much as their work."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Engine
from starlette.types import Receive, Scope, Send

from winback.model import EventKind
from winback.store import database, events
from winback.tracking import addresses, tokens
from winback.tracking.hits import Buffer, Hit
from winback.tracking.tokens import Purpose

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent pixel
_QUIET = [(b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff")]
_PREFETCH = {b"purpose", b"sec-purpose", b"x-purpose", b"x-moz"}
_LOOKS = {"GET", "HEAD", "OPTIONS"}
_AGENT_LENGTH = 500


class HotPaths:
    """Answers pixels and clicks. `answer` says whether a request was theirs: what isn't is for the pages."""

    def __init__(self, keys: tuple[bytes, ...], engine: Engine, buffer: Buffer, clock: Callable[[], datetime]) -> None:
        self.keys = keys
        self.engine = engine
        self.buffer = buffer
        self.clock = clock
        self._urls: dict[int, bytes] = {}  # targets never change once written, and there are as many as a shop has links

    async def answer(self, scope: Scope, _receive: Receive, send: Send) -> bool:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(addresses.OPEN):
            await self._pixel(scope, path, send)
            return True
        if path.startswith(addresses.CLICK):
            return await self._click(scope, path, send)
        return False

    async def _pixel(self, scope: Scope, path: str, send: Send) -> None:
        """A gif for everybody: what doesn't count looks no different from what does."""
        found = tokens.read(self.keys, Purpose.OPEN, path[len(addresses.OPEN) :].removesuffix(addresses.PIXEL))
        if found is not None:
            self._take(EventKind.OPEN, found[0], None, scope)
        headers = [*_QUIET, (b"content-type", b"image/gif"), (b"content-length", b"%d" % len(_GIF))]
        await _respond(send, 200, headers, b"" if scope["method"] == "HEAD" else _GIF)

    async def _click(self, scope: Scope, path: str, send: Send) -> bool:
        """To the stored target of a link. A token that isn't ours is left to the pages, which know nothing of it either."""
        found = tokens.read(self.keys, Purpose.CLICK, path[len(addresses.CLICK) :])
        if found is None:
            return False
        delivery_id, link_id = found
        url = self._urls.get(link_id) or await self._find(link_id)
        if url is None:
            return False
        self._take(EventKind.CLICK, delivery_id, link_id, scope)
        await _respond(send, 302, [*_QUIET, (b"location", url), (b"content-length", b"0")], b"")
        return True

    async def _find(self, link_id: int) -> bytes | None:
        url = await asyncio.to_thread(self._read, link_id)
        if url is None:
            return None
        self._urls[link_id] = quote(url, safe=":/?#[]@!$&'()*+,;=%~").encode("ascii")  # a line break in it stays a part of the address
        return self._urls[link_id]

    def _read(self, link_id: int) -> str | None:
        with database.reading(self.engine) as connection:
            return events.link_url(connection, link_id)

    def _take(self, kind: EventKind, delivery_id: int, link_id: int | None, scope: Scope) -> None:
        if scope["method"] not in _LOOKS:
            return
        agent, prefetch = b"", b""
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name in _PREFETCH:
                prefetch = value
        self.buffer.add(Hit(kind, delivery_id, link_id, self.clock(), scope["method"], _text(agent), _text(prefetch)))


def _text(header: bytes) -> str:
    return header[:_AGENT_LENGTH].decode("latin-1").replace("\x00", "")


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

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
from winback.settings import Project
from winback.store import database, events
from winback.tracking import addresses, tokens
from winback.tracking.buffer import Buffer
from winback.tracking.hits import Hit
from winback.tracking.networks import Networks
from winback.tracking.tokens import Purpose

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent pixel
_QUIET = [(b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff")]
_GIF_BEGINS = {
    "type": "http.response.start",
    "status": 200,
    "headers": [*_QUIET, (b"content-type", b"image/gif"), (b"content-length", b"%d" % len(_GIF))],
}
_GIF_FOLLOWS = {"type": "http.response.body", "body": _GIF}
_NOTHING = {"type": "http.response.body", "body": b""}
_PREFETCH = {b"purpose", b"sec-purpose", b"x-purpose", b"x-moz"}
_REFUSALS = {b"sec-gpc": "gpc", b"dnt": "dnt"}
"""Global Privacy Control (W3C), and Tracking Preference Expression before it."""
_LOOKS = {"GET", "HEAD", "OPTIONS"}
_AGENT_LENGTH = 500


class HotPaths:
    """Answers pixels and clicks. `answer` says whether a request was theirs: what isn't is for the pages."""

    def __init__(self, project: Project, engine: Engine, buffer: Buffer, clock: Callable[[], datetime]) -> None:
        self.keys = project.link_keys
        self.engine = engine
        self.buffer = buffer
        self.clock = clock
        self.networks = Networks(project.key, project.settings.trusted_proxies)
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
            await self._take(EventKind.OPEN, found[0], None, scope)
        await send(_GIF_BEGINS)
        await send(_NOTHING if scope["method"] == "HEAD" else _GIF_FOLLOWS)

    async def _click(self, scope: Scope, path: str, send: Send) -> bool:
        """To the stored target of a link. A token that isn't ours is left to the pages, which know nothing of it either."""
        found = tokens.read(self.keys, Purpose.CLICK, path[len(addresses.CLICK) :])
        if found is None:
            return False
        delivery_id, link_id = found
        url = b"" if link_id == addresses.TRAP else self._urls.get(link_id) or await self._find(link_id)
        if url is None:
            return False
        await self._take(EventKind.CLICK, delivery_id, link_id, scope)
        if link_id == addresses.TRAP:
            await _respond(send, 204, _QUIET)  # a person who finds it all the same stays where they are
        else:
            await _respond(send, 302, [*_QUIET, (b"location", url), (b"content-length", b"0")])
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

    async def _take(self, kind: EventKind, delivery_id: int, link_id: int | None, scope: Scope) -> None:
        if scope["method"] not in _LOOKS:
            return
        agent, prefetch, forwarded, refuses = b"", b"", b"", ""
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name in _PREFETCH:
                prefetch = value
            elif name in _REFUSALS:
                refuses = _REFUSALS[name] if value == b"1" and refuses != "gpc" else refuses
            elif name == b"x-forwarded-for":
                forwarded = forwarded + b"," + value if forwarded else value
        peer = scope.get("client")
        network = self.networks.mark(peer[0] if peer else "", forwarded)
        self.buffer.add(Hit(kind, delivery_id, link_id, self.clock(), scope["method"], _text(agent), _text(prefetch), network, refuses))
        if self.buffer.durable:
            await self.buffer.kept()


def _text(header: bytes) -> str:
    return header[:_AGENT_LENGTH].decode("latin-1").replace("\x00", "")


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_NOTHING)

"""The pixel and the click: plain ASGI, because they are hit by every letter and a framework costs four times as much as their work."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import quote

from sqlalchemy import Engine
from starlette.types import Receive, Scope, Send

from winback.model import EventKind
from winback.settings import Project
from winback.store import database, events
from winback.tracking import addresses, guard, hits, tokens
from winback.tracking.buffer import Buffer
from winback.tracking.networks import Networks
from winback.tracking.tokens import Purpose

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent pixel
_QUIET = [(b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff")]
_GIF_BEGINS: dict[str, Any] = {
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
_AT_ONCE = {b"GET": "GET", b"HEAD": "HEAD"}
_BODIES = {b"content-length", b"transfer-encoding", b"expect", b"upgrade"}
_OPEN, _CLICK = addresses.OPEN.encode(), addresses.CLICK.encode()
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]
Look: TypeAlias = tuple[str, str, str, str, str]
"""Method, user agent, prefetch, the mark of the network, how it refuses to be tracked: as `hits.line` takes it."""
_AGENT_LENGTH = 500


class HotPaths:
    """Answers pixels and clicks. `answer` says whether a request was theirs: what isn't is for the pages."""

    def __init__(self, project: Project, engine: Engine, buffer: Buffer, clock: Callable[[], datetime]) -> None:
        self.keys = project.link_keys
        self.engine = engine
        self.buffer = buffer
        self.clock = clock
        self.networks = Networks(project.key, project.settings.trusted_proxies)
        self._of_open = tokens.reader(tuple(self.keys), Purpose.OPEN)
        self._of_click = tokens.reader(tuple(self.keys), Purpose.CLICK)
        self._redirect = [*_QUIET, *(header for header in guard.headers(project.settings.public_url) if header[0] not in dict(_QUIET))]
        self._urls: dict[int, bytes] = {}  # targets never change once written, and there are as many as a shop has links

    async def answer(self, scope: Scope, _receive: Receive, send: Send) -> bool:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(addresses.OPEN):
            await self._pixel(scope, path, send)
            return True
        if path.startswith(addresses.CLICK):
            return await self._click(scope, path, send)
        return False

    def at_once(self, method: bytes, target: bytes, headers: Headers, peer: str) -> bytes | None:
        """The whole answer to a GET or HEAD of a pixel, or of a link whose target is known already, as HTTP/1.1 has it; None: ask `answer`.

        `target` as it stands in the request, `headers` with small names, `peer` the address at the other end. A request with a body isn't for this.
        """
        if self.buffer.durable or method not in _AT_ONCE:
            return None
        is_open = target.startswith(_OPEN)
        if not is_open and not target.startswith(_CLICK):
            return None
        look = self.look(_AT_ONCE[method], headers, peer)
        if look is None:
            return None
        if is_open:
            self.opened(target, look)
            return _WHOLE_GIF if method == b"GET" else _HEAD_OF_GIF
        found = self._of_click(target[len(_CLICK) :].decode("latin-1"))
        url = None if found is None else self._urls.get(found[1])
        if found is None or url is None:
            return None
        self.buffer.add_line(hits.line(EventKind.CLICK, *found, self.clock(), look))
        return _raw(b"302 Found", [*self._redirect, (b"location", url), (b"content-length", b"0")])

    def opened(self, target: bytes, look: Look) -> bytes | None:
        """The answer to a GET of a pixel of ours, by somebody who looks like that; None: it is none."""
        found = self._of_open(target[len(_OPEN) :].decode("latin-1").removesuffix(addresses.PIXEL))
        if found is None:
            return None
        self.buffer.add_line(hits.line(EventKind.OPEN, found[0], None, self.clock(), look))
        return _WHOLE_GIF

    def look(self, method: str, headers: Headers, peer: str) -> Look | None:
        """What is kept of who asks, besides when; None: something follows the head, or should."""
        agent, prefetch, forwarded, refuses = b"", b"", b"", ""
        for name, value in headers:
            if name == b"user-agent":
                agent = value
            elif name in _PREFETCH:
                prefetch = value
            elif name in _REFUSALS:
                refuses = _REFUSALS[name] if value == b"1" and refuses != "gpc" else refuses
            elif name == b"x-forwarded-for":
                forwarded = forwarded + b"," + value if forwarded else value
            elif name in _BODIES:
                return None
        return method, _text(agent), _text(prefetch), self.networks.mark(peer, forwarded), refuses

    async def _pixel(self, scope: Scope, path: str, send: Send) -> None:
        """A gif for everybody: what doesn't count looks no different from what does."""
        found = self._of_open(path[len(addresses.OPEN) :].removesuffix(addresses.PIXEL))
        if found is not None:
            await self._take(EventKind.OPEN, found[0], None, scope)
        await send(_GIF_BEGINS)
        await send(_NOTHING if scope["method"] == "HEAD" else _GIF_FOLLOWS)

    async def _click(self, scope: Scope, path: str, send: Send) -> bool:
        """To the stored target of a link. A token that isn't ours is left to the pages, which know nothing of it either."""
        found = self._of_click(path[len(addresses.CLICK) :])
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
        peer = scope.get("client")
        headers = [header for header in scope["headers"] if header[0] not in _BODIES]
        look = self.look(scope["method"], headers, peer[0] if peer else "")
        if look is not None:
            self.buffer.add_line(hits.line(kind, delivery_id, link_id, self.clock(), look))
        if self.buffer.durable:
            await self.buffer.kept()


def _text(header: bytes) -> str:
    return header[:_AGENT_LENGTH].decode("latin-1").replace("\x00", "")


def _raw(status: bytes, headers: Headers, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + body


_HEAD_OF_GIF = _raw(b"200 OK", _GIF_BEGINS["headers"])
_WHOLE_GIF = _HEAD_OF_GIF + _GIF


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_NOTHING)

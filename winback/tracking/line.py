"""Connections of the public server: uvicorn's, on which pixels and known links are answered as soon as their head is read.

A picture costs no task, no message and no second write. Whatever is out of the ordinary (another method, a body, pipelining, an old version of HTTP) goes
the usual way, where the same hot paths answer it as ASGI.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from winback.tracking import addresses
from winback.tracking.hot import HotPaths, Look

_HEAD_WITHIN = 10.0
_IDLE_WITHIN = 30.0
_LOOKS_EVERY = 5.0
"""Seconds: for a request's head from its first byte on, for a connection on which nothing is asked, and between two looks at both."""
_LONGEST_HEAD = 65_536
_GET_OPEN = f"GET {addresses.OPEN}".encode()
_VERSION = b" HTTP/1.1\r\n"
_TARGET = len(b"GET ")
_ENDS = _TARGET + len(addresses.pixel("", bytes(32), 0))
_LONGEST_KNOWN, _MOST_KNOWN = 2_048, 2_000
"""Heads that are remembered: bytes of one, and how many."""


class Line(HttpToolsProtocol):
    """One connection. `hot` and `known` are of the subclass that `of` makes."""

    hot: HotPaths
    known: dict[tuple[bytes, str], Look]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._since = self.loop.time()  # of what is waited for: a head, or the next request
        self._is_reading = True  # a head, or nothing has come yet
        self._is_between = True  # two requests
        self._begun = 0  # requests on this connection that the parser saw
        self._head_bytes = 0
        self._look: Look | None = None  # of whoever sent the last pixel's head
        self._looking = self.loop.call_later(_LOOKS_EVERY, self._look_after)
        self._peer = self.client[0] if self.client else ""

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not (self._is_between and data.startswith(_GET_OPEN) and data.startswith(_VERSION, _ENDS) and len(data) <= _LONGEST_KNOWN):
            self._read(data)
            return
        block = (data[_ENDS:], self._peer)
        look = self.known.get(block)
        if look is None:
            self._learn(data, block)
            return
        answer = self.hot.opened(data[_TARGET:_ENDS], look)
        if answer is None:
            self._read(data)
            return
        self._since = self.loop.time()
        self._unset_keepalive_if_required()
        self.transport.write(answer)

    def _learn(self, data: bytes, block: tuple[bytes, str]) -> None:
        """Heads repeat, byte for byte but for the path. One that the parser took for a whole request without a body needn't be parsed again."""
        begun, self._look = self._begun, None
        self._read(data)
        if self._look is not None and self._is_between and self._begun == begun + 1:
            while len(self.known) >= _MOST_KNOWN:
                del self.known[next(iter(self.known))]
            self.known[block] = self._look

    def _read(self, data: bytes) -> None:
        if self._is_reading:
            self._head_bytes += len(data)
            if self._head_bytes > _LONGEST_HEAD and not self._ends_here(data):
                self.transport.abort()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._since = self.loop.time()
        self._is_reading, self._is_between = True, False
        self._begun += 1

    def on_headers_complete(self) -> None:
        self._is_reading = False
        self._head_bytes = 0
        if (self.cycle is None or self.cycle.response_complete) and not self.pipeline and self._answered():
            return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers = self.scope["headers"] = headers
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_between = self.cycle is not None and self.cycle.response_complete

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        self._is_between = not self.pipeline and not self.cycle.more_body
        super().on_response_complete()

    def _answered(self) -> bool:
        parser = self.parser
        if parser.get_http_version() != "1.1" or not parser.should_keep_alive():
            return False
        method = parser.get_method()
        answer = self.hot.at_once(method, self.url, self.headers, self._peer)
        if answer is None:
            return False
        self.transport.write(answer)
        self.cycle = _DONE
        if method == b"GET" and not self.hot.buffer.durable:
            self._look = self.hot.look("GET", self.headers, self._peer)
        return True

    @staticmethod
    def _ends_here(data: bytes) -> bool:
        return len(data) <= _LONGEST_HEAD and b"\r\n\r\n" in data

    def _look_after(self) -> None:
        is_at_work = not self._is_reading and self.cycle is not None and not self.cycle.response_complete
        waited = self.loop.time() - self._since
        if not is_at_work and waited > (_HEAD_WITHIN if self._is_reading else _IDLE_WITHIN):
            self.transport.abort()
            return
        self._looking = self.loop.call_later(_LOOKS_EVERY, self._look_after)


class _Done:
    """In the place of a request that was answered at once: what follows of it is nothing to anybody."""

    response_complete = True
    message_event = asyncio.Event()
    body = b""
    more_body = False


_DONE: Any = _Done()


def of(hot: HotPaths) -> type[asyncio.Protocol]:
    """The class of connections that answer by these hot paths."""
    return cast("type[asyncio.Protocol]", type("HotLine", (Line,), {"hot": hot, "known": {}}))

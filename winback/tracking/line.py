"""The server's side of a connection, with an end to its patience: uvicorn waits for the head of a request for ever, and this doesn't."""

from __future__ import annotations

import asyncio
from typing import Any

HEAD_WITHIN = 10.0
"""Seconds from the first moment of a connection, or the first byte of a further request, to the end of the request's headers."""
LONGEST_HEAD = 65_536
"""Bytes that may come before a request is whole."""

_UNREADABLE = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 12\r\ncache-control: no-store\r\n"
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nreferrer-policy: no-referrer\r\n"
    b"x-content-type-options: nosniff\r\nconnection: close\r\n\r\nBad Request\n"
)


class _Patience:
    """Mixed into one of uvicorn's HTTP protocols. `cycle` is uvicorn's request that is being answered, or was last."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    cycle: Any
    within = HEAD_WITHIN
    _deadline: asyncio.TimerHandle | None = None
    _come = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)  # type: ignore[misc]
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
            return
        self._come += len(data)
        if self._come > LONGEST_HEAD:
            self.send_400_response("")
        elif not self.transport.is_closing():
            self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(error)  # type: ignore[misc]

    def send_400_response(self, _words: str) -> None:
        """The answer to what is no HTTP, written outside of any application."""
        if not self.transport.is_closing():
            self.transport.write(_UNREADABLE)
            self.transport.close()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.within, self.transport.close)

    def _stop_waiting(self) -> None:
        self._come = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def protocol(*, within: float = HEAD_WITHIN) -> type[asyncio.Protocol]:
    """For uvicorn's `http=`: the protocol that uvicorn would take here, with the bounds above."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    return type("Line", (_Patience, AutoHTTPProtocol), {"within": within})

"""An ASGI application on a free port of this machine, for as long as it is needed."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


class Serving:
    """Serves `app` at `url` from a thread of its own between entering and leaving; leaving runs the application's shutdown.

    In each request's scope, `state["hang_up"]` closes the connection without a word, for applications that play a broken network.
    """

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(app, interface="asgi3", http=_Line, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._socket = listen()
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Run the application's shutdown and wait for it. A second time does nothing."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class _Line(H11Protocol):
    """uvicorn's HTTP protocol, which also lets an application hang up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.app_state = {**self.app_state, "hang_up": transport.abort}


def listen() -> socket.socket:
    """A listening socket on a free port of 127.0.0.1; who connects before anybody accepts waits there.

    It names TCP outright: asyncio sends small writes at once only on sockets that do, and each answer would wait 40 ms otherwise.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(200)
    return listening

"""`winback serve`: a process that answers, and beside it this one, which takes what was answered into the store.

Answering and storing in one Python process take turns; in two, a burst is answered while the last one is still being stored.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from sqlalchemy import Engine

from winback import logs, settings
from winback.errors import ConfigError, Problem
from winback.journey import policy
from winback.settings import Project
from winback.store import database
from winback.tracking import app, line, networks
from winback.tracking.buffer import Keeper
from winback.tracking.recording import Recorder

if TYPE_CHECKING:
    from winback.bot.duty import Voice

log = logging.getLogger(__name__)

_ANSWERS_WITHIN_S = 5  # of what is being answered when it is told to stop
_STOP_WITHIN_S = 10
_LOOKS_EVERY_S = 0.5
_BACKLOG = 2048
_AGAIN_AFTER_S = 1.0


def serve(project: Project, engine: Engine, host: str, port: int, *, ready: Callable[[int], None], voice: Voice | None = None) -> None:
    """Answer until SIGTERM or Ctrl-C; then every hit is stored. `ready` hears the port. Raises ConfigError when it can't be listened on.

    `voice` says in chats what the webhook's updates are answered with.
    """
    with _listen(host, port) as listening:
        keeper = Keeper(app.hits_folder(project), Recorder(engine, policy.read(project), networks.known_proxies(project)))
        keeper.start()
        if voice is not None:
            voice.start()
        try:
            _Watch(project, listening, lambda: ready(listening.getsockname()[1])).keep()
        finally:
            if voice is not None:
                voice.stop()
            keeper.stop()


class _Watch:
    """Over the process that answers: there is one until somebody says stop, and none afterwards."""

    def __init__(self, project: Project, listening: socket.socket, ready: Callable[[], None]) -> None:
        self._arguments = project.root, dict(project.environment), listening
        self._ready: Callable[[], None] | None = ready
        self._process: BaseProcess | None = None
        self._stops = False

    def keep(self) -> None:
        """Returns when it was told to stop."""
        with _told(self._stop):
            while not self._stops:
                started = time.monotonic()
                self._answer()
                if not self._stops:
                    log.error("the process that answers has ended; another one begins")
                    time.sleep(max(0.0, _AGAIN_AFTER_S - (time.monotonic() - started)))

    def _answer(self) -> None:
        hears, says = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(target=_answering, args=(*self._arguments, says), name="winback-answers")
        self._process = process
        process.start()
        says.close()
        if self._stops:
            process.terminate()
        self._hear(hears)
        left = _STOP_WITHIN_S / _LOOKS_EVERY_S
        while process.is_alive():
            process.join(_LOOKS_EVERY_S)
            left -= self._stops
            if left < 0 and process.is_alive():
                log.warning("the process that answers didn't stop in %d seconds", _STOP_WITHIN_S)
                process.kill()
        self._process = None

    def _hear(self, hears: Connection) -> None:
        """Whether it answers yet; nothing, where it ended before."""
        with hears:
            try:
                hears.recv()
            except EOFError:
                return
        if self._ready is not None:
            self._ready()
            self._ready = None

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops = True
        if self._process is not None and self._process.is_alive():
            self._process.terminate()


@contextmanager
def _told(stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answering(root: Path, environment: Mapping[str, str], listening: socket.socket, says: Connection) -> None:
    """Answer, in a process of its own; `says` hears once when it does."""
    _end_with_the_parent()
    project = settings.open_project(root, dict(environment))
    logs.configure(environment)
    application, hot = app.create(project, database.open_engine(project.database_url), keeps=False)
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http=line.of(hot),
        loop="uvloop",
        ws="none",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_ANSWERS_WITHIN_S,
    )
    _Server(config, says).run(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's, which says when it answers."""

    def __init__(self, config: uvicorn.Config, says: Connection) -> None:
        super().__init__(config)
        self._says = says

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._says.send(True)
        self._says.close()


def _end_with_the_parent() -> None:
    """A process whose parent was killed would go on answering and keep the port."""
    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(_STOP_WITHIN_S)
            os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def free(host: str, port: int, option: str = "--port") -> int:
    """The port, if it can be listened on; for 0, a free one. Raises ConfigError, which names the `option` that said it."""
    with _listen(host, port, option) as trying:
        found: int = trying.getsockname()[1]
        return found


def _listen(host: str, port: int, option: str = "--port") -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        how = f"Name another: {option} {port + 1}."
        raise ConfigError(Problem("", None, f"port {port} of {host} can't be listened on: {error.strerror}.", how)) from error

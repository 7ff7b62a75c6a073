"""`winback serve`: a process that answers, and beside it this one, which takes what was answered into the store.

Answering and storing in one Python process take turns; in two, a burst is answered while the last one is still being stored.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from sqlalchemy import Engine
from starlette.types import ASGIApp

from winback import logs, settings
from winback.errors import ConfigError, Problem
from winback.journey import policy
from winback.settings import Project
from winback.store import database
from winback.tracking import app, networks
from winback.tracking.buffer import Keeper
from winback.tracking.recording import Recorder

if TYPE_CHECKING:
    from winback.bot.duty import Voice

_HEAD_WITHIN_MS = 10_000
_STOP_WITHIN_S = 10


def serve(project: Project, engine: Engine, host: str, port: int, *, ready: Callable[[int], None], voice: Voice | None = None) -> None:
    """Answer until SIGTERM or Ctrl-C; then every hit is stored. `ready` hears the port. Raises ConfigError when it can't be listened on.

    `voice` says in chats what the webhook's updates are answered with.
    """
    port = free(host, port)
    keeper = Keeper(app.hits_folder(project), Recorder(engine, policy.read(project), networks.known_proxies(project)))
    server = Server(
        "winback",
        host,
        port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_WITHIN_MS),
        log_level=LogLevels.warning,
        log_access=False,
        workers_kill_timeout=_STOP_WITHIN_S,
        respawn_failed_workers=True,
    )
    server.on_startup(keeper.start)
    server.on_startup(lambda: ready(port))
    if voice is not None:
        server.on_startup(voice.start)
        server.on_shutdown(voice.stop)
    server.on_shutdown(keeper.stop)
    server.serve(target_loader=partial(_answering, project.root, dict(project.environment)), wrap_loader=False)


def _answering(root: Path, environment: dict[str, str]) -> ASGIApp:
    """The application, in the process that answers."""
    _end_with_the_parent()
    project = settings.open_project(root, environment)
    logs.configure(environment)
    return app.create_app(project, database.open_engine(project.database_url), keeps=False)


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
    try:
        with socket.create_server((host, port)) as trying:
            found: int = trying.getsockname()[1]
            return found
    except OSError as error:
        how = f"Name another: {option} {port + 1}."
        raise ConfigError(Problem("", None, f"port {port} of {host} can't be listened on: {error.strerror}.", how)) from error

"""The studio and the API, each in a process of its own beside the public pages: a slow answer of one holds up nothing of the others."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

_STOPS_WITHIN_SECONDS = 10
_LOOKS_EVERY_SECONDS = 0.2


@contextmanager
def studio(root: Path, port: int | None) -> Iterator[None]:
    """As long as it lasts, the studio of the project answers at this port of 127.0.0.1; None: it doesn't. Raises ConfigError for a port that is taken."""
    with _running(root, port, "--studio", "studio"):
        yield


@contextmanager
def api(root: Path, port: int | None) -> Iterator[None]:
    """The same of the HTTP API."""
    with _running(root, port, "--api", "api", "serve"):
        yield


@contextmanager
def _running(root: Path, port: int | None, option: str, *command: str) -> Iterator[None]:
    if port is None:
        yield
        return
    from winback.tracking import serving

    port = serving.free("127.0.0.1", port, option)
    with kept([sys.executable, "-m", "winback.cli", *command, "--project", str(root), "--port", str(port)]):
        yield


@contextmanager
def kept(command: list[str], *, again_after: float = 1.0) -> Iterator[None]:
    """As long as it lasts, there is a process of this command: where one ends by itself, another begins."""
    over = threading.Event()

    def keep() -> None:
        while not over.is_set():
            running = subprocess.Popen(command)  # noqa: S603  our own command
            while not over.wait(_LOOKS_EVERY_SECONDS) and running.poll() is None:
                pass
            if running.poll() is None:
                _stop(running)
            elif not over.is_set():
                log.error("`winback %s` has ended; another one begins", command[3])
                over.wait(again_after)

    thread = threading.Thread(target=keep, name="beside", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _stop(running: subprocess.Popen[bytes]) -> None:
    running.terminate()
    try:
        running.wait(_STOPS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()

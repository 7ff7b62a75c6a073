"""The studio and the API, each in a process of its own beside the public pages: a slow answer of one holds up nothing of the others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STOPS_WITHIN_SECONDS = 10


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
    running = subprocess.Popen([sys.executable, "-m", "winback.cli", *command, "--project", str(root), "--port", str(port)])  # noqa: S603  our own command
    try:
        yield
    finally:
        running.terminate()
        try:
            running.wait(_STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

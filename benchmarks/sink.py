"""A mail server that takes everything and keeps nothing, and a sender to compare with: smtp-sink and smtp-source of Postfix."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Unavailable

HOST = "127.0.0.1"
_WAIT = 10.0  # seconds for the server to answer


def tool(name: str) -> str:
    """Where one of Postfix's test programs lies. Raises Unavailable where it isn't installed."""
    found = shutil.which(name) or next((str(path) for path in [Path("/usr/sbin") / name] if path.exists()), None)
    if found is None:
        raise Unavailable(f"{name} is missing; install Debian's package postfix, and leave its daemon alone.")
    return found


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """The port of a running smtp-sink."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to serve as root
    process = subprocess.Popen([tool("smtp-sink"), *user, f"{HOST}:{port}", "500"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def source(port: int, *, letters: int, size: int, connections: int) -> float:
    """Seconds that smtp-source takes for so many messages of so many bytes over kept connections."""
    began = time.perf_counter()
    sizes = ["-m", str(letters), "-l", str(size), "-s", str(connections)]
    subprocess.run([tool("smtp-source"), "-d", *sizes, "-f", "shop@zerno.example", "-t", "olena@post.example", f"{HOST}:{port}"], check=True)
    return time.perf_counter() - began


def _wait_for(port: int) -> None:
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise Unavailable("smtp-sink doesn't answer.")

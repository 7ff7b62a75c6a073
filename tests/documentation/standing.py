"""What a page starts and says to stop with Ctrl-C: started by its very line at a free port, asked, and stopped."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from winback.demo.serving import listen

PATIENCE = 120


@contextmanager
def standing(line: str, folder: Path) -> Iterator[httpx.Client]:
    """The server that a line starts, once it says where it is; afterwards it has been asked to stop, and did so in order."""
    with listen() as free:
        port = free.getsockname()[1]
    words = [*shlex.split(re.sub(r" --port \d+", "", line)), "--port", str(port)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONWARNINGS": ""}
    process = subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = process.stderr.readline()
        if not (stands := f"http://127.0.0.1:{port}" in said):
            os.killpg(process.pid, signal.SIGKILL)  # with its children, or what they say never ends
        assert stands, said + process.stderr.read()
        transport = httpx.HTTPTransport(retries=20)  # it says where it is going to answer, and is still being started
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, transport=transport, trust_env=False) as web:
            yield web
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in {0, -signal.SIGTERM}, process.stderr.read()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()

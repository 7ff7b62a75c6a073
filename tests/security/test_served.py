"""`winback serve` as it runs: what is no HTTP, what never ends, and what its log keeps to itself."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys

import httpx
import pytest

from tests import letterbox
from tests.projects import ROOT
from tests.security import raw
from winback.tracking import addresses


@pytest.fixture
def process(tmp_path):
    project = letterbox.project(tmp_path / "project")
    shutil.copytree(ROOT / "templates", project.templates)
    shutil.copy(ROOT / "config" / "brand.yaml", project.config())
    environment = {**os.environ, "WINBACK_SECRET": project.environment["WINBACK_SECRET"]}
    command = [sys.executable, "-c", "from winback.cli import main; main()", "serve", "--port", "0", "--project", str(project.root)]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    told = ""
    for line in running.stderr:
        told += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            break
    else:
        raise AssertionError(told)
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as web:
        web.get(f"{found[0]}/health", timeout=30)
    yield project, found[0], running
    with contextlib.suppress(ProcessLookupError):
        running.send_signal(signal.SIGTERM)
    running.wait(30)
    running.stderr.close()


def test_what_never_ends_is_ended_and_nothing_is_told(process):
    project, url, running = process
    with raw.connection(url) as silent, raw.connection(url) as half:
        half.sendall(b"GET /health HTTP/1.1\r\nHost: u\r\n")
        silent.sendall(b"GE")
        nonsense = raw.answer(url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n")
        assert nonsense[0] in {0, 400}
        assert b"Traceback" not in nonsense[2]
        link = addresses.click("", project.key, 1, 1)
        missing = httpx.get(url + link)
        assert missing.status_code == 404
        assert {"content-security-policy", "strict-transport-security", "x-frame-options"} <= set(missing.headers)
        assert httpx.get(f"{url}/health").status_code == 200
        for connection in (half, silent):
            assert raw.read(raw.said(connection))[0] in {0, 400, 408}
    running.send_signal(signal.SIGTERM)
    said = running.stderr.read()
    assert running.wait(30) == 0
    assert "Traceback" not in said
    assert link.rpartition("/")[2] not in said

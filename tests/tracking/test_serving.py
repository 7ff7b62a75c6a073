"""`winback serve` as it is run: two processes, ended in order and out of order."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests import projects
from winback.store.tables import events
from winback.tracking import addresses

pytestmark = pytest.mark.both_databases

PATIENCE = 60
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@contextmanager
def serving(project, url: str, *more: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The command as a process group of its own, once it answers."""
    environment = {**os.environ, "WINBACK_SECRET": project.environment["WINBACK_SECRET"], "WINBACK_DATABASE_URL": url, "PYTHONWARNINGS": ""}
    command = [sys.executable, "-m", "winback.cli", "serve", "--project", str(project.root), "--port", "0", *more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=projects.ROOT, start_new_session=True)
    try:
        said = process.stderr.readline()
        while "The studio is at" in said or "The API is at" in said:
            said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        if not found:
            os.killpg(process.pid, signal.SIGKILL)  # with its children, or what they say never ends
        assert found, said + process.stderr.read()
        transport = httpx.HTTPTransport(retries=20)  # it says where it is going to answer, and is still being started
        with httpx.Client(base_url=found[0], headers={"User-Agent": BROWSER}, timeout=PATIENCE, transport=transport) as web:
            assert web.get("/health").json()["status"] == "ok"
            yield process, web
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()


@pytest.fixture
def letters(shop):
    return [shop.written_to(f"c{number}", email=f"c{number}@mail.example")[1] for number in range(10)]


def fetch(web, project, letters) -> int:
    """Opens, each answered."""
    for number in range(100):
        answer = web.get(addresses.pixel("", project.link_keys[0], letters[number % len(letters)]))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    return 100


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_stop_loses_nothing(project, database_url, shop, letters, ending):
    with serving(project, database_url) as (process, web):
        answered = fetch(web, project, letters)
        process.send_signal(ending)
        assert process.wait(PATIENCE) == 0
    assert len(shop.rows(events)) == answered
    assert list((project.root / ".winback" / "hits").iterdir()) == []


@pytest.mark.parametrize("durable", [False, True])
def test_what_was_answered_outlives_a_kill(project, database_url, shop, letters, durable):
    file = project.config("settings.yaml")
    file.write_text(file.read_text(encoding="utf-8") + f"tracking: {{durable: {str(durable).lower()}}}\n", encoding="utf-8")
    with serving(project, database_url) as (process, web):
        answered = fetch(web, project, letters)
        os.killpg(process.pid, signal.SIGKILL)
    with serving(project, database_url) as (process, _):
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert len(shop.rows(events)) == answered


def test_whoever_answers_ends_with_the_process_that_started_it(project, database_url, shop, letters):
    with serving(project, database_url) as (process, web):
        answered = fetch(web, project, letters)
        port = web.base_url.port
        process.kill()
        process.wait(PATIENCE)
        late = _until_refused(port)
    assert late is None
    with serving(project, database_url) as (process, _):
        process.terminate()
        process.wait(PATIENCE)
    assert len(shop.rows(events)) == answered


def _until_refused(port: int) -> str | None:
    """None once nobody listens there any more."""
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                line.settimeout(0.05)
                try:
                    line.recv(1)
                except TimeoutError:
                    continue
        except ConnectionRefusedError:
            return None
        except OSError:
            continue
    return "it still listens"


def test_a_port_that_is_taken_is_refused_with_a_sentence(project, database_url):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {**os.environ, "WINBACK_SECRET": "k" * 32, "WINBACK_DATABASE_URL": database_url}
        command = [sys.executable, "-m", "winback.cli", "serve", "--project", str(project.root), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=projects.ROOT, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 can't be listened on: Address already in use" in done.stderr


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as trying:
        return trying.getsockname()[1]


def test_the_studio_answers_beside_it_and_ends_with_it(project, database_url):
    port = _free_port()
    with serving(project, database_url, "--studio", str(port)) as (process, _):
        with httpx.Client(transport=httpx.HTTPTransport(retries=20), timeout=PATIENCE) as browser:
            assert "<title>" in browser.get(f"http://127.0.0.1:{port}/customers").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port)):
            pass


def test_a_port_that_is_taken_for_the_studio_is_told_before_anything_answers(project, database_url):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {**os.environ, "WINBACK_SECRET": project.environment["WINBACK_SECRET"], "WINBACK_DATABASE_URL": database_url}
        command = [sys.executable, "-m", "winback.cli", "serve", "--project", str(project.root), "--port", "0", "--studio", str(port)]
        ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=projects.ROOT, timeout=PATIENCE, check=False)
    assert (ended.returncode, f"port {port} of 127.0.0.1 can't be listened on" in ended.stderr) == (1, True)
    assert f"--studio {port + 1}" in ended.stderr

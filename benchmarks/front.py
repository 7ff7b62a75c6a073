"""The public pages as they are run, and nginx beside them, on this machine and for as long as they are needed."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, insert, select

from benchmarks.figure import Unavailable
from winback import clock, settings
from winback.model import ChannelName, DeliveryStatus, RunStatus
from winback.store import database
from winback.store.tables import campaign_runs, customers, deliveries, events
from winback.tracking import addresses, app

LETTERS = 5_000
GIF = "/pixel.gif"
_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_SECRET = "k" * 32
_SETTINGS = "currency: UAH\ntime_zone: Europe/Kyiv\npublic_url: https://u.zerno.example\nlocales: {uk: [uk]}\n"
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
_NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}/www; default_type image/gif; }}
}}
"""
_PATHS = """\
local paths = {{{paths}}}
local at = 0
wrk.headers["User-Agent"] = "{agent}"
wrk.headers["Accept"] = "image/avif,image/webp,*/*"
function request() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
{delay}
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests answered, how many a second, and the latency that 99 of 100 stay below."""

    requests: int
    a_second: float
    p99_ms: float


class Front:
    """`winback serve` with a shop of LETTERS letters on a SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "shop" / "config").mkdir(parents=True)
        (folder / "shop" / "config" / "settings.yaml").write_text(_SETTINGS, encoding="utf-8")
        (folder / "shop" / "config" / "policy.yaml").write_text("default: {open_tracking: true}\n", encoding="utf-8")
        self.project = settings.open_project(folder / "shop", {"WINBACK_SECRET": _SECRET})
        self._engine = database.open_engine(self.project.database_url)
        _write_letters(self._engine)
        key = self.project.link_keys[0]
        self._paths = [addresses.pixel("", key, number) for number in range(1, LETTERS + 1)]

    def start(self) -> None:
        command = [sys.executable, "-m", "winback.cli", "serve", "--project", str(self.project.root), "--port", "0"]
        environment = {**os.environ, "WINBACK_SECRET": _SECRET, "WINBACK_DATABASE_URL": self.project.database_url}
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        assert self._process.stderr is not None
        found = re.search(r"http://\S+:\d+", self._process.stderr.readline())
        if found is None:
            raise RuntimeError("winback serve doesn't serve")
        self.url = found[0]
        _until_it_answers(f"{self.url}/health")

    def stop(self) -> None:
        """In order: every hit is in the store."""
        self._process.terminate()
        if self._process.wait():
            raise RuntimeError(f"winback serve ended with {self._process.returncode}")

    def load(self, seconds: float, *, connections: int = 16, pause_ms: int = 0) -> Load:
        return wrk(self.url, self._paths, seconds, connections, pause_ms)

    def stored(self) -> int:
        with database.reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(events)).scalar_one()

    def waiting(self) -> int:
        return sum(path.stat().st_size for path in app.hits_folder(self.project).glob("*"))

    def memory_mb(self) -> float:
        """Of the process that stores and the one that answers together, without what they share."""
        own = self._process.pid
        children = subprocess.run(["pgrep", "-P", str(own)], capture_output=True, text=True, check=False).stdout.split()
        return sum(_private_kb(int(pid)) for pid in (own, *children)) / 1024


@contextmanager
def front() -> Iterator[Front]:
    """The pages, not started yet; afterwards nothing is left."""
    _needed("wrk")
    folder = Path(tempfile.mkdtemp(prefix="winback-bench-"))
    try:
        yield Front(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nginx() -> Iterator[str]:
    """Where the same gif as a file is served, at the path GIF, by one worker."""
    program = _needed("nginx")
    folder = Path(tempfile.mkdtemp(prefix="winback-nginx-"))
    (folder / "www").mkdir()
    (folder / "www" / "pixel.gif").write_bytes(_GIF)
    port = _free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port), encoding="utf-8")
    folder.chmod(0o755)
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _until_it_answers(url + GIF)
        yield url
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def wrk(url: str, paths: Sequence[str], seconds: float, connections: int = 16, pause_ms: int = 0) -> Load:
    """Ask for these paths by turns, as a browser does: whoever is measured is asked by the same script."""
    delay = f"function delay() return {pause_ms} end" if pause_ms else ""
    told = ",".join(f'"{path}"' for path in paths)
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
        script.write(_PATHS.format(paths=told, agent=_BROWSER, delay=delay))
        script.flush()
        command = [_needed("wrk"), "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "--script", script.name, url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx.*|Socket errors.*", said):
        raise RuntimeError(bad[0])
    requests, rate, p99 = (re.search(pattern, said) for pattern in (r"(\d+) requests in", r"Requests/sec:\s+([\d.]+)", r"99%\s+([\d.]+)(us|ms|s)"))
    assert requests is not None
    assert rate is not None
    assert p99 is not None
    return Load(int(requests[1]), float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]])


def _write_letters(engine: Engine) -> None:
    sent_at = clock.now() - timedelta(days=1)  # long ago, for a hit
    numbers = range(1, LETTERS + 1)
    letter = {
        "run_id": 1,
        "stage": "first",
        "tactic": "word",
        "channel": ChannelName.EMAIL,
        "locale": "uk",
        "status": DeliveryStatus.SENT,
        "due_at": sent_at,
        "handed_over_at": sent_at,
        "sent_at": sent_at,
    }
    with database.writing(engine) as connection:
        run = {"id": 1, "campaign": "many", "number": 1, "status": RunStatus.ACTIVE, "salt": "s", "started_at": sent_at, "enrolled_at": sent_at}
        connection.execute(insert(campaign_runs).values(**run, plan={"stop_when": []}))
        connection.execute(insert(customers), [{"id": n, "key": f"c{n}", "locale": "uk", "updated_at": sent_at} for n in numbers])
        connection.execute(insert(deliveries), [{**letter, "id": n, "customer_id": n, "message_id": ""} for n in numbers])


def _private_kb(pid: int) -> int:
    told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(found) for found in re.findall(r"^Private_\w+:\s+(\d+) kB", told, re.MULTILINE))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _until_it_answers(url: str, tries: int = 300) -> None:
    for _ in range(tries):
        try:
            urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} doesn't answer")


def _needed(program: str, places: Sequence[str] = ("/usr/sbin", "/usr/local/sbin")) -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), *places))
    found = shutil.which(program, path=path)
    if found is None:
        raise Unavailable(f"{program} is not on this machine (Debian: apt-get install {program}).")
    return found

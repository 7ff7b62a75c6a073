"""A real Prefect server on this machine, as README.md starts it, and the workers of its pools: processes that end with the test."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests import projects
from tests.documentation.blocks import Block
from winback.demo.serving import listen

PATIENCE = 900.0
"""Seconds: a busy machine takes long to import Prefect a dozen times."""
TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
_COMMANDS = Path(sys.executable).parent


def block(document: str, beginning: str) -> list[str]:
    """The lines of the first shell block of a document that holds `beginning`, without comments."""
    text = (projects.ROOT / document).read_text(encoding="utf-8")
    found = next(block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if beginning in block)
    return [line for line in (re.sub(r"\s+#.*$", "", line) for line in found.splitlines()) if line and not line.startswith("#")]


class Prefect:
    """A server with its own home and port. `shell` runs a line in the project's folder as a person would; what stays, ends on leaving."""

    def __init__(self, home: Path, project: Path, *, host: str = "127.0.0.1", **environment: str) -> None:
        self.home, self.project = home, project
        home.mkdir(parents=True, exist_ok=True)
        self.host = host
        with contextlib.closing(listen()) as free:
            self.port = free.getsockname()[1]
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment = {
            **outside,
            "PATH": f"{_COMMANDS}{os.pathsep}{outside['PATH']}",
            "PYTHONPATH": str(projects.ROOT),
            "PYTHONWARNINGS": "",
            "WINBACK_SECRET": "k" * 32,
            "WINBACK_HOME": str(project),
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://{host}:{self.port}/api",
            "PREFECT_SERVER_API_HOST": host,
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",  # what runs is what a test asks for
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "DO_NOT_TRACK": "1",
            **environment,
        }
        self.api = httpx.Client(base_url=self.environment["PREFECT_API_URL"], timeout=60, trust_env=False)
        self._stays: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.api.close()
        for process in reversed(self._stays):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._stays:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._stays:
            process.wait(20)

    def processes(self, also: str = "") -> list[int]:
        """Whatever runs with this server's home in its environment, and the word beside it."""
        mark = f"PREFECT_HOME={self.home}\0".encode()
        return [pid for pid, environment in _environments() if mark in environment and also.encode() in environment]

    def shell(self, line: str, **environment: str) -> str:
        """What a line of a document prints. The port of the documents is this server's."""
        done = subprocess.run(
            ["bash", "-c", self._here(line)],
            cwd=self.project,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, block: Block) -> dict[str, str]:
        """Types a block of `prefect deployment run`; by deployment, the flow run that was made."""
        made = {
            line.split()[3].partition("/")[0]: re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", self.shell(line)) for line, _ in block.typed()
        }
        assert all(made.values()), made
        return {name: found[0] for name, found in made.items() if found}

    def stay(self, line: str, *, before: Sequence[str] = (), **environment: str) -> subprocess.Popen[bytes]:
        """A command that doesn't end by itself, with its children in a group of its own; `before` are words in front of it."""
        words = [*before, *shlex.split(self._here(line.removesuffix("&").strip()))]
        with (self.home / "said.txt").open("ab") as said:
            process = subprocess.Popen(
                words,
                cwd=self.project,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self._stays.append(process)
        return process

    def _here(self, line: str) -> str:
        return line.replace(":4200", f":{self.port}")

    def ready(self) -> None:
        self.until(lambda: self._answers() or None, "the server doesn't answer")

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.api.get("/health").is_success
        return False

    def until(self, asked: Callable[[], Any], otherwise: str, *, pause: float = 0.3) -> Any:
        """The first answer that isn't None."""
        late = time.monotonic() + PATIENCE
        while (answer := asked()) is None:
            assert time.monotonic() < late, f"{otherwise}: {self.said()}"
            assert all(process.poll() in {None, 0, -signal.SIGKILL} for process in self._stays), f"something ended: {self.said()}"
            time.sleep(pause)
        return answer

    def said(self) -> str:
        """The end of what server and workers printed."""
        return (self.home / "said.txt").read_text(encoding="utf-8", errors="replace")[-6000:]

    def asked(self, path: str, **body: Any) -> Any:
        """The answer to a POST. A server whose SQLite is busy says 503, and Prefect's own client asks again, too."""

        def answered() -> httpx.Response | None:
            answer = self.api.post(path, json=body)
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        answer = self.until(answered, "the server stays busy")
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def deployments(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.asked("/deployments/filter")}

    def start(self, deployment: str, options: Mapping[str, Any]) -> str:
        """A flow run's id."""
        known = self.deployments()[deployment]
        return str(
            self.asked(f"/deployments/{known['id']}/create_flow_run", parameters={"options": dict(options)}, state={"type": "SCHEDULED"})["id"]
        )

    def states(self, runs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By run: type, name, message."""
        found = self.asked("/flow_runs/filter", flow_runs={"id": {"any_": list(runs)}})
        return {each["id"]: each["state"] for each in found}

    def ended(self, runs: Mapping[str, str]) -> dict[str, str]:
        """By name, how runs ended, once all have."""

        def all_over() -> dict[str, str] | None:
            states = self.states(list(runs.values()))
            if {state["type"] for state in states.values()} <= TERMINAL:
                return {name: _told(states[run]) for name, run in runs.items()}
            return None

        return dict(self.until(all_over, f"flow runs don't end: {runs}"))

    def artifacts(self) -> dict[str, dict[str, Any]]:
        """The newest of each key."""
        return {each["key"]: each for each in self.asked("/artifacts/latest/filter")}


def _told(state: Mapping[str, Any]) -> str:
    return str(state["name"]) if state["type"] == "COMPLETED" else f"{state['name']}: {state['message']}"


def _environments() -> Iterator[tuple[int, bytes]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / "environ").read_bytes()


def project(folder: Path) -> Path:
    """What a checkout has beside config/ and templates/: flows and their deployments."""
    for name in ("flows", "prefect.yaml", "prefect-many.yaml", "automations.yaml"):
        (folder / name).symlink_to(projects.ROOT / name)
    return folder

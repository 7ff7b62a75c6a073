"""Winback's bot in a process of its own, on a project that talks to a made-up Bot API: to be stopped, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from winback import settings
from winback.demo.bot_api import BotApi
from winback.settings import Project

ROOT = Path(__file__).resolve().parents[2]


def connect(project: Project, api: BotApi, *, more: str = "") -> Project:
    """The same project, with its bot at the made-up API."""
    file = project.config("settings.yaml")
    text = file.read_text(encoding="utf-8")
    told = f"telegram: {{bot: zerno_bot, via: bot-api, api_url: {api.url}{more}}}"
    file.write_text(text.replace("telegram: {bot: zerno_bot}", told).replace("https://u.zerno.example", "http://127.0.0.1:1"), encoding="utf-8")
    return settings.open_project(project.root, {**project.environment, "WINBACK_TELEGRAM_TOKEN": api.token})


@contextmanager
def running(project: Project, *command: str) -> Iterator[subprocess.Popen[str]]:
    """`winback COMMAND` as its user would start it; whatever is left of it at the end is killed."""
    environment = {**os.environ, **project.environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    program = [sys.executable, "-m", "winback.cli", "--project", str(project.root), *command]
    with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)

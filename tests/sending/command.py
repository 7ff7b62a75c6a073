"""`winback run` as a process of its own, by the machine's clock, in a shop whose customers have noon just now."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from tests import projects
from tests.sending import crowd, receiver
from winback import clock
from winback.settings import Project

LETTERS = 300
PATIENCE = 60.0  # seconds


def shop(folder: Path, port: int, *changes: tuple[str, str, str], connections: int = crowd.CONNECTIONS, host: str = receiver.HOST) -> Project:
    """A campaign that lasts from yesterday on and writes on every day of the week."""
    today = clock.now().date()
    campaign = "config/campaigns/winter-tea.yaml"
    return crowd.shop(
        folder,
        port,
        (campaign, "starts_on: 2026-11-24", f"starts_on: {today - timedelta(days=1)}"),
        (campaign, "ends_on: 2027-01-31", f"ends_on: {today + timedelta(days=60)}"),
        (campaign, "weekdays: [tue, wed, thu]", "weekdays: [mon, tue, wed, thu, fri, sat, sun]"),
        ("config/policy.yaml", "weekdays: [mon, tue, wed, thu, fri, sat]", "weekdays: [mon, tue, wed, thu, fri, sat, sun]"),
        *changes,
        connections=connections,
        host=host,
    )


def populate(engine: Engine, count: int = LETTERS) -> None:
    now = clock.now()
    crowd.populate(engine, count, now=now, zone=f"Etc/GMT{now.hour - 12:+d}")  # its signs are the other way round


def run(project: Project, url: str) -> subprocess.Popen[str]:
    """Starts `winback run`."""
    environment = {**os.environ, "WINBACK_SECRET": "k" * 32, "WINBACK_DATABASE_URL": url, "PYTHONWARNINGS": ""}
    command = [sys.executable, "-m", "winback.cli", "run", crowd.CAMPAIGN, "--project", str(project.root), "--json"]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell makes what it starts in the background deaf to Ctrl-C, for good
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=projects.ROOT)
    finally:
        signal.signal(signal.SIGINT, heard)


def until(server: receiver.Apart, count: int) -> None:
    """So many letters have arrived."""
    late = time.monotonic() + PATIENCE
    while server.count() < count:
        assert time.monotonic() < late, "the campaign doesn't go on"
        time.sleep(0.005)

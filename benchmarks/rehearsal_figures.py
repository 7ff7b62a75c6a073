"""winback rehearse --no-letters of all CDNOW customers: five stages over 180 days, against what they really ordered."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure, Unavailable, alone
from winback import settings
from winback.operations import importing
from winback.store import database

REPOSITORY = Path(__file__).parents[1]
EXAMPLE = REPOSITORY / "examples" / "cdnow"
FILES = ("customers.csv.gz", "purchases.csv.gz")
BAR_SECONDS = 60.0
CUSTOMERS = 23_570
NOW = datetime(2026, 11, 23, tzinfo=UTC)
CAMPAIGN = "five-stages"
COHORT = """
title: Everybody who isn't marked as a friend of the house, which nobody is
rules:
  - not: {tag: [friend-of-the-house]}
"""
STAGES = """
title: Five letters in 180 days
cohort: everybody
starts_on: 1997-04-01
ends_on: 1997-09-28
holdout: 0.1
sender: olena
tactics: {warm-word: {share: 0.5}, questions: {share: 0.5}}
stages:
  - {name: one, letter: we-miss-you}
  - {name: two, wait: 30 days, letter: we-miss-you}
  - {name: three, wait: 40 days, letter: we-miss-you}
  - {name: four, wait: 50 days, letter: we-miss-you}
  - {name: five, wait: 55 days, letter: we-miss-you}
"""


def figures() -> list[Figure]:
    data = _data()
    with tempfile.TemporaryDirectory(prefix="winback-bench-") as folder:
        root = _project(Path(folder), data)
        peaks: list[float] = []
        name = f"winback rehearse --no-letters, 180 days, five stages, {CUSTOMERS:,} customers"
        seconds = alone("journey", name, lambda: _rehearse(root, peaks), bar=BAR_SECONDS, rounds=3)
        return [seconds, Figure("journey", "the same, peak memory", max(peaks), "MB", len(peaks), 0.0)]


def _data() -> Path:
    places = (EXAMPLE / "data", REPOSITORY.parent / "shared" / "data" / "cdnow")
    for place in places:
        if all((place / name).is_file() for name in FILES):
            return place
    raise Unavailable(f"the CDNOW data is needed: put {' and '.join(FILES)} into {places[0].relative_to(REPOSITORY)}.")


def _project(folder: Path, data: Path) -> Path:
    """The example with a campaign for everybody, its data imported."""
    root = folder / "examples" / "cdnow"  # so deep that `templates: ../../templates` leads somewhere
    shutil.copytree(EXAMPLE / "config", root / "config")
    (folder / "templates").symlink_to(REPOSITORY / "templates")
    (root / "data").symlink_to(data)
    (root / "config" / "cohorts" / "everybody.yaml").write_text(COHORT, encoding="utf-8")
    (root / "config" / "campaigns" / f"{CAMPAIGN}.yaml").write_text(STAGES, encoding="utf-8")
    project = settings.open_project(root, {})
    engine = database.open_engine(project.database_url)
    importing.run(project, engine, now=NOW)
    engine.dispose()
    return root


def _rehearse(root: Path, peaks: list[float]) -> float:
    """Seconds of the whole command as a process of its own; its peak of memory goes into `peaks`, in megabytes."""
    told = root / "told.json"
    words = [sys.executable, "-m", "winback.cli", "--project", str(root), "rehearse", CAMPAIGN, "--no-letters", "--json"]
    into = [(os.POSIX_SPAWN_OPEN, 1, str(told), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "WINBACK_SECRET": "k" * 32}
    begin = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawn(sys.executable, words, environment, file_actions=into), 0)
    seconds = time.perf_counter() - begin
    if status:
        raise RuntimeError(f"winback rehearse ended with status {os.waitstatus_to_exitcode(status)}")
    _look_at(json.loads(told.read_text(encoding="utf-8")))
    peaks.append(usage.ru_maxrss / 1024)
    return seconds


def _look_at(played: dict) -> None:
    """A rehearsal that didn't decide on everybody, or in which a stage didn't leave, measures nothing."""
    stages = {each["stage"] for each in played["calendar"]}
    if sum(played["recipients"].values()) != CUSTOMERS or stages != {"one", "two", "three", "four", "five"}:
        raise RuntimeError(f"the rehearsal isn't the one to measure: {played['recipients']}, stages {stages}")

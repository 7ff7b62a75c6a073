"""What a campaign did, counted over a run of a million: the whole report, and a day's measuring. On PostgreSQL."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from benchmarks import measured_run, outcome_statistics
from benchmarks.figure import Figure
from benchmarks.shop import places
from winback.operations import measuring
from winback.outcomes.report import Report
from winback.store import database

REPORT_BAR_SECONDS = 15.0
DAY_BAR_SECONDS = 2.0
MEMORY_BAR_MB = 1000.0
FULL = 1_000_000
"""Customers for whom the bars are. Smaller runs are for a look."""
DAYS = 3


def figures(customers: int = FULL) -> list[Figure]:
    """Of a run of that many customers with five letters, ten events and ten orders each, and of the statistics alone."""
    with tempfile.TemporaryDirectory(prefix="winback-outcomes-") as folder, places.server(Path(folder)) as server:
        engine = database.open_engine(places.database_url(server, "outcomes", anew=True))
        try:
            _say(f"a run of {customers:,} customers")
            measured_run.fill(engine, customers)
            return [*_measured(engine, customers), *outcome_statistics.figures()]
        finally:
            engine.dispose()


def _measured(engine: Engine, customers: int) -> list[Figure]:
    _say("the first report")
    first = _seconds(lambda: report(engine))
    days = []
    for day in range(DAYS):
        measured_run.go_on(engine, customers, day)
        days.append(_seconds(lambda: _measure(engine)))
    _say("a report after a day's measuring")
    again = [_seconds(lambda: report(engine)) for _ in range(2)]
    size = f"{customers:,} customers, {customers * measured_run.LETTERS:,} letters, {customers * measured_run.EVENTS:,} events"
    is_full = customers >= FULL
    return [
        Figure("outcomes", f"first report, nothing measured before: {size}", first, "s", 1, 0.0, bar=REPORT_BAR_SECONDS if is_full else None),
        Figure("outcomes", "report, measured the day before", statistics.median(again), "s", 2, _spread(again), bar=REPORT_BAR_SECONDS if is_full else None),
        Figure(
            "outcomes", f"a day's measuring: {max(1, customers // 200):,} orders", statistics.median(days), "s", DAYS, _spread(days),
            bar=DAY_BAR_SECONDS if is_full else None,
        ),
        *_peaks(engine, is_full=is_full),
    ]  # fmt: skip


def report(engine: Engine) -> Report:
    """Measured and composed, as `winback report` does it."""
    return measuring.report(
        engine,
        run_id=1,
        campaign="spring",
        shares=measured_run.SHARES,
        window=measured_run.WINDOW,
        currency="UAH",
        now=measured_run.NOW,
    )


def _measure(engine: Engine) -> int:
    return measuring.measure(engine, 1, measured_run.WINDOW, measured_run.NOW)


def _peaks(engine: Engine, *, is_full: bool) -> list[Figure]:
    """Peak memory of one report in a process of its own, and of the server's process that worked for it."""
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measured_peak", url], cwd=places.REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
    )
    names = {"process": "report, peak memory", "server": "report, peak memory of the server's process"}
    bar = MEMORY_BAR_MB if is_full else None
    return [Figure("outcomes", names[name], float(megabytes), "MB", 1, 0.0, bar=bar) for name, megabytes in map(str.split, done.stdout.splitlines())]


def _spread(seconds: list[float]) -> float:
    return (max(seconds) - min(seconds)) / statistics.median(seconds)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _say(sentence: str) -> None:
    print(f"outcomes: {sentence}", file=sys.stderr, flush=True)

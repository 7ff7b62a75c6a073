"""A campaign to everybody of a growing shop, rehearsed on PostgreSQL by four worker processes: all but the leaving of letters is done.

Customers are decided on and their stages queued by one process, as a schedule does; the letters are written, and recorded as sent, by
four that share them. Each letter is looked for afterwards: one that was written twice, or not at all, measures nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, func, select, text

from benchmarks.figure import Figure
from benchmarks.hands import CAMPAIGN
from benchmarks.shop import places
from winback.model import DeliveryStatus, RecipientStatus
from winback.operations import beginning, enrolment, knowing, reporting, running
from winback.operations.approving import Waiting
from winback.sending import prepared
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import database
from winback.store.runs import Run
from winback.store.tables import deliveries, recipients

FULL = 1_000_000
"""Customers. Bars are for this size; smaller ones are for a look, since there what is the same for all sizes counts most."""
WORKERS = 4
PARTS = (100, 10, 1)  # of the whole: the sizes that growth is told from
GROWTH_BAR = 1.1
MEMORY_GROWTH_BAR = 0.3
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
STAGES = 2
_SECRET = "k" * 32
_COHORT = """
title: Everybody who isn't marked as a friend of the house, which nobody is
rules:
  - not: {tag: [friend-of-the-house]}
"""
_PLAN = """
title: Two letters to everybody
cohort: everybody
starts_on: 2026-11-01
ends_on: 2027-06-30
holdout: 0.1
sender: olena
tactics: {warm-word: {share: 0.5}, questions: {share: 0.5}}
stages:
  - {name: stage-1, letter: we-miss-you, hours: "09:00-20:00"}
  - {name: stage-2, wait: 30 days, letter: we-miss-you, hours: "09:00-20:00"}
"""


@dataclass
class _Measured:
    """Seconds of each part at one size, and megabytes."""

    customers: int
    seconds: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def timed(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began


def figures(customers: int = FULL) -> list[Figure]:
    measured = []
    with places.folder() as root, places.server(root) as server:
        for size in (customers // part for part in PARTS):
            _say(f"{size:,} customers on PostgreSQL, {WORKERS} workers")
            engine = database.open_engine(places.database_url(server, f"scaling_{size}", anew=True))
            try:
                measured.append(_rehearse(_project(root / str(size), engine), engine, size))
            finally:
                engine.dispose()
    made = [*_by_size(measured), *_growth(measured)]
    return made if customers >= FULL else [replace(figure, bar=None) for figure in made]


def _by_size(measured: list[_Measured]) -> Iterator[Figure]:
    yield Figure("scaling", "cores of the machine", os.cpu_count() or 1, "", 1, 0.0)
    for each in measured:
        of = f"{each.customers:,} customers"
        for part, seconds in each.seconds.items():
            yield Figure("scaling", f"{part}, {of}", seconds, "s", 1, 0.0)
        for part, megabytes in each.megabytes.items():
            yield Figure("scaling", f"{part}, {of}", megabytes, "MB", 1, 0.0)


def _growth(measured: list[_Measured]) -> Iterator[Figure]:
    """Exponents of a power of the number of customers: 1 is linear, 0 stays the same."""
    sizes = [each.customers for each in measured]
    for part in measured[0].seconds:
        yield _exponent(part, sizes, [each.seconds[part] for each in measured], GROWTH_BAR)
    for part in measured[0].megabytes:
        yield _exponent(part, sizes, [each.megabytes[part] for each in measured], GROWTH_BAR if part.startswith("database") else MEMORY_GROWTH_BAR)


def _exponent(part: str, sizes: list[int], values: list[float], bar: float) -> Figure:
    exponent, _ = np.polyfit(np.log(sizes), np.log(values), 1)
    return Figure("scaling", f"{part}, exponent of growth", float(exponent), "", len(sizes), 0.0, bar=bar)


def _project(root: Path, engine: Engine) -> Project:
    url = engine.url.render_as_string(hide_password=False)
    return places.campaign(root, CAMPAIGN, plan=_PLAN, cohort=_COHORT, environment={"WINBACK_SECRET": _SECRET, "WINBACK_DATABASE_URL": url})


def _rehearse(project: Project, engine: Engine, customers: int) -> _Measured:
    measured = _Measured(customers)
    _fill(engine, customers)
    with measured.timed("facts counted"):
        knowing.rebuild(project, engine, now=NOW)
    ready = prepared.prepare(project, CAMPAIGN)
    with measured.timed("everybody decided on"):
        run = beginning.begin(engine, ready, now=NOW)
        if isinstance(run, Waiting):
            raise RuntimeError("the campaign waits for somebody")  # noqa: TRY004  no matter of types
        enrolment.enrol(engine, ready, run, now=NOW)
    _look_at_decisions(engine, customers)
    _vacuum(engine)
    peaks = [_stage(measured, project, ready, engine, run, NOW + stage * MONTH) for stage in range(STAGES)]
    with measured.timed("returns measured and told"):
        reporting.measure_and_report(project, engine, CAMPAIGN, now=NOW + STAGES * MONTH)
    measured.megabytes["memory of a worker, at most"] = max(peaks)
    with engine.connect() as connection:
        size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    measured.megabytes["database"] = size / 1_000_000
    return measured


def _stage(measured: _Measured, project: Project, ready: Prepared, engine: Engine, run: Run, now: datetime) -> float:
    """A stage queued by this process, and its letters written by the workers. Returns the most memory that one took, in megabytes."""
    with measured.timed("stages queued"):
        queued = running.queue_due(ready, engine, run, now=now)
    part = f"letters written by {WORKERS} processes"
    with _workers(project, now) as workers, measured.timed(part):
        told = workers.work()
    sent = [int(each["sent"]) for each in told]
    rate = sum(sent) / max(each["seconds"] for each in told)
    _say(f"{sum(sent):,} letters, {rate:,.0f} a second; of each worker {', '.join(f'{each:,}' for each in sent)}")
    _look_at_letters(project, engine, queued, sum(sent), now)
    _vacuum(engine)
    return workers.peak


class _Workers:
    """Processes that are ready to go on with the campaign."""

    def __init__(self, project: Project, now: datetime) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(places.REPOSITORY),
            "WINBACK_SECRET": _SECRET,
            "WINBACK_DATABASE_URL": project.database_url,
        }
        words = [sys.executable, "-m", "benchmarks.hands", str(project.root)]
        self._started = [
            subprocess.Popen([*words, f"worker-{number}", now.isoformat()], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for number in range(WORKERS)
        ]
        self.peak = 0.0  # megabytes, of the one that took most; known once they have ended

    def wait_until_ready(self) -> None:
        for process in self._started:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("a worker didn't get ready")

    def work(self) -> list[dict[str, float]]:
        """What each says, once all have come to the end."""
        for process in self._started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.close()
        told = []
        for process in self._started:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise RuntimeError(f"a worker ended with {process.returncode}")
            told.append(json.loads(said))
            self.peak = max(self.peak, usage.ru_maxrss / 1024)
        return told

    def end(self) -> None:
        for process in self._started:
            if process.returncode is None:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


@contextlib.contextmanager
def _workers(project: Project, now: datetime) -> Iterator[_Workers]:
    started = _Workers(project, now)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.end()


def _look_at_decisions(engine: Engine, customers: int) -> None:
    with database.reading(engine) as connection:
        counts = {status: count for status, count in connection.execute(select(recipients.c.status, func.count()).group_by(recipients.c.status))}  # noqa: C416  a row is no pair
    if counts.get(RecipientStatus.ACTIVE, 0) + counts.get(RecipientStatus.HELD_OUT, 0) != customers or len(counts) > 2:
        raise RuntimeError(f"these decisions aren't those to measure: {counts}")


def _look_at_letters(project: Project, engine: Engine, queued: int, sent: int, now: datetime) -> None:
    """Every letter of the stage was written by exactly one worker, and is kept as sent."""
    numbers = np.concatenate([np.fromfile(path, np.int64) for path in sorted(project.root.glob("taken-*"))])
    for path in project.root.glob("taken-*"):
        path.unlink()
    with database.reading(engine) as connection:
        kept = np.array(connection.execute(select(deliveries.c.id).where(deliveries.c.sent_at == now)).scalars().all(), np.int64)
        left = connection.execute(select(func.count()).where(deliveries.c.status.not_in([DeliveryStatus.SENT, DeliveryStatus.HELD_OUT]))).scalar_one()
    if len(np.unique(numbers)) != len(numbers) or left or not sent or len(numbers) != sent or set(kept.tolist()) != set(numbers.tolist()):
        raise RuntimeError(f"{queued:,} were queued, {len(numbers):,} written, {sent:,} told, {len(kept):,} kept as sent, {left:,} are left")


def _fill(engine: Engine, customers: int) -> None:
    """Customers in Britain with an address, a consent and three orders; hashes are of the right size, and nobody else's."""
    with database.writing(engine) as connection:
        for statement in _FILL:
            connection.exec_driver_sql(statement.replace("FROM N", f"FROM generate_series(1, {customers}) AS n").replace("%", "%%"))
        connection.execute(text("SELECT setval(pg_get_serial_sequence('customers', 'id'), :last)"), {"last": customers})
    _vacuum(engine)


_FILL = (
    (
        "INSERT INTO customers (id, key, given_name, sex, country, locale, time_zone, custom, updated_at) "
        "SELECT n, 'c' || n, 'Emma', 'f', 'GB', 'en', 'Europe/London', '{}', '2026-01-01' FROM N"
    ),
    (
        "INSERT INTO contacts (customer_id, channel, address, address_hash) "
        "SELECT n, 'email', 'reader.' || n || '@post' || n % 40 || '.example', sha256(('reader.' || n)::bytea) FROM N"
    ),
    "INSERT INTO consents (customer_id, channel, purpose, given_at, source) SELECT n, 'email', 'marketing', '2024-01-01', 'checkout' FROM N",
    (
        "INSERT INTO orders (key, customer_id, ordered_at, ordered_on, amount_minor, currency, quantity, status) "
        "SELECT 'o' || n || '-' || m, n, timestamptz '2025-01-11 12:00+00' + m * interval '60 days', date '2025-01-11' - date '0001-01-01' + 1 + m * 60, "
        "20000 + n % 900 * 100, 'UAH', 1, 'placed' FROM N, generate_series(0, 2) AS m"
    ),
)


def _vacuum(engine: Engine) -> None:
    """As a database does by itself meanwhile."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _say(sentence: str) -> None:
    print(f"scaling: {sentence}", file=sys.stderr, flush=True)

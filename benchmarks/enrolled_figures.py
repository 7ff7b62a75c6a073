"""A million enrolled recipients on both databases: their stages found and queued, and a go at the run when nothing is due."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text

from benchmarks.figure import Figure, alone
from benchmarks.shop import places
from winback.channels.accepting import AcceptingChannel
from winback.operations import campaign_run, running
from winback.sending import prepared, queue
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import database
from winback.store.runs import Run
from winback.store.tables import deliveries

FULL = 1_000_000
"""Customers. Bars are for this size; smaller ones are for a look."""
STAGES = 5
QUEUE_BAR_MICROSECONDS = 50.0  # 20,000 a second
NOTHING_DUE_BAR_SECONDS = 0.5
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
CAMPAIGN = "five-stages"
PLAN = """
title: Five letters to many
cohort: everybody
starts_on: 2026-11-01
ends_on: 2027-06-30
holdout: 0.1
sender: olena
tactics: {warm-word: {share: 0.5}, questions: {share: 0.5}}
stages:
  - {name: stage-1, letter: we-miss-you}
  - {name: stage-2, wait: 30 days, letter: we-miss-you}
  - {name: stage-3, wait: 30 days, letter: we-miss-you}
  - {name: stage-4, wait: 30 days, letter: we-miss-you}
  - {name: stage-5, wait: 30 days, letter: we-miss-you}
"""
COHORT = """
title: Everybody who isn't marked as a friend of the house, which nobody is
rules:
  - not: {tag: [friend-of-the-house]}
"""


def figures(customers: int) -> list[Figure]:
    made: list[Figure] = []
    with places.folder() as root, places.server(root) as server:
        for kind in places.KINDS:
            _say(f"{customers:,} recipients on {kind}")
            project = _project(root / kind)
            url = f"sqlite:///{root / 'enrolled.db'}" if kind == "SQLite" else places.database_url(server, "enrolled", anew=True)
            engine = database.open_engine(url)
            made += _figures(project, engine, kind, customers)
            engine.dispose()
    return made if customers >= FULL else [replace(figure, bar=None) for figure in made]


def _figures(project: Project, engine: Engine, kind: str, customers: int) -> list[Figure]:
    ready = prepared.prepare(project, CAMPAIGN)
    run = _enrolled(ready, engine, customers)
    of = f"{customers:,} recipients, {kind}"
    nothing_yet = alone(
        "journey", f"a run with nothing due, all waiting for the first stage, {of}", _idle(ready, engine), bar=NOTHING_DUE_BAR_SECONDS
    )
    peaks: list[float] = []
    taken = [_queue(ready, engine, run, stage, customers, peaks) for stage in range(STAGES)]
    each = [seconds * 1_000_000 / customers for seconds in taken]
    told = ", ".join(f"{customers / seconds:,.0f}" for seconds in taken)
    name = f"due stages found and queued, each on average ({told} a second), {of}"
    spread = (max(each) - min(each)) / statistics.median(each)
    bar = QUEUE_BAR_MICROSECONDS if kind == "PostgreSQL" else None
    return [
        nothing_yet,
        Figure("journey", name, statistics.mean(each), "µs", STAGES, spread, bar=bar),
        Figure("journey", f"the same, peak memory, {kind}", max(peaks), "MB", STAGES, 0.0),
        alone(
            "journey",
            f"a run with nothing due, {STAGES} stages sent, one recipient not at the end, {of}",
            _idle(ready, engine),
            bar=NOTHING_DUE_BAR_SECONDS,
        ),
    ]


def _project(root: Path) -> Project:
    return places.campaign(root, CAMPAIGN, plan=PLAN, cohort=COHORT, environment={"WINBACK_SECRET": "k" * 32})


def _enrolled(ready: Prepared, engine: Engine, customers: int) -> Run:
    """A run that has decided on everybody: a tenth held out, the others due within the twelve hours after a month, by their zones.

    What the decisions are made of isn't measured here, so the rows are made by the database.
    """
    _fill(
        engine,
        "INSERT INTO customers (id, key, country, locale, time_zone, custom, updated_at) SELECT n, 'c' || n, 'GB', 'en', 'Europe/London', '{}', '2026-01-01 00:00:00' FROM numbers",
        customers,
    )
    run = campaign_run.current(engine, ready, now=NOW)
    due = _shifted(engine, NOW + MONTH, "(n % 12) * 3600")
    _fill(
        engine,
        f"""
        INSERT INTO recipients (run_id, customer_id, status, arm, bucket, locale, time_zone, facts, assigned_at, next_stage, next_due_at)
        SELECT {run.id}, n, CASE WHEN n % 10 = 0 THEN 'held_out' ELSE 'active' END,
            CASE WHEN n % 10 = 0 THEN 'holdout' WHEN n % 2 = 0 THEN 'warm-word' ELSE 'questions' END,
            '0.123456789012', 'en', 'Europe/London', '{FACTS}', '{NOW:%Y-%m-%d %H:%M:%S}.000000', 0, {due}
        FROM numbers
        """,
        customers,
    )
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE campaign_runs SET enrolled_at = started_at"))
    _vacuum(engine)
    return campaign_run.current(engine, ready, now=NOW)


FACTS = (
    '{"orders": 4, "last_order_at": "2025-05-11T12:00:00+00:00", "country": "GB", "language": "en", "black_list": "", "other_campaign": "", '
    '"shares_address": false, "channels": {"email": {"address": true, "blocked": "", "suppressed": "", "consent": true, '
    '"consent_on": "2024-01-01", "consent_source": "checkout"}}, "signs": {}}'
)


def _fill(engine: Engine, statement: str, customers: int) -> None:
    """Run a statement over the numbers from 1 on."""
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {customers}) SELECT n FROM numbers"
    if engine.dialect.name == "postgresql":
        numbers = f"SELECT generate_series(1, {customers}) AS n"
    with database.writing(engine) as connection:
        _execute(connection, statement.replace("FROM numbers", f"FROM ({numbers}) AS numbers"))


def _execute(connection: Connection, statement: str) -> None:
    """By the driver: what stands behind a colon in our JSON is no parameter."""
    connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement)


def _shifted(engine: Engine, moment: datetime, seconds: str) -> str:
    """SQL of a moment so many seconds before this one, as our tables keep it."""
    if engine.dialect.name == "postgresql":
        return f"timestamptz '{moment.isoformat()}' - ({seconds}) * interval '1 second'"
    return f"strftime('%Y-%m-%d %H:%M:%S', '{moment:%Y-%m-%d %H:%M:%S}', '-' || ({seconds}) || ' seconds') || '.000000'"


def _queue(ready: Prepared, engine: Engine, run: Run, stage: int, customers: int, peaks: list[float]) -> float:
    """Seconds until everybody's stage is queued; then, unmeasured, all of it is sent and the next one set."""
    now = NOW + (stage + 1) * MONTH + timedelta(hours=20)
    _forget_peak()
    begin = time.perf_counter()
    written = queue.queue_due(engine, run, ready.campaign, ready.policy, now=now)
    seconds = time.perf_counter() - begin
    peaks.append(_peak())
    with database.reading(engine) as connection:
        there = connection.execute(select(func.count()).select_from(deliveries).where(deliveries.c.stage == f"stage-{stage + 1}")).scalar_one()
    if not written == there == customers:
        raise RuntimeError(f"{written:,} of {customers:,} were queued, {there:,} are there")
    _send(engine, now, is_last=stage + 1 == STAGES)
    return seconds


def _send(engine: Engine, now: datetime, *, is_last: bool) -> None:
    """What a month of sending leaves behind; after the last stage all but one recipient have come to the end."""
    zone = "+00" if engine.dialect.name == "postgresql" else ""
    moment = f"'{now:%Y-%m-%d %H:%M:%S}.000000{zone}'"
    due = _shifted(engine, now + MONTH - timedelta(hours=20), "(customer_id % 12) * 3600")
    sent = f"status = 'sent', channel = 'email', letter = 'we-miss-you', message_id = '<' || id || '@shop>', sent_at = {moment}"
    with database.writing(engine) as connection:
        _execute(connection, f"UPDATE deliveries SET {sent} WHERE status = 'planned'")
        if is_last:
            last = "(SELECT max(customer_id) FROM recipients WHERE status = 'active')"
            ended = f"status = 'finished', ended_at = {moment}, next_stage = next_stage + 1"
            _execute(connection, f"UPDATE recipients SET {ended} WHERE status = 'active' AND customer_id < {last}")
        _execute(connection, f"UPDATE recipients SET next_stage = next_stage + 1, next_due_at = {due} WHERE status = 'active'")
    _vacuum(engine)


def _idle(ready: Prepared, engine: Engine) -> Callable[[], float]:
    """Seconds of a go from its lanes to its end, in which nothing is due."""

    def measure() -> float:
        begin = time.perf_counter()
        ran = asyncio.run(running.go(ready, engine, now=lambda: NOW, worker="bench", open_channel=lambda *_: AcceptingChannel()))
        seconds = time.perf_counter() - begin
        if ran.queued or ran.deliveries or ran.status != "active":
            raise RuntimeError(f"something was due: {ran.as_json()}")
        return seconds

    return measure


def _vacuum(engine: Engine) -> None:
    """As a database does by itself in the weeks between two stages."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)"))


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def _say(sentence: str) -> None:
    print(f"journey: {sentence}", file=sys.stderr, flush=True)

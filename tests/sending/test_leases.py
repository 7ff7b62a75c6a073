"""Workers that sleep beyond their lease and wake up, clocks that jump: fencing, on real processes and real databases."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from tests.sending import crowd, judge, receiver
from tests.sending.warm import SharedClock, Workers
from winback.model import DeliveryStatus
from winback.store import database
from winback.store.tables import deliveries

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LETTERS = 300
LEASE = timedelta(minutes=1)
PATIENCE = 60.0  # seconds


@pytest.fixture
def stand(engine, database_url, tmp_path):
    """A slow server, a clock that goes by itself, and workers."""
    clock = SharedClock(tmp_path / "clock", start=START)
    crowd.populate(engine, LETTERS, now=START)
    with receiver.Apart(tmp_path / "log", pause=0.05) as server:
        project = crowd.shop(tmp_path / "shop", server.port, timeout=10)
        with Workers(project.root, crowd.CAMPAIGN, database_url, clock) as workers:
            yield server, workers, clock


def until(server: receiver.Apart, count: int) -> None:
    """So many letters have arrived."""
    late = time.monotonic() + PATIENCE
    while server.count() < count:
        assert time.monotonic() < late, "the campaign doesn't go on"
        time.sleep(0.005)


def put_to_sleep(pid: int, engine: Engine) -> None:
    """Stop a process outside of its transactions: within one it would hold SQLite's writer's place, or rows, for as long as it sleeps."""
    for _ in range(200):
        os.kill(pid, signal.SIGSTOP)
        if not is_in_a_transaction(engine):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.003)
    pytest.fail("it never comes out of a transaction")


def is_in_a_transaction(engine: Engine) -> bool:
    """Whether anybody is, who may write."""
    if engine.dialect.name == "postgresql":
        with database.reading(engine) as connection:
            others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
            return bool(connection.exec_driver_sql(others).scalar())
    with contextlib.closing(sqlite3.connect(str(engine.url.database), timeout=0.05)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def test_a_worker_that_slept_beyond_its_lease_sends_nothing_more_of_it_and_its_late_answers_are_taken(engine, stand):
    server, workers, clock = stand
    sleeper = workers.start("sleeper")
    until(server, 40)
    put_to_sleep(sleeper, engine)
    clock.jump(LEASE * 2)
    try:
        assert workers.wait(workers.start("other")) == 0
        asleep = judge.gather(engine, server.log)
    finally:
        os.kill(sleeper, signal.SIGCONT)
    assert workers.wait(sleeper) == 0, workers.errors.read_text(encoding="utf-8")
    awake = judge.gather(engine, server.log)

    assert judge.faults(asleep, letters=LETTERS, in_flight=crowd.IN_FLIGHT) == []
    assert judge.faults(awake, letters=LETTERS, in_flight=crowd.IN_FLIGHT) == []
    assert set(asleep.doubt()) <= {"sleeper"}, "what it had handed over is in doubt, and nothing else"
    assert awake.statuses[DeliveryStatus.SENT] >= asleep.statuses[DeliveryStatus.SENT]
    assert sum(awake.doubt().values()) <= sum(asleep.doubt().values())
    doubtful = {row.recipient for row in asleep.rows if row.status is DeliveryStatus.UNCERTAIN}
    assert set(awake.times) - set(asleep.times) <= doubtful, "what it had handed over may still leave, and nothing else"


def test_clocks_that_jump_hours_forth_and_back_repeat_nothing_and_let_nothing_leave_at_night(engine, stand):
    server, workers, clock = stand
    pair = [workers.start("first"), workers.start("second")]
    for count, hours in ((30, 3), (60, -3), (90, 5), (120, -5), (150, 14)):  # 14 hours on it is 23:30
        until(server, count)
        clock.jump(timedelta(hours=hours))
    assert [workers.wait(pid) for pid in pair] == [0, 0], workers.errors.read_text(encoding="utf-8")
    night = judge.gather(engine, server.log)
    assert judge.faults(night, letters=LETTERS, in_flight=crowd.IN_FLIGHT, is_over=False) == []
    assert night.statuses[DeliveryStatus.PLANNED] > 0, "the rest waits for the morning"

    clock.jump(timedelta(hours=-10))
    assert workers.wait(workers.start("too-early")) == 1, "a clock that went back is refused"
    assert "the clock of this machine says" in workers.errors.read_text(encoding="utf-8")
    assert judge.gather(engine, server.log).statuses == night.statuses

    clock.jump(timedelta(hours=21))
    for _ in range(3):
        clock.jump(LEASE * 2)
        assert workers.wait(workers.start("morning")) == 0
    evidence = judge.gather(engine, server.log)
    assert judge.faults(evidence, letters=LETTERS, in_flight=2 * crowd.IN_FLIGHT) == []
    with database.reading(engine) as connection:
        left = connection.execute(select(deliveries.c.handed_over_at).where(deliveries.c.sent_at.is_not(None))).scalars().all()
    assert len(left) > LETTERS / 2
    assert all(9 <= moment.hour < 20 for moment in left), "London's hours, in winter"

"""Stages that fall due: each queued once, by whoever comes first, along an index."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from tests.operations.lost import CAMPAIGN, START, ledger, populate
from winback.model import DeliveryStatus, RecipientStatus
from winback.operations import campaign_run, enrolment
from winback.sending import queue
from winback.store import database, runs, stages_due
from winback.store.tables import campaign_runs, deliveries, recipients

pytestmark = pytest.mark.both_databases


@pytest.fixture
def run(engine, ready):
    populate(engine, 40)
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    return run


def queue_due(engine, run, ready, now=START, batch=queue.BATCH):
    return queue.queue_due(engine, run, ready.campaign, ready.policy, now=now, batch=batch)


def rows(engine, *columns, **where):
    with database.reading(engine) as connection:
        return connection.execute(select(*columns).filter_by(**where)).all()


@pytest.mark.parametrize("batch", [1, 7, 40, 10_000])
def test_everybody_due_is_queued_once_whatever_the_batch(engine, ready, run, batch):
    assert queue_due(engine, run, ready, START - timedelta(seconds=1), batch) == 0
    assert queue_due(engine, run, ready, batch=batch) == 40
    assert queue_due(engine, run, ready, batch=batch) == 0
    counts = ledger(engine)
    assert counts["first-letter", DeliveryStatus.PLANNED] + counts["first-letter", DeliveryStatus.HELD_OUT] == 40
    written = rows(engine, deliveries.c.customer_id, deliveries.c.tactic, deliveries.c.locale, deliveries.c.due_at, status=DeliveryStatus.PLANNED)
    assert {tuple(row) for row in written} == {
        (row.customer_id, row.arm, row.locale, START) for row in rows(engine, recipients, status=RecipientStatus.ACTIVE)
    }


def test_recipients_wait_for_their_letter_and_the_holdout_goes_on_by_the_calendar(engine, ready, run):
    queue_due(engine, run, ready)
    assert {tuple(row) for row in rows(engine, recipients.c.next_stage, recipients.c.next_due_at, status=RecipientStatus.ACTIVE)} == {(0, None)}
    held_out = {tuple(row) for row in rows(engine, recipients.c.next_stage, recipients.c.next_due_at, status=RecipientStatus.HELD_OUT)}
    assert held_out == {(1, START + timedelta(days=7))}
    for days in (7, 21):
        queue_due(engine, run, ready, START + timedelta(days=days))
    assert {tuple(row) for row in rows(engine, recipients.c.next_stage, recipients.c.next_due_at, status=RecipientStatus.HELD_OUT)} == {(3, None)}


def test_a_letter_that_is_there_already_stays_as_it_is(engine, ready, run):
    queue_due(engine, run, ready)
    with database.writing(engine) as connection:  # as if a scheduler had died between the letter and the recipient
        connection.execute(deliveries.update().values(status=DeliveryStatus.SENT))
        connection.execute(recipients.update().values(next_stage=0, next_due_at=START))
    assert queue_due(engine, run, ready) == 0
    assert set(ledger(engine)) == {("first-letter", DeliveryStatus.SENT)}


def test_a_batch_is_queued_whole_or_not_at_all(engine, ready, run):
    class Killed(Exception):
        pass

    def die():
        with database.writing(engine) as connection:
            assert stages_due.queue(connection, run.id, run.stages, START, 10).written == 10
            raise Killed

    with pytest.raises(Killed):
        die()
    assert ledger(engine) == {}
    assert queue_due(engine, run, ready) == 40


def test_two_schedulers_share_them_out(engine, ready, run):
    with ThreadPoolExecutor(2) as both:
        written = sum(both.map(lambda _: queue_due(engine, run, ready, batch=3), range(2)))
    assert written == 40
    assert sum(ledger(engine).values()) == 40


def test_one_scheduler_does_not_wait_for_what_another_has_taken(engine, ready, run):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    with database.writing(engine) as first, database.writing(engine) as second:
        taken = [stages_due.queue(connection, run.id, run.stages, START, 25).taken for connection in (first, second)]
    assert taken == [25, 15]


ASKED_EVERY_TIME = {
    "who is due": ("SELECT customer_id FROM recipients WHERE run_id = 1 AND next_due_at <= '{now}' ORDER BY next_due_at LIMIT 10", "next_due_at"),
    "what is due": (
        "SELECT id FROM deliveries WHERE run_id = 1 AND status = 'planned' AND due_at <= '{now}' ORDER BY due_at, id LIMIT 10",
        "run_id_status_due_at_id",
    ),
    "dead claims": ("SELECT id FROM deliveries WHERE run_id = 1 AND status = 'claimed' AND lease_until < '{now}'", "run_id_status_due_at_id"),
    "open letters": ("SELECT id FROM deliveries WHERE run_id = 1 AND status IN ('planned', 'claimed') LIMIT 1", "run_id_status_due_at_id"),
    "an answer": ("SELECT id FROM deliveries WHERE message_id IN ('<a@b>', '<c@d>') AND message_id <> ''", "message_id"),
}


@pytest.mark.parametrize("asked", ASKED_EVERY_TIME)
def test_what_every_go_asks_has_an_index(engine, asked):
    statement, index = ASKED_EVERY_TIME[asked]
    statement = statement.format(now="2026-11-24 10:00:00")
    with database.writing(engine) as connection:
        if engine.dialect.name == "postgresql":  # few rows are read straight through, whatever index there is
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        told = "\n".join(
            map(str, connection.exec_driver_sql(f"{'EXPLAIN' if engine.dialect.name == 'postgresql' else 'EXPLAIN QUERY PLAN'} {statement}"))
        )
    assert index in told
    assert "TEMP B-TREE" not in told
    assert "Sort" not in told


def test_a_run_is_finished_only_when_nobody_is_on_the_way(engine, ready, run):
    def finish():
        with database.writing(engine) as connection:
            runs.record_enrolled(connection, run.id, START)
            return runs.finish_if_done(connection, run.id)

    assert not finish(), "everybody waits for the first stage"
    queue_due(engine, run, ready)
    with database.writing(engine) as connection:
        connection.execute(recipients.update().values(next_due_at=None))
    assert not finish(), "letters are planned"
    with database.writing(engine) as connection:
        connection.execute(deliveries.update().values(status=DeliveryStatus.SENT))
    assert not finish(), "journeys go on"
    with database.writing(engine) as connection:
        connection.execute(recipients.update().where(recipients.c.status == RecipientStatus.ACTIVE).values(status=RecipientStatus.FINISHED))
    assert finish()
    with database.reading(engine) as connection:
        assert (
            connection.execute(select(func.count()).where(campaign_runs.c.campaign == CAMPAIGN, campaign_runs.c.status == "finished")).scalar() == 1
        )

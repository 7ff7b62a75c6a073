"""Questions that are ended from another thread, or by the clock, on both databases."""

from __future__ import annotations

import threading
from time import monotonic

import pytest
from sqlalchemy import text

from winback.store import database, interrupting
from winback.store.interrupting import Interrupted, Question, TooSlow

ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n")
"""Minutes of work on either database."""


def ask(engine, question, statement=ENDLESS):
    with database.reading(interrupting.asked(engine, question)) as connection:
        return connection.execute(statement).scalar_one()


def count_running(engine) -> int:
    with database.reading(engine) as connection:
        return connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH RECURSIVE n%'")
        ).scalar_one()


def test_a_statement_that_runs_is_cancelled(engine):
    question, begun = Question(60), monotonic()
    ending = threading.Timer(0.3, question.end)
    ending.start()
    with pytest.raises(Interrupted) as raised:
        ask(engine, question)
    ending.join()
    assert not isinstance(raised.value, TooSlow)
    assert monotonic() - begun < 20
    if engine.dialect.name == "postgresql":
        assert count_running(engine) == 0, "the server has stopped too"


def test_what_was_ended_before_it_began_never_runs(engine):
    question = Question(60)
    question.end()
    with pytest.raises(Interrupted):
        ask(engine, question, text("SELECT 1"))


def test_no_further_statement_begins(engine):
    question = Question(60)
    with database.reading(interrupting.asked(engine, question)) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        question.end()
        with pytest.raises(Interrupted):
            connection.execute(text("SELECT 2"))


def test_what_takes_too_long_says_so(engine):
    with pytest.raises(TooSlow):
        ask(engine, Question(0.2))


def test_the_connection_serves_others_afterwards(engine):
    with pytest.raises(TooSlow):
        ask(engine, Question(0.2))
    question = Question(60)
    ending = threading.Timer(0.2, question.end)
    ending.start()
    with pytest.raises(Interrupted):
        ask(engine, question)
    ending.join()
    with database.reading(engine) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        if engine.dialect.name == "postgresql":
            assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "0"


def test_a_fault_of_the_statement_stays_what_it_is(engine):
    with pytest.raises(database.Failure, match="nowhere"):
        ask(engine, Question(60), text("SELECT 1 FROM nowhere"))

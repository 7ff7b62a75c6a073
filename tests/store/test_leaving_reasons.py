from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.store.world import customer
from winback.model import ReasonSource
from winback.store import database, leaving_reasons
from winback.store.leaving_reasons import Told

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 20, tzinfo=UTC)
STAFF, SURVEY = ReasonSource.STAFF, ReasonSource.SURVEY


@pytest.fixture
def connection(engine):
    with database.writing(engine) as connection:
        yield connection


def record(connection, who, reason, source=STAFF, *, key, at=FIRST, **said) -> bool:
    return leaving_reasons.record(connection, who, reason, source, key=key, recorded_at=at, **said)


def test_the_same_statement_twice_is_one(connection):
    who = customer(connection, "A")
    assert record(connection, who, "price", SURVEY, key="survey:7") is True
    assert record(connection, who, "price", SURVEY, key="survey:7", at=LATER) is False
    assert leaving_reasons.of(connection, who) == [Told("price", FIRST, SURVEY, "", "")]


def test_a_statement_said_again_adds_what_it_says_and_takes_nothing_away(connection):
    who = customer(connection, "A")
    record(connection, who, "price", key="1", recorded_by="olena")
    assert record(connection, who, "goods", key="1", note="Tea was stale") is True
    assert record(connection, who, "goods", key="1", recorded_by="", note="") is False
    assert leaving_reasons.of(connection, who) == [Told("goods", FIRST, STAFF, "olena", "Tea was stale")]


def test_what_was_told_of_a_customer_comes_newest_first_and_of_them_alone(connection):
    who, other = customer(connection, "A"), customer(connection, "B")
    record(connection, who, "price", key="1", at=LATER)
    record(connection, who, "goods", key="2", at=FIRST)
    record(connection, who, "moved", SURVEY, key="3", at=LATER)
    record(connection, other, "other", key="4")
    assert [(told.reason, told.source) for told in leaving_reasons.of(connection, who)] == [("moved", SURVEY), ("price", STAFF), ("goods", STAFF)]


def test_of_each_customer_the_latest_reason_counts(connection):
    a, b, c = (customer(connection, key) for key in "ABC")
    record(connection, a, "price", key="1", at=LATER)
    record(connection, a, "goods", SURVEY, key="2", at=FIRST)
    record(connection, b, "price", SURVEY, key="3")
    record(connection, c, "moved", key="4")
    record(connection, c, "price", key="5")
    assert leaving_reasons.counts(connection) == [("price", STAFF, 2), ("price", SURVEY, 1)]


def test_a_customer_who_was_merged_into_another_is_found_as_that_one(connection):
    kept = customer(connection, "A")
    customer(connection, "B", merged_into=kept)
    assert [leaving_reasons.whose(connection, key) for key in "ABC"] == [kept, kept, None]

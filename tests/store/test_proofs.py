"""Proofs of consents stay as they were written, on both databases: only a merge, retention and forgetting touch them, each in its own way."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, text, update

from tests.letterbox import NOW
from tests.store import world
from winback.audience.consents import ConsentWay
from winback.model import ChannelName
from winback.store import consents, database, merging
from winback.store.consents import Given
from winback.store.tables import consent_proofs, consent_wordings, customers

PROOFS = consent_proofs


@pytest.fixture
def people(engine) -> tuple[int, int]:
    """Two customers; the first agreed."""
    with database.writing(engine) as connection:
        first, second = (world.customer(connection, key) for key in ("first", "second"))
        wording = consents.wording_id(connection, "May we write to you?", NOW)
        agreed = Given(first, ChannelName.EMAIL, ConsentWay.PAGE, "preference page", NOW, wording_id=wording, evidence={"form": 7})
        consents.give(connection, agreed, NOW)
    return first, second


def rows(engine, table=PROOFS):
    with database.reading(engine) as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


@pytest.mark.parametrize(
    "change",
    [
        {"deed": "withdrawn"},
        {"happened_at": None},
        {"recorded_at": NOW.replace(year=2020)},
        {"source": "elsewhere"},
        {"wording_id": None},
        {"evidence": {"form": 8}},
        {"evidence": {}, "way": "import"},
    ],
    ids=str,
)
def test_what_was_proved_is_changed_by_nobody(engine, people, change):
    before = rows(engine)
    with pytest.raises(database.Failure, match="only added to"), database.writing(engine) as connection:
        connection.execute(update(PROOFS).values(**change))
    assert rows(engine) == before


def test_a_proof_is_not_handed_to_another_customer(engine, people):
    with pytest.raises(database.Failure, match="only added to"), database.writing(engine) as connection:
        connection.execute(update(PROOFS).values(customer_id=people[1]))


@pytest.mark.parametrize("statement", [delete(PROOFS), delete(consent_wordings), update(consent_wordings).values(text="May we not?")], ids=str)
def test_no_proof_and_no_wording_goes(engine, people, statement):
    before = rows(engine), rows(engine, consent_wordings)
    with pytest.raises(database.Failure, match="only added to"), database.writing(engine) as connection:
        connection.execute(statement)
    assert (rows(engine), rows(engine, consent_wordings)) == before


@pytest.mark.parametrize("table", ["consent_proofs", "consent_wordings"])
def test_postgresql_refuses_to_empty_them(engine, people, table):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(database.Failure, match="only added to"), database.writing(engine) as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))
    assert len(rows(engine)) == 1


def test_a_merge_moves_them_retention_takes_the_evidence_and_who_is_forgotten_takes_them_along(engine, people):
    first, second = people
    (before,) = rows(engine)
    with database.writing(engine) as connection:
        assert not isinstance(merging.merge(connection, first, second, NOW), merging.Busy)
    kept = [row for row in rows(engine) if row["id"] == before["id"]]
    assert kept == [before | {"customer_id": second}]
    with database.writing(engine) as connection:
        connection.execute(update(PROOFS).where(PROOFS.c.id == before["id"]).values(evidence={}))
    assert [row["evidence"] for row in rows(engine) if row["id"] == before["id"]] == [{}]
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id == second).values(forgotten_at=NOW))
        connection.execute(delete(PROOFS).where(PROOFS.c.customer_id == second))
    assert rows(engine) == []

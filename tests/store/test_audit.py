"""The chain of deeds, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update

from winback.store import audit, database
from winback.store.tables import audit as table

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def do(engine, deed="paused", about="campaign spring", **detail):
    with database.writing(engine) as connection:
        audit.record(connection, who="olha", deed=deed, about=about, detail=detail, now=NOW)


def misfit(engine, *known):
    with database.reading(engine) as connection:
        return audit.verify(connection, known)


def head(engine):
    with database.reading(engine) as connection:
        return audit.head(connection)


def rows(engine):
    with database.reading(engine) as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.number)).mappings()]


def test_deeds_are_chained_and_fit(engine):
    for number in range(3):
        do(engine, letters=number, name="Зерно")
    assert [row["number"] for row in rows(engine)] == [1, 2, 3]
    assert rows(engine)[2]["before"] == rows(engine)[1]["hash"]
    assert misfit(engine) is None
    with database.reading(engine) as connection:
        assert [row.number for row in audit.listed(connection, about="campaign spring", limit=2)] == [3, 2]
        assert audit.listed(connection, about="campaign autumn") == []


@pytest.mark.parametrize("statement", [update(table).values(who="somebody else"), delete(table)])
def test_the_database_refuses_to_change_or_remove_a_deed(engine, statement):
    do(engine)
    with pytest.raises(database.Failure, match="only added to"), database.writing(engine) as connection:
        connection.execute(statement)
    assert len(rows(engine)) == 1


def test_postgresql_refuses_to_empty_the_table(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    do(engine)
    with pytest.raises(database.Failure, match="only added to"), database.writing(engine) as connection:
        connection.execute(text("TRUNCATE audit"))
    assert len(rows(engine)) == 1


def test_whatever_of_a_deed_is_changed_past_the_triggers_it_is_the_first_misfit(engine):
    for number in range(4):
        do(engine, letters=number)
    kept = rows(engine)
    changes = {
        "number": 9,
        "done_at": NOW + timedelta(microseconds=1),
        "who": "ivan",
        "deed": "resumed",
        "about": "campaign autumn",
        "detail": "{}",
        "before": "0" * 64,
        "hash": "0" * 64,
    }
    assert set(changes) == set(kept[0])
    for name, value in changes.items():
        changed = [*kept[:1], {**kept[1], name: value}, *kept[2:]]
        found = audit.first_misfit(changed)
        assert found is not None, name
        assert found.number == 2, name


def test_a_deed_taken_out_put_in_or_swapped_is_noticed(engine):
    for number in range(4):
        do(engine, letters=number)
    kept = rows(engine)
    assert audit.first_misfit([kept[0], *kept[2:]]).number == 2
    assert audit.first_misfit([kept[0], kept[2], kept[1], kept[3]]).number == 2
    assert audit.first_misfit([kept[0], kept[1], {**kept[1], "number": 3}, kept[3]]).number == 3
    assert audit.first_misfit(kept[1:]).number == 1


def test_a_chain_cut_at_its_end_fits_in_itself_and_not_a_head_that_was_kept(engine):
    for number in range(4):
        do(engine, letters=number)
    kept, known = rows(engine), head(engine)
    assert audit.first_misfit(kept[:3]) is None
    assert audit.first_misfit(kept[:3], [known]).number == 4
    assert audit.first_misfit(kept, [known]) is None


def test_a_chain_that_was_made_anew_does_not_fit_a_head_that_was_kept(engine, tmp_path):
    do(engine)
    do(engine)
    known = head(engine)
    other = database.open_engine(f"sqlite:///{tmp_path / 'forged.db'}")
    for _ in range(3):
        do(other, deed="resumed")
    assert misfit(other) is None
    assert misfit(other, known).number == 2
    other.dispose()


def test_a_deed_stands_only_if_what_was_done_stands(engine):
    def fail():
        with database.writing(engine) as connection:
            audit.record(connection, who="olha", deed="paused", about="campaign spring", detail={}, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert rows(engine) == []
    do(engine)
    assert misfit(engine) is None


def test_writers_at_the_same_time_make_one_chain(engine):
    start = threading.Barrier(4)

    def work():
        start.wait()
        for _ in range(10):
            do(engine)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row["number"] for row in rows(engine)] == list(range(1, 41))
    assert misfit(engine) is None


def test_a_deed_is_one_line_and_no_longer_than_a_deed(engine):
    do(engine, about="campaign \x00 spring\nand more " + "x" * 500)
    assert len(rows(engine)[0]["about"]) == 300
    assert "\n" not in rows(engine)[0]["about"]
    assert misfit(engine) is None
    with pytest.raises(ValueError, match="characters"):
        do(engine, words="x" * 5000)

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, text

from winback.errors import StoreError
from winback.store import counting, database
from winback.store.tables import metadata, orders

pytestmark = pytest.mark.migrating


def test_migrations_make_exactly_the_tables_that_the_code_names(engine):
    with database.reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_newer_than_the_code_is_refused_with_a_sentence(database_url):
    engine = database.open_engine(database_url)
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"at version 9999, newer than this winback knows\. Update winback"):
        database.open_engine(database_url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://host/x", "keeps its tables in SQLite or PostgreSQL"),
        ("nonsense", "can't be read"),
        ("postgresql://nobody:hunter2@127.0.0.1:1/x", "can't be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_refused_without_telling_its_password(url, sentence):
    with pytest.raises(StoreError) as refused:
        database.open_engine(url)
    assert sentence in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_sqlite_hears_which_index_a_statement_must_not_take(engine):
    if engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL has no such words")
    statement = select(orders.c.customer_id, func.max(orders.c.ordered_at)).group_by(orders.c.customer_id)
    with database.reading(engine) as connection:
        with_index, without = (_plan(connection, each) for each in (statement, counting.straight_on(statement)))
    assert "INDEX" in with_index
    assert "INDEX" not in without


def _plan(connection, statement) -> str:
    compiled = statement.compile(connection)
    return " ".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))


def test_what_is_read_through_a_cursor_is_planned_to_be_read_whole(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite plans no cursors")
    with database.reading(engine) as connection:
        assert float(connection.execute(text("SHOW cursor_tuple_fraction")).scalar_one()) == 1.0


def test_a_worker_keeps_few_pages_of_a_sqlite_file_in_memory_and_others_many(engine):
    if engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL keeps its pages itself")
    kept = []
    for each in (engine, database.frugal(engine), engine):
        with database.reading(each) as connection:
            kept.append(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())
    assert kept[1] > kept[0] == kept[2], "in negative KiB"


def test_the_newest_schema_is_told_by_the_names_of_the_migrations_as_alembic_reads_them(engine):
    assert database.newest() == database.revisions()[0] == database.revision(engine)


def test_a_database_without_a_schema_has_no_version(tmp_path):
    engine = database.bare_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    try:
        assert database.revision(engine) is None
    finally:
        engine.dispose()

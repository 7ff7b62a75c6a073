"""A database of any released version, with rows in its tables, becomes exactly the newest schema and loses none of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Boolean, DateTime, Float, Integer, LargeBinary, MetaData, Numeric, create_engine, func, insert, make_url, select, text
from sqlalchemy.dialects.postgresql import JSONB

from tests.projects import ROOT
from winback.store import database
from winback.store.tables import metadata

KNOWN = yaml.safe_load((ROOT / "tests" / "store" / "released.yaml").read_text(encoding="utf-8"))
FROM = {**{f"draft {each}": each for each in KNOWN["drafts"]}, **KNOWN["released"]}

pytestmark = pytest.mark.migrating


@pytest.fixture
def empty_url(request, database_url, tmp_path):
    """A database without any table, of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/old.db"
    name = make_url(database_url).database + "_old"
    admin = create_engine(request.getfixturevalue("postgres_url"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(database_url).set(database=name).render_as_string(hide_password=False)


def value(column):
    """One that fits."""
    kind = column.type
    if column.foreign_keys or isinstance(kind, Boolean):
        return not isinstance(kind, Boolean) and 1
    if isinstance(kind, Integer | Numeric | Float):
        return 1
    if isinstance(kind, JSON | JSONB):
        return {}
    if isinstance(kind, DateTime):
        return datetime(2026, 1, 1, tzinfo=UTC) if kind.timezone else datetime(2026, 1, 1)
    return b"x" * 32 if isinstance(kind, LargeBinary) else "x"


def fill(engine) -> set[str]:
    """A row in each table, as it was then."""
    then = MetaData()
    then.reflect(engine)
    tables = [table for table in then.sorted_tables if table.name != "alembic_version"]
    with engine.begin() as connection:
        for table in tables:
            if connection.execute(select(func.count()).select_from(table)).scalar():
                continue  # a migration put in the one row that it has
            wanted = [column for column in table.columns if not column.nullable and (column.server_default is None or column.primary_key)]
            connection.execute(insert(table).values({column.name: value(column) for column in wanted}))
    return {table.name for table in tables}


@pytest.mark.parametrize("version", FROM)
def test_every_released_schema_is_upgraded_with_what_it_holds(empty_url, version):
    old = database.bare_engine(empty_url)
    config = database._config()
    with database.writing(old) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, FROM[version])
    filled = fill(old)
    old.dispose()
    new = database.open_engine(empty_url)
    with database.reading(new) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        kept = {name: connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar() for name in filled & set(metadata.tables)}
        numbered_once = {table.name for table in metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]}
        if new.dialect.name == "sqlite":
            made = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")).scalars()
            assert set(made) == numbered_once
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        assert {"customers", "deliveries"} <= numbered_once
    assert {name for name, count in kept.items() if not count} == set()
    assert len(kept) > 15
    new.dispose()


def test_whom_the_global_holdout_left_alone_is_known_of_before_there_was_a_table_for_it(empty_url):
    old = database.bare_engine(empty_url)
    config = database._config()
    with database.writing(old) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0028")
    then = MetaData()
    then.reflect(old)
    customers, runs, recipients = (then.tables[name] for name in ("customers", "campaign_runs", "recipients"))
    first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    who = {"tags": "", "custom": {}, "updated_at": first}
    run = {"campaign": "tea", "status": "active", "salt": "s", "started_at": first, "plan": {}}
    alone = {"status": "skipped", "reason": "global-holdout", "facts": {}}
    with old.begin() as connection:
        for number, into in ((1, None), (2, 1), (3, None)):
            connection.execute(insert(customers).values(id=number, key=f"c{number}", merged_into=into, **who))
        for number in (1, 2):
            connection.execute(insert(runs).values(id=number, number=number, **run))
        for run_id, customer, at in ((1, 1, later), (1, 2, first), (2, 1, later)):
            connection.execute(insert(recipients).values(run_id=run_id, customer_id=customer, assigned_at=at, **alone))
        connection.execute(insert(recipients).values(run_id=1, customer_id=3, assigned_at=first, **{**alone, "reason": "other-layer"}))
    old.dispose()
    new = database.open_engine(empty_url)
    with database.reading(new) as connection:
        found = connection.execute(select(metadata.tables["left_alone"]).order_by(text("period"))).all()
    assert found == [(1, "run-1", first, None), (1, "run-2", later, None)]
    new.dispose()


def test_every_released_schema_is_one_that_the_code_still_knows():
    assert set(FROM.values()) <= set(database.revisions())


@pytest.mark.parametrize("name", ["customers", "deliveries", "links"])
def test_the_number_of_a_row_that_is_gone_is_given_to_no_other(engine, name):
    """It may stand in a link, an address for bounces, or a button."""
    fill(engine)
    table = metadata.tables[name]
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            row = dict(connection.execute(select(table)).mappings().one())
            last = row.pop("id")
            connection.execute(table.delete())
            connection.execute(insert(table).values(row))
            assert connection.execute(select(func.max(table.c.id))).scalar() > last
            connection.rollback()
        else:
            assert connection.execute(select(func.pg_get_serial_sequence(name, "id"))).scalar()

"""Sources other than small CSV files: databases, Parquet, watermarks, files of many chunks, the CDNOW data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy import Engine, create_engine, func, make_url, select, text

from tests.operations.shopdata import CUSTOMERS, HEADER, NOW, ORDER, ORDERS, PEOPLE, columns, run, shop, stored
from winback.errors import SourceError
from winback.operations import importing
from winback.store import database
from winback.store.tables import consents, contacts, customers, orders


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """For what is decided before the database is asked."""
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "config/sources.yaml:3: there is no file orders.csv. Put it there, or mend `file:`."),
        ({"orders": ""}, "orders.csv: the file is empty."),
        ({"orders": "nr;who;day;sum;pieces\n"}, "orders.csv has no column `nr`. Its first line looks like several columns: write `delimiter: ';'`."),
        ({"orders": HEADER.replace("who", "whom")}, "config/sources.yaml:3: orders.csv has no column `who`. Did you mean `whom`?"),
        ({"orders": HEADER.strip() + ",day\n"}, "orders.csv has the column `day` twice."),
        (
            {"orders": (HEADER + "1,Я,2026-11-01,1,1\n").encode("cp1251")},
            "orders.csv:2: byte 3 of this line (0xdf) is not UTF-8. Write `encoding: cp1251`",
        ),
    ],
)
def test_a_source_that_cannot_be_read_is_refused_before_any_other_is_imported(tmp_path, sqlite_engine, files, sentence):
    project = shop(tmp_path, **files)
    with pytest.raises(SourceError) as refused:
        run(project, sqlite_engine)
    assert sentence in str(refused.value)
    assert stored(sqlite_engine)["customers"] == []
    assert not project.out.exists()


def test_everything_that_is_wrong_is_told_at_once(tmp_path, sqlite_engine):
    project = shop(tmp_path, people="", orders="nr\n")
    with pytest.raises(SourceError) as refused:
        run(project, sqlite_engine)
    assert len(refused.value.problems) == 5


def test_cp1251_is_read_when_the_mapping_says_so(tmp_path, engine):
    sources = CUSTOMERS.replace("people.csv,", "people.csv, encoding: cp1251,") + ORDERS
    run(shop(tmp_path, sources, people=PEOPLE.encode("cp1251"), orders=HEADER), engine)
    assert [row[1] for row in stored(engine)["customers"]] == ["Анна", "Богдан"]


TABLE = """
people: {url: "URL", table: people, customers: {id: id, email: email, given_name: name}}
orders:
  url: "URL"
  query: "SELECT nr, who, day, total AS sum, '12:30' AS noon FROM purchases;"
  orders: {id: nr, customer: who, ordered_at: day, amount: sum}
"""


def fill(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def shop_file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    fill(
        path,
        "CREATE TABLE people (id INTEGER, email TEXT, name TEXT)",
        "CREATE TABLE purchases (nr INTEGER, who INTEGER, day TEXT, total REAL)",
        "INSERT INTO people VALUES (1, 'anna@zerno.example', 'Анна'), (2, NULL, NULL)",
        "INSERT INTO purchases VALUES (10, 1, '2026-11-01 10:00:00', 0.1), (11, 2, '2026-11-02', 7), (12, 3, '2026-11-02', 1)",
    )
    return path


def test_tables_and_queries_of_a_database_are_read(tmp_path, engine, shop_file):
    project = shop(tmp_path, TABLE.replace("URL", "sqlite:///shop.db"))
    assert run(project, engine) == {"people": (2, 0, 0, 0), "orders": (2, 0, 0, 1)}
    assert run(project, engine) == {"people": (0, 0, 2, 0), "orders": (0, 0, 2, 1)}
    first, second = columns(engine, orders, *ORDER)
    assert first == ("10", "1", datetime(2026, 11, 1, 8, 0, tzinfo=UTC), 10, "UAH", 1, "placed")
    assert second[:2] == ("11", "2")


def test_a_shop_on_postgresql_is_read_with_its_password_from_the_environment(tmp_path, sqlite_engine, postgres_shop):
    url = make_url(postgres_shop)
    address = f"postgresql://${{SHOP_USER}}@/{url.database}?host={url.query['host']}"
    sources = f"""
        people: {{url: "{address}", table: public.people, customers: {{id: id, given_name: name}}}}
        orders:
          url: "{address}"
          table: purchases
          watermark: {{column: changed}}
          orders: {{id: nr, customer: who, ordered_at: changed, amount: total}}
        """
    project = shop(tmp_path, sources, {"SHOP_USER": url.username})
    assert run(project, sqlite_engine) == {"people": (1, 0, 0, 0), "orders": (1, 0, 0, 0)}
    assert columns(sqlite_engine, orders, *ORDER) == [("10", "1", datetime(2026, 11, 1, 10, 0, tzinfo=UTC), 1250, "UAH", 1, "placed")]
    execute(postgres_shop, "INSERT INTO purchases VALUES (11, 1, '2026-11-02 10:00+00', 5)")
    assert run(project, sqlite_engine) == {"people": (0, 0, 1, 0), "orders": (1, 0, 0, 0)}


@pytest.fixture
def postgres_shop(postgres_url):
    execute(postgres_url, "DROP DATABASE IF EXISTS the_shop", "CREATE DATABASE the_shop")
    url = make_url(postgres_url).set(database="the_shop").render_as_string(hide_password=False)
    execute(
        url,
        "CREATE TABLE people (id int, name text)",
        "CREATE TABLE purchases (nr int, who int, changed timestamptz, total numeric(10, 2))",
        "INSERT INTO people VALUES (1, 'Анна')",
        "INSERT INTO purchases VALUES (10, 1, '2026-11-01 12:00+02', 12.50)",
    )
    return url


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (TABLE.replace("URL", "sqlite:///missing.db"), "sources.yaml:3: there is no database file missing.db."),
        (
            TABLE.replace("URL", "sqlite:///shop.db").replace("table: people", "table: peeple"),
            "the database has no table `peeple`. Did you mean `people`?",
        ),
        (TABLE.replace("URL", "sqlite:///shop.db").replace("FROM purchases", "FROM nowhere"), "the shop's database says: no such table: nowhere."),
        (TABLE.replace("URL", "sqlite:///shop.db").replace("email: email", "email: mail"), "people has no column `mail`. Did you mean `email`?"),
        (TABLE.replace("URL", "postgresql://reader:${SHOP_PASSWORD}@127.0.0.1:1/shop"), "`url` needs SHOP_PASSWORD, which isn't in the environment."),
        (TABLE.replace("URL", "postgresql://reader:${GIVEN}@127.0.0.1:1/shop"), "the shop's database says: connection failed"),
        (TABLE.replace("URL", "oracle+cx_oracle://reader@db/shop"), "the driver cx_Oracle for this database isn't installed."),
        (TABLE.replace("URL", "nonsense"), "`url` can't be read."),
    ],
)
def test_a_database_that_cannot_be_read_is_refused_without_its_password(tmp_path, sqlite_engine, shop_file, sources, sentence):
    project = shop(tmp_path, sources, {"GIVEN": "hunter2"})
    with pytest.raises(SourceError) as refused:
        run(project, sqlite_engine)
    assert sentence in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert stored(sqlite_engine)["customers"] == []
    assert not (tmp_path / "missing.db").exists()


def test_parquet_is_read_with_its_types(tmp_path, engine):
    sources = """
        people: {file: people.parquet, customers: {id: id, email: email, birthday: born}}
        orders: {file: orders.parquet, orders: {id: nr, customer: who, ordered_at: at, amount: sum, quantity: pieces}}
        """
    people = {"id": [1.0, 2.0, None], "email": ["anna@zerno.example", None, "x@zerno.example"], "born": [date(1987, 5, 19), None, None]}
    bought = {
        "nr": [10, 11, 12],
        "who": [1, 2, 1],
        "at": [datetime(2026, 11, 1, 10, 0, tzinfo=UTC), datetime(2026, 11, 2, 10, 0, tzinfo=UTC), None],
        "sum": [Decimal("12.50"), Decimal("3.00"), Decimal("1.00")],
        "pieces": [1, 2, 3],
    }
    project = shop(tmp_path, sources)
    parquet.write_table(pa.table(people), tmp_path / "people.parquet")
    parquet.write_table(pa.table(bought), tmp_path / "orders.parquet")
    assert run(project, engine) == {"people": (2, 0, 0, 1), "orders": (2, 0, 0, 1)}
    assert columns(engine, orders, *ORDER)[0] == ("10", "1", datetime(2026, 11, 1, 10, 0, tzinfo=UTC), 1250, "UAH", 1, "placed")
    assert stored(engine)["customers"][0][9] == date(1987, 5, 19)


@pytest.mark.parametrize("content", [b"", b"PAR1 but no more", b"nr,who\n1,A\n"])
def test_what_is_no_parquet_is_refused(tmp_path, sqlite_engine, content):
    project = shop(tmp_path, "people: {file: people.parquet, customers: {id: id}}")
    (tmp_path / "people.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"people\.parquet: the file can't be read as Parquet: .*Ask for it again"):
        run(project, sqlite_engine)


def test_a_column_that_holds_lists_is_refused(tmp_path, sqlite_engine):
    project = shop(tmp_path, "people: {file: people.parquet, customers: {id: id, city: cities}}")
    parquet.write_table(pa.table({"id": [1], "cities": [["Kyiv", "Lviv"]]}), tmp_path / "people.parquet")
    with pytest.raises(SourceError, match=r"the column `cities` of people\.parquet holds lists or records"):
        run(project, sqlite_engine)


def test_of_a_file_with_a_watermark_only_what_is_new_is_read(tmp_path, engine):
    sources = CUSTOMERS + ORDERS.replace("orders.csv,", "orders.csv, watermark: {column: nr, kind: number},")
    rows = HEADER + "9,A,2026-11-01,1,1\n10,A,2026-11-01,1,1\n"
    assert run(shop(tmp_path, sources, orders=rows), engine)["orders"] == (2, 0, 0, 0)
    assert run(shop(tmp_path, sources, orders=rows.replace("01,1,1", "02,1,1") + "11,A,2026-11-01,1,1\n"), engine)["orders"] == (1, 0, 0, 0)


def test_of_a_table_with_a_watermark_only_what_is_new_is_asked_for(tmp_path, engine, shop_file):
    project = shop(tmp_path, TABLE.replace("URL", "sqlite:///shop.db").replace("  query:", "  watermark: {column: nr}\n  query:"))
    fill(shop_file, "DELETE FROM purchases WHERE nr = 12")
    assert run(project, engine)["orders"] == (2, 0, 0, 0)
    fill(shop_file, "UPDATE purchases SET total = 99", "INSERT INTO purchases VALUES (13, 1, '2026-11-03', 5)")
    assert run(project, engine)["orders"] == (1, 0, 0, 0)


def test_a_row_that_was_rejected_comes_in_once_its_cause_is_mended_watermark_or_not(tmp_path, engine, shop_file):
    project = shop(tmp_path, TABLE.replace("URL", "sqlite:///shop.db").replace("  query:", "  watermark: {column: nr}\n  query:"))
    assert run(project, engine)["orders"] == (2, 0, 0, 1)
    fill(shop_file, "UPDATE purchases SET who = 2 WHERE nr = 12")
    assert run(project, engine)["orders"] == (1, 0, 2, 0)
    fill(shop_file, "UPDATE purchases SET total = 99")
    assert run(project, engine)["orders"] == (0, 0, 0, 0), "from here on only what is new is asked for"


def test_a_watermark_is_not_kept_when_the_import_breaks_off(tmp_path, engine):
    sources = CUSTOMERS + ORDERS.replace("orders.csv,", "orders.csv, watermark: {column: nr, kind: number},")
    project = shop(tmp_path, sources, orders=HEADER + "9,A,2026-11-01,1,1\n")

    def stop(name: str, _rows: int) -> None:
        if name == "orders":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.run(project, engine, now=NOW, progress=stop)
    assert stored(engine)["orders"] == []
    assert run(project, engine)["orders"] == (1, 0, 0, 0)


def test_cdnow_is_imported_to_the_last_row(cdnow_project, engine):
    assert run(cdnow_project, engine) == {"customers": (23570, 0, 0, 248), "purchases": (69659, 0, 0, 0)}
    with database.reading(engine) as connection:
        assert connection.execute(select(func.sum(orders.c.amount_minor))).scalar_one() == 250_031_563
        assert connection.execute(select(func.count()).where(orders.c.amount_minor == 0)).scalar_one() == 80
        assert connection.execute(select(func.count()).where(contacts.c.channel == "email")).scalar_one() == 23570 - 453 - 248
        agreed = select(func.count()).select_from(consents)
        assert connection.execute(agreed.where(consents.c.withdrawn_at.is_(None))).scalar_one() == 20199
        assert connection.execute(agreed.where(consents.c.withdrawn_at.is_not(None))).scalar_one() == 23570 - 20199
        assert connection.execute(select(func.count()).where(customers.c.black_list == "debtor")).scalar_one() == 242
    assert run(cdnow_project, engine) == {"customers": (0, 0, 23570, 248), "purchases": (0, 0, 69659, 0)}

"""The best that we know to write by hand for each database, to measure ours against; it knows one currency and no moment but now."""

from __future__ import annotations

import csv
import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, text

from benchmarks.shop.law import TODAY
from winback.store import database
from winback.store.tables import facts

_HERE = Path(__file__).parent
_COLUMNS = [column.name for column in facts.c]
_LOST = "f.last_order_on BETWEEN :today - 729 AND :today - 365"
_MEMBER = f"{_LOST} AND f.orders >= 3"
_DEAR = (
    "f.last_order_on BETWEEN :today - 729 AND :today - 183 AND f.orders >= 3 AND f.paid_orders > 0 AND f.revenue_minor >= 60000 * f.paid_orders "
    "AND (c.country IN ('UA', 'MD', 'RO') OR c.locale = 'uk')"
)
"""config/cohorts/dear-and-silent.yaml; with its neighbour it is what `cohort show` compares."""


def rebuild(engine: Engine) -> None:
    """Count everybody's facts into the table facts_by_hand, made for that."""
    statements = (_HERE / f"rebuild.{engine.dialect.name}.sql").read_text(encoding="utf-8").split(";\n")
    if engine.dialect.name == "postgresql":
        with database.writing(engine) as connection:
            connection.execute(text("DROP TABLE IF EXISTS facts_by_hand"))
            for statement in statements:
                _run(connection, statement)
        return
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as connection:
        for pragma in ("synchronous = FULL", "temp_store = FILE", "cache_size = -2000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DROP TABLE IF EXISTS facts_by_hand")
        connection.execute(f"CREATE TABLE facts_by_hand (customer_id INTEGER PRIMARY KEY, {', '.join(_COLUMNS[1:])})")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")


def _run(connection: Connection, statement: str) -> None:
    if statement.strip():
        connection.exec_driver_sql(statement.replace("%", "%%"))


def differing(engine: Engine) -> int:
    """How many rows of facts aren't in facts_by_hand, or the other way round, to the last digit but of quantiles: those to a millionth."""
    columns = ", ".join(f"round(CAST({name} AS numeric), 6)" if name in {"median_gap", "long_gap"} else name for name in _COLUMNS)
    one, other = f"SELECT {columns} FROM facts", f"SELECT {columns} FROM facts_by_hand"
    with database.reading(engine) as connection:
        return sum(connection.execute(text(f"SELECT count(*) FROM ({a} EXCEPT {b}) AS x")).scalar_one() for a, b in ((one, other), (other, one)))


def try_orders(engine: Engine, path: Path) -> None:
    """Put the orders of a CSV file into their table, no questions asked, and take them back."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["order"], row["customer"], row["placed"], round(float(row["total"]) * 100)) for row in csv.DictReader(file)]
    with engine.connect() as connection, closing(connection.connection.cursor()) as cursor:
        begun = connection.begin()
        cursor.execute("CREATE TEMPORARY TABLE arriving (key text, customer text, moment text, total integer)")
        if engine.dialect.name == "postgresql":
            with cast("Any", cursor).copy("COPY arriving FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany("INSERT INTO arriving VALUES (?, ?, ?, ?)", rows)
        moment = "CAST(a.moment || '+00' AS timestamptz)" if engine.dialect.name == "postgresql" else "a.moment || '.000000'"
        cursor.execute(
            "INSERT INTO orders (key, customer_id, ordered_at, ordered_on, amount_minor, currency, quantity, status) "
            f"SELECT a.key, c.id, {moment}, {TODAY.toordinal()}, a.total, 'UAH', 1, 'placed' FROM arriving AS a JOIN customers AS c ON c.key = a.customer"
        )
        begun.rollback()


def show(connection: Connection) -> Mapping[str, Any]:
    """What `cohort show silent-1-2-years-3-orders` tells of today, but for its words."""
    today = {"today": TODAY.toordinal()}
    everybody, lost, members = connection.execute(
        text(f"SELECT count(*), count(*) FILTER (WHERE {_LOST}), count(*) FILTER (WHERE {_MEMBER}) FROM facts AS f"), today
    ).one()
    rows = connection.execute(
        text(
            f"SELECT c.locale, s.value_class, count(*), count(*) FILTER (WHERE {_DEAR}), sum(1 - s.chance_lost) FROM facts AS f "
            f"JOIN customers AS c ON c.id = f.customer_id LEFT JOIN scores AS s ON s.customer_id = f.customer_id WHERE {_MEMBER} GROUP BY 1, 2"
        ),
        today,
    ).all()
    sample = connection.execute(
        text(f"SELECT c.key FROM customers AS c JOIN facts AS f ON f.customer_id = c.id WHERE {_MEMBER} ORDER BY c.key LIMIT 5"), today
    ).scalars()
    back = [chance for *_, chance in rows if chance is not None]
    languages, values = dict[str, int](), dict[str, int]()
    for locale, value, count, *_ in rows:
        languages[locale or "unknown"] = languages.get(locale or "unknown", 0) + count
        values[value or "unknown"] = values.get(value or "unknown", 0) + count
    return {
        "matched": members,
        "funnel": [everybody, lost, members],
        "languages": languages,
        "values": {} if set(values) <= {"unknown"} else values,
        "returning_by_themselves": round(math.fsum(back), 1) if back else None,
        "overlap": {"dear-and-silent": sum(dear for *_, dear, _ in rows)},
        "sample": list(sample),
    }

"""Purchase days and gaps of many at once, by the quickest way that each database has; the same to the last digit as counting.gaps_of.

SQLite reads the days in order from their index. PostgreSQL's would lead through the table until a vacuum has been there, so it sorts:
a customer and a day are packed into one number, customer << 20 | day: a day's ordinal needs no more than 20 bits until the year 2871.
One such number sorts twice as fast as two columns, and keeps PostgreSQL from walking an index through the whole table.
"""

from __future__ import annotations

from sqlalchemy import Connection, TableClause, column, table, text

_PURCHASE = "status = 'placed' AND amount_minor > 0"

_POSTGRESQL = (
    f"""
    CREATE TEMPORARY TABLE everybodys_gaps ON COMMIT DROP AS
    SELECT customer_id, purchase_days, quantiles[1] AS median_gap, quantiles[2] AS long_gap
    FROM (
        SELECT customer_id, count(*) FILTER (WHERE gap IS DISTINCT FROM 0) AS purchase_days,
            percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY nullif(gap, 0)) AS quantiles
        FROM (
            SELECT packed >> 20 AS customer_id,
                CASE WHEN lag(packed) OVER by_day >> 20 = packed >> 20 THEN packed - lag(packed) OVER by_day END AS gap
            FROM (SELECT customer_id << 20 | ordered_on AS packed FROM orders WHERE {_PURCHASE} /* theirs */ OFFSET 0) AS days
            WINDOW by_day AS (ORDER BY packed)
        ) AS steps
        GROUP BY customer_id
    ) AS counted
    """,
)

# Row numbers of sorted temporary tables are ranks: a customer's rank k among their gaps is row first_row + k.
_SQLITE = (
    "CREATE TEMPORARY TABLE everybodys_days (id INTEGER PRIMARY KEY, packed INTEGER)",
    f"""
    INSERT INTO everybodys_days (packed)
    SELECT customer_id << 20 | ordered_on FROM orders INDEXED BY ix_orders_days WHERE {_PURCHASE} /* theirs */ ORDER BY customer_id, ordered_on
    """,
    "CREATE TEMPORARY TABLE everybodys_steps (packed INTEGER)",
    """
    INSERT INTO everybodys_steps
    SELECT (later.packed >> 20) << 20 | (later.packed - sooner.packed) AS packed
    FROM everybodys_days AS later CROSS JOIN everybodys_days AS sooner ON sooner.id = later.id - 1
    WHERE later.packed >> 20 = sooner.packed >> 20 AND later.packed > sooner.packed ORDER BY packed
    """,
    "CREATE TEMPORARY TABLE everybodys_gaps (customer_id INTEGER PRIMARY KEY, purchase_days INTEGER, median_gap FLOAT, long_gap FLOAT)",
    """
    INSERT INTO everybodys_gaps
    SELECT customer_id, gaps + 1,
        (m.packed & 1048575) * (1 - (middle - cast(middle AS integer))) + (after_m.packed & 1048575) * (middle - cast(middle AS integer)),
        (l.packed & 1048575) * (1 - (long - cast(long AS integer))) + (after_l.packed & 1048575) * (long - cast(long AS integer))
    FROM (
        SELECT packed >> 20 AS customer_id, min(rowid) AS first_row, count(*) AS gaps, 0.5 * (count(*) - 1) AS middle, 0.9 * (count(*) - 1) AS long
        FROM everybodys_steps GROUP BY packed >> 20
    ) AS each
    CROSS JOIN everybodys_steps AS m ON m.rowid = first_row + cast(middle AS integer)
    CROSS JOIN everybodys_steps AS after_m ON after_m.rowid = first_row + min(cast(middle AS integer) + 1, gaps - 1)
    CROSS JOIN everybodys_steps AS l ON l.rowid = first_row + cast(long AS integer)
    CROSS JOIN everybodys_steps AS after_l ON after_l.rowid = first_row + min(cast(long AS integer) + 1, gaps - 1)
    """,
    "INSERT OR IGNORE INTO everybodys_gaps SELECT packed >> 20, 1, NULL, NULL FROM everybodys_days",  # who bought on one day has no gap
)


def count(connection: Connection, among: str = "") -> TableClause:
    """A temporary table with customer_id, purchase_days, median_gap and long_gap of everybody who bought. `drop` it after use.

    `among`: a table with a column customer_id; only theirs are counted.
    """
    theirs = f"AND customer_id IN (SELECT customer_id FROM {among})" if among else ""
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        connection.execute(text(statement.replace("/* theirs */", theirs)))
    return table("everybodys_gaps", column("customer_id"), column("purchase_days"), column("median_gap"), column("long_gap"))


def drop(connection: Connection) -> None:
    """Make room again."""
    names = ["everybodys_gaps"] if connection.dialect.name == "postgresql" else ["everybodys_gaps", "everybodys_steps", "everybodys_days"]
    for name in names:
        connection.execute(text(f"DROP TABLE {name}"))

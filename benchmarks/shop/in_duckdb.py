"""The rebuild in DuckDB over the shop's Parquet files: how quick it can be when a table lies in columns."""

from __future__ import annotations

from pathlib import Path

_TABLES = ("customers", "orders", "inquiries", "touches", "deliveries", "events", "feedback")


def rebuild(parquet: Path) -> None:
    """Count everybody's facts into a table in memory."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in _TABLES:
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{parquet / table}.parquet')")
        connection.execute(_REBUILD)


_REBUILD = """
CREATE TABLE facts AS
WITH bought AS MATERIALIZED (
    SELECT customer_id, count(*) AS orders, min(ordered_at) AS first_at, max(ordered_at) AS last_at, min(ordered_on) AS first_on,
           max(ordered_on) AS last_on, min(currency) AS least, max(currency) AS most, count(*) FILTER (currency = 'UAH') AS paid,
           sum(amount_minor) FILTER (currency = 'UAH') AS revenue, sum(margin_minor) FILTER (currency = 'UAH') AS margin,
           sum(amount_minor) FILTER (currency = 'UAH' AND margin_minor IS NOT NULL) AS margin_known, count(*) FILTER (code <> '') AS codes
    FROM orders WHERE status = 'placed' AND amount_minor > 0 GROUP BY customer_id
), returned AS (
    SELECT customer_id, sum(amount_minor) AS revenue, sum(margin_minor) AS margin, sum(amount_minor) FILTER (margin_minor IS NOT NULL) AS margin_known
    FROM orders WHERE status = 'returned' AND currency = 'UAH' GROUP BY customer_id
), gaps AS (
    SELECT customer_id, count(*) FILTER (gap IS DISTINCT FROM 0) AS days, quantile_cont(nullif(gap, 0)::DOUBLE, [0.5, 0.9]) AS quantiles
    FROM (SELECT customer_id, ordered_on - lag(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS gap
          FROM orders WHERE status = 'placed' AND amount_minor > 0)
    GROUP BY customer_id
), asked AS (
    SELECT customer_id, count(*) AS inquiries, max(inquired_at) AS last_at, count(*) FILTER (last_at IS NULL OR inquired_at > last_at) AS since
    FROM inquiries LEFT JOIN bought USING (customer_id) GROUP BY customer_id
), reacted AS (
    SELECT customer_id, max(moment) AS last_at
    FROM (SELECT customer_id, reacted_at AS moment FROM touches WHERE reacted_at IS NOT NULL
          UNION ALL SELECT customer_id, happened_at FROM events WHERE verdict = 'human' AND kind IN ('click', 'reply', 'unsubscribe', 'complaint'))
    GROUP BY customer_id
), touched AS (
    SELECT customer_id, count(*) AS touches, max(moment) AS last_at, max(reacted.last_at) AS reacted_at,
           count(*) FILTER (greatest(reacted.last_at, bought.last_at) IS NULL OR moment > greatest(reacted.last_at, bought.last_at)) AS since
    FROM (SELECT customer_id, touched_at AS moment FROM touches UNION ALL SELECT customer_id, sent_at FROM deliveries WHERE sent_at IS NOT NULL)
    LEFT JOIN reacted USING (customer_id) LEFT JOIN bought USING (customer_id)
    GROUP BY customer_id
), told AS (
    SELECT customer_id, count(*) FILTER (kind = 'complaint') AS complaints,
           max(said_at) FILTER (kind = 'complaint' AND mended_at IS NULL) AS open_since, count(score) AS scores,
           max(said_at) FILTER (score IS NOT NULL) AS scored_at, arg_max(score, said_at) AS score
    FROM feedback GROUP BY customer_id
)
SELECT c.id, b.*, r.*, g.*, a.*, t.*, f.*
FROM customers AS c
LEFT JOIN bought AS b ON b.customer_id = c.id
LEFT JOIN returned AS r ON r.customer_id = c.id
LEFT JOIN gaps AS g ON g.customer_id = c.id
LEFT JOIN asked AS a ON a.customer_id = c.id
LEFT JOIN touched AS t ON t.customer_id = c.id
LEFT JOIN told AS f ON f.customer_id = c.id
"""

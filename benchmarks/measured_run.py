"""A campaign's run of any size, made inside the database: who was assigned, letters, what came back, orders. PostgreSQL only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from winback.store import tables

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
NOW = START + timedelta(days=70)
WINDOW = timedelta(days=60)
SHARES = {"letter": 0.4, "gift": 0.4, "holdout": 0.2}
LETTERS, EVENTS, ORDERS = 5, 10, 10
"""Of each customer, on average."""
_FILLED = (tables.customers, tables.recipients, tables.deliveries, tables.events, tables.orders)

_ARM = "CASE WHEN i % 10 < 2 THEN 'holdout' WHEN i % 10 < 6 THEN 'letter' ELSE 'gift' END"
_FACTS = (
    """'{"orders": 4, "last_order_at": "2025-05-04T10:11:12+00:00", "country": "UA", "language": "uk", "channels": {"email": {"address": true,"""
    """ "blocked": "", "suppressed": "", "consent": true, "consent_on": "2024-01-01", "consent_source": "till", "confirmed": false}}}'"""
)
_ROWS = {
    "customers": "INSERT INTO customers (id, key, updated_at) SELECT i, 'c' || i, :start FROM generate_series(1, :n) i",
    "campaign_runs": (
        "INSERT INTO campaign_runs (id, campaign, number, status, salt, started_at, enrolled_at, plan) "
        "VALUES (1, 'spring', 1, 'active', 'spring-1', :start, :start, '{}')"
    ),
    "recipients": f"""
        INSERT INTO recipients (run_id, customer_id, status, arm, bucket, locale, time_zone, facts, assigned_at, ended_at, next_stage,
                                value_class, sign, silence, country, domain, manager, level_minor)
        SELECT 1, i, CASE WHEN i % 10 < 2 THEN 'held_out' ELSE 'finished' END, {_ARM}, '0.123456789012',
               (ARRAY['en', 'uk', 'ru', 'ro', 'uz', 'mn'])[1 + i % 6], 'Europe/Kyiv', {_FACTS}, :start, :start + interval '40 days', 5,
               (ARRAY['gold', 'silver', 'copper'])[1 + i % 3], (ARRAY['no_answer', 'no_inquiries', ''])[1 + i % 3],
               (ARRAY['180-364', '365-729', '730-1094'])[1 + i % 3], (ARRAY['UA', 'RO', 'UZ', 'MN'])[1 + i % 4],
               (ARRAY['gmail', 'mail-ru', 'other', 'yandex', ''])[1 + i % 5], (ARRAY['olena', 'ivan'])[1 + i % 2], 100 * (i % 500)
        FROM generate_series(1, :n) i""",
    "deliveries": f"""
        INSERT INTO deliveries (id, run_id, stage, customer_id, tactic, channel, letter, locale, status, due_at, attempts, handed_over_at,
                                sent_at, message_id, cost_micros)
        SELECT i::bigint * {LETTERS} + s, 1, 'stage-' || s, i, {_ARM}, CASE WHEN i % 10 < 2 THEN '' ELSE 'email' END,
               CASE WHEN i % 10 < 2 THEN '' ELSE 'letter-' || s END, 'uk',
               CASE WHEN i % 10 < 2 THEN 'held_out' WHEN (i + s) % 50 = 0 THEN 'failed' ELSE 'sent' END,
               :start + s * interval '7 days', 1,
               CASE WHEN i % 10 >= 2 THEN :start + s * interval '7 days' END,
               CASE WHEN i % 10 >= 2 AND (i + s) % 50 > 0 THEN :start + s * interval '7 days' END,
               CASE WHEN i % 10 < 2 THEN '' ELSE '<wb.' || i || '.' || s || '@news.example>' END, 300
        FROM generate_series(1, :n) i, generate_series(0, {LETTERS - 1}) s""",
    "events": f"""
        INSERT INTO events (id, dedupe_key, kind, customer_id, delivery_id, happened_at, verdict, signals)
        SELECT e, 'e' || e, CASE WHEN e % 20 = 0 THEN 'click' WHEN e % 997 = 0 THEN 'unsubscribe' WHEN e % 4999 = 0 THEN 'complaint' ELSE 'open' END,
               i, i * {LETTERS} + e % {LETTERS}, :start + (e % {LETTERS}) * interval '7 days' + (e % 86400) * interval '1 second',
               (ARRAY['human', 'unverified', 'machine'])[1 + e % 3], '{{"method": "GET", "user_agent": "Mozilla/5.0", "seconds": 12}}'
        FROM (SELECT e, 2 + (e / 8 * 10 + e % 8) % :n AS i FROM generate_series(1, :n * {EVENTS}::bigint) e) hits""",
    "orders": f"""
        INSERT INTO orders (id, key, customer_id, ordered_at, ordered_on, amount_minor, margin_minor, currency, quantity, status)
        SELECT i::bigint * {ORDERS} + o, 'o' || i || '-' || o, i,
               CASE WHEN o = 0 AND (hashint4(i) & 1023) < 61 THEN :start + ((hashint4(i) >> 10) & 63) * interval '23 hours' + interval '1 minute'
                    ELSE :start - interval '300 days' - (o * 40 + i % 37) * interval '1 day' END,
               739000, 1000 + (hashint4(i * 16 + o) & 65535), CASE WHEN o % 2 = 0 THEN 400 END, 'UAH', 1,
               CASE WHEN (i + o) % 60 = 0 THEN 'cancelled' ELSE 'placed' END
        FROM generate_series(1, :n) i, generate_series(0, {ORDERS - 1}) o""",
}


def fill(engine: Engine, customers: int) -> None:
    """A run of that many customers, five letters, ten events and ten orders for each; indexes and keys are made afterwards."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        made = _take_away_indexes(connection)
        for table in (each.name for each in reversed(_FILLED)):
            connection.execute(text(f"ALTER TABLE {table} SET UNLOGGED"))
        for statement in _ROWS.values():
            connection.execute(text(statement), {"n": customers, "start": START} if ":n" in statement else {"start": START})
        for statement in made:
            connection.execute(text(statement))
        for name in ("customers", "orders", "deliveries", "events"):
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"))
        for name in _ROWS:
            connection.execute(text(f"ANALYZE {name}"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM {', '.join(_ROWS)}"))  # as autovacuum does after so many new rows


def _take_away_indexes(connection: Connection) -> list[str]:
    """Indexes of the tables that are filled; returns the statements that make them again. Foreign keys stay away: nobody here breaks them."""
    names = [table.name for table in _FILLED]
    keys = connection.execute(
        text(
            "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' "
            "AND (conrelid::regclass::text = ANY(:names) OR confrelid::regclass::text = ANY(:names))"
        ),
        {"names": names},
    ).all()
    for table, name in keys:
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    unique = connection.execute(
        text(
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('u', 'p') AND conrelid::regclass::text = ANY(:names)"
        ),
        {"names": names},
    ).all()
    for table, name, _ in unique:
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    plain = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:names)"), {"names": names}).all()
    for name, _ in plain:
        connection.execute(text(f"DROP INDEX {name}"))
    return [*(f"ALTER TABLE {table} ADD CONSTRAINT {name} {made}" for table, name, made in unique), *(made for _, made in plain)]


def go_on(engine: Engine, customers: int, day: int) -> int:
    """What comes in on a day: orders of a two hundredth of the customers and four times as many events, noted as imports note them."""
    count = max(1, customers // 200)
    with engine.begin() as connection:
        values = {"n": count, "from": day * count, "all": customers, "now": NOW - timedelta(days=12) + timedelta(hours=day)}
        whose = "1 + (i + :from) * 7919::bigint % :all"
        connection.execute(text("DELETE FROM facts_due"))  # those of the day before: measuring heard of them, and facts were refreshed since
        connection.execute(
            text(
                "INSERT INTO orders (key, customer_id, ordered_at, amount_minor, currency, quantity, status) "
                f"SELECT 'd' || (:from + i), {whose}, :now, 5000, 'UAH', 1, 'placed' FROM generate_series(1, :n) i"
            ),
            values,
        )
        connection.execute(
            text(
                "INSERT INTO events (dedupe_key, kind, customer_id, happened_at, verdict, signals) "
                f"SELECT 'd' || (:from * 4 + i), 'open', {whose}, :now, 'human', '{{}}' FROM generate_series(1, :n * 4) i"
            ),
            values,
        )
        connection.execute(text(f"INSERT INTO facts_due (customer_id) SELECT {whose} FROM generate_series(1, :n * 4) i"), values)
    return count

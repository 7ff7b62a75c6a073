"""A campaign to many lost customers, enrolled and queued: what is measured from there on is sending alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks import big_letter
from winback import settings
from winback.model import ChannelName
from winback.operations import campaign_run
from winback.sending import prepared, queue
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import contacts, database
from winback.store.runs import Run

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
CAMPAIGN = "many"
CONNECTIONS = 10
_COHORT = "title: Everybody who isn't marked as a friend of the house, which nobody is\nrules:\n  - not: {tag: [friend-of-the-house]}\n"
_PLAN = f"""
title: One letter to many
cohort: everybody
starts_on: 2026-11-01
ends_on: 2027-06-30
holdout: 0
sender: olena
tactics: {{warm-word: {{share: 0.5, offer: tea}}, questions: {{share: 0.5, offer: tea}}}}
offers: {{tea: {{text: {{en: a tin of winter tea, uk: баночка зимового чаю, ru: баночка зимнего чая, ro: o cutie de ceai, uz: bir quti choy, mn: цайны лааз}}, valid_for: 90 days, cost: 85}}}}
stages:
  - {{name: news, letter: {big_letter.NAME}, hours: "09:00-20:00"}}
"""
_NAMES = (("Ірина", "Коваль", "f"), ("Олег", "Бондаренко", "m"), ("Марія", "Шевченко", "f"), ("Тарас", "Мельник", "m"), ("Оксана", "Ткачук", "f"))
_CITIES = ("Київ", "Львів", "Одеса", "Харків", "Дніпро", "Чернівці", "Полтава")
_FACTS = (
    '{"orders": 3, "last_order_at": "2025-05-11T12:00:00+00:00", "country": "UA", "language": "uk", "black_list": "", "other_campaign": "", '
    '"shares_address": false, "channels": {"email": {"address": true, "blocked": "", "suppressed": "", "consent": true, '
    '"consent_on": "2024-01-01", "consent_source": "checkout"}}, "signs": {}}'
)


def project(root: Path, port: int, *changes: tuple[str, str]) -> Project:
    """A project with the large letter, that sends through a server on this machine without TLS."""
    big_letter.project(root)
    for folder in ("campaigns", "cohorts"):
        for path in (root / "config" / folder).iterdir():
            path.unlink()
    (root / "config" / "cohorts" / "everybody.yaml").write_text(_COHORT, encoding="utf-8")
    (root / "config" / "campaigns" / f"{CAMPAIGN}.yaml").write_text(_PLAN, encoding="utf-8")
    file = root / "config" / "settings.yaml"
    written = file.read_text(encoding="utf-8")
    ways = (
        ("approve_above: 200 ", "approve_above: never "),
        ("  via: file                           # file: letters", "  via: smtp                           # file: letters"),
        ("  host: localhost", "  host: 127.0.0.1"),
        ("  port: 587", f"  port: {port}"),
        ("security: starttls", "security: none"),
        *changes,
    )
    for old, new in ways:
        if old not in written:
            raise RuntimeError(f"config/settings.yaml has no `{old}` any more")
        written = written.replace(old, new)
    file.write_text(written, encoding="utf-8")
    return settings.open_project(root, {"WINBACK_SECRET": "k" * 32})


def enrolled(ready: Prepared, engine: Engine, customers: int) -> Run:
    """Everybody decided on and queued: `customers` letters are due at NOW."""
    key = ready.project.key
    numbers = range(1, customers + 1)
    rows = {
        "customers": [
            {
                "id": n,
                "key": f"c{n}",
                "given": _NAMES[n % 5][0],
                "family": _NAMES[n % 5][1],
                "sex": _NAMES[n % 5][2],
                "city": _CITIES[n % 7],
            }
            for n in numbers
        ],
        "contacts": [{"id": n, "address": address(n), "hash": contacts.address_hash(key, ChannelName.EMAIL, address(n))} for n in numbers],
        "orders": [
            {"id": n, "key": f"o{n}-{month}", "at": f"2025-0{month}-11 12:00:00.000000", "amount": 20_000 + n % 900 * 100}
            for n in numbers
            for month in (1, 3, 5)
        ],
    }
    with database.writing(engine) as connection:
        for table, statement in _FILL.items():
            connection.execute(text(statement.replace("{day}", "739017")), rows[table])
        consent = "INSERT INTO consents (customer_id, channel, purpose, given_at, source) SELECT id, 'email', 'marketing', '2024-01-01 00:00:00.000000', 'checkout' FROM customers"
        connection.execute(text(consent))
    run = campaign_run.current(engine, ready, now=NOW)
    with database.writing(engine) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO recipients (run_id, customer_id, status, arm, bucket, locale, time_zone, facts, assigned_at, next_stage, next_due_at) "
            f"SELECT {run.id}, id, 'active', CASE WHEN mod(id, 2) = 0 THEN 'warm-word' ELSE 'questions' END, '0.123456789012', 'uk', 'Europe/Kyiv', "
            f"'{_FACTS}', '{NOW:%Y-%m-%d %H:%M:%S}.000000', 0, '{NOW:%Y-%m-%d %H:%M:%S}.000000' FROM customers"
        )
        connection.exec_driver_sql("UPDATE campaign_runs SET enrolled_at = started_at")
    queued = queue.queue_due(engine, run, ready.campaign, ready.policy, now=NOW)
    if queued != customers:
        raise RuntimeError(f"{queued:,} of {customers:,} letters were queued")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))
    return campaign_run.current(engine, ready, now=NOW)


_FILL = {
    "customers": "INSERT INTO customers (id, key, given_name, family_name, sex, city, country, locale, time_zone, custom, updated_at) "
    "VALUES (:id, :key, :given, :family, :sex, :city, 'UA', 'uk', 'Europe/Kyiv', '{}', '2026-01-01 00:00:00.000000')",
    "contacts": "INSERT INTO contacts (customer_id, channel, address, address_hash) VALUES (:id, 'email', :address, :hash)",
    "orders": "INSERT INTO orders (key, customer_id, ordered_at, ordered_on, amount_minor, currency, quantity, status) "
    "VALUES (:key, :id, :at, {day}, :amount, 'UAH', 1, 'placed')",
}


def address(number: int) -> str:
    return f"reader.{number}@post{number % 40}.example"


def opened(root: Path, kind: str, server_url: str) -> Engine:
    """A database of its own, empty."""
    from benchmarks.shop import places  # brings in what a worker doesn't need, whose memory is measured

    url = f"sqlite:///{root / 'mailing.db'}" if kind == "SQLite" else places.database_url(server_url, "mailing", anew=True)
    for path in root.glob("mailing.db*"):
        path.unlink()
    return database.open_engine(url)


def prepare(project: Project) -> Prepared:
    return prepared.prepare(project, CAMPAIGN)

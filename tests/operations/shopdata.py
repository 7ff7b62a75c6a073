"""A small shop for import tests: a project folder with files and a sources.yaml, and what the store holds of it afterwards."""

from __future__ import annotations

import csv
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, select

from winback import settings
from winback.operations import importing
from winback.settings import Project
from winback.store import database
from winback.store.tables import consents, contacts, customers, feedback, inquiries, leaving_reasons, orders, touches

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTINGS = """
currency: UAH
time_zone: Europe/Kyiv
public_url: https://u.zerno.example
locales: {uk: [uk]}
"""
CUSTOMERS = "people: {file: people.csv, customers: {id: id, email: email, given_name: name}}\n"
ORDERS = "orders: {file: orders.csv, orders: {id: nr, customer: who, ordered_at: day, amount: sum, quantity: pieces}}\n"
PEOPLE = "id,email,name\nA,anna@zerno.example,Анна\nB,bohdan@zerno.example,Богдан\n"
HEADER = "nr,who,day,sum,pieces\n"


def shop(folder: Path, sources: str = CUSTOMERS + ORDERS, environment: dict[str, str] | None = None, **files: str | bytes) -> Project:
    """A project with these sources; files are named by their stem and lie as CSV in its folder."""
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "config" / "sources.yaml").write_text(f"sources:\n{textwrap.indent(textwrap.dedent(sources), '  ')}", encoding="utf-8")
    for name, content in ({"people": PEOPLE} | files).items():
        (folder / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return settings.open_project(folder, {"WINBACK_SECRET": "k" * 32, **(environment or {})})


def run(project: Project, engine: Engine, now: datetime = NOW, only: str | None = None) -> dict[str, tuple[int, int, int, int]]:
    """Import; per source how many were inserted, updated, unchanged, rejected."""
    report = importing.run(project, engine, now=now, only=only)
    return {source.name: (source.inserted, source.updated, source.unchanged, source.rejected) for source in report.sources}


_ELSEWHERE = {"id", "updated_at", "ordered_on", "margin_minor", "code", "mistyped", "confirmed_at"}
_ELSEWHERE |= {"phone", "standing", "recommended_by", "tags", "custom", "merged_into", "forgotten_at"}
"""Columns that tests of their own look at."""


def stored(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All that an import writes, by the shop's keys instead of our numbers."""
    with database.reading(engine) as connection:
        names = {row.id: row.key for row in connection.execute(select(customers.c.id, customers.c.key))}

        def rows(table: Any) -> list[tuple[Any, ...]]:
            columns = [column for column in table.c if column.name not in _ELSEWHERE]
            found = connection.execute(select(*columns)).mappings().all()
            return sorted(tuple(names[value] if name == "customer_id" else value for name, value in row.items()) for row in found)

        filled = (customers, contacts, consents, orders, inquiries, touches, feedback, leaving_reasons)
        return {table.name: rows(table) for table in filled}


def columns(engine: Engine, table: Table, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of a table, in the order in which its rows came in; `customer` is the shop's key of theirs."""
    with database.reading(engine) as connection:
        known = {row.id: row.key for row in connection.execute(select(customers.c.id, customers.c.key))}
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings().all()
        return [tuple(known[row["customer_id"]] if name == "customer" else row[name] for name in names) for row in rows]


ORDER = ("key", "customer", "ordered_at", "amount_minor", "currency", "quantity", "status")
"""What most tests of orders look at."""


def rejects(project: Project) -> list[dict[str, str]]:
    """The rows of the only rejects file."""
    (path,) = (project.out / "rejects").iterdir()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))

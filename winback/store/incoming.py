"""Rows on their way in: staged by the quickest way each database has, then merged by a handful of statements, never row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import JSON, TypeEngine

from winback.audience import typos
from winback.model import ChannelName
from winback.store import refreshing, stops_due
from winback.store.contacts import hasher
from winback.store.persons import person_id
from winback.store.tables import (
    Day,
    Id,
    Utc,
    consents,
    contacts,
    customers,
    feedback,
    inquiries,
    leaving_reasons,
    orders,
    sqlite_text,
    touches,
)

ADDRESSES = {ChannelName.EMAIL: "email", ChannelName.TELEGRAM: "telegram"}
"""The staged columns that hold addresses; each has its hash beside it, `email_hash`."""

MISTYPED = "email_mistyped"
"""The staged column that holds what an e-mail address was likely meant to be."""

_SPECIAL: dict[str, TypeEngine[Any]] = {"position": Integer(), "again": Integer(), "consent": Integer()} | {
    f"{name}_hash": LargeBinary() for name in ADDRESSES.values()
}
_OF_CONSENTS: dict[str, TypeEngine[Any]] = {"consent": Integer(), "given_at": Utc(), "doubly_at": Utc(), "withdrawn_at": Utc(), "evidence": JSON()}
_SPECIAL |= {f"{prefix}{name}": kind for prefix in ("", "tracking_") for name, kind in _OF_CONSENTS.items()}
_FILLED = (customers, contacts, consents, orders, inquiries, touches, feedback, leaving_reasons)
"""The tables that imports fill."""
_IMPORT_LOCK = 0x77696E6261636B  # "winback": one import at a time, whoever starts it
_BLOCK = 100
_COUNTED = {"preserve_rowcount": True}
_changing = Table("changing", MetaData(), Column("id", Id, primary_key=True), Column("customer_id", Id), prefixes=["TEMPORARY"])
_imported = Table("imported", MetaData(), Column("key", Text, primary_key=True), prefixes=["TEMPORARY"])


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the staged rows; positions are those of the chunk."""

    inserted: int
    updated: int
    unchanged: int
    unknown: frozenset[int] = frozenset()  # acts of customers that aren't there
    clashing: frozenset[int] = frozenset()  # rows whose key came before, in this source, with other content


@dataclass(slots=True)
class Staging:
    """The temporary table that one source's chunks go through, one after the other."""

    table: Table
    key: bytes  # the project's, for the hashes of addresses
    constants: Mapping[str, Any]  # what is the same in all rows of the source
    real_domains: Collection[str] = ()  # of e-mail addresses: never mistyped
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """How many rows are staged, and how many of them came before with the same key."""

    rows: int
    again: int


def stage(connection: Connection, columns: Iterable[str], constants: Mapping[str, Any], *, key: bytes, real_domains: Collection[str] = ()) -> Staging:
    """Make room for one source with these columns. Other imports wait from here on until this one commits."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_IMPORT_LOCK)))
    columns = dict.fromkeys(["again", *columns])
    names = [name for column in columns for name in ((column, f"{column}_hash") if column in ADDRESSES.values() else (column,))]
    names += [MISTYPED] if "email" in columns else []
    table = Table("incoming", MetaData(), *(_column(name) for name in names), prefixes=["TEMPORARY"])
    if connection.dialect.name == "postgresql":
        Index("incoming_key", table.c.key)  # without it a wrong estimate of other tables' sizes makes some joins quadratic
    table.create(connection)
    _imported.create(connection)
    _changing.create(connection)
    return Staging(table, key, dict(constants), real_domains)


def import_is_ours(connection: Connection) -> bool:
    """Keep imports away until the transaction ends; False when one is going on. SQLite lets nobody else write anyway."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(_IMPORT_LOCK))).scalar())


def unstage(connection: Connection, staging: Staging) -> None:
    """Drop the temporary tables. A transaction rolled back takes them along by itself."""
    staging.table.drop(connection)
    _imported.drop(connection)
    _changing.drop(connection)


def take_stock(connection: Connection) -> None:
    """Let PostgreSQL look through tables that it never did: until its own visit, minutes later, it takes full tables for empty."""
    if connection.dialect.name == "postgresql":
        unseen = text("SELECT 1 FROM pg_class WHERE reltuples <= 0 AND oid = CAST(:name AS regclass) AND pg_relation_size(oid) > 0")
        for table in _FILLED:
            if connection.execute(unseen, {"name": table.name}).first():
                connection.execute(text(f"ANALYZE {table.name}"))


def fill(connection: Connection, staging: Staging, columns: Mapping[str, Sequence[Any]]) -> Filled:
    """Put a chunk into the staging table in place of the one before, whose keys are remembered."""
    staged = staging.table
    if staging.is_filled:
        connection.execute(insert(_imported).from_select(["key"], select(staged.c.key).where(staged.c.again == 0)))
        connection.execute(delete(staged))
    hashers = {name: hasher(staging.key, channel) for channel, name in ADDRESSES.items() if name in columns}
    hashes = {f"{name}_hash": [address and hashed(address) for address in columns[name]] for name, hashed in hashers.items()}
    meant = {MISTYPED: [typos.meant(address, staging.real_domains) if address else "" for address in columns["email"]]} if "email" in columns else {}
    _load(connection, staged, {**columns, **hashes, **meant})
    again = sum(columns["again"]) if "again" in columns else 0
    if staging.is_filled:
        seen = staged.c.key.in_(select(_imported.c.key))
        again += connection.execute(update(staged).where(staged.c.again == 0, seen).values(again=1)).rowcount
    staging.is_filled = True
    return Filled(len(columns["key"]), again)


def merge_acts(connection: Connection, staging: Staging, target: Table, filled: Filled) -> Merged:
    """Bring staged acts of customers into their table `target`: what is new is inserted, what differs updated, the rest left alone."""
    staged = staging.table
    fields = said(staging, target)
    whose = person_id()  # acts of a customer who was merged into another are that one's
    differs = or_(target.c.customer_id != whose, *differences(target, fields))
    meant = and_(target.c.key == staged.c.key, customers.c.key == staged.c.customer, staged.c.again == 0)
    changing = select(target.c.id, target.c.customer_id).where(meant, differs)
    updated = connection.execute(insert(_changing).from_select(["id", "customer_id"], changing), execution_options=_COUNTED).rowcount
    if updated:
        connection.execute(update(target).where(meant, target.c.id.in_(select(_changing.c.id))).values({"customer_id": whose} | fields))
        moved = select(target.c.customer_id).where(target.c.id.in_(select(_changing.c.id)))
        refreshing.due(connection, select(_changing.c.customer_id).union(moved))
        connection.execute(delete(_changing))
    if target is orders:
        stops_due.note(connection)
    newest = connection.execute(select(func.coalesce(func.max(target.c.id), 0))).scalar_one()
    new = (
        select(staged.c.key, whose, *fields.values())
        .join(customers, customers.c.key == staged.c.customer)
        .where(staged.c.again == 0)
        .order_by(staged.c.position)
    )
    inserted = insert_new(connection, target, ["key", "customer_id", *fields], new)
    if inserted and target is orders:
        refreshing.arrived(connection, select(orders.c.customer_id, orders.c.id).where(orders.c.id > newest))
    elif inserted:
        someone = (target.c.customer_id + 0).label("customer_id")  # without a sum SQLite would read a whole index for DISTINCT
        refreshing.due(connection, select(someone).where(target.c.id > newest).distinct())
    unknown = _unknown(connection, staged) if inserted < filled.rows - filled.again else frozenset()
    clashing = _clashing(connection, staged, target, or_(target.c.id.is_(None), differs)) - unknown if filled.again else frozenset()
    return Merged(inserted, updated, filled.rows - inserted - updated - len(unknown) - len(clashing), unknown, clashing)


def insert_new(connection: Connection, target: Table, names: Sequence[str], rows: Select[Any]) -> int:
    """Insert the rows whose key isn't there yet; how many that were.

    The index decides, row by row. NOT EXISTS would be planned for the table as it is before, and be quadratic when that is empty.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(target).from_select(names, rows).on_conflict_do_nothing(index_elements=["key"])
    return connection.execute(statement, execution_options=_COUNTED).rowcount


def said(staging: Staging, target: Table) -> dict[str, ColumnElement[Any]]:
    """What the source says of the columns of `target`, its key left out."""
    staged = staging.table.c
    fields: dict[str, ColumnElement[Any]] = {
        column.name: staged[column.name] for column in target.c if column.name in staged and column.name != "key"
    }
    return fields | {name: literal(value, target.c[name].type) for name, value in staging.constants.items()}


def differences(target: Table, fields: Mapping[str, ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    """One condition for each field that differs from the stored column of its name; NULL equals NULL."""
    return [target.c[name].is_distinct_from(value) for name, value in fields.items()]


def _unknown(connection: Connection, staged: Table) -> frozenset[int]:
    missing = select(staged.c.position).where(~exists().where(customers.c.key == staged.c.customer))
    return frozenset(connection.execute(missing).scalars())


def _clashing(connection: Connection, staged: Table, target: Table, differs: ColumnElement[bool]) -> frozenset[int]:
    """Rows that came again and aren't what is stored by now, because they say something else or the first of them was rejected."""
    rows = staged.outerjoin(target, target.c.key == staged.c.key).outerjoin(customers, customers.c.key == staged.c.customer)
    return frozenset(connection.execute(select(staged.c.position).select_from(rows).where(staged.c.again == 1, differs)).scalars())


def _column(name: str) -> Column[Any]:
    stored = next((table.c[name].type for table in _FILLED if name in table.c), None)
    kept = isinstance(stored, Utc | Date | Integer | JSON)
    kind = _SPECIAL.get(name) or (stored if stored is not None and kept else Integer() if isinstance(stored, Day) else Text())
    return Column(name, kind, primary_key=name == "position", server_default="0" if name == "again" else None)


def _load(connection: Connection, staged: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY incoming ({', '.join(columns)}) FROM STDIN") as copy:
                for row in zip(*columns.values(), strict=True):
                    copy.write_row(row)
        else:
            _load_sqlite(cursor, staged, columns)
    finally:
        cursor.close()
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE incoming"))  # else the planner takes it for empty


def _load_sqlite(cursor: Any, staged: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Many rows in one INSERT are a third quicker than one."""
    values = [_as_sqlite_keeps(columns[name]) if isinstance(staged.c[name].type, Utc | Date) else columns[name] for name in columns]
    row = f"({', '.join('?' * len(values))})"
    insert_rows = f"INSERT INTO incoming ({', '.join(columns)}) VALUES "
    cells = chain.from_iterable(zip(*values, strict=True))
    blocks, rest = divmod(len(values[0]), _BLOCK)
    cursor.executemany(insert_rows + ", ".join([row] * _BLOCK), (tuple(islice(cells, _BLOCK * len(values))) for _ in range(blocks)))
    if rest:
        cursor.execute(insert_rows + ", ".join([row] * rest), tuple(cells))


def _as_sqlite_keeps(values: Sequence[date | datetime | None]) -> list[str | None]:
    known: dict[date | datetime | None, str | None] = {
        value: sqlite_text(value) if isinstance(value, datetime) else value.isoformat() if value else None for value in set(values)
    }
    return [*map(known.__getitem__, values)]

"""The shop put into a database at our newest schema, or into Parquet, as quickly as each takes it.

Indexes are taken away before and made again after; foreign keys aren't looked at, since the rows fit by construction.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, text

from benchmarks.shop import rows
from benchmarks.shop.law import Shop
from winback.store import database, tables

_BLOCK = 50  # rows in one INSERT


def fill(engine: Engine, shop: Shop) -> None:
    """Bring the shop into an empty database, indexed and looked through, as one is that has run for a while."""
    put = _copy if engine.dialect.name == "postgresql" else _insert
    with _unguarded(engine) as connection:
        filled = dict.fromkeys(name for name, block in rows.blocks(shop) if put(connection, name, block))
        for name in filled if engine.dialect.name == "postgresql" else ():
            if "id" in tables.metadata.tables[name].c:
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)"))


@contextmanager
def _unguarded(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables stand without the indexes that may be dropped, and foreign keys aren't looked at."""
    if engine.dialect.name == "postgresql":
        with database.writing(engine) as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
            again = _without_constraints(connection)
            with _without_indexes(connection):
                yield connection
            for statement in again:
                connection.execute(text(statement))
        return
    with engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        for pragma in ("foreign_keys = OFF", "temp_store = FILE", "cache_size = -2000"):  # by the driver: within a transaction they can't be set
            cursor.execute(f"PRAGMA {pragma}")  # the last two sort quicker
        cursor.close()
        with connection.execution_options(writes=True).begin(), _without_indexes(connection):
            yield connection
        connection.invalidate()  # with its settings


def _without_constraints(connection: Connection) -> list[str]:
    """Drop PostgreSQL's unique keys; the statements that make them again."""
    found = connection.execute(
        text(
            "SELECT conrelid::regclass::text AS of, conname AS name, pg_get_constraintdef(oid) AS made FROM pg_constraint "
            "WHERE contype = 'u' AND connamespace = 'public'::regnamespace"
        )
    ).all()
    for row in found:
        connection.execute(text(f'ALTER TABLE {row.of} DROP CONSTRAINT "{row.name}"'))
    return [f'ALTER TABLE {row.of} ADD CONSTRAINT "{row.name}" {row.made}' for row in found]


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    indexes = [index for table in tables.metadata.sorted_tables for index in table.indexes]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _copy(connection: Connection, name: str, block: pa.Table) -> bool:
    """By COPY of a CSV that Arrow writes: a few million rows a second, where rows made in Python are a tenth of that."""
    for position, column in enumerate(block.columns):
        if pa.types.is_fixed_size_binary(column.type):
            block = block.set_column(position, block.column_names[position], pa.array([f"\\x{value.hex()}" for value in column.to_pylist()]))
    written = io.BytesIO()
    pyarrow.csv.write_csv(block, written, pyarrow.csv.WriteOptions(include_header=False))
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {name} ({', '.join(block.column_names)}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(written.getbuffer())
    cursor.close()
    return True


def _insert(connection: Connection, name: str, block: pa.Table) -> bool:
    """Many rows in one INSERT; moments as the text that our SQLite keeps."""
    columns = [pc.utf8_slice_codeunits(column.cast(pa.string()), 0, 26) if pa.types.is_timestamp(column.type) else column for column in block.columns]
    cells = chain.from_iterable(zip(*(column.to_pylist() for column in columns), strict=True))
    row = f"({', '.join('?' * len(columns))})"
    into = f"INSERT INTO {name} ({', '.join(block.column_names)}) VALUES "
    many, rest = divmod(block.num_rows, _BLOCK)
    cursor: Any = connection.connection.cursor()
    cursor.executemany(into + ", ".join([row] * _BLOCK), (tuple(islice(cells, _BLOCK * len(columns))) for _ in range(many)))
    if rest:
        cursor.execute(into + ", ".join([row] * rest), tuple(cells))
    cursor.close()
    return True


def write_parquet(folder: Path, shop: Shop) -> None:
    """One file for each table, `<table>.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    for name, block in rows.blocks(shop):
        if name not in writers:
            writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", block.schema)
        writers[name].write_table(block)
    for writer in writers.values():
        writer.close()

"""A copy of the whole store in a SQLite file: what a rehearsal plays on, so that the real one stays as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, insert, select, text

from winback.store import database
from winback.store.tables import metadata

_ROWS = 10_000


def copy_to(engine: Engine, path: Path) -> Engine:
    """Copy every table into a new SQLite file at `path` and open it. The copy is one consistent state of the original."""
    if engine.dialect.name == "sqlite":
        source: Any = engine.raw_connection()
        target = sqlite3.connect(path)
        try:
            source.driver_connection.backup(target)
        finally:
            target.close()
            source.close()
        return database.open_engine(f"sqlite:///{path}", lasts=False)
    copy = database.open_engine(f"sqlite:///{path}", lasts=False)
    one_state = engine.execution_options(isolation_level="REPEATABLE READ")
    with database.reading(one_state) as reader, database.writing(copy) as writer:
        writer.execute(text("PRAGMA defer_foreign_keys = ON"))  # a merged customer may come before the one that stays
        for table in metadata.sorted_tables:
            writer.execute(delete(table))  # rows that a migration made
            rows = reader.execution_options(yield_per=_ROWS).execute(select(table))
            for part in rows.mappings().partitions(_ROWS):
                writer.execute(insert(table), [dict(row) for row in part])
    return copy

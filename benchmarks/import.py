"""winback import of the CDNOW purchases with their customers, against the plainest way of bringing the same rows into SQLite."""  # noqa: N999  # the area is called so

from __future__ import annotations

import csv
import gc
import gzip
import itertools
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure, Unavailable, compared
from winback import settings
from winback.operations import importing
from winback.store import database

REPOSITORY = Path(__file__).parents[1]
EXAMPLE = REPOSITORY / "examples" / "cdnow"
FILES = ("customers", "purchases")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
BAR = 3.0
_NUMBERS = itertools.count()


def figures() -> list[Figure]:
    data = _data()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(EXAMPLE / "config", root / "config")
        (root / "data").symlink_to(data)
        rows = {name: list(_rows(data, name)) for name in FILES}
        gc.freeze()  # else the collector walks these rows while others are measured
        return compared(
            "import",
            "CDNOW, 93,229 rows",
            lambda: _ours(root),
            ("csv, executemany", lambda: _plain(root, lambda name: _rows(data, name)), BAR),
            ("executemany alone", lambda: _plain(root, lambda name: iter(rows[name])), None),
        )


def _data() -> Path:
    """Where the data lies: filled into the example, or beside the repository."""
    places = (EXAMPLE / "data", REPOSITORY.parent / "shared" / "data" / "cdnow")
    for place in places:
        if all((place / f"{name}.csv.gz").is_file() for name in FILES):
            return place
    raise Unavailable(f"the CDNOW data is needed: put customers.csv.gz and purchases.csv.gz into {places[0].relative_to(REPOSITORY)}.")


def _rows(data: Path, name: str) -> Iterator[list[str]]:
    return csv.reader(gzip.open(data / f"{name}.csv.gz", "rt", encoding="utf-8", newline=""))


def _ours(root: Path) -> float:
    """Seconds of an import into an empty database, all that `winback import` does once its project and database are open."""
    project = settings.open_project(root, {})
    engine = database.open_engine(f"sqlite:///{root / f'ours-{next(_NUMBERS)}.db'}")
    begin = time.perf_counter()
    importing.run(project, engine, now=NOW)
    seconds = time.perf_counter() - begin
    engine.dispose()
    return seconds


def _plain(root: Path, rows: Callable[[str], Iterator[list[str]]]) -> float:
    """Seconds of executemany into two tables with nothing but a primary key each, with our pragmas, in one transaction."""
    with closing(sqlite3.connect(root / f"plain-{next(_NUMBERS)}.db", isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
        begin = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for name in FILES:
            each = rows(name)
            header = next(each)
            connection.execute(f"CREATE TABLE {name} ({header[0]} TEXT PRIMARY KEY, {', '.join(header[1:])})")
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(header))})", each)
        connection.execute("COMMIT")
        return time.perf_counter() - begin

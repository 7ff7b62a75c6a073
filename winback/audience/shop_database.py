"""The shop's own database or warehouse, by any SQLAlchemy URL: only read, and only the columns that are mapped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import Connection, DateTime, Engine, FromClause, column, literal, make_url, select, text

from winback.audience.rows import Chunk, Rows
from winback.errors import Problem, SourceError
from winback.settings import Project
from winback.strictyaml import nearest

ROWS = 100_000
"""Rows read at a time."""

_HOW = "Look at `url:`, whether the server runs, and whether the user may read there."


@dataclass(frozen=True, slots=True)
class Place:
    """A table or a query of a database, and where sources.yaml names it."""

    file: str
    line: int | None
    url: str
    table: str | None = None
    query: str | None = None

    def refusal(self, message: str, how: str) -> SourceError:
        return SourceError(Problem(self.file, self.line, message, how))


@contextmanager
def opened(project: Project, place: Place, wanted: Sequence[str], *, above: tuple[str, Any] | None) -> Iterator[Rows]:
    """The columns `wanted`, as far as there are such; `above` = (column, value) leaves out rows at or below the value.

    Nothing is ever committed there. Raises SourceError, at the latest with the first chunk, when the database can't be read.
    """
    with ExitStack() as stack:
        with _told(place):
            engine = _engine(project, place)
            stack.callback(engine.dispose)
            connection = stack.enter_context(engine.connect())
            rows = _named(connection, place)
            header = tuple(connection.execute(select(text("*")).select_from(rows).where(text("1 = 0"))).keys())
        yield Rows(header, _chunks(connection, place, rows, [name for name in header if name in wanted], above))


def tables(project: Project, place: Place) -> frozenset[str]:
    """The names of the database's tables and views. Raises SourceError when it can't be read."""
    with _told(place):
        engine = _engine(project, place)
        try:
            with engine.connect() as connection:
                inspector = sqlalchemy.inspect(connection)
                return frozenset((*inspector.get_table_names(), *inspector.get_view_names()))
        finally:
            engine.dispose()


def _chunks(connection: Connection, place: Place, rows: FromClause, names: list[str], above: tuple[str, Any] | None) -> Iterator[Chunk]:
    statement = select(column(names[0])).add_columns(*(column(name) for name in names[1:])).select_from(rows)
    if above is not None:
        name, value = above
        kind = DateTime(timezone=value.tzinfo is not None) if isinstance(value, datetime) else None
        statement = statement.where(column(name) > literal(value, kind))
    row = 1
    with _told(place):
        result = connection.execution_options(stream_results=True).execute(statement)
        for part in result.partitions(ROWS):
            columns = dict(zip(names, zip(*part, strict=True), strict=True))
            yield Chunk(columns, range(row, row + len(part)))
            row += len(part)


def _named(connection: Connection, place: Place) -> FromClause:
    """The table by its name, `schema.table` too, or the query as if it were one."""
    if place.query is not None:
        return text(place.query.strip().rstrip(";").replace(":", "\\:")).columns().subquery("shop_rows")  # a colon is no parameter
    schema, _, name = (place.table or "").rpartition(".")
    inspector = sqlalchemy.inspect(connection)
    known = {*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)}
    if name not in known:
        raise place.refusal(f"the database has no table `{place.table}`.", nearest(name, known, "Tables"))
    return sqlalchemy.table(name, schema=schema or None)


def _engine(project: Project, place: Place) -> Engine:
    url = make_url(_with_secrets(project, place))
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(project.root, url.database)
        if not path.is_file():  # SQLite would make an empty one
            raise place.refusal(f"there is no database file {project.shown(path)}.", "Put it there, or mend `url:`.")
        url = url.set(database=str(path))
    return sqlalchemy.create_engine(url)


def _with_secrets(project: Project, place: Place) -> str:
    """The URL with every ${NAME} from the environment: as it is where it makes up the whole URL, else quoted as URLs want it."""

    def secret(found: re.Match[str]) -> str:
        value = project.secret(found[1])
        if not value:
            raise place.refusal(f"`url` needs {found[1]}, which isn't in the environment.", f"Set {found[1]}, or {found[1]}_FILE to a file with it.")
        return value if found[0] == place.url.strip() else quote(value, safe="")

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", secret, place.url)


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """Turn what databases and drivers raise into sentences. URLs aren't shown: passwords stand in them."""
    try:
        yield
    except sqlalchemy.exc.ArgumentError as error:
        raise place.refusal("`url` can't be read.", "Write for example postgresql://reader:${SHOP_PASSWORD}@db.example/shop.") from error
    except ModuleNotFoundError as error:
        raise place.refusal(f"the driver {error.name} for this database isn't installed.", f"Install it: pip install {error.name}.") from error
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise place.refusal(f"the shop's database says: {_first_line(error)}.", _HOW) from error


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")

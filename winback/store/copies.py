"""A database as one file, and back: SQLite's online backup, and PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Engine, inspect, make_url, text

from winback.errors import Problem, StoreError
from winback.store import database

_SQLITE, _POSTGRESQL = b"SQLite format 3\x00", b"PGDMP"
_DEBIANS = "/usr/lib/postgresql"
_PAUSE = "UPDATE public.campaign_runs SET status = 'paused' WHERE status = 'active';\n"


def backend(file: Path) -> str:
    """Of which database a file is a backup: sqlite or postgresql. Raises StoreError for any other file."""
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(_SQLITE))
    except OSError as error:
        raise StoreError(Problem(str(file), None, f"can't be read: {error.strerror}.", "Name a file that `winback backup` wrote.")) from error
    if begins == _SQLITE:
        return "sqlite"
    if begins.startswith(_POSTGRESQL):
        return "postgresql"
    raise StoreError(Problem(str(file), None, "is no backup.", "Name a file that `winback backup` wrote."))


def save(engine: Engine, file: Path, surroundings: Mapping[str, str]) -> None:
    """Copy everything, as it stands at one moment, into a new file that only its owner may read; others go on writing. Raises StoreError.

    The file is there whole or not at all. `surroundings` is the environment that programs of PostgreSQL are run in.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        if engine.dialect.name == "sqlite":
            _save_sqlite(str(engine.url.database), draft)
        else:
            _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}"], engine, surroundings)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.link(draft, file)  # unlike a rename it takes nobody's place
    except FileExistsError as error:
        raise StoreError(Problem(str(file), None, "lies there already.", "Name another file; nothing was written.")) from error
    except OSError as error:
        raise StoreError(Problem(str(file), None, f"can't be written: {error.strerror}.", "Name a place with room that you may write to.")) from error
    finally:
        draft.unlink(missing_ok=True)


def _save_sqlite(database_file: str, draft: Path) -> None:
    with closing(sqlite3.connect(database_file)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)  # all pages in one read transaction: writers aren't held up (WAL), and what they do meanwhile isn't in it
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    refuse_damaged(draft, draft.name)


def refuse_damaged(file: Path, shown: str) -> None:
    """Raises StoreError for a SQLite file that isn't whole."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise StoreError(Problem(shown, None, f"is damaged: {said}.", "Take an older backup."))


def version(file: Path, engine_url: str, surroundings: Mapping[str, str]) -> str:
    """The schema that a backup has, as the number of its migration; empty when there is none in it. Raises StoreError."""
    if backend(file) == "sqlite":
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError:
            return ""
        return str(row[0]) if row else ""
    command = [_program("pg_restore", 0, surroundings), "--data-only", "--table=alembic_version", "--file=-", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(make_url(engine_url), surroundings))  # noqa: S603
    found = re.search(r"^COPY \S*alembic_version .*\n(\S+)\n", done.stdout, re.MULTILINE)
    return found[1] if found else ""


def fill(engine: Engine, file: Path, surroundings: Mapping[str, str]) -> None:
    """Put a PostgreSQL backup into an empty database, all of it or nothing, with no run that could send. Raises StoreError."""
    restore = [_program("pg_restore", _major(engine), surroundings), "--no-owner", "--no-privileges", "--file=-", str(file)]
    psql = [
        _program("psql", _major(engine), surroundings),
        "--quiet",
        "--no-psqlrc",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        _address(engine.url),
    ]
    environment = _environment(engine.url, surroundings)
    with (
        subprocess.Popen(psql, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as writing,  # noqa: S603
        subprocess.Popen(restore, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as reading,  # noqa: S603
    ):
        assert reading.stdout is not None
        assert reading.stderr is not None
        assert writing.stdin is not None
        assert writing.stderr is not None
        try:
            shutil.copyfileobj(reading.stdout, writing.stdin)
            said = reading.stderr.read()
            if reading.wait():
                writing.kill()  # what it was told so far isn't committed
            else:
                writing.stdin.write(_PAUSE.encode())  # in the same transaction: there is no moment in which a worker could go on
                writing.stdin.close()
        except BrokenPipeError:
            reading.kill()
            said = b""
        said = said or writing.stderr.read()
        if writing.wait():
            raise StoreError(Problem(str(file), None, f"can't be restored: {_first_line(said)}.", "Nothing was changed. Take another backup."))


def kind(url: str) -> str:
    """Of which database a URL is: sqlite, postgresql."""
    return make_url(url).get_backend_name()


def place(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(str(make_url(url).database))


def is_empty(url: str) -> bool:
    """Whether there is nothing where a backup is to go: no file, or a PostgreSQL database without tables. Raises StoreError."""
    if make_url(url).get_backend_name() == "sqlite":
        path = Path(str(make_url(url).database))
        return not any(path.with_name(path.name + end).exists() for end in ("", "-wal", "-journal"))
    engine = database.bare_engine(url)
    try:
        return not inspect(engine).get_table_names()
    except database.Failure as error:
        raise StoreError(
            Problem("config/settings.yaml", None, f"the database can't be reached: {type(error).__name__}.", "See that it runs.")
        ) from error
    finally:
        engine.dispose()


def _run(command: list[str], engine: Engine, surroundings: Mapping[str, str]) -> None:
    program = _program(command[0], _major(engine), surroundings)
    done = subprocess.run(  # noqa: S603
        [program, *command[1:], _address(engine.url)], capture_output=True, check=False, env=_environment(engine.url, surroundings)
    )
    if done.returncode:
        raise StoreError(Problem("", None, f"{command[0]} broke off: {_first_line(done.stderr)}.", "Nothing was written. Mend that, and try again."))


def _major(engine: Engine) -> int:
    with database.reading(engine) as connection:
        return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _program(name: str, least: int, surroundings: Mapping[str, str]) -> str:
    """The newest of that name; one older than the server can't read it. Raises StoreError, which says what to install."""
    folders = [each for each in surroundings.get("WINBACK_PG_BIN", "").split(os.pathsep) if each]
    folders += [str(path) for path in Path(_DEBIANS).glob("*/bin")] + surroundings.get("PATH", "").split(os.pathsep)
    found = []
    for folder in folders:
        if path := shutil.which(name, path=folder):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
            if number := re.search(r"(\d+)(\.\d+)?", said):
                found.append((int(number[1]), path))
    fit = [each for each in found if each[0] >= least]
    if not fit:
        wanted = f"postgresql-client-{least}" if least else "postgresql-client"
        how = f"Install {wanted}, or name the folder that it lies in: WINBACK_PG_BIN."
        what = f"only {name} {max(found)[0]} is here, and the server is {least}." if found else f"the program {name} isn't here."
        raise StoreError(Problem("", None, what, how))
    return max(fit)[1]


def _address(url: URL) -> str:
    """Without the password: a command line can be read by everybody on the machine."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _environment(url: URL, surroundings: Mapping[str, str]) -> dict[str, str]:
    known = {name: value for name, value in surroundings.items() if name.startswith(("PG", "PATH", "LD_", "HOME", "LANG", "LC_"))}
    return {**known, **({"PGPASSWORD": str(url.password)} if url.password else {})}


def _first_line(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return (lines[0] if lines else "no reason was given").rstrip(".")

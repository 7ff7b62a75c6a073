"""python -m benchmarks.shop.peak PROJECT URL rebuild|show: megabytes at most, of this process and of the server's that worked for it."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import text

from benchmarks.shop.law import NOW
from winback import settings
from winback.operations import knowing, selecting
from winback.store import database


def main() -> None:
    root, url, what = sys.argv[1:]
    project, engine = settings.open_project(Path(root), {}), database.open_engine(url)
    if what == "rebuild":
        knowing.rebuild(project, engine, now=NOW)
    else:
        selecting.show(project, engine, "silent-1-2-years-3-orders", now=NOW, sample=5)
    print("process", _peak("self"))
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:  # the pool has this one connection, so it is the one that worked
            print("server", _peak(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))


def _peak(process: str | int) -> float:
    """Of memory at one time, in megabytes; of a server's process with what it touched of the shared buffers."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main()

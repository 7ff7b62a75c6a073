"""python -m benchmarks.measured_peak URL: megabytes at most of one report, of this process and of the server's that worked for it."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import text

from benchmarks import outcomes
from winback.store import database


def main() -> None:
    engine = database.open_engine(sys.argv[1])
    outcomes.report(engine)
    print("process", _peak("self", "VmHWM:"))
    with engine.connect() as connection:  # the pool has this one connection, so it is the one that worked
        print("server", _peak(connection.execute(text("SELECT pg_backend_pid()")).scalar_one(), "VmHWM:"))


def _peak(process: str | int, what: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


if __name__ == "__main__":
    main()

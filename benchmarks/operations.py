"""What the command costs before it does anything."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.figure import Figure, alone

WINBACK = Path(sys.executable).with_name("winback")


def figures() -> list[Figure]:
    return [alone("operations", "winback --help, CPU", _help, bar=0.4)]


def _help() -> float:
    """Seconds of CPU, user and system, of the command as a process of its own, its children with it."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(WINBACK, [str(WINBACK), "--help"], os.environ, file_actions=silent)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"winback --help ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime

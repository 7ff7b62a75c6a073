"""Whether files were saved meanwhile: asked at every look at them, so that each is asked about once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, int]
"""Of a file: when it was last saved, in nanoseconds, and its length in bytes."""


def below(folder: Path, shown: str) -> Iterator[tuple[str, Stamp]]:
    """(name, stamp) of every file below a folder, the folder itself being `shown` in their names; none of a folder that isn't there."""
    return _below(str(folder), "" if shown == "." else f"{shown}/")


def _below(folder: str, above: str) -> Iterator[tuple[str, Stamp]]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:  # it isn't there, or went away meanwhile
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{above}{entry.name}/")
        elif entry.is_file():
            with suppress(FileNotFoundError):  # what an editor saves by goes away again
                stat = entry.stat()
                yield above + entry.name, (stat.st_mtime_ns, stat.st_size)

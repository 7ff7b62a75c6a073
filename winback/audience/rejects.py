"""The file of what was not taken, for the person who mends it: opened by a double click in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from winback.audience.rows import Reject

_READ_AS_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # the last four are the wide ones of Asian keyboards


class RejectsFile:
    """A CSV file in UTF-8 with its mark (so that Excel knows), begun with the first reject: no rejects, no file.

    Left with an exception it is taken away again: nothing was imported then, so nothing was rejected.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self.path = path
        self.count = 0
        self._source = source
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._stream is not None:
            self._stream.close()
            if kind is not None:
                self.path.unlink()

    def write(self, rejects: Iterable[Reject], *, header: Iterable[str]) -> None:
        """Add rejects, in the order of their lines, and put them on the disk; `header` names the cells of whole rows."""
        for reject in sorted(rejects, key=lambda reject: reject.line):
            self._row(header, [self._source, reject.line, reject.reason, *reject.cells])
            self.count += 1
        if self._stream is not None:
            self._stream.flush()

    def _row(self, header: Iterable[str], row: list[Any]) -> None:
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8-sig", newline="")
            self._row(header, ["file", "line", "reason", *header])
        csv.writer(self._stream).writerow(_harmless_row(row))


def table(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as such a file has them, without its mark; those out of one stay as they are."""
    text = io.StringIO()
    csv.writer(text).writerows(map(_harmless_row, rows))
    return text.getvalue()


def _harmless_row(row: Iterable[Any]) -> list[str | int | float]:
    """Numbers stay numbers: a minus before them is no formula."""
    return ["" if cell is None else cell if isinstance(cell, int | float) else harmless(str(cell)) for cell in row]


def harmless(text: str) -> str:
    """A spreadsheet takes what begins like this for a formula; after an apostrophe it is shown as it is (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_READ_AS_FORMULA) else text


def unguarded(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_READ_AS_FORMULA) else text

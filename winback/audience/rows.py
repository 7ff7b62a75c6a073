"""What every kind of shop data looks like once it is read: chunks of columns, and rows that could not be told apart into columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reject:
    """A row, or a part of one, that the store did not take: its line, the reason as a sentence, and its cells."""

    line: int
    reason: str
    cells: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows as columns by the shop's names, all of equal length. Cells are text from CSV, typed values from Parquet and databases."""

    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int]  # where each row begins: a line of a CSV file, else the number of the row
    rejects: Sequence[Reject] = ()

    def cells(self, position: int) -> list[Any]:
        """One row as it was read."""
        return [column[position] for column in self.columns.values()]

    def only(self, positions: Sequence[int]) -> Chunk:
        """The rows at these positions, and the same rejects."""
        columns = {name: [column[position] for position in positions] for name, column in self.columns.items()}
        return Chunk(columns, [self.lines[position] for position in positions], self.rejects)


@dataclass(frozen=True, slots=True)
class Rows:
    """An open source: the names of its columns, and its chunks, read as they are asked for."""

    header: tuple[str, ...]
    chunks: Iterator[Chunk]

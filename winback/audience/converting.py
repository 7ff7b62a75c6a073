"""Columns as the shop has them turned into the store's values, and what can't be turned told row by row. Pure.

The work is done once for each different cell of a column, since dates, amounts and words repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from winback.audience import amounts, cells, moments
from winback.audience.columns import Column
from winback.audience.reasons import Reasons
from winback.audience.rows import Chunk, Reject
from winback.audience.source import Source

OLDEST_YEAR = 1900  # before it a date is a placeholder: 0001-01-01, 1753-01-01, 1899-12-30
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What a source's cells are read by."""

    source: Source
    zone: ZoneInfo  # of dates without one
    currency: str  # of amounts without one
    now: datetime
    calendar: ZoneInfo  # of the shop: which day an order belongs to
    reasons: Reasons = field(default_factory=Reasons)  # for leaving, that the shop knows
    kinds: Mapping[str, str] = field(default_factory=dict)  # of custom columns, as far as they have shown one: number, text


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that can't be read, and the sentence that says so."""

    reason: str


@dataclass(frozen=True, slots=True)
class Converted:
    """Rows ready for the store. Columns by the store's names, all of equal length.

    `position` is the row's place in its chunk; `again`, there only where it is needed, is 1 where an earlier row of
    the chunk has the same key.
    """

    columns: dict[str, Sequence[Any]]
    constants: dict[str, Any]  # what is the same in every row of the source
    rejects: list[Reject]  # rows left out, and rows of which a cell was left empty


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with rows of a chunk: some faults cost the row, some only the cell."""

    costing_row: dict[int, list[str]] = field(default_factory=dict)
    costing_cell: dict[int, list[str]] = field(default_factory=dict)

    def add(self, position: int, reason: str, *, costs_row: bool = True) -> None:
        (self.costing_row if costs_row else self.costing_cell).setdefault(position, []).append(reason)

    def rejects(self, chunk: Chunk) -> list[Reject]:
        """One for each row, with all its reasons."""
        positions = sorted({*self.costing_row, *self.costing_cell})
        reasons = {at: [*self.costing_row.get(at, ()), *self.costing_cell.get(at, ())] for at in positions}
        return [Reject(chunk.lines[at], " ".join(reasons[at]), chunk.cells(at)) for at in positions]


def finish(chunk: Chunk, columns: dict[str, Sequence[Any]], faults: Faults, constants: dict[str, Any] | None = None) -> Converted:
    """The rows whose faults don't cost them, numbered, those with an earlier row's key marked."""
    positions: Sequence[int] = range(len(chunk.lines))
    if faults.costing_row:
        positions = [at for at in positions if at not in faults.costing_row]
        columns = {name: [values[at] for at in positions] for name, values in columns.items()}
    return Converted({"position": positions, **_again(columns["key"]), **columns}, constants or {}, faults.rejects(chunk))


def written(chunk: Chunk, column: Column | None) -> Sequence[str]:
    """A column as tidy text in our words; empty texts when it isn't mapped."""
    if column is None:
        return [""] * len(chunk.lines)
    texts = cells.texts(chunk.columns[column.column])
    if not column.words:
        return texts
    known = {text: column.words.get(text.casefold(), text) for text in set(texts)}
    return [*map(known.__getitem__, texts)]


def read(column: Sequence[Any], reader: Callable[[Any], Any], faults: Faults, *, costs_row: bool = True) -> list[Any]:
    """Every cell read; where the reader gives Unreadable the value is None and the fault is noted."""
    known = {cell: reader(cell) for cell in set(column)}
    if not any(isinstance(value, Unreadable) for value in known.values()):
        return [*map(known.__getitem__, column)]
    for position, cell in enumerate(column):
        if isinstance(value := known[cell], Unreadable):
            faults.add(position, value.reason, costs_row=costs_row)
    return [None if isinstance(value := known[cell], Unreadable) else value for cell in column]


def bounded(chunk: Chunk, column: Column, longest: int, word: str, faults: Faults, *, costs_row: bool = True) -> list[str]:
    """A column of short texts in our words; one that is longer than the store has room for is left out and told."""

    def short(text: str) -> str | Unreadable:
        return text if len(text) <= longest else Unreadable(f"The {word} `{text[:30]}...` is longer than {longest} characters.")

    return [text or "" for text in read(written(chunk, column), short, faults, costs_row=costs_row)]


def keys(chunk: Chunk, column: Column, faults: Faults) -> Sequence[str]:
    """Ids; a missing one costs the row."""
    texts = written(chunk, column)
    if not all(texts) or max(map(len, texts), default=0) > _LONGEST_ID:
        for position, text in enumerate(texts):
            if not text:
                faults.add(position, f"`{column.column}` is empty; every row needs an id.")
            elif len(text) > _LONGEST_ID:
                faults.add(position, f"`{column.column}` is longer than {_LONGEST_ID} characters; that is no id.")
    return texts


def moment(cell: Any, terms: Terms) -> datetime | Unreadable:
    """When something happened, in UTC."""
    text = cells.text(cell)
    value = cell if isinstance(cell, moments.DayOrMoment) else moments.parse(text, terms.source.dates)
    if value is not None and value.year < OLDEST_YEAR:
        return Unreadable(f"The date `{text}` is before {OLDEST_YEAR}: it only stands for a missing one.")
    found = None if value is None else moments.in_utc(value, terms.zone)
    if found is None:
        return Unreadable(f"The date `{text}` can't be read as {' or '.join(terms.source.dates)}.")
    if found > terms.now + timedelta(days=1):
        return Unreadable(f"The date `{text}` lies in the future.")
    return found


def number(cell: Any, terms: Terms, word: str) -> Decimal | Unreadable:
    """An amount or a quantity."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        found = amounts.parse(cells.text(cell), terms.source.decimal)
    else:
        found = amounts.exact(cell)
    return Unreadable(f"The {word} `{cells.text(cell)}` can't be read as a number with a decimal {terms.source.decimal}.") if found is None else found


def _again(texts: Sequence[str]) -> dict[str, list[int]]:
    if len(set(texts)) == len(texts):
        return {}
    seen: set[str] = set()
    marks = []
    for text in texts:
        marks.append(int(text in seen))
        seen.add(text)
    return {"again": marks}

"""Which rows are orders: several rows made one where each of its goods has a row of its own, and rows that are no orders yet left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from winback.audience import amounts, cells
from winback.audience.mapping import Orders, Status
from winback.audience.rows import Chunk
from winback.audience.source import Source


def read(chunks: Iterator[Chunk], source: Source) -> Iterator[Chunk]:
    """The chunks as they are, where the source says nothing of lines or of rows to leave out."""
    mapping = source.orders
    if mapping is None:
        return chunks
    whole = _joined(chunks, mapping, source) if mapping.lines else chunks
    return (_without(chunk, mapping.status) for chunk in whole) if mapping.status and mapping.status.left_out else whole


def _without(chunk: Chunk, status: Status) -> Chunk:
    words = [word.casefold() for word in cells.texts(chunk.columns[status.column])]
    return chunk.only([at for at, word in enumerate(words) if word not in status.left_out])


def _joined(chunks: Iterator[Chunk], mapping: Orders, source: Source) -> Iterator[Chunk]:
    """An order may go on in the next chunk: its rows wait until another one begins."""
    waiting: Chunk | None = None
    for chunk in chunks:
        whole = chunk if waiting is None else _together(waiting, chunk)
        starts = _starts(whole, mapping)
        if not starts:
            yield whole
            continue
        waiting = _slice(whole, starts[-1], len(whole.lines))
        yield _one_each(whole, starts, mapping, source, whole.rejects)
    if waiting is not None:
        yield _one_each(waiting, [0, len(waiting.lines)], mapping, source, ())


def _starts(chunk: Chunk, mapping: Orders) -> list[int]:
    """Where another order begins; a row without an id belongs to the one above."""
    found: list[int] = []
    last = ""
    for at, key in enumerate(cells.texts(chunk.columns[mapping.id.column])):
        if not found or (key and key != last):
            found.append(at)
        last = key or last
    return found


def _one_each(chunk: Chunk, bounds: Sequence[int], mapping: Orders, source: Source, rejects: Sequence[Any]) -> Chunk:
    """One row for each order between two bounds."""
    spans = list(pairwise(bounds))
    summed = {getattr(mapping, name).column for name in (mapping.lines.add_up if mapping.lines else ())}
    columns = {
        name: [_sum(column, begin, end, source) if name in summed else _first(column, begin, end) for begin, end in spans]
        for name, column in chunk.columns.items()
    }
    return Chunk(columns, [chunk.lines[begin] for begin, _ in spans], rejects)


def _first(column: Sequence[Any], begin: int, end: int) -> Any:
    return next((cell for cell in column[begin:end] if cells.text(cell)), column[begin])


def _sum(column: Sequence[Any], begin: int, end: int, source: Source) -> Any:
    """A cell that is no number is given back as it is, so that the order is rejected for it."""
    total, any_said = Decimal(0), False
    for cell in column[begin:end]:
        text = cells.text(cell)
        if not text:
            continue
        is_number = not isinstance(cell, bool) and isinstance(cell, int | float | Decimal)
        found = amounts.exact(cell) if is_number else amounts.parse(text, source.decimal)
        if found is None:
            return cell
        total, any_said = total + found, True
    return total if any_said else column[begin]


def _together(first: Chunk, second: Chunk) -> Chunk:
    columns = {name: [*first.columns[name], *column] for name, column in second.columns.items()}
    return Chunk(columns, [*first.lines, *second.lines], second.rejects)


def _slice(chunk: Chunk, begin: int, end: int) -> Chunk:
    return Chunk({name: column[begin:end] for name, column in chunk.columns.items()}, chunk.lines[begin:end])

"""Rows of people who asked to be forgotten: taken out before anything is read of them."""

from __future__ import annotations

from collections.abc import Callable

from winback.audience import converting
from winback.audience.mapping import Block, Customers
from winback.audience.rows import Chunk


def leave_out(chunk: Chunk, block: Block, is_forgotten: Callable[[str], bool]) -> tuple[Chunk, int]:
    """The chunk without their rows, and how many those were. Whom they brought isn't told who brought them any more."""
    column = block.id if isinstance(block, Customers) else block.customer
    keys = converting.written(chunk, column)
    stay = [position for position, key in enumerate(keys) if not is_forgotten(key)]
    left = chunk if len(stay) == len(keys) else chunk.only(stay)
    if isinstance(block, Customers) and block.recommended_by:
        by = converting.written(left, block.recommended_by)
        if any(key and is_forgotten(key) for key in by):
            cells = left.columns[block.recommended_by.column]
            told = [None if key and is_forgotten(key) else cell for key, cell in zip(by, cells, strict=True)]
            left = Chunk({**left.columns, block.recommended_by.column: told}, left.lines, left.rejects)
    return left, len(keys) - len(stay)

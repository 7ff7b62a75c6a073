"""The largest value seen of a column that only grows, so that the next import reads what is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from winback.audience.rows import Chunk
from winback.audience.source import Watermark

_TYPES: dict[str, Callable[[str], Any]] = {"datetime": datetime.fromisoformat, "date": date.fromisoformat, "Decimal": Decimal, "float": float}


def encode(value: Any) -> str:
    """A value as text that keeps its type, since databases compare only like with like; None is the empty text."""
    if value is None:
        return ""
    if isinstance(value, str | int):
        return json.dumps(value)
    return json.dumps({type(value).__name__: value.isoformat() if isinstance(value, date) else str(value)})


def decode(encoded: str) -> Any:
    """The value again."""
    value = json.loads(encoded) if encoded else None
    if isinstance(value, dict):
        ((name, content),) = value.items()
        return _TYPES[name](content)
    return value


def fresh(chunk: Chunk, watermark: Watermark, seen: Any) -> Chunk:
    """The rows above `seen`, and those that can't be compared with it: a row too many does no harm, since importing repeats nothing."""
    if seen is None:
        return chunk
    values = _values(chunk, watermark)
    return chunk.only([position for position, value in enumerate(values) if value is None or _exceeds(value, seen)])


def highest(chunk: Chunk, watermark: Watermark, seen: Any) -> Any:
    """The largest value of the chunk and `seen`."""
    for value in set(_values(chunk, watermark)):
        if value is not None and _exceeds(value, seen):
            seen = value
    return seen


def _values(chunk: Chunk, watermark: Watermark) -> list[Any]:
    cells = chunk.columns[watermark.column]
    if watermark.kind == "number":
        return [_number(cell) if isinstance(cell, str) else cell for cell in cells]
    return [cell.strip() or None if isinstance(cell, str) else cell for cell in cells]


def _number(cell: str) -> Decimal | None:
    try:
        value = Decimal(cell.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _exceeds(value: Any, seen: Any) -> bool:
    try:
        return seen is None or bool(value > seen)
    except TypeError:  # the source was another kind of thing when it was seen last
        return True

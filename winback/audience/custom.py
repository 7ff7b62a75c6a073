"""The shop's own columns: one JSON object for each customer, by the names that cohorts and letters call them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from winback.audience import amounts, cells, converting
from winback.audience.columns import CustomColumn
from winback.audience.converting import Faults, Terms, Unreadable
from winback.audience.rows import Chunk

Kind: TypeAlias = Literal["number", "text"]

_MOST_DIGITS = 15  # what a JSON reader keeps exactly (RFC 8259, section 6): longer ones are card numbers, not quantities
_CODE = re.compile("[+-]?0[0-9]|[+]")  # 007 and +380... are no quantities either


def settled(chunk: Chunk, mapping: Mapping[str, CustomColumn], terms: Terms) -> Terms:
    """The terms with the kind of each column that shows one by now.

    What the mapping says comes first; else a column is numbers if every cell of the source's first chunk that isn't empty is one, and
    stays that for the whole source, so that one import never keeps a column half as numbers and half as text.
    """
    open_yet = {name: column for name, column in mapping.items() if name not in terms.kinds}
    if not open_yet:
        return terms
    found = {name: column.kind or _kind(_cells(chunk, column), terms) for name, column in open_yet.items()}
    return replace(terms, kinds={**terms.kinds, **{name: kind for name, kind in found.items() if kind}})


def convert(chunk: Chunk, mapping: Mapping[str, CustomColumn], terms: Terms, faults: Faults) -> list[str]:
    """JSON objects as text; an empty cell is null, which takes the name out of what is stored."""
    columns = {name: _values(chunk, name, column, terms, faults) for name, column in mapping.items()}
    rows = zip(*columns.values(), strict=True)
    known: dict[tuple[Any, ...], str] = {}
    written = []
    for row in rows:
        if row not in known:
            known[row] = "{" + ",".join(f'"{name}":{value}' for name, value in zip(columns, row, strict=True)) + "}"
        written.append(known[row])
    return written


def _values(chunk: Chunk, name: str, column: CustomColumn, terms: Terms, faults: Faults) -> list[str]:
    """Every cell as JSON."""
    if terms.kinds.get(name) != "number":
        texts = cells.texts(_cells(chunk, column))
        known = {text: json.dumps(text, ensure_ascii=False) if text else "null" for text in set(texts)}
        return [known[text] for text in texts]

    def number(cell: Any) -> str | Unreadable:
        if not cells.text(cell):
            return "null"
        found = _number(cell, terms)
        if found is None:
            how = f"It is left out; write `{name}: {{column: {column.column}, kind: text}}` if the column isn't meant as numbers."
            return Unreadable(f"`{cells.text(cell)}` in `{column.column}` is no number with a decimal {terms.source.decimal}. {how}")
        return str(int(found)) if found == found.to_integral_value() else repr(float(found))

    return [value or "null" for value in converting.read(_cells(chunk, column), number, faults, costs_row=False)]


def _cells(chunk: Chunk, column: CustomColumn) -> Sequence[Any]:
    return converting.written(chunk, column) if column.words else chunk.columns[column.column]


def _kind(column: Sequence[Any], terms: Terms) -> Kind | None:
    """None for a column of empty cells, which shows nothing."""
    filled = [cell for cell in set(column) if cells.text(cell)]
    if not filled:
        return None
    return "number" if all(_number(cell, terms) is not None for cell in filled) else "text"


def _number(cell: Any, terms: Terms) -> Decimal | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float | Decimal):
        return amounts.exact(cell)
    text = cells.text(cell)
    found = None if _CODE.match(text) else amounts.parse(text, terms.source.decimal)
    return found if found is not None and len(found.as_tuple().digits) <= _MOST_DIGITS else None

"""What a row says of a consent: whether, when, where, in which words, and what else shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from winback.audience import cells, converting
from winback.audience.converting import Faults, Terms, Unreadable
from winback.audience.mapping import Proof
from winback.audience.rows import Chunk

_LONGEST = 500
"""Characters of one piece of evidence."""


def convert(chunk: Chunk, mapping: Proof, terms: Terms, faults: Faults) -> dict[str, Sequence[Any]]:
    """Columns consent (1 agreed, 0 declined, None nothing said), given_at, source, and what else is mapped; the rest counts only where agreed.

    A moment that isn't there yet is none: nobody has agreed tomorrow.
    """
    said = _said(chunk, mapping, faults)
    agreed, declined = [word == 1 for word in said], [word == 0 for word in said]
    columns: dict[str, Sequence[Any]] = {
        "consent": said,
        "given_at": _moments(chunk, mapping.given_at, agreed, terms, faults),
        "source": _texts(chunk, mapping.source, agreed),
    }
    if mapping.confirmed_at:
        columns["doubly_at"] = _moments(chunk, mapping.confirmed_at, agreed, terms, faults)
    if mapping.withdrawn_at:
        columns["withdrawn_at"] = _moments(chunk, mapping.withdrawn_at, declined, terms, faults)
    if mapping.wording:
        columns["wording"] = _texts(chunk, mapping.wording, agreed)
    elif mapping.text:
        columns["wording"] = [mapping.text if counts else "" for counts in agreed]
    if mapping.evidence:
        columns["evidence"] = _evidence(chunk, mapping, agreed)
    return columns


def _said(chunk: Chunk, mapping: Proof, faults: Faults) -> list[Any]:
    words = {**dict.fromkeys(mapping.agreed, 1), **dict.fromkeys(mapping.declined, 0)}

    def consent(text: str) -> int | Unreadable | None:
        said = words.get(text.casefold())
        if said is None and text:
            return Unreadable(f"The consent `{text}` is listed neither as agreed nor as declined. It changes nothing.")
        return said

    return converting.read(cells.texts(chunk.columns[mapping.column]), consent, faults, costs_row=False)


def _moments(chunk: Chunk, column: str | None, counts: Sequence[bool], terms: Terms, faults: Faults) -> list[Any]:
    if column is None:
        return [None] * len(counts)
    told = [cell if is_meant else None for cell, is_meant in zip(chunk.columns[column], counts, strict=True)]

    def moment(cell: Any) -> Any:
        found = converting.moment(cell, terms) if cells.text(cell) else None
        return Unreadable(f"Consent: {found.reason} It is kept without its day.") if isinstance(found, Unreadable) else found

    return converting.read(told, moment, faults, costs_row=False)


def _texts(chunk: Chunk, column: str | None, counts: Sequence[bool]) -> list[str]:
    if column is None:
        return [""] * len(counts)
    return [text if is_meant else "" for text, is_meant in zip(cells.texts(chunk.columns[column]), counts, strict=True)]


def _evidence(chunk: Chunk, mapping: Proof, counts: Sequence[bool]) -> list[str | None]:
    """As JSON; empty cells say nothing."""
    columns = {name: cells.texts(chunk.columns[column]) for name, column in mapping.evidence.items()}
    rows = zip(*columns.values(), strict=True)
    return [
        json.dumps({name: text[:_LONGEST] for name, text in zip(columns, row, strict=True) if text}, ensure_ascii=False) if is_meant else None
        for row, is_meant in zip(rows, counts, strict=True)
    ]

"""Rows of touches, of feedback, and of reasons for leaving. As with orders, one cell that can't be read costs the row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from winback import clock
from winback.audience import amounts, cells, converting, reasons
from winback.audience.columns import Column, KindColumn
from winback.audience.converting import Converted, Faults, Terms, Unreadable
from winback.audience.mapping import Feedback, LeavingReasons, Touches
from winback.audience.rows import Chunk
from winback.model import FeedbackKind

_LONGEST_CHANNEL = 20
_LONGEST_ORDER = 200
_LONGEST_NAME = 100
_BEST_SCORE = 10


def convert_touches(chunk: Chunk, mapping: Touches, terms: Terms) -> Converted:
    """Columns key, customer, touched_at, and channel and reacted_at where the source has them."""
    faults = Faults()
    columns = _whose(chunk, mapping, faults)
    columns["touched_at"] = _moments(chunk, mapping.touched_at, terms, faults)
    if mapping.channel:
        columns["channel"] = converting.bounded(chunk, mapping.channel, _LONGEST_CHANNEL, "channel", faults)
    if mapping.reacted_at:
        columns["reacted_at"] = _moments(chunk, mapping.reacted_at, terms, faults, may_be_empty=True)
        _refuse_before(columns["reacted_at"], columns["touched_at"], "The reaction is dated before the touch.", faults)
    return converting.finish(chunk, columns, faults)


def convert_feedback(chunk: Chunk, mapping: Feedback, terms: Terms) -> Converted:
    """Columns key, customer, said_at, kind, and score, order_key, text and mended_at where the source has them."""
    faults = Faults()
    columns = _whose(chunk, mapping, faults)
    columns["said_at"] = _moments(chunk, mapping.said_at, terms, faults)
    columns["kind"] = _kinds(chunk, mapping.kind, faults)
    if mapping.score:
        columns["score"] = _scores(chunk, mapping.score, terms, columns["kind"], faults)
    if mapping.order:
        columns["order_key"] = converting.bounded(chunk, mapping.order, _LONGEST_ORDER, "order's id", faults)
    if mapping.text:
        columns["text"] = converting.written(chunk, mapping.text)
    if mapping.mended_at:
        columns["mended_at"] = _moments(chunk, mapping.mended_at, terms, faults, may_be_empty=True)
        _refuse_before(columns["mended_at"], columns["said_at"], "It is said to be put right before it was said.", faults)
    return converting.finish(chunk, columns, faults)


def convert_reasons(chunk: Chunk, mapping: LeavingReasons, terms: Terms) -> Converted:
    """Columns key, customer, reason, recorded_at, and recorded_by and note where the source has them; source is the same in all rows."""
    faults = Faults()
    customer = converting.keys(chunk, mapping.customer, faults)
    recorded_at = _moments(chunk, mapping.recorded_at, terms, faults)
    reason = converting.read(converting.written(chunk, mapping.reason), partial(_reason, terms=terms), faults)
    columns: dict[str, Sequence[Any]] = {
        "key": converting.keys(chunk, mapping.id, faults) if mapping.id else _made_keys(mapping, customer, recorded_at, reason, terms),
        "customer": customer,
        "reason": reason,
        "recorded_at": recorded_at,
    }
    if mapping.recorded_by:
        columns["recorded_by"] = converting.bounded(chunk, mapping.recorded_by, _LONGEST_NAME, "name of who recorded it", faults)
    if mapping.note:
        columns["note"] = converting.written(chunk, mapping.note)
    return converting.finish(chunk, columns, faults, {"source": mapping.source})


def _whose(chunk: Chunk, mapping: Touches | Feedback, faults: Faults) -> dict[str, Sequence[Any]]:
    return {"key": converting.keys(chunk, mapping.id, faults), "customer": converting.keys(chunk, mapping.customer, faults)}


def _made_keys(
    mapping: LeavingReasons, customers: Sequence[str], moments: Sequence[datetime | None], words: Sequence[str | None], terms: Terms
) -> list[str]:
    """Empty for rows that are left out anyway."""
    rows = zip(customers, moments, words, strict=True)
    return [
        reasons.key(mapping.source, customer, clock.local_day(moment, terms.zone), word) if moment and word else "" for customer, moment, word in rows
    ]


def _moments(chunk: Chunk, column: Column, terms: Terms, faults: Faults, *, may_be_empty: bool = False) -> list[datetime | None]:
    read: Callable[[Any], Any] = partial(converting.moment, terms=terms)
    if may_be_empty:
        return converting.read(chunk.columns[column.column], lambda cell: read(cell) if cells.text(cell) else None, faults)
    return converting.read(chunk.columns[column.column], read, faults)


def _refuse_before(later: Sequence[datetime | None], earlier: Sequence[datetime | None], sentence: str, faults: Faults) -> None:
    """By more than a day: a date without a time is its day's first moment."""
    for position, (after, before) in enumerate(zip(later, earlier, strict=True)):
        if after and before and after < before - timedelta(days=1):
            faults.add(position, sentence)


def _kinds(chunk: Chunk, column: KindColumn, faults: Faults) -> list[str | None]:
    if column.always:
        return [column.always] * len(chunk.lines)
    words = {**dict.fromkeys(column.complaint, FeedbackKind.COMPLAINT.value), **dict.fromkeys(column.survey, FeedbackKind.SURVEY.value)}

    def kind(text: str) -> str | Unreadable:
        return words.get(text.casefold()) or Unreadable(f"The kind `{text}` is listed neither as complaint nor as survey.")

    return converting.read(cells.texts(chunk.columns[column.column]), kind, faults)


def _scores(chunk: Chunk, column: Column, terms: Terms, kinds: Sequence[str | None], faults: Faults) -> list[int | None]:
    """Whole numbers from 0 to 10; only a complaint may do without."""

    def score(cell: Any) -> int | Unreadable | None:
        if not cells.text(cell):
            return None
        found = converting.number(cell, terms, "score")
        whole = None if isinstance(found, Unreadable) else amounts.as_quantity(found)
        if whole is None or not 0 <= whole <= _BEST_SCORE:
            return Unreadable(f"The score `{cells.text(cell)}` is no whole number from 0 to {_BEST_SCORE}.")
        return whole

    column_cells = converting.written(chunk, column) if column.words else chunk.columns[column.column]
    found = converting.read(column_cells, score, faults)
    for position, (cell, kind) in enumerate(zip(column_cells, kinds, strict=True)):
        if kind == FeedbackKind.SURVEY and not cells.text(cell):
            faults.add(position, "An answer to a survey needs its score, from 0 to 10.")
    return found


def _reason(text: str, terms: Terms) -> str | Unreadable:
    if not text:
        return Unreadable("The reason is empty.")
    found = terms.reasons.word(text)
    return found or Unreadable(f"The reason `{text}` is not in config/{reasons.FILE}. {terms.reasons.hint(text)}")

"""Rows that a program brings by the HTTP API: read by the same rules as a file of the shop's, merged in one transaction, once for each key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

from sqlalchemy import Engine

from winback.audience import source as sources
from winback.audience.mapping import Customers
from winback.audience.rows import Chunk, Reject, Rows
from winback.audience.source import KINDS, Source
from winback.errors import ConfigError, Problem
from winback.operations import importing, stopping
from winback.operations.importing import Opened
from winback.settings import Project
from winback.store import api_tokens, audit, database
from winback.strictyaml import nearest

Given: TypeAlias = Mapping[str, Any]
"""One row: cells by the names of columns."""

MOST = 1_000
"""Rows of one request."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "customers": (
        *("id", "email", "telegram", "phone", "given_name", "patronymic", "family_name", "sex", "locale", "country", "city", "time_zone"),
        *("birthday", "favourite_day", "manager", "black_list", "standing", "recommended_by", "tags"),
        *("consent", "consent_given_at", "consent_source", "consent_confirmed_at", "consent_withdrawn_at", "consent_wording"),
    ),
    "orders": ("id", "customer", "ordered_at", "amount", "currency", "quantity", "status", "margin", "code"),
    "inquiries": ("id", "customer", "inquired_at", "subject"),
    "touches": ("id", "customer", "touched_at", "channel", "reacted_at"),
    "feedback": ("id", "customer", "said_at", "kind", "score", "order", "text", "mended_at"),
    "reasons": ("id", "customer", "reason", "recorded_at", "recorded_by", "note"),
}
"""What rows may hold that name no source: our own words."""

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "customers": ("id",),
    "orders": ("id", "customer", "ordered_at", "amount"),
    "inquiries": ("id", "customer", "inquired_at"),
    "touches": ("id", "customer", "touched_at"),
    "feedback": ("id", "customer", "said_at", "kind"),
    "reasons": ("customer", "reason", "recorded_at"),
}
assert set(_NAMES) == set(_NEEDED) == set(KINDS)


class Clash(ConfigError):
    """The same key came before with another request."""


class Unreadable(ConfigError):
    """Rows name what isn't known, or lack what is needed."""


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is to be done once: who asks and their key for it, and all that they ask."""

    key: str
    body: bytes

    @property
    def key_hash(self) -> str:
        return hashlib.sha256(self.key.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the rows. Each is inserted, updated, unchanged, rejected, or of somebody who asked to be forgotten."""

    counts: Mapping[str, int]
    rejects: tuple[Reject, ...] = ()
    is_replay: bool = False  # it was done before: nothing was done now, and reasons aren't kept

    def as_json(self) -> dict[str, Any]:
        told = [{"row": each.line, "reason": each.reason} for each in self.rejects]
        return {**self.counts, "rejects": told}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are read alike."""

    source: Source
    rows: Sequence[Given]
    numbers: Sequence[int]  # of each row in its request, from 1


class _Heard:
    """Rejects for an answer."""

    def __init__(self, before: Iterable[Reject] = ()) -> None:
        self.rejects = list(before)

    def write(self, rejects: Iterable[Reject], *, header: Iterable[str]) -> None:  # noqa: ARG002  # as a file of rejects hears them
        self.rejects += rejects


def take_in(
    project: Project, engine: Engine, kind: str, rows: Sequence[Given], *, source: str = "", by: str, once: Once | None = None, now: datetime
) -> Received:
    """Merge rows of one of KINDS: in our words, or as `source` of config/sources.yaml maps the shop's. The same rows twice change nothing.

    Raises Unreadable when there is no such source of this kind or a row names what isn't known, Clash when the key was used for another request.
    """
    bad = [Reject(number, reason, ()) for number, row in enumerate(rows, 1) if (reason := _unfit(row))]
    left_out = {each.line for each in bad}
    good = [(number, row) for number, row in enumerate(rows, 1) if number not in left_out]
    batches = [_mapped(project, kind, source, good)] if source else list(_in_our_words(kind, good))
    return merge(project, engine, f"{by}, {kind}", [each for each in batches if each.rows], bad, by=by, once=once, now=now)


def merge(
    project: Project,
    engine: Engine,
    about: str,
    batches: Sequence[Batch],
    bad: Sequence[Reject],
    *,
    by: str,
    once: Once | None,
    now: datetime,
) -> Received:
    """Merge batches in one transaction; journeys that end by them end at once. Whose facts aren't true any more is noted for whoever asks next."""
    heard = _Heard(bad)
    counts = dict.fromkeys(("inserted", "updated", "unchanged", "forgotten"), 0)
    with database.writing(engine) as connection:
        if once is not None and not api_tokens.take_on(connection, once.key_hash, once.body_hash, now):
            known = api_tokens.answered(connection, once.key_hash)
            if known is None or known.body_hash != once.body_hash:
                raise Clash(Problem("", None, "this Idempotency-Key came before with another request.", "Make a new key for each request."))
            return Received(known.counts, is_replay=True)
        for batch in batches:
            terms = importing.terms_of(project, batch.source, now)
            chunk = _chunk(batch)
            taken = importing.merge(connection, project, Opened(about, terms, Rows(tuple(chunk.columns), iter([chunk])), None), heard)
            for name in counts:
                counts[name] += getattr(taken, name)
        heard.rejects.sort(key=lambda each: each.line)
        counts["rejected"] = len(heard.rejects)
        if once is not None:
            api_tokens.note(connection, once.key_hash, counts)
        if counts["inserted"] or counts["updated"]:
            detail = {"new": counts["inserted"], "changed": counts["updated"], "rejected": counts["rejected"]}
            audit.record(connection, who=by, deed=audit.Deed.IMPORTED, about=about, detail=detail, now=now)
    if counts["inserted"] or counts["updated"]:
        stopping.stop_if_due(engine, now=now)
    return Received(counts, tuple(heard.rejects))


def _in_our_words(kind: str, rows: Sequence[tuple[int, Given]]) -> Iterable[Batch]:
    """Rows that say the same things go together: what a row doesn't say of a customer or an order stays as it is."""
    for _, row in rows:
        if unknown := next((name for name in row if name not in _NAMES[kind]), None):
            _refuse(f"rows of {kind} have no `{unknown[:80]}`.", nearest(unknown[:80], _NAMES[kind], "They have"))
        if lacking := next((name for name in _NEEDED[kind] if name not in row), None):
            _refuse(f"a row of {kind} lacks `{lacking}`.", f"Each has {', '.join(_NEEDED[kind])}.")
    groups: dict[frozenset[str], list[tuple[int, Given]]] = {}
    for number, row in rows:
        groups.setdefault(frozenset(row), []).append((number, row))
    for names, group in groups.items():
        yield Batch(_source(kind, names), [row for _, row in group], [number for number, _ in group])


def _source(kind: str, names: Collection[str]) -> Source:
    block: dict[str, Any] = {name: name for name in _NAMES[kind] if name in names and not name.startswith("consent")}
    if "status" in block:
        block["status"] = {"column": "status", "placed": ("placed",), "cancelled": ("cancelled",), "returned": ("returned",)}
    if "kind" in block:
        block["kind"] = {"column": "kind", "complaint": ("complaint",), "survey": ("survey",)}
    if "consent" in names:
        parts = ("given_at", "source", "confirmed_at", "withdrawn_at", "wording")
        proof = {part: f"consent_{part}" for part in parts if f"consent_{part}" in names}
        block["consent"] = {"column": "consent", "agreed": ("yes", "true"), "declined": ("no", "false"), **proof}
    return Source.model_validate({"file": "-", kind: block})


def _mapped(project: Project, kind: str, name: str, rows: Sequence[tuple[int, Given]]) -> Batch:
    """Rows in the shop's own words. A column that no row has is missing, as it would be in a file."""
    document = sources.read(project)
    alike = [each for each, found in document.value.sources.items() if found.kind == kind]
    if name not in alike:
        _refuse(f"there is no source `{name[:80]}` of {kind} in config/{sources.FILE}.", nearest(name[:80], alike, "Sources"))
    source = document.value.sources[name].model_copy(update={"watermark": None})
    if rows and (missing := next((each for each in source.columns().values() if not any(each in row for _, row in rows)), None)):
        _refuse(f"no row has the column `{missing}`, which the source `{name}` names.", "Send it with each row, empty where there is nothing.")
    return Batch(source, [row for _, row in rows], [number for number, _ in rows])


def _chunk(batch: Batch) -> Chunk:
    names = dict.fromkeys(batch.source.columns().values())
    columns = {name: [_cell(row.get(name)) for row in batch.rows] for name in names}
    mapping = batch.source.mapping
    if isinstance(mapping, Customers) and mapping.black_list:  # anything written there means: leave alone
        own = mapping.black_list.column
        columns[own] = ["" if row.get(own) is False else cell for row, cell in zip(batch.rows, columns[own], strict=True)]
    return Chunk(columns, list(batch.numbers))


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return Decimal(repr(value)) if isinstance(value, float) else value


def _unfit(row: Given) -> str:
    """Why a row can't be read at all; empty: it can."""
    for name, value in row.items():
        if isinstance(value, list | dict):
            return f"`{name[:80]}` holds a list or an object; a cell is a text, a number, true, false or null."
        if isinstance(value, str) and not is_text(value):
            return f"`{name[:80]}` holds half of a character."
    return ""


def is_text(value: str) -> bool:
    """Whether it can be written down: JSON may hold halves of characters (lone surrogates), which no database takes."""
    with suppress(UnicodeEncodeError):
        value.encode()
        return True
    return False


def _refuse(message: str, how: str = "") -> NoReturn:
    raise Unreadable(Problem("", None, message, how))

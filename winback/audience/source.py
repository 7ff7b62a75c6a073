"""config/sources.yaml: where the shop's data lies, and which of its columns is what here."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator

from winback.audience import mapping, moments, reasons
from winback.audience.mapping import Block, Customers, Feedback, Inquiries, LeavingReasons, Orders, Touches
from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.shapes import Zone
from winback.strictyaml import Document, Shape, nearest, refusal

FILE = "sources.yaml"
KINDS = ("customers", "orders", "inquiries", "touches", "feedback", "reasons")
"""What can stand in a source."""


class Watermark(Shape):
    """The column that only grows: rows at or below the largest value seen are not read again."""

    column: str
    kind: Literal["text", "number"] = "text"  # how a CSV file's cells are compared; databases and Parquet know it themselves


class Source(Shape):
    """One file or database table, and what stands in it: exactly one of KINDS."""

    file: str | None = None
    url: str | None = None
    table: str | None = None
    query: str | None = None
    encoding: str = Field(default="utf-8", validate_default=True)
    delimiter: str = ","
    decimal: Literal["point", "comma"] = "point"
    dates: tuple[str, ...] = Field(default=(moments.ISO,), min_length=1)
    time_zone: Zone | None = None  # of dates without one; default: the shop's
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")  # of amounts; default: the project's
    guarded: bool = False  # an apostrophe stands before what a spreadsheet would take for a formula, as in files of winback export
    watermark: Watermark | None = None
    customers: Customers | None = None
    orders: Orders | None = None
    inquiries: Inquiries | None = None
    touches: Touches | None = None
    feedback: Feedback | None = None
    reasons: LeavingReasons | None = None

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            known = codecs.lookup(value)
        except LookupError as error:
            raise refusal(f"is {value}; no such encoding is known.", "Write for example utf-8 or cp1251.") from error
        if not known._is_text_encoding:  # noqa: SLF001  # the only way to tell base64 from an encoding of text
            raise refusal(f"is {value}; that is no encoding of text.", "Write for example utf-8 or cp1251.")
        return "utf-8-sig" if known.name == "utf-8" else known.name

    @field_validator("delimiter")
    @classmethod
    def _delimiter(cls, value: str) -> str:
        character = "\t" if value == "tab" else value
        if len(character) != 1 or character in '"\r\n':
            raise refusal(f"is {value}; a delimiter is one character.", 'Write for example ";" or tab.')
        return character

    @field_validator("dates")
    @classmethod
    def _dates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            moments.compiled(pattern)
        return value

    @field_validator("url")
    @classmethod
    def _without_password(cls, value: str | None) -> str | None:
        if value and re.search(r"://[^/@]*:(?!\$\{)[^/@]+@", value):
            raise refusal("holds a password.", "Write ${SHOP_PASSWORD} in its place, and set SHOP_PASSWORD in the environment.")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Source:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = f"says {' and '.join(kinds)}" if kinds else "doesn't say what stands in it"
            raise refusal(f"{found}.", f"Write one of {', '.join(f'`{kind}:`' for kind in KINDS)} and the columns below it.")
        if (self.file is None) == (self.url is None):
            raise refusal("names a file and a database." if self.file else "names neither a file nor a database.", "Write `file:` or `url:`.")
        if self.url is not None and (self.table is None) == (self.query is None):
            raise refusal("doesn't say what to read from the database.", "Write either `table:` or `query:` below `url:`.")
        if self.url is None and (self.table or self.query):
            raise refusal("has a file, but also a table or a query.", "Take `table:` and `query:` out, or write `url:` instead of `file:`.")
        if self.currency and self.orders and self.orders.currency:
            raise refusal("names the currency twice.", "Keep `currency:` for the whole source, or the column in `orders:`.")
        return self

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def mapping(self) -> Block:
        block: Block = getattr(self, self.kind)
        return block

    def columns(self) -> dict[tuple[str, ...], str]:
        """Every column of the shop that is read, by its place below the source in sources.yaml."""
        found = {(self.kind, *place): column for place, column in mapping.columns(self.mapping)}
        return found | ({("watermark", "column"): self.watermark.column} if self.watermark else {})


class Sources(Shape):
    """The sources file. They are read in its order, customers before what customers did."""

    sources: dict[str, Source] = Field(min_length=1)

    @field_validator("sources")
    @classmethod
    def _names(cls, value: dict[str, Source]) -> dict[str, Source]:
        for name in value:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 80:
                raise refusal(f"has a source `{name}`; names are small letters, digits and hyphens.", "Write for example shop-orders.")
        return value


def read(project: Project) -> Document[Sources]:
    """config/sources.yaml. Raises ConfigError, also when it says a reason for leaving that reasons.yaml doesn't."""
    document = project.read(Sources, FILE)
    if problems := list(_unknown_reasons(project, document)):
        raise ConfigError(problems)
    return document


def _unknown_reasons(project: Project, document: Document[Sources]) -> Iterator[Problem]:
    for name, source in document.value.sources.items():
        if source.reasons and source.reasons.reason.words:
            known = reasons.read(project)
            place = ("sources", name, "reasons", "reason", "words")
            for ours in source.reasons.reason.words.values():
                if ours and known.word(ours) is None:
                    yield document.problem(place, f"the reason `{ours}` is not in config/{reasons.FILE}.", known.hint(ours))


def chosen(document: Document[Sources], only: str | None = None) -> dict[str, Source]:
    """The sources to read, in order: customers first, since orders of unknown customers are rejected. Raises ConfigError."""
    sources = document.value.sources
    if only is not None and only not in sources:
        raise ConfigError(document.problem(("sources",), f"there is no source `{only}`.", nearest(only, sources, "Sources")))
    names = sorted(sources, key=lambda name: sources[name].kind != "customers") if only is None else [only]
    return {name: sources[name] for name in names}

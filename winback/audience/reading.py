"""A source opened, whatever it is, with what sources.yaml says of it checked against what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from winback.audience import delimited, order_rows, parquet, rejects, shop_database
from winback.audience.delimited import Delimited
from winback.audience.rows import Chunk, Rows
from winback.audience.shop_database import Place
from winback.audience.source import Source, Sources
from winback.errors import Problem, SourceError
from winback.settings import Project
from winback.strictyaml import Document, nearest


@contextmanager
def opened(project: Project, document: Document[Sources], name: str, *, seen: Any = None) -> Iterator[Rows]:
    """The rows of the source `name`; `seen` is the watermark that a database need not send again (files are filtered later).

    The first chunk is already read, so that what is wrong with a source is known before anything of any source is stored.
    Raises SourceError when it is missing, empty, unreadable, or lacks a mapped column.
    """
    with _rows(project, document, name, seen) as rows:
        if problems := list(_missing_columns(project, document, name, rows.header)):
            raise SourceError(problems)
        first = next(rows.chunks, None)
        if first and (problems := list(_nested_columns(project, document, name, first))):
            raise SourceError(problems)
        source = document.value.sources[name]
        yield Rows(rows.header, order_rows.read(chain([first] if first else [], rows.chunks), source))


def _rows(project: Project, document: Document[Sources], name: str, seen: Any) -> AbstractContextManager[Rows]:
    source = document.value.sources[name]
    wanted = list(dict.fromkeys(source.columns().values()))
    if source.url is not None:
        place = Place(document.file, document.line("sources", name, "url"), source.url, source.table, source.query)
        above = (source.watermark.column, seen) if source.watermark and seen is not None else None
        return shop_database.opened(project, place, wanted, above=above)
    path = Path(project.root, source.file or "")
    shown = project.shown(path)
    if not path.is_file():
        place_of_file = ("sources", name, "file")
        raise SourceError(document.problem(place_of_file, f"there is no file {shown}.", "Put it there, or mend `file:`."))
    if path.suffix in {".parquet", ".pq"}:
        return parquet.opened(path, wanted, shown=shown)
    opening = delimited.opened(Delimited(path, shown, source.encoding, source.delimiter))
    return _unguarded(opening) if source.guarded else opening


@contextmanager
def _unguarded(opening: AbstractContextManager[Rows]) -> Iterator[Rows]:
    """Cells without the apostrophe that guards them from spreadsheets."""
    with opening as rows:
        yield Rows(
            rows.header,
            (
                Chunk({name: [rejects.unguarded(cell) for cell in cells] for name, cells in chunk.columns.items()}, chunk.lines, chunk.rejects)
                for chunk in rows.chunks
            ),
        )


def _missing_columns(project: Project, document: Document[Sources], name: str, header: tuple[str, ...]) -> Iterator[Problem]:
    source = document.value.sources[name]
    where = shown(project, source)
    for place, column in source.columns().items():
        if column not in header:
            message = f"{where} has no column `{column}`."
            yield document.problem(("sources", name, *place), message, _other_delimiter(header) or nearest(column, header, "Columns"))
        elif f"{column} (2)" in header:
            yield document.problem(("sources", name, *place), f"{where} has the column `{column}` twice.", "Rename one of them there.")


def _nested_columns(project: Project, document: Document[Sources], name: str, first: Chunk) -> Iterator[Problem]:
    """Columns of databases and Parquet whose cells aren't single values."""
    source = document.value.sources[name]
    for place, column in source.columns().items():
        cell = next((cell for cell in first.columns[column] if cell is not None), None)
        if isinstance(cell, list | dict | set | bytes):
            kind = "raw bytes" if isinstance(cell, bytes) else "lists or records"
            message = f"the column `{column}` of {shown(project, source)} holds {kind}."
            yield document.problem(("sources", name, *place), message, "Name a column of texts, numbers or dates.")


def _other_delimiter(header: tuple[str, ...]) -> str:
    found = re.search("[;\t|,]", header[0]) if len(header) == 1 else None
    if not found:
        return ""
    return f"Its first line looks like several columns: write `delimiter: {'tab' if found[0] == chr(9) else repr(found[0])}`."


def shown(project: Project, source: Source) -> str:
    """How messages and rejects call what a source reads."""
    return project.shown(Path(project.root, source.file)) if source.file is not None else source.table or "the query"

"""Marks as bits of one number, put together over a group: on PostgreSQL by `bit_or`, on SQLite, which has none, bit by bit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

BITS = 13
"""So many marks there are at the most."""


class _Either(FunctionElement[int]):
    name = "either"
    type = Integer()
    inherit_cache = True


def either(marks: ColumnElement[Any]) -> ColumnElement[int]:
    """Every mark that some row of the group has; 0 where none has any, or there is no row."""
    return func.coalesce(_Either(marks), 0)


def has(marks: ColumnElement[Any], *, any_of: int) -> ColumnElement[bool]:
    """Whether one of these marks is set."""
    return marks.bitwise_and(any_of) != 0


@compiles(_Either, "postgresql")
def _on_postgresql(element: _Either, compiler: SQLCompiler, **options: Any) -> str:
    (marks,) = (compiler.process(part, **options) for part in element.clauses)
    return f"bit_or({marks})"


@compiles(_Either, "sqlite")
def _on_sqlite(element: _Either, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    return f"({' | '.join(f'max(({compiler.process(column, **options)}) & {1 << bit})' for bit in range(BITS))})"

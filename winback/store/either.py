"""Marks as bits of one number, put together over a group: on PostgreSQL by `bit_or`, on SQLite, which has none, bit by bit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Either(FunctionElement[int]):
    name = "either"
    type = BigInteger()
    inherit_cache = True

    def __init__(self, marks: ColumnElement[Any], bits: int) -> None:
        super().__init__(marks, literal_column(str(bits)))  # a bound value would not be told from another when the statement is known already


def either(marks: ColumnElement[Any], bits: int) -> ColumnElement[int]:
    """Every mark that some row of the group has, of the lowest `bits`; 0 where none has any, or there is no row. `marks` is a mere column."""
    return func.coalesce(_Either(marks, bits), 0)


def has(marks: ColumnElement[Any], any_of: int) -> ColumnElement[bool]:
    """Whether one of these marks is set."""
    return marks.bitwise_and(literal(any_of, BigInteger)) != literal(0, BigInteger)


@compiles(_Either, "postgresql")
def _on_postgresql(element: _Either, compiler: SQLCompiler, **options: Any) -> str:
    marks, _ = element.clauses
    return f"bit_or({compiler.process(marks, **options)})"


@compiles(_Either, "sqlite")
def _on_sqlite(element: _Either, compiler: SQLCompiler, **options: Any) -> str:
    marks, bits = element.clauses
    return f"({' | '.join(f'max(({compiler.process(marks, **options)}) & {1 << bit})' for bit in range(int(compiler.process(bits))))})"

"""A column that is one of many numbers, in a statement that is built once: its text is the same however many they are, so databases know it again."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Dialect, String, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Numbers(TypeDecorator[Collection[int]]):
    """Many numbers as one value: an array on PostgreSQL, JSON on SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True  # else SQLite gets `... = 1`, and walks through the whole table


@compiles(_Among, "postgresql")
def _any_of_an_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(numbers, **options)})"


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = element.clauses
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({compiler.process(numbers, **options)}))"


def among(column: ColumnElement[int], name: str = "ids") -> ColumnElement[bool]:
    """True where the column is one of the numbers that the statement is run with as its parameter `name`."""
    return _Among(column, bindparam(name, type_=_Numbers()))


def among_these(column: ColumnElement[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """The same for numbers that are known by now, in a statement that is built for them."""
    return _Among(column, bindparam(None, numbers, type_=_Numbers(), unique=True))

"""Arithmetic on moments that SQLite and PostgreSQL do alike, to the microsecond.

SQLite keeps moments as text and knows only milliseconds: whole seconds are moved, and the fraction is put back as it was.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from winback.store.tables import Utc


class _Later(FunctionElement[Any]):
    type = Utc()
    inherit_cache = True


class _SecondsBetween(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


def later(moment: ColumnElement[Any], by: timedelta) -> ColumnElement[Any]:
    """The moment `by` later; `by` is a whole number of seconds."""
    return _Later(moment, literal(int(by.total_seconds())))


def later_by(moment: ColumnElement[Any], seconds: ColumnElement[Any]) -> ColumnElement[Any]:
    """The moment so many whole seconds later as the row says."""
    return _Later(moment, seconds)


def seconds_between(end: ColumnElement[Any], start: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole seconds from `start` to `end`, each without its fraction."""
    return _SecondsBetween(end, start)


@compiles(_Later, "postgresql")
def _later_on_postgresql(element: _Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(part, **options) for part in element.clauses)
    return f"({moment} + make_interval(secs => {seconds}))"


@compiles(_Later, "sqlite")
def _later_on_sqlite(element: _Later, compiler: SQLCompiler, **options: Any) -> str:
    column, by = element.clauses
    whole, fraction = compiler.process(column, **options), compiler.process(column, **options)
    seconds = compiler.process(by, **options)
    return f"(datetime(substr({whole}, 1, 19), '+' || ({seconds}) || ' seconds') || substr({fraction}, 20))"


@compiles(_SecondsBetween, "postgresql")
def _seconds_on_postgresql(element: _SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    end, start = (f"CAST(extract(epoch FROM date_trunc('second', {compiler.process(part, **options)})) AS bigint)" for part in element.clauses)
    return f"({end} - {start})"


@compiles(_SecondsBetween, "sqlite")
def _seconds_on_sqlite(element: _SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    end, start = (f"CAST(strftime('%s', substr({compiler.process(part, **options)}, 1, 19)) AS integer)" for part in element.clauses)
    return f"({end} - {start})"

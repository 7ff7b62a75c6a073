"""Rows that are given with a statement, as one JSON value: its text is the same however many they are, and one going does for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Dialect, FromClause, Text, TypeDecorator, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from winback.store.tables import sqlite_text


class _Rows(TypeDecorator[Iterable[Sequence[Any]]]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[Sequence[Any]] | None, dialect: Dialect) -> str:
        moment = sqlite_text if dialect.name == "sqlite" else datetime.isoformat
        return json.dumps(value, ensure_ascii=False, default=partial(_written, moment))


def _written(moment: Any, value: object) -> str:
    if not isinstance(value, datetime):
        msg = f"{value!r} is no number, text or moment"
        raise TypeError(msg)
    return str(moment(value))


def rows(dialect: str, **types: TypeEngine[Any]) -> FromClause:
    """A table of the rows that the statement is run with as its parameter `rows`: sequences of numbers, texts, moments and None."""
    given = bindparam("rows", type_=_Rows())
    if dialect == "postgresql":
        each = func.jsonb_array_elements(cast(given, JSONB)).table_valued(column("value", JSONB))
        values = [cast(each.c.value[place].astext, kind).label(name) for place, (name, kind) in enumerate(types.items())]
    else:
        each = func.json_each(given).table_valued("value")
        values = [func.json_extract(each.c.value, f"$[{place}]", type_=kind).label(name) for place, (name, kind) in enumerate(types.items())]
    return select(*values).select_from(each).subquery("given")

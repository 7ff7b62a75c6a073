"""Statements about few rows of large tables, taken one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

_WAYS = ("seqscan", "hashjoin", "mergejoin")


@contextmanager
def jumping(connection: Connection, *, is_on: bool = True) -> Iterator[None]:
    """PostgreSQL would go through a whole run for a fiftieth of its customers: it takes each jump to one for a jump of a disk's head."""
    _choose(connection, is_on=is_on)
    yield
    _choose(connection, is_on=False)


def _choose(connection: Connection, *, is_on: bool) -> None:
    if connection.dialect.name == "postgresql":
        for way in _WAYS:
            connection.execute(text(f"SET LOCAL enable_{way} = {'off' if is_on else 'on'}"))

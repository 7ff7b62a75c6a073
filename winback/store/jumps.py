"""What PostgreSQL's planner is told of statements that it would plan wrongly."""

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


def plan_anew(connection: Connection) -> None:
    """Until the transaction ends, statements are planned for the values that they have: after ten times PostgreSQL would plan one for any values,
    and a question for the few who complained is another one than for the many who opened.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def _choose(connection: Connection, *, is_on: bool) -> None:
    if connection.dialect.name == "postgresql":
        for way in _WAYS:
            connection.execute(text(f"SET LOCAL enable_{way} = {'off' if is_on else 'on'}"))

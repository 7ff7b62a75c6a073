"""A run's recipients cut into as many slices as PostgreSQL may add processes to one statement: each puts together what belongs to its own customers.

Left alone, every process would put together a part of everybody's rows, and the first of them all those parts once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, func, select, text, true, union_all

from winback.store.tables import recipients

WORTH_IT = 100_000
"""Recipients from which on a statement is cut."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Customers by their ids, the first among them and the end not; None: as far as there are any."""

    first: int | None = None
    end: int | None = None

    def has(self, customer: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether somebody is in it."""
        return (true() if self.first is None else customer >= self.first) & (true() if self.end is None else customer < self.end)


def find(connection: Connection, run_id: int) -> list[Slice]:
    """Slices with as many recipients each; everybody is in one of them, also who is assigned meanwhile. On SQLite, and of small runs, it is one."""
    starts = set[int]()
    if connection.dialect.name == "postgresql":
        theirs = select(recipients.c.customer_id).where(recipients.c.run_id == run_id)
        count = connection.execute(select(func.count()).select_from(theirs.subquery())).scalar_one()
        several = int(connection.execute(text("SHOW max_parallel_workers_per_gather")).scalar_one()) if count >= WORTH_IT else 1
        for number in range(1, several):
            starts.update(connection.execute(theirs.order_by(recipients.c.customer_id).offset(count * number // several).limit(1)).scalars())
    ends = sorted(starts)
    return [Slice(first, end) for first, end in zip([None, *ends], [*ends, None], strict=True)]


def together(slices: list[Slice], each: Callable[[Slice], Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    """What a statement finds in each slice; whoever is in two of its rows is in one slice with both."""
    return each(slices[0]) if len(slices) == 1 else union_all(*map(each, slices))

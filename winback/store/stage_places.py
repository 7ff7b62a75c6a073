"""Where a run's stages have their marks: a customer has one letter of each stage at the most, so a few bits of one number tell of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, FromClause, Integer, String, case, column, func, literal, select, union_all, values

from winback.store.either import either
from winback.store.tables import Utc, deliveries

PACKED = 6
"""Stages whose letters' marks share a number of 63 bits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage's marks are: in which number, and at which place of it."""

    stage: str
    number: int
    place: int

    def bit(self, kind: int) -> int:
        """The mark of the `kind`-th thing that can be told of the stage's letter."""
        return 1 << (kind * PACKED + self.place)


def places(stages: Sequence[str]) -> list[Place]:
    """Of stages in their order."""
    return [Place(stage, *divmod(index, PACKED)) for index, stage in enumerate(stages)]


def in_order(connection: Connection, run_id: int, known: Sequence[str]) -> list[str]:
    """The run's stages in the order in which their first letters fall due; `known` ones keep the places that they have."""
    names = _names(connection, run_id)
    known = [name for name in known if name in names]
    if len(known) == len(names):
        return known
    first: ColumnElement[datetime] = func.min(deliveries.c.due_at, type_=Utc())
    rows = connection.execute(select(deliveries.c.stage, first).where(deliveries.c.run_id == run_id).group_by(deliveries.c.stage))
    return [*known, *(stage for stage, _ in sorted(rows, key=lambda row: (row[1], row[0])) if stage not in known)]


def _names(connection: Connection, run_id: int) -> set[str]:
    """From one to the next along the index: a run has few stages and millions of letters."""
    found: set[str] = set()
    here = deliveries.c.run_id == run_id
    name = connection.execute(select(func.min(deliveries.c.stage)).where(here)).scalar_one()
    while name is not None:
        found.add(name)
        name = connection.execute(select(func.min(deliveries.c.stage)).where(here, deliveries.c.stage > name)).scalar_one()
    return found


def table(those: Sequence[Place], dialect: str) -> FromClause:
    """The stages as a table: name, number, place. PostgreSQL would look through all letters once for each part of a UNION."""
    rows = [(one.stage, one.number, one.place) for one in those] or [("", 0, 0)]
    if dialect == "postgresql":
        return values(column("name", String), column("number", Integer), column("place", Integer), name="places").data(rows)
    selects = [select(literal(name).label("name"), literal(number).label("number"), literal(place).label("place")) for name, number, place in rows]
    return union_all(*selects).subquery("places")


def numbers(each: FromClause, mark: ColumnElement[int], those: Sequence[Place], name: str, bits: int) -> list[ColumnElement[int]]:
    """The marks of a group, a number for each six stages."""
    count = range(those[-1].number + 1 if those else 0)
    if len(count) == 1:
        return [either(mark, bits).label(f"{name}_0")]
    return [either(case((each.c.number == number, mark)), bits).label(f"{name}_{number}") for number in count]

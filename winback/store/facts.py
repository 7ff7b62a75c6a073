"""The facts that a cohort asks about: the stored ones where they speak of the moment asked for, else counted from what happened."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, select

from winback.store import counting
from winback.store.as_of import AsOf, Whose
from winback.store.tables import facts, facts_state


@dataclass(frozen=True, slots=True)
class Known:
    """Where facts are read: `rows` has one row for each customer, with the columns of the table `facts` that were asked for."""

    rows: FromClause
    is_stored: bool


@dataclass(frozen=True, slots=True)
class State:
    """What the stored facts were counted by, and the latest moment that they speak of."""

    terms: dict[str, Any]
    known_until: datetime


def known(connection: Connection, as_of: AsOf, needed: AbstractSet[str], *, whose: Whose = None) -> Known:
    """Facts as of a moment; of some customers alone, where it is known whose are wanted.

    Stored ones answer for a moment after all that they count, by the same zone, currency and rates. They are as true as the last
    `refreshing.refresh`: who asks for the present calls that first.
    """
    state = read_state(connection)
    if state is not None and state.terms == as_of.terms() and as_of.now >= state.known_until:
        return Known(facts, is_stored=True)
    return Known(counting.relation(as_of, connection.dialect.name, needed=needed, whose=whose), is_stored=False)


def read_state(connection: Connection) -> State | None:
    """None when nothing was ever counted."""
    row = connection.execute(select(facts_state.c.terms, facts_state.c.known_until)).one_or_none()
    return None if row is None else State(row.terms, row.known_until)

"""Those of a run who moved any money in their return window: a few of a hundred recipients, put aside once for all that is asked of them alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, FromClause, select

from winback.outcomes.figures import Dimension
from winback.store import aside
from winback.store.measured import Measured
from winback.store.tables import recipients

_NAME = "movers"


@contextmanager
def aside_of(connection: Connection, measured: Measured, currency: str, known_then: Mapping[Dimension, ColumnElement[str]]) -> Iterator[FromClause]:
    """A row each: what `Measured.returns` tells of them in this currency; their arm, moment of assignment, level; each dimension."""
    returns = measured.returns(currency)
    found = (
        select(
            *returns.c,
            recipients.c.arm,
            recipients.c.assigned_at,
            recipients.c.level_minor,
            *(known.label(dimension) for dimension, known in known_then.items()),
        )
        .join(recipients, recipients.c.customer_id == returns.c.customer_id)
        .where(measured.assigned())
    )
    yield aside.put(connection, _NAME, found)
    aside.drop(connection, _NAME)

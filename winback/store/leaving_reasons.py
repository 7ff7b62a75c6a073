"""Why customers left, as staff and customers told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import ReasonSource
from winback.store.tables import customers, leaving_reasons


@dataclass(frozen=True, slots=True)
class Told:
    """One reason of one customer."""

    reason: str  # a word of config/reasons.yaml, as it was then
    recorded_at: datetime
    source: ReasonSource
    recorded_by: str
    note: str


def record(
    connection: Connection,
    customer_id: int,
    reason: str,
    source: ReasonSource,
    *,
    key: str,
    recorded_at: datetime,
    recorded_by: str = "",
    note: str = "",
) -> bool:
    """Keep why a customer left; whether that changed anything.

    `key` is what the statement is known by, up to 200 characters: `reasons.key` makes one for staff, the id of an answer does for a
    survey. The same key again changes the reason, and name and note where they say something; the moment stays that of the first time.
    The caller has held `reason` against config/reasons.yaml.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(leaving_reasons).values(
        key=key,
        customer_id=customer_id,
        reason=reason,
        recorded_at=recorded_at,
        source=source.value,
        recorded_by=recorded_by,
        note=note,
    )
    new, stored = statement.excluded, leaving_reasons.c
    said = {name: func.coalesce(func.nullif(new[name], ""), stored[name]) for name in ("recorded_by", "note")}
    changed = {"customer_id": new.customer_id, "reason": new.reason, **said}
    differs = or_(*(stored[name] != value for name, value in changed.items()))
    upsert = statement.on_conflict_do_update(index_elements=["key"], set_=changed, where=differs)
    return connection.execute(upsert, execution_options={"preserve_rowcount": True}).rowcount > 0


def by_key(connection: Connection, key: str) -> str | None:
    """The reason that a statement gave; None: there is no such statement."""
    return connection.execute(select(leaving_reasons.c.reason).where(leaving_reasons.c.key == key)).scalar()


def whose(connection: Connection, key: str) -> int | None:
    """The id under which everything of the customer lies that the shop knows by `key`: their own, or the one they were merged into."""
    found = select(func.coalesce(customers.c.merged_into, customers.c.id)).where(customers.c.key == key)
    return connection.execute(found).scalar()


def of(connection: Connection, customer_id: int) -> list[Told]:
    """Everything that was told of one customer, the newest first."""
    rows = connection.execute(
        select(leaving_reasons)
        .where(leaving_reasons.c.customer_id == customer_id)
        .order_by(leaving_reasons.c.recorded_at.desc(), leaving_reasons.c.id.desc())
    )
    return [Told(row.reason, row.recorded_at, ReasonSource(row.source), row.recorded_by, row.note) for row in rows]


def counts(connection: Connection) -> Sequence[tuple[str, ReasonSource, int]]:
    """How many customers left for each reason, by who told it; of each customer only the latest counts."""
    told = latest().subquery()
    columns = (told.c.reason, told.c.source)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return [(reason, ReasonSource(source), count) for reason, source, count in rows]


def latest(now: datetime | None = None) -> Select[Any]:
    """Of each customer what was told last, until `now` where it is given: customer_id, reason, source."""
    place = func.row_number().over(
        partition_by=leaving_reasons.c.customer_id, order_by=(leaving_reasons.c.recorded_at.desc(), leaving_reasons.c.id.desc())
    )
    columns = (leaving_reasons.c.customer_id, leaving_reasons.c.reason, leaving_reasons.c.source)
    told = select(*columns, place.label("place")).where(true() if now is None else leaving_reasons.c.recorded_at <= now).subquery("told")
    return select(told.c.customer_id, told.c.reason, told.c.source).where(told.c.place == 1)

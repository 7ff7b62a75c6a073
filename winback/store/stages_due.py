"""Recipients whose next stage has fallen due: taken by one scheduler at a time, and queued by a few statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import DeliveryStatus, RecipientStatus
from winback.store import aside
from winback.store.tables import deliveries, recipients

_TAKEN = "recipients_due"


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of those who were taken."""

    taken: int
    written: int  # deliveries that are new
    held_out: Sequence[Row[Any]]  # recipients of the holdout, still standing where they stood: whoever asked says when their next stage is due


def queue(connection: Connection, run_id: int, stages: Sequence[str], now: datetime, limit: int) -> Queued:
    """Write the deliveries of up to `limit` recipients who are due; those written to wait from now on for what becomes of their letter.

    A delivery that exists already stays as it is. On PostgreSQL the recipients are locked, so that two schedulers share them out; SQLite
    has one writer. All of it or nothing: in the caller's transaction.
    """
    due = _due(run_id, now)
    if connection.execute(due.limit(1)).first() is None:
        return Queued(0, 0, ())
    taken = aside.put(connection, _TAKEN, due.order_by(recipients.c.next_due_at).limit(limit).with_for_update(skip_locked=True))
    theirs = (recipients.c.run_id == run_id, recipients.c.customer_id == taken.c.customer_id)
    written = _write(connection, stages, theirs)
    held_out = connection.execute(select(recipients).where(*theirs, recipients.c.status != RecipientStatus.ACTIVE)).all()
    connection.execute(update(recipients).where(*theirs, recipients.c.status == RecipientStatus.ACTIVE).values(next_due_at=None))
    count = connection.execute(select(func.count()).select_from(taken)).scalar_one()
    aside.drop(connection, _TAKEN)
    return Queued(count, written, held_out)


def _due(run_id: int, now: datetime) -> Select[tuple[int]]:
    return select(recipients.c.customer_id).where(recipients.c.run_id == run_id, recipients.c.next_due_at <= now)


def _write(connection: Connection, stages: Sequence[str], theirs: Sequence[ColumnElement[bool]]) -> int:
    is_held_out = recipients.c.status == RecipientStatus.HELD_OUT
    rows = {
        "run_id": recipients.c.run_id,
        "stage": case(dict(enumerate(stages)), value=recipients.c.next_stage),
        "customer_id": recipients.c.customer_id,
        "tactic": recipients.c.arm,
        "locale": recipients.c.locale,
        "status": case((is_held_out, DeliveryStatus.HELD_OUT), else_=DeliveryStatus.PLANNED),
        "due_at": recipients.c.next_due_at,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    fill = dialect.insert(deliveries).from_select(list(rows), select(*rows.values()).where(*theirs))
    once = fill.on_conflict_do_nothing(index_elements=["run_id", "stage", "customer_id"])
    return connection.execute(once, execution_options={"preserve_rowcount": True}).rowcount

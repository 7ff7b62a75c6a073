"""Recipients whose next stage has fallen due: taken by one scheduler at a time, and queued by a few statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, Row, case, func, literal, select, text, true, update
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
    is_due = (recipients.c.run_id == run_id, recipients.c.next_due_at <= now)
    if connection.execute(select(recipients.c.customer_id).where(*is_due).limit(1)).first() is None:
        return Queued(0, 0, ())
    if connection.dialect.name == "postgresql":  # until the transaction ends: few are looked up by their key, not all of the run read for them
        connection.execute(text("SET LOCAL enable_mergejoin = off"))
        connection.execute(text("SET LOCAL enable_hashjoin = off"))
    standing = [recipients.c[name] for name in ("customer_id", "status", "arm", "locale", "next_stage", "next_due_at")]
    oldest = select(*standing).where(*is_due).order_by(recipients.c.next_due_at).limit(limit)
    taken = aside.put(connection, _TAKEN, oldest.with_for_update(skip_locked=True))
    written = _write(connection, run_id, stages, taken)
    waits = taken.c.status == RecipientStatus.ACTIVE
    of_run = recipients.c.run_id == run_id
    held_out = connection.execute(select(recipients).where(of_run, recipients.c.customer_id.in_(select(taken.c.customer_id).where(~waits)))).all()
    waiting = recipients.c.customer_id.in_(select(taken.c.customer_id).where(waits))  # joined, SQLite would walk through all of the run
    connection.execute(update(recipients).where(of_run, waiting).values(next_due_at=None))
    count = connection.execute(select(func.count()).select_from(taken)).scalar_one()
    aside.drop(connection, _TAKEN)
    return Queued(count, written, held_out)


def _write(connection: Connection, run_id: int, stages: Sequence[str], taken: FromClause) -> int:
    is_held_out = taken.c.status == RecipientStatus.HELD_OUT
    rows = {
        "run_id": literal(run_id),
        "stage": case(dict(enumerate(stages)), value=taken.c.next_stage),
        "customer_id": taken.c.customer_id,
        "tactic": taken.c.arm,
        "locale": taken.c.locale,
        "status": case((is_held_out, DeliveryStatus.HELD_OUT), else_=DeliveryStatus.PLANNED),
        "due_at": taken.c.next_due_at,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    fill = dialect.insert(deliveries).from_select(list(rows), select(*rows.values()).where(true()))
    once = fill.on_conflict_do_nothing(index_elements=["run_id", "stage", "customer_id"])
    return connection.execute(once, execution_options={"preserve_rowcount": True}).rowcount

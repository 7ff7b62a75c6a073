"""Recipients whose next stage has fallen due: taken by one scheduler at a time, and queued by a few statements for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, case, func, select, text, true, update
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
    held_out: Sequence[Row[Any]]  # recipients who don't wait for a letter: whoever asked says when what comes next for them is due


def queue(connection: Connection, run_id: int, stages: Sequence[str], now: datetime, limit: int) -> Queued:
    """Write the deliveries of up to `limit` recipients who are due; those written to wait from now on for what becomes of their letter.

    A delivery that exists already stays as it is. On PostgreSQL the recipients are locked, so that two schedulers share them out; SQLite
    has one writer. All of it or nothing: in the caller's transaction. The holdout still stands where it stood.
    """
    return _queue(connection, run_id, now, limit, lambda taken: _Due(case(dict(enumerate(stages)), value=taken.c.next_stage), true()))


def greetings(connection: Connection, run_id: int, now: datetime, limit: int) -> Queued:
    """The same for a campaign that greets: the stage is that of the occasion which each waits for, birthday-2027 of birthday@2027-05-19.

    Who waits for none, or has had it, is among those who don't wait for a letter.
    """
    return _queue(connection, run_id, now, limit, _greeting)


@dataclass(frozen=True, slots=True)
class _Due:
    """What is due for those who were taken: the stage's name, and for whom it is."""

    stage: ColumnElement[str]
    is_new: ColumnElement[bool]


def _greeting(taken: FromClause) -> _Due:
    occasion = taken.c.next_occasion
    stage = func.replace(func.substr(occasion, 1, func.length(occasion) - len("-05-19")), "@", "-")
    had = select(deliveries.c.id).where(
        deliveries.c.run_id == taken.c.run_id, deliveries.c.stage == stage, deliveries.c.customer_id == taken.c.customer_id
    )
    return _Due(stage, and_(occasion != "", ~had.exists()))


def _queue(connection: Connection, run_id: int, now: datetime, limit: int, due: Callable[[FromClause], _Due]) -> Queued:
    is_due = (recipients.c.run_id == run_id, recipients.c.next_due_at <= now)
    if connection.execute(select(recipients.c.customer_id).where(*is_due).limit(1)).first() is None:
        return Queued(0, 0, ())
    if connection.dialect.name == "postgresql":  # until the transaction ends: few are looked up by their key, not all of the run read for them
        connection.execute(text("SET LOCAL enable_mergejoin = off"))
        connection.execute(text("SET LOCAL enable_hashjoin = off"))
    standing = [recipients.c[name] for name in ("run_id", "customer_id", "status", "arm", "locale", "next_stage", "next_due_at", "next_occasion")]
    oldest = select(*standing).where(*is_due).order_by(recipients.c.next_due_at).limit(limit)
    taken = aside.put(connection, _TAKEN, oldest.with_for_update(skip_locked=True))
    of = due(taken)
    of_run, waits = recipients.c.run_id == run_id, select(taken.c.customer_id).where(taken.c.status == RecipientStatus.ACTIVE, of.is_new)
    # joined, SQLite would walk through all of the run
    connection.execute(update(recipients).where(of_run, recipients.c.customer_id.in_(waits)).values(next_due_at=None, next_occasion=""))
    goes_on = (recipients.c.customer_id.in_(select(taken.c.customer_id)), recipients.c.next_due_at.is_not(None))
    held_out = connection.execute(select(recipients).where(of_run, *goes_on)).all()
    written = _write(connection, taken, of)
    count = connection.execute(select(func.count()).select_from(taken)).scalar_one()
    aside.drop(connection, _TAKEN)
    return Queued(count, written, held_out)


def _write(connection: Connection, taken: FromClause, of: _Due) -> int:
    is_held_out = taken.c.status == RecipientStatus.HELD_OUT
    rows = {
        "run_id": taken.c.run_id,
        "stage": of.stage,
        "customer_id": taken.c.customer_id,
        "tactic": taken.c.arm,
        "occasion": taken.c.next_occasion,
        "locale": taken.c.locale,
        "status": case((is_held_out, DeliveryStatus.HELD_OUT), else_=DeliveryStatus.PLANNED),
        "due_at": taken.c.next_due_at,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    fill = dialect.insert(deliveries).from_select(list(rows), select(*rows.values()).where(of.is_new))
    once = fill.on_conflict_do_nothing(index_elements=["run_id", "stage", "customer_id"])
    return connection.execute(once, execution_options={"preserve_rowcount": True}).rowcount

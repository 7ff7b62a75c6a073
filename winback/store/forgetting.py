"""A person erased in one transaction. What statistics count stays, as the rows of nobody; nothing in them tells who it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy.exc
from sqlalchemy import JSON, Column, Connection, Row, String, Table, and_, cast, delete, func, literal, not_, or_, select, text, true, update

from winback.journey.threads import ThreadStatus
from winback.model import CodeSource, CodeStatus, Reason, RecipientStatus, TaskStatus
from winback.speech import N_, said
from winback.store import codes as life
from winback.store import events, forgotten, merged_journeys, runs
from winback.store.holdings import HOLDINGS, Fate, Holding
from winback.store.incoming import import_is_ours
from winback.store.tables import codes, contacts, customers, deliveries, fuses, left_alone, metadata, orders, recipients, suppressions, tasks, threads
from winback.store.tables import events as happened

_LOCKED = "55P03"
"""lock_not_available, of PostgreSQL's error codes."""
_NUMBERED = {"customers": ("key",), "orders": ("key",), "leaving_reasons": ("key",), "events": ("dedupe_key",)}
"""Columns whose value must be another in each row: they get the row's number."""


@dataclass(frozen=True, slots=True)
class Known:
    """By what a person is found outside the tables: in files, in what mail servers said."""

    ids: tuple[int, ...]  # of all their records
    keys: tuple[str, ...]  # the shop's ids
    addresses: tuple[tuple[str, str, bytes], ...]  # channel, address, hash
    phones: tuple[str, ...]
    letters: tuple[int, ...]  # deliveries
    message_ids: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that names nobody else."""
        return tuple(dict.fromkeys(word for word in (*self.keys, *(each[1] for each in self.addresses), *self.phones, *self.message_ids) if word))


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody is working on this customer just now: nothing was changed."""

    because: str


def known(connection: Connection, key: str) -> Known | None:
    """A customer by the shop's id, together with every record merged with theirs; None: there is no such customer."""
    person = select(func.coalesce(customers.c.merged_into, customers.c.id)).where(customers.c.key == key, customers.c.forgotten_at.is_(None))
    who = connection.execute(person).scalar()
    if who is None:
        return None
    rows = connection.execute(select(customers).where(or_(customers.c.id == who, customers.c.merged_into == who)).order_by(customers.c.id)).all()
    ids = tuple(row.id for row in rows)
    reached = connection.execute(select(contacts.c.channel, contacts.c.address, contacts.c.address_hash).where(contacts.c.customer_id.in_(ids)))
    sent = connection.execute(
        select(deliveries.c.id, deliveries.c.message_id).where(deliveries.c.customer_id.in_(ids)).order_by(deliveries.c.id)
    ).all()
    return Known(
        ids,
        keys=tuple(row.key for row in rows),
        addresses=tuple((row.channel, row.address, row.address_hash) for row in reached if row.address),
        phones=tuple(row.phone for row in rows if row.phone),
        letters=tuple(row.id for row in sent),
        message_ids=tuple(row.message_id for row in sent if row.message_id),
    )


def stop(connection: Connection, person: Known, now: datetime) -> None:
    """From now on nothing is written to them: journeys end, planned letters stop, their addresses are closed for good."""
    for customer_id in person.ids:
        events.stop(connection, customer_id, Reason.FORGOTTEN, now)
    for channel, _, hashed in person.addresses:
        events.suppress(connection, channel=channel, address_hash=hashed, reason=Reason.FORGOTTEN, since=now)  # type: ignore[arg-type]


def erase(connection: Connection, person: Known, secret: bytes, now: datetime) -> Busy | None:
    """Erase the person, in the caller's transaction. When it is Busy, the caller rolls back."""
    if because := _hold(connection, person):
        return Busy(because)
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete = ON"))
    ids = person.ids
    stop(connection, person, now)
    forgotten.record(connection, {forgotten.key_hash(secret, key) for key in person.keys}, now)
    _end(connection, ids, now)
    _let_go_of_codes(connection, ids)
    _drop_orders(connection, ids)
    _take_out_elsewhere(connection, person)
    connection.execute(
        update(customers).where(customers.c.id.in_(ids)).values(forgotten_at=now, updated_at=now)
    )  # lets proofs go, and nothing else does
    for table in reversed(metadata.sorted_tables):
        holding = HOLDINGS.get(table.name)
        if holding is None or holding.fate in {Fate.STAYS, Fate.NOBODYS}:
            continue
        theirs = _theirs(table, holding, person)
        if holding.fate is Fate.DELETED:
            connection.execute(delete(table).where(theirs))
        else:
            connection.execute(update(table).where(theirs).values(_emptied(table, holding.keeps)))
    return None


def _hold(connection: Connection, person: Known) -> str:
    """Keep importers and workers away. Returns what stands in the way, or nothing."""
    if not import_is_ours(connection):
        return "an import is going on"
    if not life.hold_now(connection, person.ids):
        return said(N_("somebody is promising something to this customer"))
    try:
        for each in person.ids:
            if because := merged_journeys.hold(connection, each, each):
                return because
        connection.execute(select(customers.c.id).where(customers.c.id.in_(person.ids)).order_by(customers.c.id).with_for_update(nowait=True)).all()
    except sqlalchemy.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != _LOCKED:
            raise
        return said(N_("somebody is writing about this customer"))
    return ""


def _end(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Journeys in runs that may not send any more, and open tasks. A letter planned after its journey ended stops at the last check."""
    going_on = (recipients.c.customer_id.in_(ids), recipients.c.status == RecipientStatus.ACTIVE)
    ended = {"status": RecipientStatus.STOPPED, "reason": Reason.FORGOTTEN, "ended_at": now}
    connection.execute(update(recipients).where(*going_on).values(ended))
    asked = (tasks.c.customer_id.in_(ids), tasks.c.status == TaskStatus.OPEN)
    connection.execute(update(tasks).where(*asked).values(status=TaskStatus.DROPPED, done_at=now))
    talking = (threads.c.customer_id.in_(ids), threads.c.status != ThreadStatus.CLOSED)
    connection.execute(update(threads).where(*talking).values(status=ThreadStatus.CLOSED, closed_at=now))


def _let_go_of_codes(connection: Connection, ids: Sequence[int]) -> None:
    """What nobody was told of is free again. A code of their own loses its word; one of the shop's file or for everybody keeps it, as it is theirs."""
    life.release(connection, and_(codes.c.customer_id.in_(ids), codes.c.status == CodeStatus.RESERVED))
    own = (codes.c.customer_id.in_(ids), codes.c.source == CodeSource.OWN)
    connection.execute(update(codes).where(*own).values(code=_number(codes), matched=_number(codes)))
    bought = select(orders.c.key).where(orders.c.customer_id.in_(ids))
    used = or_(codes.c.customer_id.in_(ids), codes.c.order_key.in_(bought))
    connection.execute(update(codes).where(used, codes.c.order_key != "").values(order_key=_number(codes)))


def _drop_orders(connection: Connection, ids: Sequence[int]) -> None:
    """Only orders stay that a result counts: those in a return window of theirs, or in as long a time after it, where a second purchase may lie, and
    those in a period of the global holdout, since it left them alone.
    """
    windows = connection.execute(
        select(recipients.c.run_id, recipients.c.customer_id, recipients.c.assigned_at).where(
            recipients.c.customer_id.in_(ids), recipients.c.status != RecipientStatus.SKIPPED
        )
    ).all()
    counted = [
        and_(
            orders.c.customer_id == row.customer_id,
            orders.c.ordered_at > row.assigned_at,
            orders.c.ordered_at <= row.assigned_at + 2 * runs.get(connection, row.run_id).window,
        )
        for row in windows
    ]
    alone = connection.execute(select(left_alone).where(left_alone.c.customer_id.in_(ids))).all()
    counted += [
        and_(
            orders.c.customer_id == row.customer_id,
            orders.c.ordered_at > row.decided_at,
            true() if row.until is None else orders.c.ordered_at <= row.until,
        )
        for row in alone
    ]
    theirs = orders.c.customer_id.in_(ids)
    connection.execute(delete(orders).where(theirs, not_(or_(*counted))) if counted else delete(orders).where(theirs))


def _take_out_elsewhere(connection: Connection, person: Known) -> None:
    """Where rows of others name them: who brought whom, what a mail server said, which letter closed an address."""
    connection.execute(update(customers).where(customers.c.recommended_by.in_(person.keys)).values(recommended_by=""))
    connection.execute(update(suppressions).where(suppressions.c.delivery_id.in_(_letters_of(person.ids))).values(delivery_id=None))
    for word in person.words:
        said = (fuses.c.detail.contains(word, autoescape=True),)
        connection.execute(update(fuses).where(*said).values(detail=func.replace(fuses.c.detail, word, "...")))


def _letters_of(ids: Sequence[int]) -> Any:
    return select(deliveries.c.id).where(deliveries.c.customer_id.in_(ids))


def _emptied(table: Table, keeps: Sequence[str]) -> dict[str, Any]:
    """Every column that doesn't stay, with the value that says nothing."""
    numbered = {name: _number(table) for name in _NUMBERED.get(table.name, ())}
    return {column.name: _nothing(column) for column in table.c if column.name not in {*keeps, *numbered} and not column.primary_key} | numbered


def _nothing(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    if isinstance(column.type, String):
        return ""
    if isinstance(column.type, JSON):
        return {}
    raise TypeError(f"{column} can't be emptied; keep it in HOLDINGS, or delete its rows")


def _number(table: Table) -> Any:
    return literal("forgotten:") + cast(table.c.id, String)


def rows_of(connection: Connection, person: Known) -> dict[str, Sequence[Row[Any]]]:
    """Every row that is theirs, by table, in the order of the tables."""
    found: dict[str, Sequence[Row[Any]]] = {}
    for table in metadata.sorted_tables:
        holding = HOLDINGS.get(table.name)
        if holding is None or holding.fate is Fate.NOBODYS:
            continue
        found[table.name] = connection.execute(select(table).where(_theirs(table, holding, person)).order_by(*table.primary_key.columns)).all()
    return found


def _theirs(table: Table, holding: Holding, person: Known) -> Any:
    """The rows of a table that are this person's."""
    if holding.whose == "address_hash":
        return table.c.address_hash.in_([each[2] for each in person.addresses])
    if holding.whose == "event_id":
        return table.c.event_id.in_(select(happened.c.id).where(happened.c.customer_id.in_(person.ids)))
    if holding.whose == "thread_id":
        return table.c.thread_id.in_(select(threads.c.id).where(threads.c.customer_id.in_(person.ids)))
    return table.c[holding.whose].in_(person.ids)

"""Addresses that mustn't be written to, known by their keyed hash alone: it outlives the customer, and tells nobody who it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import ChannelName, Reason
from winback.store.among import among_these
from winback.store.tables import contacts, customers, suppressions


@dataclass(frozen=True, slots=True)
class Closed:
    """One address that is closed, and why."""

    channel: ChannelName
    address_hash: bytes
    reason: Reason
    since: datetime | None = None  # None: now
    everywhere: bool = False  # whoever has it isn't written to on any channel
    source: str = ""
    delivery_id: int | None = None


def close(connection: Connection, closed: Closed, now: datetime) -> bool:
    """Never write to this address again. The first reason stays; what closed one channel can come to close all. Returns whether anything is new."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(suppressions).values(
        channel=closed.channel,
        address_hash=closed.address_hash,
        reason=closed.reason,
        since=min(closed.since or now, now),
        delivery_id=closed.delivery_id,
        everywhere=closed.everywhere,
        source=closed.source,
    )
    widened = statement.on_conflict_do_update(
        index_elements=["channel", "address_hash"],
        set_={"everywhere": True},
        where=and_(statement.excluded.everywhere, ~suppressions.c.everywhere),
    )
    return connection.execute(widened.returning(suppressions.c.id)).one_or_none() is not None


def find(connection: Connection, channel: ChannelName, address_hash: bytes) -> Row[Any] | None:
    """What closes an address."""
    return connection.execute(
        select(suppressions).where(suppressions.c.channel == channel, suppressions.c.address_hash == address_hash)
    ).one_or_none()


def lift(connection: Connection, channel: ChannelName, address_hash: bytes) -> bool:
    """The address is open again; consents that were taken back stay so. Returns whether it was closed."""
    done = connection.execute(delete(suppressions).where(suppressions.c.channel == channel, suppressions.c.address_hash == address_hash))
    return done.rowcount > 0


def narrow(connection: Connection, customer_id: int) -> None:
    """What closed every channel of this customer closes its own only: they asked, on another one, to be written to there."""
    theirs = exists().where(
        contacts.c.customer_id == customer_id,
        contacts.c.channel == suppressions.c.channel,
        contacts.c.address_hash == suppressions.c.address_hash,
    )
    connection.execute(update(suppressions).where(suppressions.c.everywhere, theirs).values(everywhere=False))


def everywhere(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Those of `ids` whom nobody may write to on any channel because of one of their addresses, with the reason."""
    rows = connection.execute(
        select(contacts.c.customer_id, func.min(suppressions.c.reason))
        .join(suppressions, and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash))
        .where(among_these(contacts.c.customer_id, ids), suppressions.c.everywhere, suppressions.c.since <= now)
        .group_by(contacts.c.customer_id)
    )
    return dict(rows.all())


def counts(connection: Connection) -> Mapping[tuple[str, str, bool], int]:
    """How many addresses are closed, by channel, reason, and whether everywhere."""
    columns = (suppressions.c.channel, suppressions.c.reason, suppressions.c.everywhere)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return {(row[0], row[1], bool(row[2])): row[3] for row in rows}


def known(connection: Connection, *, reason: str = "", limit: int = 100) -> Sequence[Row[Any]]:
    """Closed addresses, the newest first, with the customers' ids (`customer`) where they are still known."""
    statement = (
        select(suppressions, customers.c.key.label("customer"))
        .outerjoin(contacts, and_(contacts.c.channel == suppressions.c.channel, contacts.c.address_hash == suppressions.c.address_hash))
        .outerjoin(customers, customers.c.id == contacts.c.customer_id)
        .where(suppressions.c.reason == reason if reason else true())
        .order_by(suppressions.c.since.desc(), suppressions.c.id.desc())
        .limit(limit)
    )
    return connection.execute(statement).all()


def whose(connection: Connection, places: Sequence[tuple[str, bytes]]) -> dict[int, set[tuple[str, bytes]]]:
    """Customers who have any of these addresses (channel and hash), with which."""
    found: dict[int, set[tuple[str, bytes]]] = {}
    for channel in {channel for channel, _ in places}:
        hashes = [hashed for other, hashed in places if other == channel]
        rows = connection.execute(
            select(contacts.c.customer_id, contacts.c.address_hash).where(contacts.c.channel == channel, contacts.c.address_hash.in_(hashes))
        )
        for customer_id, hashed in rows:
            found.setdefault(customer_id, set()).add((channel, hashed))
    return found

"""Phone numbers as addresses: customers who left one can be reached by every channel that has a gateway."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import ChannelName
from winback.store.contacts import hasher
from winback.store.persons import is_person
from winback.store.tables import contacts, customers

_BLOCK = 1_000


def reach(connection: Connection, channels: Collection[ChannelName], key: bytes, now: datetime) -> int:
    """Bring the addresses of these channels to what is known of customers' phones. Returns how many changed.

    A new number isn't blocked, whatever the old one was. `key` is the project's.
    """
    return sum(_drop(connection, channel) + _write(connection, channel, key, now) for channel in sorted(channels))


def _drop(connection: Connection, channel: ChannelName) -> int:
    without = select(customers.c.id).where(customers.c.phone == "")
    return connection.execute(delete(contacts).where(contacts.c.channel == channel, contacts.c.customer_id.in_(without))).rowcount


def _write(connection: Connection, channel: ChannelName, key: bytes, now: datetime) -> int:
    own = and_(contacts.c.customer_id == customers.c.id, contacts.c.channel == channel)
    differs = or_(contacts.c.address.is_(None), contacts.c.address != customers.c.phone)
    found = connection.execute(
        select(customers.c.id, customers.c.phone, contacts.c.address)
        .outerjoin(contacts, own)
        .where(is_person(), customers.c.phone != "", differs)
        .order_by(customers.c.id)
    ).all()
    hashed = hasher(key, channel)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    put = dialect.insert(contacts)
    told = {name: put.excluded[name] for name in ("address", "address_hash", "blocked_at", "blocked_reason", "confirmed_at")}
    put = put.on_conflict_do_update(index_elements=["customer_id", "channel"], set_=told)
    for first in range(0, len(found), _BLOCK):
        rows = [
            {
                "customer_id": row.id,
                "channel": channel,
                "address": row.phone,
                "address_hash": hashed(row.phone),
                "blocked_at": None,
                "blocked_reason": "",
                "confirmed_at": now if row.address else None,  # one that took another's place was given since
            }
            for row in found[first : first + _BLOCK]
        ]
        connection.execute(put, rows)
    return len(found)


def block(connection: Connection, customer_id: int, channel: ChannelName, reason: str, *, written_at: datetime | None, now: datetime) -> None:
    """The number that was written to then can't be reached. One that the customer gave since is another."""
    is_known = or_(contacts.c.confirmed_at.is_(None), contacts.c.confirmed_at <= (written_at or now))
    connection.execute(
        update(contacts)
        .where(contacts.c.customer_id == customer_id, contacts.c.channel == channel, contacts.c.blocked_at.is_(None), is_known)
        .values(blocked_at=now, blocked_reason=reason)
    )

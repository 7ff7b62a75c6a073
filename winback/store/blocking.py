"""Addresses that can't be reached any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from winback.model import ChannelName
from winback.store.tables import contacts


def block(  # noqa: PLR0917  one use
    connection: Connection, customer_id: int, channel: ChannelName, address: str, reason: str, now: datetime
) -> None:
    """The address can't be reached any more. One that the customer got meanwhile is another."""
    connection.execute(
        update(contacts)
        .where(contacts.c.customer_id == customer_id, contacts.c.channel == channel, contacts.c.address == address, contacts.c.blocked_at.is_(None))
        .values(blocked_at=now, blocked_reason=reason)
    )

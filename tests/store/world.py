"""Small worlds for store tests: customers, contacts, consents and orders in a few words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from winback import clock
from winback.model import ChannelName, Money, OrderStatus
from winback.store import contacts
from winback.store.tables import consents, customers, orders
from winback.store.tables import contacts as contacts_table

KEY = b"k" * 32
ZONE = ZoneInfo("Europe/Kyiv")
"""Of the shop's calendar in these worlds."""


def customer(connection: Connection, key: str, **values) -> int:
    """A customer's row; returns its id."""
    row = {"key": key, "updated_at": datetime(2026, 1, 1, tzinfo=UTC), **values}
    return connection.execute(insert(customers).values(row).returning(customers.c.id)).scalar_one()


def order(connection: Connection, customer_id: int, moment: str | datetime, amount: str | float = 100, **values) -> None:
    """An order; `moment` as ISO text is UTC."""
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    currency, zone = values.pop("currency", "UAH"), values.pop("zone", ZONE)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    row = {
        "key": f"o{customer_id}-{at.isoformat()}-{amount}-{values.get('status', 'placed')}",
        "customer_id": customer_id,
        "ordered_at": at,
        "ordered_on": clock.local_day(at, zone),
        "amount_minor": Money(Decimal(str(amount)), currency).minor,
        "currency": currency,
        "quantity": 1,
        "status": OrderStatus.PLACED,
        **values,
    }
    connection.execute(insert(orders).values(row))


def reach(
    connection: Connection, customer_id: int, channel: ChannelName = ChannelName.EMAIL, address: str | None = None, consent: bool = True, **values
) -> None:
    """An address on a channel, with a proven consent unless said otherwise."""
    address = address or f"c{customer_id}@post.example"
    hashed = contacts.address_hash(KEY, channel, address)
    connection.execute(insert(contacts_table).values(customer_id=customer_id, channel=channel, address=address, address_hash=hashed, **values))
    if consent:
        agree(connection, customer_id, channel)


def agree(connection: Connection, customer_id: int, channel: ChannelName) -> None:
    """A proven consent to letters on a channel."""
    proof = {"purpose": "marketing", "given_at": datetime(2024, 1, 1, tzinfo=UTC), "source": "checkout"}
    connection.execute(insert(consents).values(customer_id=customer_id, channel=channel, **proof))

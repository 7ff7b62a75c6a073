"""Thousands of lost customers in a few statements, and a shop that writes to them through a mail server on this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, insert

from tests import projects
from tests.sending.receiver import GONE, HOST
from tests.store import world
from winback import clock
from winback.channels.email import DEPTH
from winback.model import ChannelName, Money, OrderStatus
from winback.settings import Project
from winback.store import contacts, database
from winback.store.tables import consents, customers, orders
from winback.store.tables import contacts as contacts_table

CAMPAIGN = "winter-tea"
CONNECTIONS = 4
IN_FLIGHT = CONNECTIONS * DEPTH
"""Letters in doubt after a worker's death, at the most: none here lives for the thousand letters after which a quick server is given more at once."""
BATCH = 50
AGREED = datetime(2024, 1, 1, tzinfo=UTC)


def shop(
    folder: Path, port: int, *changes: tuple[str, str, str], batch: int = BATCH, connections: int = CONNECTIONS, timeout: int = 5, host: str = HOST
) -> Project:
    """A project whose campaign writes to everybody at once, all day long, under a lease of a minute."""
    return projects.make(
        folder,
        *projects.through(host, port),
        ("config/settings.yaml", f"  port: {port}", f"  port: {port}\n  connections: {connections}\n  timeout_seconds: {timeout}"),
        ("config/settings.yaml", "approve_above: 200", f"approve_above: never\nlease: 1 minute\nbatch: {batch}"),
        ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0"),
        ("config/campaigns/winter-tea.yaml", 'hours: "10:00-13:00"', 'hours: "09:00-20:00"'),
        *changes,
    )


def populate(engine: Engine, count: int, *, now: datetime, gone_every: int = 0, zone: str = "Europe/London") -> None:
    """Customers in Britain who ordered three times, the last time a year and a half ago. Every so manieth address doesn't exist."""
    rows = [
        {
            "key": f"c{number:06d}",
            "given_name": "Emma",
            "country": "GB",
            "locale": "en",
            "time_zone": zone,
            "updated_at": now - timedelta(days=100),
        }
        for number in range(count)
    ]
    with database.writing(engine) as connection:
        ids = sorted(connection.execute(insert(customers).returning(customers.c.id), rows).scalars())
        connection.execute(insert(orders), [_order(who, now - timedelta(days=550 + 60 * earlier)) for who in ids for earlier in range(3)])
        connection.execute(insert(contacts_table), [_contact(who, is_gone=bool(gone_every) and who % gone_every == 0) for who in ids])
        agreed = {"channel": ChannelName.EMAIL, "purpose": "marketing", "given_at": AGREED, "source": "checkout"}
        connection.execute(insert(consents), [{"customer_id": who, **agreed} for who in ids])


def _order(who: int, at: datetime) -> dict[str, object]:
    return {
        "key": f"o{who}-{at:%Y%m%d}",
        "customer_id": who,
        "ordered_at": at,
        "ordered_on": clock.local_day(at, world.ZONE),
        "amount_minor": Money(Decimal(100), "UAH").minor,
        "currency": "UAH",
        "quantity": 1,
        "status": OrderStatus.PLACED,
    }


def _contact(who: int, *, is_gone: bool) -> dict[str, object]:
    address = f"{GONE if is_gone else ''}c{who}@post.example"
    hashed = contacts.address_hash(world.KEY, ChannelName.EMAIL, address)
    return {"customer_id": who, "channel": ChannelName.EMAIL, "address": address, "address_hash": hashed}

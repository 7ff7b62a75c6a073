"""Letters that didn't arrive, this time: how often and how long, since the address last showed life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select

from winback.model import ChannelName, EventKind, Reason, Verdict
from winback.store.tables import contacts, events, suppressions

_LIFE = (EventKind.OPEN, EventKind.CLICK, EventKind.REPLY)


@dataclass(frozen=True, slots=True)
class Failing:
    """How often letters came back softly since the last sign of life; a letter that came back twice is one."""

    letters: int
    spanning: timedelta  # from the first to the last of them


def failing(connection: Connection, customer_id: int, *, now: datetime, within: timedelta) -> Failing:
    """Of a customer's e-mail. An address that was given anew, confirmed, answered or clicked from begins anew."""
    since = max(filter(None, (now - within, _confirmed_at(connection, customer_id), _last_life(connection, customer_id))))
    row = connection.execute(
        select(
            func.count(func.distinct(func.coalesce(events.c.delivery_id, -events.c.id))),
            func.min(events.c.happened_at, type_=events.c.happened_at.type),
            func.max(events.c.happened_at, type_=events.c.happened_at.type),
        ).where(events.c.customer_id == customer_id, events.c.kind == EventKind.BOUNCE, events.c.verdict == "soft", events.c.happened_at > since)
    ).one()
    return Failing(row[0], row[2] - row[1] if row[0] else timedelta())


def _confirmed_at(connection: Connection, customer_id: int) -> datetime | None:
    found = select(contacts.c.confirmed_at).where(contacts.c.customer_id == customer_id, contacts.c.channel == ChannelName.EMAIL)
    return connection.execute(found).scalar()


def _last_life(connection: Connection, customer_id: int) -> datetime | None:
    latest = select(func.max(events.c.happened_at, type_=events.c.happened_at.type)).where(
        events.c.customer_id == customer_id, events.c.kind.in_(_LIFE), events.c.verdict == Verdict.HUMAN
    )
    return connection.execute(latest).scalar()


def forgive(connection: Connection, address_hash: bytes) -> None:
    """Somebody answers from an address that was closed only because letters didn't arrive there: they do."""
    connection.execute(_FORGIVE, {"hashed": address_hash})


_FORGIVE = delete(suppressions).where(
    suppressions.c.channel == ChannelName.EMAIL,
    suppressions.c.address_hash == bindparam("hashed", type_=suppressions.c.address_hash.type),
    suppressions.c.reason == Reason.SOFT_BOUNCED,
)

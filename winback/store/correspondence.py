"""Whom a letter went to: the way back from a delivery, a Message-ID or an address to the customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, literal, select

from winback.model import ChannelName
from winback.store.persons import person_id
from winback.store.tables import Utc, contacts, customers, deliveries

_HAS_MESSAGE_ID = deliveries.c.message_id != literal("", literal_execute=True)  # in plain sight: its index holds no others


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A customer on one channel, and the letter they were sent, where it is known."""

    customer_id: int
    channel: ChannelName
    locale: str  # of the letter; without one, the customer's own
    address_hash: bytes | None  # of the address they have now; None: they have none on this channel
    delivery_id: int | None = None
    accepted_at: datetime | None = None  # when the other side took the letter; before that is recorded, when it was handed over
    is_former: bool = False  # the letter left before records of theirs were merged: maybe to an address that they don't have any more


def by_delivery(connection: Connection, ids: Iterable[int]) -> dict[int, Correspondent]:
    """Correspondents by delivery id, for those deliveries that went out over a channel."""
    rows = connection.execute(_sent().where(deliveries.c.id.in_(list(ids))))
    return {row.id: _correspondent(row) for row in rows}


def by_message_id(connection: Connection, message_ids: Sequence[str]) -> Correspondent | None:
    """Whom the newest of these letters went to (Message-IDs with their angle brackets)."""
    if not message_ids:
        return None
    row = connection.execute(
        _sent().where(deliveries.c.message_id.in_(message_ids), _HAS_MESSAGE_ID).order_by(deliveries.c.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _correspondent(row)


def by_remote_id(connection: Connection, channel: ChannelName, remote_id: str) -> Correspondent | None:
    """Whom the message went to that a gateway of a phone channel calls so."""
    by_phone = deliveries.c.channel.in_([literal(each, literal_execute=True) for each in ("sms", "viber", "whatsapp")])  # as the index has it
    found = _sent().where(by_phone, deliveries.c.channel == channel, deliveries.c.remote_id == remote_id)
    row = connection.execute(found.order_by(deliveries.c.id.desc()).limit(1)).one_or_none() if remote_id else None
    return None if row is None else _correspondent(row)


def by_address(connection: Connection, channel: ChannelName, address_hash: bytes, now: datetime) -> Correspondent | None:
    """The customer with this address, and the last letter sent there by `now`. Of several, the one who was written to last."""
    row = connection.execute(_at_address(), {"by": channel, "hashed": address_hash, "now": now}).one_or_none()
    if row is None:
        return None
    return Correspondent(row.customer_id, channel, row.locale or row.own_locale, address_hash, row.id, row.accepted_at)


@cache
def _at_address() -> Select[Any]:
    """Asked of everybody who says anything in a chat: put together once."""
    by, hashed, now = (
        bindparam("by", type_=contacts.c.channel.type),
        bindparam("hashed", type_=contacts.c.address_hash.type),
        bindparam("now", type_=Utc),
    )
    theirs = and_(deliveries.c.customer_id == contacts.c.customer_id, deliveries.c.channel == by, deliveries.c.handed_over_at <= now)
    return (
        select(
            contacts.c.customer_id,
            customers.c.locale.label("own_locale"),
            deliveries.c.id,
            deliveries.c.locale,
            func.coalesce(deliveries.c.sent_at, deliveries.c.handed_over_at).label("accepted_at"),
        )
        .join(customers, customers.c.id == contacts.c.customer_id)
        .outerjoin(deliveries, theirs)
        .where(contacts.c.channel == by, contacts.c.address_hash == hashed)
        .order_by(deliveries.c.handed_over_at.desc().nulls_last(), contacts.c.customer_id)
        .limit(1)
    )


def _sent() -> Select[Any]:
    """Letters with whom they went to: the customer who a merged one is by now."""
    person = person_id()
    merged = customers.alias("merged")
    return (
        select(
            deliveries.c.id,
            person.label("customer_id"),
            deliveries.c.channel,
            deliveries.c.locale,
            contacts.c.address_hash,
            deliveries.c.handed_over_at,
            func.coalesce(deliveries.c.sent_at, deliveries.c.handed_over_at).label("accepted_at"),
            select(func.max(merged.c.updated_at, type_=Utc())).where(merged.c.merged_into == person).scalar_subquery().label("merged_at"),
        )
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .outerjoin(contacts, and_(contacts.c.customer_id == person, contacts.c.channel == deliveries.c.channel))
        .where(deliveries.c.channel != "", customers.c.forgotten_at.is_(None))  # what comes back of somebody who is forgotten is nobody's
    )


def _correspondent(row: Row[Any]) -> Correspondent:
    is_former = None not in {row.merged_at, row.handed_over_at} and row.handed_over_at <= row.merged_at
    return Correspondent(row.customer_id, ChannelName(row.channel), row.locale, row.address_hash, row.id, row.accepted_at, is_former)

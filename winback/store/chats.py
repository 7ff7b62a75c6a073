"""Customers' chats with the bot: who joined, who blocked it, and how far its updates have been read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.audience.consents import ConsentWay
from winback.model import ChannelName, Reason
from winback.store import consents as consent_log
from winback.store import events
from winback.store import suppressions as suppressions_log
from winback.store.consents import Given
from winback.store.persons import is_person, person_id
from winback.store.tables import consents, contacts, customers, deliveries, heard_updates, preferences, source_states, suppressions

_SOURCE = "telegram"  # the row of source_states that holds the number of the next update
_FORGOTTEN_AFTER = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Invited:
    """The customer whom a joining link was made for."""

    customer_id: int
    locale: str  # their own
    chat_id: str  # that they joined from already; empty: none
    delivery_id: int = 0  # the letter that invited them; 0: no letter did
    country: str = ""
    given_name: str = ""


def invited(connection: Connection, customer_id: int, delivery_id: int = 0) -> Invited | None:
    """None when the customer has been erased since. Of one who was merged into another it is that one who is invited."""
    person = select(person_id()).where(customers.c.id == customer_id).scalar_subquery()
    row = connection.execute(_person().where(customers.c.id == person, customers.c.forgotten_at.is_(None))).one_or_none()
    return None if row is None else _invited(row, delivery_id)


def by_phone(connection: Connection, phone: str) -> tuple[Invited, ...]:
    """Customers with this phone (+380671234567), two of them at most: who isn't the only one is nobody certain."""
    rows = connection.execute(_person().where(customers.c.phone == phone, is_person()).order_by(customers.c.id).limit(2))
    return tuple(_invited(row) for row in rows) if phone else ()


def invited_at(connection: Connection, delivery_id: int) -> datetime | None:
    """When the letter left that holds a joining link; None: it never did, or nothing is known of it any more."""
    left = select(deliveries.c.handed_over_at).where(deliveries.c.id == delivery_id)
    at: datetime | None = connection.execute(left).scalar_one_or_none()
    return at


def _person() -> Select[Any]:
    chat = and_(contacts.c.customer_id == customers.c.id, contacts.c.channel == ChannelName.TELEGRAM)
    shown = (customers.c.id, customers.c.locale, customers.c.country, customers.c.given_name, contacts.c.address)
    return select(*shown).outerjoin(contacts, chat)


def _invited(row: Row[Any], delivery_id: int = 0) -> Invited:
    return Invited(row.id, row.locale, row.address or "", delivery_id, row.country, row.given_name)


def chosen_locale(connection: Connection, customer_id: int) -> str:
    """The language that a customer chose themselves; empty: they didn't."""
    found = connection.execute(select(preferences.c.locale).where(preferences.c.customer_id == customer_id)).scalar_one_or_none()
    return found or ""


def is_open(connection: Connection, customer_id: int, now: datetime) -> bool:
    """Whether the customer agreed to be written to in their chat, and hasn't taken it back."""
    found = connection.execute(
        select(contacts.c.customer_id)
        .join(consents, and_(consents.c.customer_id == contacts.c.customer_id, consents.c.channel == contacts.c.channel))
        .outerjoin(suppressions, and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash))
        .where(
            contacts.c.customer_id == customer_id,
            contacts.c.channel == ChannelName.TELEGRAM,
            consents.c.purpose == "marketing",
            consents.c.given_at <= now,
            consents.c.withdrawn_at.is_(None) | (consents.c.withdrawn_at > now),
            suppressions.c.id.is_(None),
        )
    )
    return found.first() is not None and not suppressions_log.everywhere(connection, [customer_id], now)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a customer agreed to in a chat, and what shows it."""

    customer_id: int
    chat_id: str
    address_hash: bytes
    wording: str  # the text that the button stood below, word for word
    evidence: Mapping[str, Any]
    source: str = "telegram /start"


def join(connection: Connection, agreed: Agreed, now: datetime) -> None:
    """The customer agreed, in this chat, to be written to there. A suppression that they had asked for is lifted."""
    customer_id, address_hash = agreed.customer_id, agreed.address_hash
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    contact = {"address": agreed.chat_id, "address_hash": address_hash, "blocked_at": None, "blocked_reason": "", "confirmed_at": now}
    who = {"customer_id": customer_id, "channel": ChannelName.TELEGRAM}
    connection.execute(
        dialect.insert(contacts).values(**who, **contact).on_conflict_do_update(index_elements=["customer_id", "channel"], set_=contact)
    )
    # whoever presses a button in a chat has confirmed it by that: nobody else could have
    wording = consent_log.wording_id(connection, agreed.wording, now)
    place = (customer_id, ChannelName.TELEGRAM, ConsentWay.CHAT, agreed.source, now)
    consent_log.give(connection, Given(*place, is_confirmed=True, wording_id=wording, evidence=agreed.evidence), now)
    events.lift(connection, channel=ChannelName.TELEGRAM, address_hash=address_hash)
    suppressions_log.narrow(connection, customer_id)


def block(connection: Connection, customer_id: int, now: datetime) -> None:
    """The bot can't reach the customer any more; their consent stands."""
    connection.execute(
        update(contacts)
        .where(contacts.c.customer_id == customer_id, contacts.c.channel == ChannelName.TELEGRAM, contacts.c.blocked_at.is_(None))
        .values(blocked_at=now, blocked_reason=Reason.BLOCKED)
    )


def unblock(connection: Connection, customer_id: int) -> None:
    connection.execute(
        update(contacts)
        .where(contacts.c.customer_id == customer_id, contacts.c.channel == ChannelName.TELEGRAM, contacts.c.blocked_reason == Reason.BLOCKED)
        .values(blocked_at=None, blocked_reason="")
    )


def next_update(connection: Connection, now: datetime) -> int:
    """The number of the first update that hasn't been taken in; 0: any. In a writing transaction it is ours until the commit.

    Telegram numbers updates anew, at random, after a week without any, and keeps none for longer than a day: a number that is
    nearly a week old is forgotten, or updates with smaller ones would never be seen.
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(
        dialect.insert(source_states).values(source=_SOURCE, watermark="0", imported_at=now).on_conflict_do_nothing(index_elements=["source"])
    )
    row = connection.execute(
        select(source_states.c.watermark, source_states.c.imported_at).where(source_states.c.source == _SOURCE).with_for_update()
    ).one()
    return 0 if now - row.imported_at > _FORGOTTEN_AFTER else int(row.watermark)


def offset(connection: Connection, now: datetime) -> int:
    """The same number to look at only: what updates are asked for from."""
    row = connection.execute(select(source_states.c.watermark, source_states.c.imported_at).where(source_states.c.source == _SOURCE)).one_or_none()
    return 0 if row is None or now - row.imported_at > _FORGOTTEN_AFTER else int(row.watermark)


def record_next_update(connection: Connection, number: int, now: datetime) -> None:
    connection.execute(update(source_states).where(source_states.c.source == _SOURCE).values(watermark=str(number), imported_at=now))


def first_heard(connection: Connection, update_ids: Sequence[int], now: datetime) -> set[int]:
    """Those of these updates that nobody took in before; they are taken in with the caller's transaction.

    It is a set that is asked, and not a number that grows: a webhook repeats updates, and they come out of order. Whoever else takes
    updates in waits until the commit (`next_update`).
    """
    connection.execute(delete(heard_updates).where(heard_updates.c.heard_at < now - _FORGOTTEN_AFTER))
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [{"update_id": number, "heard_at": now} for number in dict.fromkeys(update_ids)]
    new = dialect.insert(heard_updates).values(rows).on_conflict_do_nothing(index_elements=["update_id"])
    return set(connection.execute(new.returning(heard_updates.c.update_id)).scalars())

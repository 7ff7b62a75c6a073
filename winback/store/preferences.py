"""What customers told us of the letters that they want: read for a batch at every decision, changed by themselves alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.audience.consents import OPEN_TRACKING, ConsentWay
from winback.journey.eligibility import Tracking
from winback.journey.wishes import NO_DAY, Topic, Wishes
from winback.model import ChannelName, DeliveryStatus, Reason
from winback.store import consents as consent_log
from winback.store import suppressions as suppressions_log
from winback.store.among import among
from winback.store.consents import Given
from winback.store.persons import is_person, person_id
from winback.store.tables import consents, contacts, customers, deliveries, preferences, recipients, suppressions

SOURCE = "preference page"
"""Where a consent was given, in the words of its proof."""


@dataclass(frozen=True, slots=True)
class Door:
    """One of a customer's channels: whether letters come through it."""

    channel: ChannelName
    address_hash: bytes
    closed: str = ""  # why not, where the address is suppressed


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the preference page shows of a customer."""

    customer_id: int
    wishes: Wishes
    locale: str
    country: str
    favourite_day: str  # MM-DD
    doors: tuple[Door, ...]
    tracking: Tracking = Tracking.UNSAID  # of opens and links: given, withdrawn, or nothing that is proven

    def comes_by(self, channel: ChannelName) -> bool:
        """Whether letters come by this channel, as far as it is the customer who decides."""
        return any(door.channel is channel and not door.closed for door in self.doors) and channel not in self.wishes.channels_off


def of(connection: Connection, ids: Collection[int]) -> dict[int, Wishes]:
    """Wishes by customer; of those who have any."""
    return {row.customer_id: _wishes(row) for row in connection.execute(_OF, {"ids": list(ids)}).all()}


_OF = select(preferences).where(among(preferences.c.customer_id))


def card(connection: Connection, customer_id: int) -> Card | None:
    """The customer's card, of whoever they are by now; None where there is no such customer."""
    who = select(person_id()).where(customers.c.id == customer_id).scalar_subquery()
    person = connection.execute(
        select(customers.c.id, customers.c.locale, customers.c.country, customers.c.favourite_day).where(customers.c.id == who, is_person())
    ).one_or_none()
    if person is None:
        return None
    wishes, doors = of(connection, [person.id]).get(person.id, Wishes()), tuple(_doors(connection, person.id))
    return Card(person.id, wishes, person.locale, person.country, person.favourite_day, doors, _tracking(connection, person.id))


def _tracking(connection: Connection, customer_id: int) -> Tracking:
    """A no on any channel is a no, as it is for links."""
    rows = connection.execute(select(consents).where(consents.c.customer_id == customer_id, consents.c.purpose == OPEN_TRACKING)).all()
    if any(row.withdrawn_at is not None for row in rows):
        return Tracking.WITHDRAWN
    return Tracking.GIVEN if any(row.given_at is not None and row.source for row in rows) else Tracking.UNSAID


def _doors(connection: Connection, customer_id: int) -> Iterable[Door]:
    """Channels with an address that can be reached; one that was closed by a bounce or a complaint isn't for a page to open."""
    rows = connection.execute(
        select(contacts.c.channel, contacts.c.address_hash, suppressions.c.reason)
        .outerjoin(suppressions, and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash))
        .where(contacts.c.customer_id == customer_id, contacts.c.address != "", contacts.c.blocked_at.is_(None))
        .order_by(contacts.c.channel)
    )
    return (Door(ChannelName(row.channel), row.address_hash, row.reason or "") for row in rows if row.reason in {None, Reason.UNSUBSCRIBED})


def say(connection: Connection, customer_id: int, wishes: Wishes, now: datetime) -> None:
    """Keep what the customer wants from now on; language and favourite day are those of their card too. The same once more changes nothing."""
    values = {**_row(wishes), "said_at": now}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    differs = or_(*(preferences.c[name].is_distinct_from(value) for name, value in values.items() if name != "said_at"))
    statement = dialect.insert(preferences).values(customer_id=customer_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=values, where=differs))
    _onto_card(connection, customer_id, wishes, now)


def _onto_card(connection: Connection, customer_id: int, wishes: Wishes, now: datetime) -> None:
    """Language and favourite day that they chose, where everything else looks for them."""
    chosen = {name: value for name in ("locale", "favourite_day") if (value := getattr(wishes, name))}
    if chosen.get("favourite_day") == NO_DAY:
        chosen["favourite_day"] = ""
    if chosen:
        differs = or_(*(customers.c[name] != value for name, value in chosen.items()))
        connection.execute(update(customers).where(customers.c.id == customer_id, differs).values(**chosen, updated_at=now))


def open_again(connection: Connection, given: Given, address_hash: bytes, now: datetime) -> None:
    """The customer asked to be written to here again: what they had asked for is lifted, and this is their consent."""
    suppressions_log.lift(connection, given.channel, address_hash)
    suppressions_log.narrow(connection, given.customer_id)
    consent_log.give(connection, given, now)


def say_seen(connection: Connection, card: Card, *, may_see: bool, wording: str = "", now: datetime) -> None:
    """The customer said whether we may see that letters are opened and links followed, of all their channels; `wording` is what they agreed to.

    The same once more proves nothing new.
    """
    if may_see and card.tracking is not Tracking.GIVEN:
        wording_id = consent_log.wording_id(connection, wording, now)
        spoken = select(consents.c.channel).where(consents.c.customer_id == card.customer_id, consents.c.purpose == OPEN_TRACKING)
        for channel in sorted({*connection.execute(spoken).scalars(), *(door.channel for door in card.doors)}):
            agreed = Given(card.customer_id, ChannelName(channel), ConsentWay.PAGE, SOURCE, now, OPEN_TRACKING, wording_id=wording_id)
            consent_log.give(connection, agreed, now)
    elif not may_see and card.tracking is not Tracking.WITHDRAWN:
        consent_log.withdraw(connection, consent_log.Withdrawn(card.customer_id, ConsentWay.PAGE, None, (OPEN_TRACKING,)), now)


def respeak(connection: Connection, run_id: int, spoken: Mapping[int, str]) -> None:
    """Letters of these customers that workers hold, and those to come, are in these languages: they chose another one since."""
    for customer_id, locale in sorted(spoken.items()):
        held = (deliveries.c.run_id == run_id, deliveries.c.customer_id == customer_id, deliveries.c.status == DeliveryStatus.CLAIMED)
        connection.execute(update(deliveries).where(*held).values(locale=locale))
        connection.execute(update(recipients).where(recipients.c.run_id == run_id, recipients.c.customer_id == customer_id).values(locale=locale))


def unless_chosen(name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """For an import: what the shop says of a customer's field, but where they chose it themselves what it is."""
    theirs = select(preferences.c.customer_id).where(preferences.c.customer_id == customers.c.id, preferences.c[name] != "")
    return case((theirs.exists(), customers.c[name]), else_=value)


def join(connection: Connection, merged_id: int, into_id: int, now: datetime) -> None:
    """Of two records of one person the stricter wishes stand: what either wants no more isn't sent."""
    found = of(connection, [merged_id, into_id])
    moments = dict(connection.execute(select(preferences.c.customer_id, preferences.c.said_at).where(preferences.c.customer_id.in_(found))).all())
    if merged_id not in found:
        return
    connection.execute(delete(preferences).where(preferences.c.customer_id.in_([merged_id, into_id])))
    ours, theirs = found.get(into_id, Wishes()), found[merged_id]
    caps = [cap for cap in (ours.most_letters, theirs.most_letters) if cap is not None]
    pauses = [day for day in (ours.paused_until, theirs.paused_until) if day is not None]
    stricter = Wishes(
        channels_off=ours.channels_off | theirs.channels_off,
        topics_off=ours.topics_off | theirs.topics_off,
        most_letters=min(caps, default=None),
        paused_until=max(pauses, default=None),
        locale=ours.locale or theirs.locale,
        favourite_day=ours.favourite_day or theirs.favourite_day,
    )
    connection.execute(insert(preferences).values(customer_id=into_id, **_row(stricter), said_at=max(moments.values())))
    _onto_card(connection, into_id, stricter, now)


def _row(wishes: Wishes) -> dict[str, Any]:
    return {
        "channels_off": _bars(wishes.channels_off),
        "topics_off": _bars(wishes.topics_off),
        "most_letters": wishes.most_letters,
        "paused_until": wishes.paused_until,
        "locale": wishes.locale,
        "favourite_day": wishes.favourite_day,
    }


def _wishes(row: Row[Any]) -> Wishes:
    return Wishes(
        channels_off=frozenset(ChannelName(word) for word in _words(row.channels_off)),
        topics_off=frozenset(Topic(word) for word in _words(row.topics_off)),
        most_letters=row.most_letters,
        paused_until=row.paused_until,
        locale=row.locale,
        favourite_day=row.favourite_day,
    )


def _words(barred: str) -> list[str]:
    return [word for word in barred.split("|") if word]


def _bars(words: Iterable[str]) -> str:
    """Words between bars, in their order."""
    known = sorted(str(word) for word in words)
    return f"|{'|'.join(known)}|" if known else ""

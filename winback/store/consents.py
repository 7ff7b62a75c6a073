"""Consents given, confirmed and taken back: a proof is added, and what holds now follows from it, in the caller's one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, case, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.audience.consents import MARKETING, OPEN_TRACKING, ConsentDeed, ConsentWay
from winback.journey import eligibility
from winback.journey.eligibility import Tracking
from winback.journey.policy import Policy
from winback.model import ChannelName, Reason
from winback.store import events, suppressions
from winback.store.persons import person_id
from winback.store.tables import consent_proofs, consent_wordings, consents, contacts, customers

EVERY_PURPOSE = (MARKETING, OPEN_TRACKING)


@dataclass(frozen=True, slots=True)
class Given:
    """A customer agreed to something on a channel."""

    customer_id: int
    channel: ChannelName
    way: ConsentWay
    source: str  # where: "checkout", "telegram /start"; empty is no proof
    given_at: datetime | None  # None: nobody knows when
    purpose: str = MARKETING
    is_confirmed: bool = False  # the address itself said yes
    wording_id: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A customer takes back what they agreed to, or objects to what they never agreed to."""

    customer_id: int
    way: ConsentWay
    channel: ChannelName | None  # None: on every channel
    purposes: Sequence[str] = (MARKETING,)
    reason: Reason = Reason.UNSUBSCRIBED
    address_hash: bytes | None = None  # that the wish came from; None: those that the customer has
    delivery_id: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def give(connection: Connection, given: Given, now: datetime) -> None:
    """Record that a customer agreed: a proof, and the consent that follows from it. A suppression stays until it is lifted."""
    deed = ConsentDeed.CONFIRMED if given.is_confirmed else ConsentDeed.GIVEN
    _prove(connection, [_proof(given, given.channel, given.purpose, deed, given.given_at, now, given.source, given.wording_id)])
    confirmed_at = now if given.is_confirmed else None
    values = {"given_at": given.given_at, "source": given.source, "confirmed_at": confirmed_at, "withdrawn_at": None, "withdrawn_through": ""}
    statement = _insert(connection, consents).values(customer_id=given.customer_id, channel=given.channel, purpose=given.purpose, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["customer_id", "channel", "purpose"], set_=values))


def withdraw(connection: Connection, wish: Withdrawn, now: datetime) -> int:
    """Obey a wish to be left alone, everywhere at once. Returns how many journeys it ended.

    A proof is added, the consent is taken back, the address closed, the journeys of everybody who has it ended, and what is planned for
    them stopped: all of it or nothing, with the caller's transaction. Taking back a consent to open tracking alone closes no address.
    Whoever asks twice is heard twice, and proved once: the consent keeps the day on which it was first taken back.
    """
    places = _addresses(connection, wish)
    people = _people(connection, wish, places)
    for purpose in wish.purposes:
        for who in people:
            _take_back(connection, wish, who, purpose, {place.channel for place in places} if who == wish.customer_id else {*_channels(wish)}, now)
    if MARKETING not in wish.purposes:
        return 0
    for channel, hashed in sorted({(place.channel, place.address_hash) for place in places} | _wished(wish)):
        suppressions.close(
            connection,
            suppressions.Closed(ChannelName(channel), hashed, wish.reason, everywhere=wish.channel is None, delivery_id=wish.delivery_id),
            now,
        )
    return sum(events.stop(connection, who, wish.reason, now) for who in people)


def is_confirmed(connection: Connection, customer_id: int, channel: ChannelName, purpose: str = MARKETING) -> bool:
    """Whether the address itself has said yes, and nothing was taken back since."""
    place = (consents.c.customer_id == customer_id, consents.c.channel == channel, consents.c.purpose == purpose)
    found = select(consents.c.customer_id).where(*place, consents.c.confirmed_at.is_not(None), consents.c.withdrawn_at.is_(None))
    return connection.execute(found).first() is not None


def counts(connection: Connection) -> dict[tuple[str, str, str], int]:
    """Customers by channel, purpose, and how far their consent goes: withdrawn, said, proven, confirmed."""
    proven = and_(consents.c.given_at.is_not(None), consents.c.source != "")
    words = case(
        (consents.c.withdrawn_at.is_not(None), "withdrawn"), (~proven, "said"), (consents.c.confirmed_at.is_not(None), "confirmed"), else_="proven"
    ).label("word")
    inner = select(consents.c.channel, consents.c.purpose, words).subquery()
    rows = connection.execute(select(inner, func.count()).group_by(*inner.c).order_by(*inner.c))
    return {(channel, purpose, word): count for channel, purpose, word, count in rows}


def tracking(customer_id: int | None, given_at: datetime | None, source: str | None, withdrawn_at: datetime | None, now: datetime) -> Tracking:
    """What a row of consents to open tracking says at a moment; without a row (no customer), nothing."""
    if customer_id is None:
        return Tracking.UNSAID
    if withdrawn_at is not None and withdrawn_at <= now:
        return Tracking.WITHDRAWN
    if given_at is None or not source:
        return Tracking.SAID
    return Tracking.GIVEN if given_at <= now else Tracking.UNSAID


def may_track_opens(connection: Connection, policy: Policy, ids: Iterable[int], now: datetime, channel: ChannelName = ChannelName.EMAIL) -> set[int]:
    """Those of these customers whose opens may be seen at this moment, whenever the letter left: by their country, and by what they said.

    Of one who was merged into another it is that one who is asked.
    """
    found = _tracking_of(connection, ids, now, channel)
    return {who for who, (told, country) in found.items() if eligibility.may_track_opens(told, policy.for_country(country))}


def agreed_to_tracking(connection: Connection, ids: Iterable[int], now: datetime, channel: ChannelName = ChannelName.EMAIL) -> set[int]:
    """Those of these customers whose own consent to being seen stands at this moment, with its day and place."""
    return {who for who, (told, _) in _tracking_of(connection, ids, now, channel).items() if told is Tracking.GIVEN}


def _tracking_of(connection: Connection, ids: Iterable[int], now: datetime, channel: ChannelName) -> dict[int, tuple[Tracking, str]]:
    """What each of these said of being seen, and their country."""
    person, said = customers.alias("person"), consents.alias("said")
    about = and_(said.c.customer_id == person.c.id, said.c.channel == channel, said.c.purpose == OPEN_TRACKING)
    rows = connection.execute(
        select(customers.c.id, person.c.country, *(said.c[name] for name in ("customer_id", "given_at", "source", "withdrawn_at")))
        .join(person, person.c.id == person_id())
        .outerjoin(said, about)
        .where(customers.c.id.in_(list(ids)))
    )
    return {row.id: (tracking(row.customer_id, row.given_at, row.source, row.withdrawn_at, now), row.country) for row in rows}


def proofs(connection: Connection, customer_id: int) -> Sequence[Row[Any]]:
    """Every proof of a customer with the words agreed to (`wording`), the oldest first."""
    statement = (
        select(consent_proofs, consent_wordings.c.text.label("wording"))
        .outerjoin(consent_wordings, consent_wordings.c.id == consent_proofs.c.wording_id)
        .where(consent_proofs.c.customer_id == customer_id)
        .order_by(consent_proofs.c.id)
    )
    return connection.execute(statement).all()


def wording_id(connection: Connection, text: str, now: datetime) -> int:
    """The number of a wording, written down if it isn't yet."""
    hashed = hashlib.sha256(text.encode()).digest()
    statement = _insert(connection, consent_wordings).values(text_hash=hashed, text=text, first_seen_at=now)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["text_hash"]))
    found: int = connection.execute(select(consent_wordings.c.id).where(consent_wordings.c.text_hash == hashed)).scalar_one()
    return found


def prove_merge(connection: Connection, customer_id: int, place: tuple[str, str], withdrawn_at: datetime, now: datetime) -> None:
    """Two records of one person were merged, and the stricter one takes the consent back; `place` is channel and purpose."""
    channel, purpose = place
    wish = Withdrawn(customer_id, ConsentWay.MERGE, ChannelName(channel))
    _prove(connection, [_proof(wish, channel, purpose, ConsentDeed.WITHDRAWN, withdrawn_at, now)])


def _addresses(connection: Connection, wish: Withdrawn) -> list[Row[Any]]:
    """The customer's addresses that the wish is about."""
    statement = select(contacts.c.channel, contacts.c.address_hash).where(contacts.c.customer_id == wish.customer_id)
    if wish.channel is not None:
        statement = statement.where(contacts.c.channel == wish.channel)
    return list(connection.execute(statement.order_by(contacts.c.channel)))


def _wished(wish: Withdrawn) -> set[tuple[str, bytes]]:
    """The address that the wish came from, if that is another than those the customer has now."""
    return {(wish.channel, wish.address_hash)} if wish.channel is not None and wish.address_hash is not None else set()


def _people(connection: Connection, wish: Withdrawn, places: Iterable[Row[Any]]) -> list[int]:
    """The customer, and others with the same address: it was the person behind it who asked. In order, so that two wishes wait for each other."""
    held = {(place.channel, place.address_hash) for place in places} | _wished(wish)
    same = [(contacts.c.channel == channel) & (contacts.c.address_hash == hashed) for channel, hashed in sorted(held)]
    others = connection.execute(select(contacts.c.customer_id).where(or_(*same))).scalars() if same else ()
    return sorted({wish.customer_id, *others})


def _channels(wish: Withdrawn) -> Collection[str]:
    return tuple(ChannelName) if wish.channel is None else (wish.channel,)


def _take_back(connection: Connection, wish: Withdrawn, who: int, purpose: str, reached: Collection[str], now: datetime) -> None:  # noqa: PLR0917  one use
    """Write it down for each channel that it holds for, where it isn't taken back yet: an objection to what was never agreed to counts too."""
    agreed = select(consents.c.channel, consents.c.withdrawn_at).where(consents.c.customer_id == who, consents.c.purpose == purpose)
    known = {row.channel: row.withdrawn_at for row in connection.execute(agreed)}
    concerned = {channel for channel in (*known, *reached, *((wish.channel,) if wish.channel else ())) if channel in _channels(wish)}
    new = sorted(channel for channel in concerned if known.get(channel) is None)
    if not new:
        return
    rows = [{"customer_id": who, "channel": channel, "purpose": purpose, "withdrawn_at": now, "withdrawn_through": wish.way} for channel in new]
    statement = _insert(connection, consents)
    taken = {"withdrawn_at": statement.excluded.withdrawn_at, "withdrawn_through": statement.excluded.withdrawn_through}
    where = consents.c.withdrawn_at.is_(None)
    connection.execute(statement.on_conflict_do_update(index_elements=["customer_id", "channel", "purpose"], set_=taken, where=where), rows)
    meant = wish if who == wish.customer_id else Withdrawn(who, wish.way, wish.channel, evidence={**wish.evidence, "by": "the same address"})
    _prove(connection, [_proof(meant, channel, purpose, ConsentDeed.WITHDRAWN, now, now) for channel in new])


def _proof(  # noqa: PLR0917  one use
    told: Given | Withdrawn,
    channel: str,
    purpose: str,
    deed: ConsentDeed,
    happened_at: datetime | None,
    now: datetime,
    source: str = "",
    wording: int | None = None,
) -> dict[str, Any]:
    evidence = dict(told.evidence)
    if isinstance(told, Withdrawn) and told.delivery_id is not None:
        evidence["delivery"] = told.delivery_id
    return {
        "customer_id": told.customer_id,
        "channel": channel,
        "purpose": purpose,
        "deed": deed,
        "happened_at": happened_at,
        "recorded_at": now,
        "way": told.way,
        "source": source,
        "wording_id": wording,
        "evidence": evidence,
    }


def _prove(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(insert(consent_proofs), rows)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)

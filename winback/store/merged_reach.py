"""Addresses and consents of two records that are one person: where letters go from now on, and whether they may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from winback.audience.consents import MARKETING, Consent, Side, Strictness, strictest, strictness
from winback.model import Reason
from winback.store import consents as consent_log
from winback.store.tables import consents, contacts, suppressions

_LEFT = (Reason.UNSUBSCRIBED, Reason.COMPLAINED)

Reach: TypeAlias = dict[str, Row[Any]]
"""A record's rows of contacts by channel, each with the suppression of its address: `closed_for`, `closed_since`."""


@dataclass(frozen=True, slots=True)
class AddressFate:
    """What became of the merged record's address on a channel."""

    channel: str
    fate: str  # moved; same (both had it); dropped (the record that stays has another one)
    kept_works: bool = True  # of the address that stays: nothing came back from it, and it doesn't look mistyped
    dropped_works: bool = True


@dataclass(frozen=True, slots=True)
class ConsentFate:
    """How far the consent to a purpose on a channel goes: by each record alone (None: it says nothing), and for the person."""

    channel: str
    purpose: str
    into: Strictness | None
    merged: Strictness | None
    now: Strictness


def join(connection: Connection, merged_id: int, into_id: int, now: datetime) -> tuple[list[AddressFate], list[ConsentFate]]:
    """Give the record that stays the addresses it has none of, and the strictest consent. The merged one is left with neither.

    Where both have an address the one of the record that stays is kept: the shop's own data names it again with the next import.
    """
    theirs, ours = _reach(connection, merged_id), _reach(connection, into_id)
    consent_fates = _join_consents(connection, merged_id, into_id, (ours, theirs), now)
    fates = []
    for channel, contact in theirs.items():
        kept = ours.get(channel)
        if kept is not None and (kept.address or not contact.address):
            fates.append(_settle(connection, kept, contact))
            connection.execute(delete(contacts).where(contacts.c.customer_id == merged_id, contacts.c.channel == channel))
            continue
        connection.execute(delete(contacts).where(contacts.c.customer_id == into_id, contacts.c.channel == channel))
        connection.execute(update(contacts).where(contacts.c.customer_id == merged_id, contacts.c.channel == channel).values(customer_id=into_id))
        fates.append(AddressFate(channel, "moved"))
    return fates, consent_fates


def _reach(connection: Connection, customer_id: int) -> Reach:
    rows = connection.execute(
        select(contacts, suppressions.c.reason.label("closed_for"), suppressions.c.since.label("closed_since"))
        .outerjoin(suppressions, and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash))
        .where(contacts.c.customer_id == customer_id)
        .order_by(contacts.c.channel)
    )
    return {row.channel: row for row in rows}


def _settle(connection: Connection, kept: Row[Any], dropped: Row[Any]) -> AddressFate:
    """One address is kept. Where both are the same, what either record knows of it is known: it can't be reached, or it showed life."""
    if kept.address.lower() != dropped.address.lower():
        return AddressFate(kept.channel, "dropped", _works(kept), _works(dropped))
    blocked = min((row for row in (kept, dropped) if row.blocked_at is not None), key=lambda row: row.blocked_at, default=kept)
    confirmed_at = max((row.confirmed_at for row in (kept, dropped) if row.confirmed_at is not None), default=None)
    connection.execute(
        update(contacts)
        .where(contacts.c.customer_id == kept.customer_id, contacts.c.channel == kept.channel)
        .values(blocked_at=blocked.blocked_at, blocked_reason=blocked.blocked_reason, confirmed_at=confirmed_at)
    )
    return AddressFate(kept.channel, "same")


def _works(contact: Row[Any]) -> bool:
    return contact.blocked_at is None and not contact.mistyped and contact.closed_for is None


def _join_consents(connection: Connection, merged_id: int, into_id: int, reach: tuple[Reach, Reach], now: datetime) -> list[ConsentFate]:
    """`reach` is that of the record that stays, then that of the merged one."""
    agreed = [_consents(connection, customer_id) for customer_id in (into_id, merged_id)]
    addressed = {(channel, MARKETING) for contacts_of in reach for channel in contacts_of}
    fates = []
    for channel, purpose in sorted({*agreed[0], *agreed[1], *addressed}):
        sides = [_side(contacts_of.get(channel), given.get((channel, purpose)), purpose) for contacts_of, given in zip(reach, agreed, strict=True)]
        holds = strictest(sides, now)
        _write(connection, into_id, channel, purpose, holds)
        if (
            holds is not None
            and holds.withdrawn_at is not None
            and not any(holds.withdrawn_at == given.withdrawn_at for given in _given(agreed, channel, purpose))
        ):
            consent_log.prove_merge(connection, into_id, (channel, purpose), holds.withdrawn_at, now)
        into, merged = (strictness(side) if side.speaks else None for side in sides)
        fates.append(ConsentFate(channel, purpose, into, merged, strictness(Side(has_address=True, consent=holds))))
    connection.execute(delete(consents).where(consents.c.customer_id == merged_id))
    return fates


def _given(agreed: Sequence[Mapping[tuple[str, str], Consent]], channel: str, purpose: str) -> list[Consent]:
    return [given[channel, purpose] for given in agreed if (channel, purpose) in given]


def _consents(connection: Connection, customer_id: int) -> Mapping[tuple[str, str], Consent]:
    rows = connection.execute(select(consents).where(consents.c.customer_id == customer_id))
    return {(row.channel, row.purpose): Consent(row.given_at, row.source, row.withdrawn_at, row.confirmed_at, row.withdrawn_through) for row in rows}


def _side(contact: Row[Any] | None, consent: Consent | None, purpose: str) -> Side:
    if contact is None or not contact.address:
        return Side(has_address=False, consent=consent)
    has_left = purpose == MARKETING and contact.closed_for in _LEFT
    return Side(has_address=True, consent=consent, left_at=contact.closed_since if has_left else None)


def _write(connection: Connection, customer_id: int, channel: str, purpose: str, consent: Consent | None) -> None:
    place = {"customer_id": customer_id, "channel": channel, "purpose": purpose}
    connection.execute(delete(consents).filter_by(**place))
    if consent is not None:
        connection.execute(insert(consents).values(**place, **asdict(consent)))

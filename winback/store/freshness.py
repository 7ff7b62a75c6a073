"""Addresses that letters would reach in vain: bounced, mistyped, old. Marked where it is found out, asked for by cohorts.

An address showed life on the day when it was given with a consent, when it took the place of another one, when the staff say so, and
whenever somebody clicked or answered from it. An order proves the person, not the address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, bindparam, case, exists, false, func, not_, or_, select, tuple_, update

from winback.audience import typos
from winback.journey.ends import CAME_BACK
from winback.model import AddressFault, ChannelName, EventKind, Verdict
from winback.store.tables import consents, contacts, customers, deliveries, events, suppressions

EVERYWHERE = tuple(ChannelName)
_AT_ONCE = 20_000  # rows
_LIFE = (EventKind.CLICK, EventKind.REPLY, EventKind.ANSWER)


def bounced(who: FromClause, *, now: datetime, channels: Collection[ChannelName] = EVERYWHERE) -> ColumnElement[bool]:
    """`who` (customers, or an alias of it) has addresses on these channels, and letters to each of them came back by `now`."""
    return stale(who, {AddressFault.BOUNCED}, now=now, before=now, channels=channels)


def mistyped(who: FromClause, *, now: datetime, channels: Collection[ChannelName] = EVERYWHERE) -> ColumnElement[bool]:
    """`who` has addresses on these channels, and each of them looks mistyped."""
    return stale(who, {AddressFault.MISTYPED}, now=now, before=now, channels=channels)


def old(who: FromClause, *, now: datetime, before: datetime, channels: Collection[ChannelName] = EVERYWHERE) -> ColumnElement[bool]:
    """`who` has addresses on these channels, and each of them showed its last sign of life before `before`."""
    return stale(who, {AddressFault.OLD}, now=now, before=before, channels=channels)


def stale(
    who: FromClause,
    faults: Collection[AddressFault],
    *,
    now: datetime,
    before: datetime,
    channels: Collection[ChannelName] = EVERYWHERE,
    key: str = "id",
) -> ColumnElement[bool]:
    """`who` has addresses on these channels, and each of them has one of the `faults`: nothing is left that works.

    True or false, never NULL; false for who has no address at all. `before` is what `old` means: `now` less the settings' `old_after`.
    `key`: the column of `who` that says which customer a row speaks of.
    """
    theirs = contacts.alias("theirs")
    on_channels = and_(theirs.c.customer_id == who.c[key], theirs.c.channel.in_([str(channel) for channel in channels]), theirs.c.address != "")
    faulty = or_(false(), *(fault(theirs, word, now=now, before=before) for word in sorted(faults)))
    is_faulty, is_good = (exists(select(1).where(on_channels, so).correlate(who)) for so in (faulty, not_(faulty)))
    return and_(is_faulty, ~is_good)  # few have any faulty address: they are found first


def fault(contact: FromClause, word: AddressFault, *, now: datetime, before: datetime) -> ColumnElement[bool]:
    """Whether one row of contacts has this fault. True or false, never NULL."""
    confirmed_at = contact.c.confirmed_at
    match word:
        case AddressFault.BOUNCED:
            return or_(and_(contact.c.blocked_at.is_not(None), contact.c.blocked_at <= now), _came_back(contact, now))
        case AddressFault.MISTYPED:
            return contact.c.mistyped != ""
        case AddressFault.OLD:
            return and_(confirmed_at.is_not(None), confirmed_at < before)
        case AddressFault.UNKNOWN:
            return confirmed_at.is_(None)


def _came_back(contact: FromClause, now: datetime) -> ColumnElement[bool]:
    """A report of a bounce closes the address itself, whoever has it. These are few, and looked up once for all contacts."""
    closed = suppressions.alias("closed")
    reported = select(closed.c.channel, closed.c.address_hash).where(closed.c.reason.in_(sorted(CAME_BACK)), closed.c.since <= now)
    return tuple_(contact.c.channel, contact.c.address_hash).in_(reported)


def confirm(connection: Connection, signs: Iterable[tuple[int, ChannelName, datetime]]) -> None:
    """These customers' addresses on these channels showed life at these moments. An earlier sign than the last known one changes nothing.

    Rows are touched in order, so that two writers with the same customers wait for each other instead of locking each other out.
    """
    latest: dict[tuple[int, str], datetime] = {}
    for customer_id, channel, at in signs:
        place = (customer_id, str(channel))
        latest[place] = max(at, latest.get(place, at))
    if not latest:
        return
    connection.execute(_CONFIRM, [{"b_customer_id": who, "b_channel": channel, "b_at": at} for (who, channel), at in sorted(latest.items())])


_CONFIRM = (  # put together once: every answer comes by here
    update(contacts)
    .where(
        contacts.c.customer_id == bindparam("b_customer_id"),
        contacts.c.channel == bindparam("b_channel"),
        or_(contacts.c.confirmed_at.is_(None), contacts.c.confirmed_at < bindparam("b_at", type_=contacts.c.confirmed_at.type)),
    )
    .values(confirmed_at=bindparam("b_at", type_=contacts.c.confirmed_at.type))
)


def take_back(connection: Connection, signs: Iterable[tuple[int, ChannelName, datetime]]) -> int:
    """These signs of life turned out to be none. Where an address rests on one of them, it has the last other that is known. Returns how many.

    Others are clicks by people, answers, and consents; of an address that was confirmed by the staff the day is lost.
    """
    changed = 0
    for customer_id, channel, at in sorted(set(signs)):
        theirs = (contacts.c.customer_id == customer_id, contacts.c.channel == channel)
        if connection.execute(select(contacts.c.confirmed_at).where(*theirs)).scalar() == at:
            connection.execute(update(contacts).where(*theirs).values(confirmed_at=_last_sign(connection, customer_id, channel, at)))
            changed += 1
    return changed


def _last_sign(connection: Connection, customer_id: int, channel: ChannelName, until: datetime) -> datetime | None:
    happened = (
        select(func.max(events.c.happened_at, type_=events.c.happened_at.type))
        .outerjoin(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(events.c.customer_id == customer_id, events.c.kind.in_(_LIFE), events.c.verdict == Verdict.HUMAN, events.c.happened_at <= until)
        .where(func.coalesce(deliveries.c.channel, str(channel)) == str(channel))
    )
    agreed = select(consents.c.given_at, consents.c.confirmed_at).where(consents.c.customer_id == customer_id, consents.c.channel == channel)
    moments = [connection.execute(happened).scalar(), *(moment for row in connection.execute(agreed) for moment in row)]
    return max((moment for moment in moments if moment is not None and moment <= until), default=None)


def has_address(connection: Connection, customer_id: int, channel: ChannelName) -> bool:
    found = select(contacts.c.customer_id).where(contacts.c.customer_id == customer_id, contacts.c.channel == channel, contacts.c.address != "")
    return connection.execute(found).first() is not None


def mark_mistyped(connection: Connection, real_domains: Collection[str]) -> int:
    """Mark every e-mail address anew by today's rules. Returns how many marks changed."""
    by_email = select(contacts.c.customer_id, contacts.c.address, contacts.c.mistyped).where(contacts.c.channel == ChannelName.EMAIL)
    found = connection.execute(by_email.execution_options(yield_per=_AT_ONCE))
    changes = [
        {"b_customer_id": who, "b_mistyped": meant} for who, address, marked in found if (meant := typos.meant(address, real_domains)) != marked
    ]
    if changes:
        connection.execute(
            update(contacts)
            .where(contacts.c.customer_id == bindparam("b_customer_id"), contacts.c.channel == ChannelName.EMAIL)
            .values(mistyped=bindparam("b_mistyped")),
            changes,
        )
    return len(changes)


def counts(connection: Connection, *, now: datetime, before: datetime) -> Mapping[str, int]:
    """Addresses in all, per fault, and those without any (`fresh`), of customers who weren't merged into another."""
    faulty = {str(word): fault(contacts, word, now=now, before=before) for word in AddressFault}
    told: dict[str, ColumnElement[bool]] = {"fresh": not_(or_(*faulty.values())), **faulty}
    columns = [func.count().label("addresses"), *(func.count(case((condition, 1))).label(word) for word, condition in told.items())]
    row = connection.execute(select(*columns).select_from(contacts).where(contacts.c.address != "")).mappings().one()
    return {str(name): int(count) for name, count in row.items()}


def examples(connection: Connection, word: AddressFault, *, now: datetime, before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` addresses with a fault, by the shop's ids: customer, channel, address, mistyped, confirmed_at, blocked_at, blocked_reason."""
    named = ("channel", "address", "mistyped", "confirmed_at", "blocked_at", "blocked_reason")
    statement = (
        select(customers.c.key.label("customer"), *(contacts.c[name] for name in named))
        .join(customers, customers.c.id == contacts.c.customer_id)
        .where(contacts.c.address != "", fault(contacts, word, now=now, before=before))
        .order_by(customers.c.key, contacts.c.channel)
        .limit(limit)
    )
    return connection.execute(statement).all()

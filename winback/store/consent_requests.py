"""Letters that ask customers to confirm a consent: one row each, written before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.audience.consents import MARKETING
from winback.journey.notices import NoticeStatus
from winback.model import ChannelName
from winback.store.persons import is_person, person_id
from winback.store.tables import consent_requests, consents, contacts, customers, suppressions


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of whom."""

    customer_id: int
    address_hash: bytes
    wording_id: int
    channel: ChannelName = ChannelName.EMAIL
    purpose: str = MARKETING


def unconfirmed(connection: Connection, *, countries: Sequence[str], other_than: Sequence[str] | None, after: int, limit: int) -> Sequence[Row[Any]]:
    """Customers who agreed to marketing by e-mail without confirming it, can be reached, and took nothing back: by id, `limit` of them behind `after`.

    Of these countries; with `other_than`, of every country but those too. Columns: those of customers, address, address_hash, given_at, source.
    """
    elsewhere = false() if other_than is None else customers.c.country.not_in(list(other_than))
    where_they_live = or_(customers.c.country.in_(list(countries)), elsewhere)
    closed = and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash)
    agreed = and_(consents.c.customer_id == customers.c.id, consents.c.channel == contacts.c.channel, consents.c.purpose == MARKETING)
    statement = (
        select(customers, contacts.c.address, contacts.c.address_hash, consents.c.given_at, consents.c.source)
        .join(contacts, and_(contacts.c.customer_id == customers.c.id, contacts.c.channel == ChannelName.EMAIL))
        .join(consents, agreed)
        .outerjoin(suppressions, closed)
        .where(
            customers.c.id > after,
            is_person(),
            customers.c.black_list == "",
            where_they_live,
            contacts.c.address != "",
            contacts.c.blocked_at.is_(None),
            consents.c.withdrawn_at.is_(None),
            consents.c.confirmed_at.is_(None),
            suppressions.c.id.is_(None),
        )
        .order_by(customers.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def may_ask(connection: Connection, asked: Request, *, again_after: timedelta, times: int, now: datetime) -> bool:
    """Whether they weren't asked not long ago, or often enough. A letter that is known not to have left doesn't count; one in doubt does."""
    counted = (*_theirs(asked), consent_requests.c.status != NoticeStatus.FAILED)
    before = connection.execute(select(consent_requests.c.asked_at).where(*counted)).scalars().all()
    return len(before) < times and all(now - moment >= again_after for moment in before)


def hand_over(connection: Connection, asked: Request, *, again_after: timedelta, times: int, now: datetime) -> int | None:
    """Mark a letter as handed over, just before it is; its number. None: they may not be asked, or somebody asks them this very moment."""
    last = connection.execute(select(func.coalesce(func.max(consent_requests.c.number), 0)).where(*_theirs(asked))).scalar_one()
    if not may_ask(connection, asked, again_after=again_after, times=times, now=now):
        return None
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(consent_requests).values(
        customer_id=asked.customer_id,
        channel=asked.channel,
        purpose=asked.purpose,
        number=last + 1,
        address_hash=asked.address_hash,
        wording_id=asked.wording_id,
        status=NoticeStatus.HANDED_OVER,
        asked_at=now,
        detail="",
    )
    once = statement.on_conflict_do_nothing(index_elements=["customer_id", "channel", "purpose", "number"])
    return connection.execute(once.returning(consent_requests.c.id)).scalar_one_or_none()


def _theirs(asked: Request) -> tuple[ColumnElement[bool], ...]:
    return (
        consent_requests.c.customer_id == asked.customer_id,
        consent_requests.c.channel == asked.channel,
        consent_requests.c.purpose == asked.purpose,
    )


def record(connection: Connection, request_id: int, status: NoticeStatus, detail: str = "") -> None:
    """What became of a letter."""
    connection.execute(
        update(consent_requests)
        .where(consent_requests.c.id == request_id, consent_requests.c.status == NoticeStatus.HANDED_OVER)
        .values(status=status, detail=detail[:1000])
    )


def find(connection: Connection, request_id: int, customer_id: int) -> Row[Any] | None:
    """A request of this customer's, with the person they are now (`person`), their `locale`, and the hash of their address by now (`now_hash`).

    None when the customer was erased, or the numbers don't belong together.
    """
    person = person_id()
    statement = (
        select(consent_requests, person.label("person"), customers.c.locale, contacts.c.address_hash.label("now_hash"))
        .join(customers, customers.c.id == consent_requests.c.customer_id)
        .outerjoin(contacts, and_(contacts.c.customer_id == person, contacts.c.channel == consent_requests.c.channel))
        .where(consent_requests.c.id == request_id, or_(customers.c.id == customer_id, person_was(customer_id)))
    )
    return connection.execute(statement).one_or_none()


def person_was(customer_id: int) -> Any:
    """The customer of the row is the one that `customer_id` was merged into: requests move with a merge, tokens don't change."""
    merged = customers.alias("merged")
    return customers.c.id == select(merged.c.merged_into).where(merged.c.id == customer_id).scalar_subquery()


def came_back(connection: Connection, request_id: int, detail: str) -> None:
    """The letter came back, and so it had left."""
    connection.execute(update(consent_requests).where(consent_requests.c.id == request_id).values(status=NoticeStatus.SENT, detail=detail[:1000]))


def answer(connection: Connection, request_id: int, now: datetime) -> None:
    """The letter was answered, and so it had left."""
    connection.execute(
        update(consent_requests)
        .where(consent_requests.c.id == request_id)
        .values(answered_at=func.coalesce(consent_requests.c.answered_at, now), status=NoticeStatus.SENT)
    )


def of_customer(connection: Connection, customer_id: int) -> Sequence[Row[Any]]:
    """Every letter that asked a customer, the oldest first."""
    return connection.execute(select(consent_requests).where(consent_requests.c.customer_id == customer_id).order_by(consent_requests.c.id)).all()


def counts(connection: Connection) -> dict[str, int]:
    """Letters by status, and those answered."""
    rows = connection.execute(select(consent_requests.c.status, func.count()).group_by(consent_requests.c.status))
    answered = connection.execute(select(func.count()).where(consent_requests.c.answered_at.is_not(None))).scalar_one()
    return {**dict(rows.all()), "answered": answered}


def move(connection: Connection, merged_id: int, into_id: int) -> int:
    """Letters to a record that was merged into another are that one's, numbered behind its own. Returns how many."""
    last = select(func.coalesce(func.max(consent_requests.c.number), 0)).where(consent_requests.c.customer_id == into_id).scalar_subquery()
    behind = connection.execute(select(last)).scalar_one()
    done = connection.execute(
        update(consent_requests)
        .where(consent_requests.c.customer_id == merged_id)
        .values(customer_id=into_id, number=consent_requests.c.number + behind)
    )
    return done.rowcount

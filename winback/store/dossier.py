"""What lies of one customer in each table, for their card: every statement looks up one customer in an index, and takes some rows only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from winback.model import DeliveryStatus
from winback.store import tasks as given_tasks
from winback.store.tables import (
    answers,
    campaign_runs,
    codes,
    contacts,
    customers,
    deliveries,
    events,
    feedback,
    inquiries,
    links,
    orders,
    suppressions,
    touches,
)

_TOO_LARGE = 2**63


def bought(connection: Connection, customer_id: int, *, limit: int, before: int | None = None) -> Sequence[Row[Any]]:
    """Orders of every status, the newest first; those after the order `before`, by our number of it, in this list."""
    statement = select(orders).where(orders.c.customer_id == customer_id)
    if before is not None:
        last = select(orders.c.ordered_at).where(orders.c.id == before, orders.c.customer_id == customer_id).scalar_subquery()
        statement = statement.where(or_(orders.c.ordered_at < last, and_(orders.c.ordered_at == last, orders.c.id < before)))
    return connection.execute(statement.order_by(orders.c.ordered_at.desc(), orders.c.id.desc()).limit(limit)).all()


def letters(connection: Connection, customer_id: int, limit: int) -> Sequence[Row[Any]]:
    """Deliveries with campaign and run number, the newest first: sent, planned, skipped, held out."""
    statement = (
        select(deliveries, campaign_runs.c.campaign, campaign_runs.c.number)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(deliveries.c.customer_id == customer_id)
    )
    return connection.execute(statement.order_by(deliveries.c.id.desc()).limit(limit)).all()


_LEFT = (DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)


def letter(connection: Connection, delivery_id: int) -> Row[Any] | None:
    """A delivery that left, or may have, with campaign, run number and the customer's key; none of somebody who was forgotten."""
    statement = (
        select(deliveries, campaign_runs.c.campaign, campaign_runs.c.number, customers.c.key)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(deliveries.c.id == delivery_id, deliveries.c.status.in_(_LEFT), customers.c.forgotten_at.is_(None))
    )
    return connection.execute(statement).one_or_none() if delivery_id < _TOO_LARGE else None


def came_back(connection: Connection, customer_id: int, limit: int, *, delivery_id: int | None = None) -> Sequence[Row[Any]]:
    """Events with their verdict, their link, and the letter they belong to (stage, campaign), the newest first; of one letter where it is named."""
    statement = (
        select(events, links.c.url, deliveries.c.stage, deliveries.c.letter, campaign_runs.c.campaign)
        .outerjoin(links, links.c.id == events.c.link_id)
        .outerjoin(deliveries, deliveries.c.id == events.c.delivery_id)
        .outerjoin(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(events.c.customer_id == customer_id if delivery_id is None else events.c.delivery_id == delivery_id)
    )
    return connection.execute(statement.order_by(events.c.happened_at.desc(), events.c.id.desc()).limit(limit)).all()


def held_codes(connection: Connection, customer_id: int) -> Sequence[Row[Any]]:
    """Codes that were ever theirs, the newest first."""
    return connection.execute(select(codes).where(codes.c.customer_id == customer_id).order_by(codes.c.id.desc())).all()


def asked_of_people(connection: Connection, customer_id: int) -> Sequence[Row[Any]]:
    """Tasks about them, the last due first."""
    statement = given_tasks.listed(open_only=False, customer_id=customer_id).order_by(None)
    return connection.execute(statement.order_by(given_tasks.LAST_FIRST)).all()


def said(connection: Connection, customer_id: int, limit: int) -> list[tuple[str, Sequence[Row[Any]]]]:
    """What they asked, said of purchases, answered in surveys, and contacts made elsewhere: by table, the newest first."""
    return [
        (table.name, connection.execute(_of(table, moment, customer_id).limit(limit)).all())
        for table, moment in (
            (inquiries, inquiries.c.inquired_at),
            (feedback, feedback.c.said_at),
            (answers, answers.c.answered_at),
            (touches, touches.c.touched_at),
        )
    ]


def closed_everywhere(connection: Connection, customer_id: int) -> bool:
    """Whether one of their addresses was closed for every channel."""
    closed = and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash)
    found = select(func.count()).select_from(contacts.join(suppressions, closed))
    return bool(connection.execute(found.where(contacts.c.customer_id == customer_id, suppressions.c.everywhere.is_(True))).scalar_one())


def _of(table: Any, moment: Any, customer_id: int) -> Select[Any]:
    return select(table).where(table.c.customer_id == customer_id).order_by(moment.desc(), table.c.id.desc())

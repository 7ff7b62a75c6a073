"""Everything that is known of one customer, as a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, func, select

from winback.store.counting import is_purchase
from winback.store.tables import (
    campaign_runs,
    consents,
    contacts,
    customers,
    deliveries,
    events,
    feedback,
    inquiries,
    leaving_reasons,
    orders,
    recipients,
    suppressions,
    touches,
)

COUNTED = (orders, inquiries, touches, feedback, leaving_reasons, deliveries, events)
"""The tables whose rows a card counts."""


@dataclass(frozen=True, slots=True)
class Card:
    """One customer."""

    customer: Row[Any]  # of customers
    merged: tuple[str, ...]  # ids of the records that were merged into this one
    addresses: Sequence[Row[Any]]  # of contacts, each with the suppression of its address: `closed_for`, `closed_since`
    consents: Sequence[Row[Any]]
    counts: Mapping[str, int]  # by table
    first_order_at: Any  # of purchases; None: never bought
    last_order_at: Any
    journeys: Sequence[Row[Any]]  # campaign, number, status, reason, arm, assigned_at; the newest first


def read(connection: Connection, customer_id: int) -> Card:
    """The card of a customer who is there."""
    bought = case((is_purchase(), orders.c.ordered_at))
    first, last = connection.execute(
        select(func.min(bought, type_=orders.c.ordered_at.type), func.max(bought, type_=orders.c.ordered_at.type)).where(
            orders.c.customer_id == customer_id
        )
    ).one()
    keys = select(customers.c.key).where(customers.c.merged_into == customer_id).order_by(customers.c.key)
    return Card(
        customer=connection.execute(select(customers).where(customers.c.id == customer_id)).one(),
        merged=tuple(connection.execute(keys).scalars()),
        addresses=connection.execute(_addresses(customer_id)).all(),
        consents=connection.execute(
            select(consents).where(consents.c.customer_id == customer_id).order_by(consents.c.channel, consents.c.purpose)
        ).all(),
        counts={
            table.name: connection.execute(select(func.count()).select_from(table).where(table.c.customer_id == customer_id)).scalar_one()
            for table in COUNTED
        },
        first_order_at=first,
        last_order_at=last,
        journeys=connection.execute(_journeys(customer_id)).all(),
    )


def _addresses(customer_id: int) -> Select[Any]:
    return (
        select(contacts, suppressions.c.reason.label("closed_for"), suppressions.c.since.label("closed_since"))
        .outerjoin(suppressions, and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash))
        .where(contacts.c.customer_id == customer_id)
        .order_by(contacts.c.channel)
    )


def _journeys(customer_id: int) -> Select[Any]:
    columns = (campaign_runs.c.campaign, campaign_runs.c.number, recipients.c.status, recipients.c.reason, recipients.c.arm)
    return (
        select(*columns, recipients.c.assigned_at)
        .join(recipients, recipients.c.run_id == campaign_runs.c.id)
        .where(recipients.c.customer_id == customer_id)
        .order_by(campaign_runs.c.id.desc())
    )

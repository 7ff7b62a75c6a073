"""What became of a run's e-mails, by the domain they went to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, or_, select

from winback.model import ChannelName, DeliveryStatus, EventKind, Verdict
from winback.outcomes.backdrop import MailboxFigures
from winback.store.measured import Measured, count_if, letters
from winback.store.tables import contacts, deliveries, events


def by_domain(connection: Connection, measured: Measured) -> list[MailboxFigures]:
    """A row for each domain that a letter was accepted or refused at, by the address as it is now; an address that is gone has no domain."""
    signs = _signs(measured)
    is_sent = and_(deliveries.c.status == DeliveryStatus.SENT, deliveries.c.sent_at <= measured.now)
    is_failed = deliveries.c.status == DeliveryStatus.FAILED
    counts = [
        count_if(is_sent).label("sent"),
        count_if(is_failed).label("failed"),
        *(count_if(and_(is_sent, signs.c[name] == 1)).label(name) for name in ("bounced", "complained", "opened")),
    ]
    domain = func.coalesce(domain_of(connection.dialect.name), "").label("provider")
    of_customer = and_(contacts.c.customer_id == deliveries.c.customer_id, contacts.c.channel == ChannelName.EMAIL)
    rows = connection.execute(
        select(domain, *counts)
        .select_from(letters().outerjoin(contacts, of_customer).outerjoin(signs, signs.c.delivery_id == deliveries.c.id))
        .where(measured.assigned(), deliveries.c.channel == ChannelName.EMAIL, or_(is_sent, is_failed))
        .group_by(domain)
        .order_by(domain)
    )
    return [MailboxFigures(**row) for row in rows.mappings()]


def _signs(measured: Measured) -> Subquery:
    """Of each letter that something came back of: whether it bounced, was called spam, was opened by a person."""
    found: dict[str, ColumnElement[bool]] = {
        "bounced": events.c.kind == EventKind.BOUNCE,
        "complained": events.c.kind == EventKind.COMPLAINT,
        "opened": and_(events.c.kind == EventKind.OPEN, events.c.verdict == Verdict.HUMAN),
    }
    return (
        select(events.c.delivery_id, *(func.max(case((sign, 1), else_=0)).label(name) for name, sign in found.items()))
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(deliveries.c.run_id == measured.run_id, events.c.happened_at <= measured.now, or_(*found.values()))
        .group_by(events.c.delivery_id)
        .subquery("signs_of_mailboxes")
    )


def domain_of(dialect: str) -> ColumnElement[Any]:
    """The domain of a contact's address, in small letters."""
    at = func.instr(contacts.c.address, "@") if dialect == "sqlite" else func.strpos(contacts.c.address, "@")
    return func.lower(func.substr(contacts.c.address, at + 1))

"""Journeys that end because of what the shop's data says now: an order since the decision, the black list. Set by set, for every run at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, Select, and_, case, cast, func, literal, or_, select, tuple_, update

from winback.model import UNFINISHED, DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.store.counting import is_purchase
from winback.store.tables import campaign_runs, customers, deliveries, orders, recipients


def end_journeys(connection: Connection, now: datetime) -> int:
    """End the journeys of those who are on the black list, and of those who ordered where the campaign stops on orders. Returns how many.

    An order counts by the same rule as at the claim: later than the last one that the decision knew of. The holdout stays as it is. Who
    is being moved on by a worker this very moment is passed over: the last check, or the next time, finds them.
    """
    stopping = [
        run_id
        for run_id, plan in connection.execute(select(campaign_runs.c.id, campaign_runs.c.plan).where(campaign_runs.c.status.in_(UNFINISHED)))
        if Reason.ORDERED in plan.get("stop_when", ())
    ]
    ended = _end(connection, _black_listed(), Reason.BLACK_LISTED, now)
    return ended + (_end(connection, _ordered(connection, stopping, now), Reason.ORDERED, now) if stopping else 0)


def stop_letters(connection: Connection) -> int:
    """Planned letters of those whose journey is over, in every run that may still send: they say so, with the recipient's reason. Returns how many."""
    over = and_(recipients.c.run_id == deliveries.c.run_id, recipients.c.customer_id == deliveries.c.customer_id, recipients.c.ended_at.is_not(None))
    done = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.run_id.in_(select(campaign_runs.c.id).where(campaign_runs.c.status.in_(UNFINISHED))),
            deliveries.c.status == DeliveryStatus.PLANNED,
            select(recipients.c.run_id).where(over).exists(),
        )
        .values(status=DeliveryStatus.STOPPED, reason=select(recipients.c.reason).where(over).scalar_subquery())
    )
    return done.rowcount


def settle_those_of_cancelled(connection: Connection, now: datetime) -> int:
    """What workers that died left in cancelled runs, to which no other worker comes. Returns how many letters are in doubt because of it.

    Given back or claimed under a lease that ran out: stopped, with the recipient's reason. Handed over: uncertain.
    """
    of_cancelled = deliveries.c.run_id.in_(select(campaign_runs.c.id).where(campaign_runs.c.status == RunStatus.CANCELLED))
    is_dead = deliveries.c.lease_until < now
    place = and_(recipients.c.run_id == deliveries.c.run_id, recipients.c.customer_id == deliveries.c.customer_id)
    connection.execute(
        update(deliveries)
        .where(of_cancelled, or_(deliveries.c.status == DeliveryStatus.PLANNED, and_(deliveries.c.status == DeliveryStatus.CLAIMED, is_dead)))
        .values(status=DeliveryStatus.STOPPED, reason=select(recipients.c.reason).where(place).scalar_subquery(), claimed_by="", lease_until=None)
    )
    done = connection.execute(
        update(deliveries)
        .where(of_cancelled, deliveries.c.status == DeliveryStatus.HANDED_OVER, is_dead)
        .values(status=DeliveryStatus.UNCERTAIN, reason=Reason.NO_ANSWER, lease_until=None)
    )
    return done.rowcount


def _black_listed() -> Select[Any]:
    return (
        select(recipients.c.run_id, recipients.c.customer_id)
        .join(customers, customers.c.id == recipients.c.customer_id)
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(customers.c.black_list != "", recipients.c.status == RecipientStatus.ACTIVE, campaign_runs.c.status.in_(UNFINISHED))
    )


def _ordered(connection: Connection, run_ids: list[int], now: datetime) -> Select[Any]:
    bought = (
        select(orders.c.id)
        .where(
            orders.c.customer_id == recipients.c.customer_id,
            orders.c.ordered_at > _last_known_order(connection),
            orders.c.ordered_at <= now,
            is_purchase(),
        )
        .exists()
    )
    return select(recipients.c.run_id, recipients.c.customer_id).where(
        recipients.c.run_id.in_(run_ids), recipients.c.status == RecipientStatus.ACTIVE, bought
    )


def _last_known_order(connection: Connection) -> ColumnElement[Any]:
    """candidates.since: the last order that the decision knew of, else the decision itself. In the facts it is written by ISO 8601, in UTC."""
    written = recipients.c.facts["last_order_at"].as_string()
    if connection.dialect.name == "postgresql":
        return func.coalesce(cast(written, DateTime(timezone=True)), recipients.c.assigned_at)
    plain = func.replace(func.replace(written, "T", " "), "+00:00", "")  # as SQLite keeps moments: always with six digits behind the second
    return func.coalesce(case((func.length(plain) == 19, plain.concat(literal(".000000"))), else_=plain), recipients.c.assigned_at)


def _end(connection: Connection, whom: Select[Any], reason: Reason, now: datetime) -> int:
    """In one statement. It waits for nobody (PostgreSQL: rows that somebody else holds are skipped), so that no two block each other."""
    done = connection.execute(
        update(recipients)
        .where(
            tuple_(recipients.c.run_id, recipients.c.customer_id).in_(whom.with_for_update(skip_locked=True, of=recipients)),
            recipients.c.status == RecipientStatus.ACTIVE,
        )
        .values(status=RecipientStatus.STOPPED, reason=reason, ended_at=now, next_due_at=None)
    )
    return done.rowcount

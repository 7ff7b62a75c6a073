"""Codes to look at and to count: a campaign's, one customer's, and what they cost by arm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from winback.model import CodeStatus
from winback.outcomes.figures import CodeFigures
from winback.store.code_pools import is_promised
from winback.store.codes import LIVE
from winback.store.persons import person_id
from winback.store.tables import campaign_runs, codes, customers, orders, recipients


def _status(now: datetime) -> ColumnElement[str]:
    """As it is: one whose last day has passed is expired, whether or not anybody wrote it down."""
    return case((and_(codes.c.status == CodeStatus.GIVEN, codes.c.expires_at < now), CodeStatus.EXPIRED), else_=codes.c.status).label("status")


def ledger(campaign: str, now: datetime, *, customer_id: int | None = None) -> Select[Any]:
    """Codes of a campaign that somebody has or had, the oldest first: with whose they are, and whose order used them."""
    buyers = customers.alias("buyers")
    statement = (
        select(
            *(codes.c[name] for name in ("code", "offer", "source", "reserved_at", "expires_at", "delivery_id", "order_key", "redeemed_at")),
            *(codes.c[name] for name in ("promised_minor", "cost_minor")),
            _status(now),
            campaign_runs.c.number.label("run"),
            customers.c.key.label("customer"),
            case((buyers.c.id != person_id(), buyers.c.key), else_="").label("used_by_another"),
        )
        .select_from(
            codes.outerjoin(customers, customers.c.id == codes.c.customer_id)
            .outerjoin(campaign_runs, campaign_runs.c.id == codes.c.run_id)
            .outerjoin(orders, and_(codes.c.order_key != "", orders.c.key == codes.c.order_key))
            .outerjoin(buyers, buyers.c.id == orders.c.customer_id)
        )
        .where(codes.c.campaign == campaign, codes.c.status != CodeStatus.FREE)
        .order_by(codes.c.reserved_at, codes.c.id)
    )
    return statement if customer_id is None else statement.where(codes.c.customer_id == customer_id)


def of_customer(connection: Connection, run_id: int, customer_id: int, campaign: str, *, now: datetime) -> dict[str, Any] | None:
    """The code of one recipient, as `ledger` has it; None: they have none."""
    mine = ledger(campaign, now, customer_id=customer_id).where(codes.c.run_id == run_id)
    row = connection.execute(mine).mappings().first()
    return None if row is None else dict(row)


def counts(connection: Connection, campaign: str, now: datetime) -> Iterator[tuple[str, CodeStatus, int, int, int]]:
    """(offer, status, how many, what they may cost, what they cost), in minor units; what can't be used any more costs nothing."""
    status, may_cost = _status(now), case((is_promised(now), codes.c.promised_minor), else_=0)
    rows = connection.execute(
        select(codes.c.offer, status, func.count(), func.sum(may_cost), func.sum(codes.c.cost_minor))
        .where(codes.c.campaign == campaign)
        .group_by(codes.c.offer, status)
        .order_by(codes.c.offer, status)
    )
    return ((offer, CodeStatus(status), count, int(promised), int(cost)) for offer, status, count, promised, cost in rows)


def by_arm(connection: Connection, run_id: int, now: datetime) -> tuple[CodeFigures, ...]:
    """Of each arm of a run: codes that are or were promised, those used until `now`, and what both come to in minor units."""
    used = and_(codes.c.status == CodeStatus.REDEEMED, codes.c.redeemed_at <= now)
    told = codes.c.status.in_((*LIVE, CodeStatus.REDEEMED, CodeStatus.EXPIRED))
    rows = connection.execute(
        select(
            recipients.c.arm,
            func.count(case((told, 1))).label("codes"),
            func.coalesce(func.sum(case((is_promised(now), codes.c.promised_minor))), 0).label("promised_minor"),
            func.count(case((used, 1))).label("redeemed"),
            func.coalesce(func.sum(case((used, codes.c.cost_minor))), 0).label("cost_minor"),
        )
        .join(recipients, and_(recipients.c.run_id == codes.c.run_id, recipients.c.customer_id == codes.c.customer_id))
        .where(codes.c.run_id == run_id)
        .group_by(recipients.c.arm)
        .order_by(recipients.c.arm)
    )
    return tuple(CodeFigures(row.arm, row.codes, int(row.promised_minor), row.redeemed, int(row.cost_minor)) for row in rows)

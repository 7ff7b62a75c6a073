"""What earlier journeys of customers say about a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from winback.journey.recurrence import NOTHING, Past
from winback.model import EventKind, Reason, RecipientStatus, Verdict
from winback.store.among import among_these
from winback.store.counting import is_purchase
from winback.store.tables import Utc, campaign_runs, consents, events, inquiries, orders, recipients


def of(connection: Connection, ids: Sequence[int], *, campaign: str, run_id: int | None, now: datetime) -> dict[int, Past]:
    """By customer id, those whose past says something. `run_id`: the campaign's own run, which isn't past."""
    exhausted = _exhausted(connection, ids, now)
    assigned = _assigned(connection, ids, campaign, run_id, now)
    return {who: Past(exhausted.get(who), assigned.get(who)) for who in exhausted.keys() | assigned.keys()}


def get(found: dict[int, Past], customer_id: int) -> Past:
    return found.get(customer_id, NOTHING)


def _assigned(connection: Connection, ids: Sequence[int], campaign: str, run_id: int | None, now: datetime) -> dict[int, datetime]:
    """When an earlier run of the campaign took them in or held them out, the last time."""
    rows = connection.execute(
        select(recipients.c.customer_id, func.max(recipients.c.assigned_at, type_=Utc()))
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(
            among_these(recipients.c.customer_id, ids),
            recipients.c.status != RecipientStatus.SKIPPED,
            recipients.c.assigned_at <= now,
            campaign_runs.c.campaign == campaign,
            campaign_runs.c.id != (run_id or 0),
        )
        .group_by(recipients.c.customer_id)
    )
    return dict(rows.all())


def _exhausted(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    """Since when they are left alone for good: until they order, write, ask, or agree to letters anew."""
    left_alone = (
        select(recipients.c.customer_id, func.max(recipients.c.ended_at, type_=Utc()).label("since"))
        .where(
            among_these(recipients.c.customer_id, ids),
            recipients.c.status == RecipientStatus.FINISHED,
            recipients.c.reason == Reason.EXHAUSTED,
            recipients.c.ended_at <= now,
        )
        .group_by(recipients.c.customer_id)
        .subquery("left_alone")
    )
    who, since = left_alone.c.customer_id, left_alone.c.since

    def later(moment: Any, *conditions: Any) -> Select[Any]:
        return select(moment).where(moment > since, moment <= now, *conditions)

    signs_of_life = (
        later(orders.c.ordered_at, orders.c.customer_id == who, is_purchase()),
        later(
            events.c.happened_at,
            events.c.customer_id == who,
            events.c.kind.in_([EventKind.REPLY, EventKind.ANSWER]),
            events.c.verdict == Verdict.HUMAN,
        ),
        later(inquiries.c.inquired_at, inquiries.c.customer_id == who),
        later(consents.c.given_at, consents.c.customer_id == who, consents.c.purpose == "marketing"),
    )
    found = select(who, since).where(*(~sign.exists() for sign in signs_of_life))
    return dict(connection.execute(found).all())

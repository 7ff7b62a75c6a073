"""Greetings of a run: who waits for which occasion, on whose card it stands, and who was greeted when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, true, union_all, update

from winback.model import DeliveryStatus, RecipientStatus
from winback.store import counting
from winback.store.among import among_these
from winback.store.as_of import AsOf
from winback.store.tables import campaign_runs, customers, deliveries, recipients

_MAY_HAVE_LEFT = (DeliveryStatus.SENT, DeliveryStatus.HANDED_OVER, DeliveryStatus.UNCERTAIN)
_WAITS = (RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT)
_WRITTEN_BY_THEN = timedelta(days=1)  # an import says when it began, and is seen when it ends


@dataclass(frozen=True, slots=True)
class Greeted:
    """One greeting that left, or may have; of the holdout: that would have."""

    stage: str
    moment: datetime


def left(connection: Connection, ids: Collection[int]) -> dict[int, list[Greeted]]:
    """Every greeting that left for a customer, or may have, in any run; those to a record that was merged into theirs count too."""
    wanted = list(ids)
    columns = (deliveries.c.stage, deliveries.c.handed_over_at)
    is_greeting = (deliveries.c.occasion != "", deliveries.c.status.in_(_MAY_HAVE_LEFT), deliveries.c.handed_over_at.is_not(None))
    own = select(deliveries.c.customer_id, *columns).where(deliveries.c.customer_id.in_(wanted), *is_greeting)
    merged = (
        select(customers.c.merged_into, *columns)
        .join(deliveries, deliveries.c.customer_id == customers.c.id)
        .where(customers.c.merged_into.in_(wanted), *is_greeting)
    )
    found: defaultdict[int, list[Greeted]] = defaultdict(list)
    for customer_id, stage, moment in connection.execute(union_all(own, merged)):
        found[customer_id].append(Greeted(stage, moment))
    return found


def held_out(connection: Connection, run_id: int, ids: Sequence[int]) -> dict[int, list[Greeted]]:
    """Greetings that those held out in a run would have got."""
    rows = connection.execute(
        select(deliveries.c.customer_id, deliveries.c.stage, deliveries.c.due_at).where(
            deliveries.c.run_id == run_id, among_these(deliveries.c.customer_id, ids), deliveries.c.status == DeliveryStatus.HELD_OUT
        )
    )
    found: defaultdict[int, list[Greeted]] = defaultdict(list)
    for customer_id, stage, moment in rows:
        found[customer_id].append(Greeted(stage, moment))
    return found


def stages(connection: Connection, run_id: int, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Stages of a run that there is a delivery of already, by customer."""
    rows = connection.execute(
        select(deliveries.c.customer_id, deliveries.c.stage).where(deliveries.c.run_id == run_id, among_these(deliveries.c.customer_id, ids))
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for customer_id, stage in rows:
        found[customer_id].add(stage)
    return {customer_id: frozenset(those) for customer_id, those in found.items()}


def cards(connection: Connection, ids: Sequence[int], as_of: AsOf) -> dict[int, Row[Any]]:
    """By customer: country, birthday, favourite_day, sex, and first_order_at as of a moment."""
    bought = counting.orders_of(as_of, ids).subquery("bought")
    columns = (customers.c.id, customers.c.country, customers.c.birthday, customers.c.favourite_day, customers.c.sex, bought.c.first_order_at)
    rows: Iterable[Row[Any]] = connection.execute(
        select(*columns).select_from(customers.outerjoin(bought, bought.c.customer_id == customers.c.id)).where(among_these(customers.c.id, ids))
    )
    return {row.id: row for row in rows}


def waiting(connection: Connection, run_id: int, now: datetime, *, since: datetime | None, after: int, limit: int) -> list[Row[Any]]:
    """Recipients whose next occasion is still to come, by the customer's id, locked on PostgreSQL.

    `since`: only of customers whose card changed since then.
    """
    changed = true() if since is None else customers.c.updated_at.between(since - _WRITTEN_BY_THEN, now)
    statement = (
        select(recipients)
        .join(customers, customers.c.id == recipients.c.customer_id)
        .where(
            recipients.c.run_id == run_id,
            recipients.c.customer_id > after,
            recipients.c.status.in_(_WAITS),
            recipients.c.next_due_at > now,
            changed,
        )
        .order_by(recipients.c.customer_id)
        .limit(limit)
        .with_for_update(of=recipients)
    )
    return list(connection.execute(statement))


def set_next(connection: Connection, run_id: int, changes: Sequence[Mapping[str, Any]]) -> None:
    """Write what recipients wait for: each change holds customer_id, next_occasion, next_due_at. Those who came to an end stay there."""
    if changes:
        connection.execute(
            update(recipients)
            .where(recipients.c.run_id == run_id, recipients.c.customer_id == bindparam("b_customer_id"), recipients.c.ended_at.is_(None))
            .values(next_occasion=bindparam("b_next_occasion"), next_due_at=bindparam("b_next_due_at")),
            [{f"b_{name}": value for name, value in change.items()} for change in changes],
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """When the occasions of all recipients of a run were looked at, and by which calendar."""

    at: datetime | None  # the last time at those whose cards had changed
    all_at: datetime | None
    by: str


def looked(connection: Connection, run_id: int) -> Looked:
    """The last look at a run's recipients."""
    columns = (campaign_runs.c.looked_at, campaign_runs.c.looked_at_all, campaign_runs.c.looked_by)
    return Looked(*connection.execute(select(*columns).where(campaign_runs.c.id == run_id)).one())


def record_look(connection: Connection, run_id: int, looked: Looked) -> None:
    """Write the last look down."""
    values = {"looked_at": looked.at, "looked_at_all": looked.all_at, "looked_by": looked.by}
    connection.execute(update(campaign_runs).where(campaign_runs.c.id == run_id).values(values))

"""What happened with one customer, in order of time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from winback.model import Money, OrderStatus
from winback.store.tables import deliveries, events, orders, recipients, tasks


def of_recipient(connection: Connection, run_id: int, customer_id: int, now: datetime) -> list[tuple[datetime, str]]:
    """Letters, events and orders of one recipient since they were assigned, each as a moment and a sentence."""
    assigned_at = connection.execute(
        select(recipients.c.assigned_at).where(recipients.c.run_id == run_id, recipients.c.customer_id == customer_id)
    ).scalar()
    if assigned_at is None:
        return []
    told = [(assigned_at, "assigned")]
    for row in connection.execute(select(deliveries).where(deliveries.c.run_id == run_id, deliveries.c.customer_id == customer_id)):
        through = f" through {row.relay}" if row.relay else ""
        what = f"{row.letter} by {row.channel}{through}: " if row.letter else ""
        why = f" ({row.reason})" if row.reason else ""
        said = f", {row.detail}" if row.detail else ""
        told.append((row.sent_at or row.handed_over_at or row.due_at, f"stage {row.stage}: {what}{row.status}{why}{said} [delivery {row.id}]"))
    given = (
        select(tasks)
        .join(deliveries, deliveries.c.id == tasks.c.delivery_id)
        .where(deliveries.c.run_id == run_id, tasks.c.customer_id == customer_id)
    )
    told += [
        (row.done_at, f"{row.kind} {row.status}{f' by {row.done_by}' if row.done_by else ''}{f': {row.note}' if row.note else ''}")
        for row in connection.execute(given.where(tasks.c.done_at.is_not(None)))
    ]
    happened = select(events).where(events.c.customer_id == customer_id, events.c.happened_at >= assigned_at, events.c.happened_at <= now)
    told += [(row.happened_at, f"{row.kind} ({row.verdict})") for row in connection.execute(happened)]
    for row in connection.execute(
        select(orders).where(orders.c.customer_id == customer_id, orders.c.ordered_at >= assigned_at, orders.c.ordered_at <= now)
    ):
        money = Money.from_minor(row.amount_minor, row.currency)
        told.append((row.ordered_at, f"{'order' if row.status == OrderStatus.PLACED else row.status} {row.key} of {money.amount:f} {money.currency}"))
    return sorted(told)

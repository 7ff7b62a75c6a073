"""What happened with one customer, in order of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from winback.model import Money, OrderStatus
from winback.speech import N_, called, said
from winback.store.tables import deliveries, events, orders, recipients, tasks


def of_recipient(connection: Connection, run_id: int, customer_id: int, now: datetime) -> list[tuple[datetime, str]]:
    """Letters, events and orders of one recipient since they were assigned, each as a moment and a sentence."""
    told: list[tuple[datetime, str]]
    assigned_at = connection.execute(
        select(recipients.c.assigned_at).where(recipients.c.run_id == run_id, recipients.c.customer_id == customer_id)
    ).scalar()
    if assigned_at is None:
        return []
    told = [(assigned_at, said(N_("assigned")))]
    for row in connection.execute(select(deliveries).where(deliveries.c.run_id == run_id, deliveries.c.customer_id == customer_id)):
        told.append((row.sent_at or row.handed_over_at or row.due_at, _of_delivery(row)))
    given = (
        select(tasks)
        .join(deliveries, deliveries.c.id == tasks.c.delivery_id)
        .where(deliveries.c.run_id == run_id, tasks.c.customer_id == customer_id)
    )
    told += [(row.done_at, _of_task(row)) for row in connection.execute(given.where(tasks.c.done_at.is_not(None)))]
    happened = select(events).where(events.c.customer_id == customer_id, events.c.happened_at >= assigned_at, events.c.happened_at <= now)
    told += [
        (row.happened_at, said("%(what)s (%(verdict)s)", what=called(row.kind, "event"), verdict=called(row.verdict, "verdict")))
        for row in connection.execute(happened)
    ]
    for row in connection.execute(
        select(orders).where(orders.c.customer_id == customer_id, orders.c.ordered_at >= assigned_at, orders.c.ordered_at <= now)
    ):
        money = Money.from_minor(row.amount_minor, row.currency)
        what = said(N_("order")) if row.status == OrderStatus.PLACED else called(row.status, "order")
        told.append((row.ordered_at, said(N_("%(what)s %(key)s of %(amount)s"), what=what, key=row.key, amount=f"{money.amount:f} {money.currency}")))
    return sorted(told)


def _of_delivery(row: Row[Any]) -> str:
    stands = called(row.status, "delivery")
    if row.reason:
        stands = said("%(status)s (%(reason)s)", status=stands, reason=called(row.reason, "reason"))
    if row.detail:
        stands = said("%(status)s, %(detail)s", status=stands, detail=row.detail)
    if row.letter:
        channel = called(row.channel, "channel")
        by = said(N_("%(channel)s through %(relay)s"), channel=channel, relay=row.relay) if row.relay else channel
        letter = said(N_("%(letter)s by %(channel)s"), letter=row.letter, channel=by)
        stands = said("%(letter)s: %(status)s", letter=letter, status=stands)
    return said(N_("stage %(stage)s: %(what)s [delivery %(number)s]"), stage=row.stage, what=stands, number=row.id)


def _of_task(row: Row[Any]) -> str:
    task = {"task": called(row.kind, "task"), "status": called(row.status, "task status")}
    told = said(N_("%(task)s %(status)s by %(who)s"), **task, who=row.done_by) if row.done_by else said("%(task)s %(status)s", **task)
    return said("%(told)s: %(note)s", told=told, note=row.note) if row.note else told

"""Tasks on their way to people: handed over, written down and concluded in one transaction, for nothing leaves the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from winback.model import TASK, DeliveryStatus
from winback.sending.compose import Asked
from winback.store import deliveries, tasks
from winback.store.deliveries import Claimed, Outcome


def give(connection: Connection, asked: Sequence[Asked], *, worker: str, now: datetime, lease: timedelta) -> list[tuple[Claimed, Outcome]]:
    """Ask people, those whose claim still stands; what became of their deliveries is for the caller to record in the same transaction."""
    hand_overs = [{"id": each.claimed.id, "channel": TASK, "letter": each.kind, "message_id": "", "cost_micros": each.cost_micros} for each in asked]
    mine = deliveries.record_hand_over(connection, hand_overs, worker=worker, now=now, lease=lease)
    given = [each for each in asked if each.claimed.id in mine]
    rows = [
        {
            "delivery_id": each.claimed.id,
            "customer_id": each.claimed.customer_id,
            "kind": each.kind,
            "manager": each.manager,
            "text": each.text,
            "due_at": each.due_at,
        }
        for each in given
    ]
    tasks.give(connection, rows, now=now)
    return [(each.claimed, Outcome(each.claimed.id, DeliveryStatus.SENT, attempts=each.claimed.attempts + 1, sent_at=now)) for each in given]

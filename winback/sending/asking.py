"""Tasks on their way to people: handed over, written down and concluded in one transaction, for nothing leaves the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.model import TASK, DeliveryStatus
from winback.sending import offering, turns
from winback.sending.compose import Asked
from winback.sending.turns import Terms
from winback.store import deliveries, tasks
from winback.store.deliveries import Claimed, Outcome


@dataclass(frozen=True, slots=True)
class Asking:
    """A task that is about to be given."""

    task: Asked
    terms: Terms
    code: int | None = None  # the row of the code that is to be told


def give(
    connection: Connection, asked: Sequence[Asking], *, ends_on: date, worker: str, now: datetime, lease: timedelta
) -> tuple[list[tuple[Claimed, Outcome]], list[tuple[Claimed, Postpone | SkipStage | Stop]]]:
    """Ask people: those whose claim still stands, whose turn it still is, and whose code is still theirs.

    Returns what became of the deliveries, and what to do with those whose turn it isn't any more; both are for the caller to record in
    the same transaction.
    """
    by_id = {each.task.claimed.id: each for each in asked}
    late = turns.late(connection, ends_on, [(each.task.claimed, each.terms) for each in asked], now)
    hand_overs = [
        {"id": number, "channel": TASK, "letter": each.task.kind, "message_id": "", "cost_micros": each.task.cost_micros}
        for number, each in by_id.items()
        if number not in late
    ]
    mine = deliveries.record_hand_over(connection, hand_overs, worker=worker, now=now, lease=lease)
    carried = {number: each.code for number, each in by_id.items() if each.code is not None and number in mine}
    mine -= offering.lose(connection, carried, worker=worker, now=now)
    given = [each.task for number, each in by_id.items() if number in mine]
    tasks.give(connection, [_row(each) for each in given], now=now)
    sent = [(each.claimed, Outcome(each.claimed.id, DeliveryStatus.SENT, attempts=each.claimed.attempts + 1, sent_at=now)) for each in given]
    return sent, [(by_id[number].task.claimed, verdict) for number, verdict in late.items()]


def _row(asked: Asked) -> dict[str, object]:
    return {
        "delivery_id": asked.claimed.id,
        "customer_id": asked.claimed.customer_id,
        "kind": asked.kind,
        "manager": asked.manager,
        "text": asked.text,
        "due_at": asked.due_at,
    }

"""Letters that an address didn't take, while they were being sent: counted as those are that come back softly."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from winback.channels import smtp_replies
from winback.errors import PermanentError, TemporaryError
from winback.model import DeliveryStatus, EventKind
from winback.store import correspondence, events
from winback.store.deliveries import Outcome
from winback.store.events import Event
from winback.tracking import endings
from winback.ways_in import SoftBounceSettings

_OF_THE_ADDRESS = frozenset({smtp_replies.MAILBOX_FULL, smtp_replies.PUT_OFF, smtp_replies.TOO_LARGE})


def is_soft(outcome: Outcome, answer: object) -> bool:
    """Whether a letter failed for good because the address didn't take it this time: full, too large, or put off until the tries ran out.

    What is said of us, of how fast we are, or to everybody at first (greylisting) says nothing of the address.
    """
    failed = outcome.status is DeliveryStatus.FAILED and isinstance(answer, TemporaryError | PermanentError)
    return failed and getattr(answer, "reason", "") in _OF_THE_ADDRESS


def count(connection: Connection, refused: Collection[Outcome], limits: SoftBounceSettings, now: datetime) -> int:
    """Keep each as a soft bounce of its delivery, once; returns how many were new."""
    known = correspondence.by_delivery(connection, [each.delivery_id for each in refused]) if refused else {}
    new = 0
    for outcome in refused:
        who = known.get(outcome.delivery_id)
        if who is None:
            continue
        event = Event(
            dedupe_key=f"refused:{outcome.delivery_id}",
            kind=EventKind.BOUNCE,
            customer_id=who.customer_id,
            happened_at=now,
            verdict="soft",
            delivery_id=outcome.delivery_id,
            signals={"by": "sending", "reason": outcome.reason},
        )
        if events.record(connection, [event]):
            new += 1
            endings.count_soft(connection, who, event, limits, now)
    return new

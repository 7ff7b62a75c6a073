"""What becomes of a delivery: by a channel's answer, by the last check, or because its letter couldn't be written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from winback.channels import smtp_replies
from winback.errors import LaneError, PermanentError, TemplateError, TemporaryError, UncertainError
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.model import DeliveryStatus, Reason, Receipt
from winback.store.deliveries import Claimed, Outcome


def of(claimed: Claimed, result: Receipt | BaseException, schedule: Sequence[timedelta], now: datetime) -> Outcome:
    """What a channel's answer means for a delivery. Something unforeseen while sending is doubt, never a reason to repeat."""
    tries = claimed.attempts + 1
    match result:
        case Receipt():
            return Outcome(claimed.id, DeliveryStatus.SENT, remote_id=result.remote_id, attempts=tries, sent_at=now)
        case TemporaryError(reason=smtp_replies.GREYLISTED):
            return Outcome(
                claimed.id, DeliveryStatus.PLANNED, reason=result.reason, detail=result.text, attempts=claimed.attempts, due_at=now + schedule[0]
            )
        case TemporaryError() if claimed.attempts < len(schedule):
            due_at = now + (result.after or schedule[claimed.attempts])
            return Outcome(claimed.id, DeliveryStatus.PLANNED, reason=result.reason, detail=result.text, attempts=tries, due_at=due_at)
        case TemporaryError():
            return Outcome(claimed.id, DeliveryStatus.FAILED, reason=Reason.TRIES_RAN_OUT, detail=result.text, attempts=tries)
        case PermanentError():
            return Outcome(claimed.id, DeliveryStatus.FAILED, reason=result.reason, detail=result.text, attempts=tries)
        case LaneError():
            return Outcome(claimed.id, DeliveryStatus.PLANNED, reason=result.reason, detail=result.text, attempts=claimed.attempts, due_at=now)
        case UncertainError():
            return Outcome(claimed.id, DeliveryStatus.UNCERTAIN, reason=result.reason, detail=result.text, attempts=tries)
    return Outcome(claimed.id, DeliveryStatus.UNCERTAIN, reason=Reason.NO_ANSWER, detail=repr(result), attempts=tries)


def put_off(delivery: Claimed, error: TemplateError, now: datetime) -> Outcome:
    """Long enough for the letters behind it to leave, short enough to go out soon after it was mended."""
    again = now + timedelta(minutes=15)
    return Outcome(
        delivery.id, DeliveryStatus.PLANNED, reason=Reason.LETTER_BROKEN, detail=str(error), attempts=delivery.attempts, due_at=again, is_unsent=True
    )


def not_sent(delivery: Claimed, verdict: Postpone | SkipStage | Stop) -> Outcome:
    match verdict:
        case Postpone(due_at, reason, detail):
            return Outcome(delivery.id, DeliveryStatus.PLANNED, reason or "", detail, attempts=delivery.attempts, due_at=due_at, is_unsent=True)
        case SkipStage(reason, detail):
            return Outcome(delivery.id, DeliveryStatus.SKIPPED, reason, detail, attempts=delivery.attempts, is_unsent=True)
        case Stop(reason, detail):
            return Outcome(delivery.id, DeliveryStatus.STOPPED, reason, detail, attempts=delivery.attempts, is_unsent=True)

"""What becomes of a delivery: by a channel's answer, by the last check, or because its letter couldn't be written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from winback.channels import smtp_replies
from winback.errors import LaneError, PermanentError, TemplateError, TemporaryError, UncertainError
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.model import DeliveryStatus, Reason, Receipt
from winback.sending import fuse
from winback.store.deliveries import Claimed, Outcome

LONGEST = timedelta(hours=72)
"""Whoever puts a letter off for longer doesn't get it any more. (That the offer or the campaign is over is seen at each claim.)"""

_SPREAD = 0.2
"""Tries of many letters that were put off together are spread by a fifth to either side."""


def of(claimed: Claimed, result: Receipt | BaseException, schedule: Sequence[timedelta], now: datetime) -> Outcome:
    """What a channel's answer means for a delivery. Something unforeseen while sending is doubt, never a reason to repeat."""
    tries = claimed.attempts + 1
    match result:
        case Receipt():
            return Outcome(claimed.id, DeliveryStatus.SENT, remote_id=result.remote_id, attempts=tries, sent_at=now, relay=result.relay)
        case TemporaryError():
            return _again(claimed, result, schedule, now)
        case LaneError() if fuse.refuses_us(result):  # it may be about this letter alone: it mustn't be the first of every go
            return _again(claimed, result, schedule, now)
        case PermanentError():
            status, reason = DeliveryStatus.FAILED, result.reason
        case LaneError():
            return Outcome(
                claimed.id,
                DeliveryStatus.PLANNED,
                reason=result.reason,
                detail=result.text,
                attempts=claimed.attempts,
                due_at=now,
                relay=result.relay,
            )
        case UncertainError():
            status, reason = DeliveryStatus.UNCERTAIN, result.reason
        case _:
            return Outcome(claimed.id, DeliveryStatus.UNCERTAIN, reason=Reason.NO_ANSWER, detail=repr(result), attempts=tries)
    return Outcome(claimed.id, status, reason=reason, detail=result.text, attempts=tries, relay=result.relay)


def _again(claimed: Claimed, error: TemporaryError | LaneError, schedule: Sequence[timedelta], now: datetime) -> Outcome:
    """Planned for later, until the schedule ends or the letter has been tried for long enough. Greylisting isn't counted as a try."""
    is_grey = error.reason == smtp_replies.GREYLISTED
    tries = claimed.attempts + (not is_grey)
    wait = schedule[0] * (1 + abs(_chance(claimed)) * _SPREAD) if is_grey else _wait(claimed, error, schedule)
    if wait is None or now + wait > (claimed.first_tried_at or now) + LONGEST:
        return Outcome(
            claimed.id, DeliveryStatus.FAILED, reason=Reason.TRIES_RAN_OUT, detail=error.text, attempts=claimed.attempts + 1, relay=error.relay
        )
    return Outcome(claimed.id, DeliveryStatus.PLANNED, reason=error.reason, detail=error.text, attempts=tries, due_at=now + wait, relay=error.relay)


def _wait(claimed: Claimed, error: TemporaryError | LaneError, schedule: Sequence[timedelta]) -> timedelta | None:
    """How long until the next try; None when the schedule has ended. What the other side asks for is kept to the second."""
    if claimed.attempts >= len(schedule):
        return None
    asked = error.after if isinstance(error, TemporaryError) else None
    return asked or schedule[claimed.attempts] * (1 + _chance(claimed) * _SPREAD)


def _chance(claimed: Claimed) -> float:
    """A number from -1 to 1 that is always the same for one try of one delivery."""
    drawn = hashlib.sha256(f"{claimed.id} {claimed.attempts} {claimed.due_at.isoformat()}".encode()).digest()[:4]
    return int.from_bytes(drawn) / 0x7FFFFFFF - 1


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

"""Letters that belong to no campaign: reminders to managers, and requests to confirm a consent."""

from __future__ import annotations

from enum import StrEnum


class NoticeStatus(StrEnum):
    """What became of one of them."""

    HANDED_OVER = "handed_over"  # it may have left: whoever sent it never came back to say
    SENT = "sent"  # the other side accepted it
    FAILED = "failed"  # the other side refused it, or wasn't there: it may be tried again
    UNCERTAIN = "uncertain"  # it may have left: not repeated before its time

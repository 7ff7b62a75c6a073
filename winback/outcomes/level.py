"""What a customer was before they were lost, as far as their return is measured against it: how much they spent, how long they were silent."""

from __future__ import annotations

from datetime import datetime, timedelta

BANDS = (0, 90, 180, 365, 730, 1095)
"""Days of silence at which a band begins."""


def before(revenue_minor: int, orders: int, first_at: datetime | None, last_at: datetime | None, window: timedelta) -> int:
    """What they used to spend in as long a time as the return window while they bought; nothing where nobody knows.

    n orders lie n - 1 gaps apart, and the last one is worth a gap too: the time in which they bought is the span from first to last,
    n / (n - 1) times. It is a window at the least: one order isn't a habit of one an hour.
    """
    if orders < 1 or first_at is None or last_at is None:
        return 0
    bought_for = (last_at - first_at) * orders / (orders - 1) if orders > 1 else timedelta()
    return round(revenue_minor * min(1.0, window / max(bought_for, window)))


def silence(last_at: datetime | None, now: datetime) -> str:
    """The band of days since the last order: 365-729, 1095+; empty where there was none."""
    if last_at is None:
        return ""
    days = (now - last_at).days
    begins = max((band for band in BANDS if band <= days), default=0)
    ends = next((band for band in BANDS if band > begins), None)
    return f"{begins}+" if ends is None else f"{begins}-{ends - 1}"

"""What customers used to spend, and how long they were silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from winback.outcomes import level

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = timedelta(days=60)


@pytest.mark.parametrize(
    ("revenue", "orders", "days", "expected"),
    [
        (30_000, 3, 200, 6000),  # two gaps of 100 days and one more: 300 days
        (30_000, 2, 600, 1500),
        (500, 1, 0, 500),  # one order is worth a window
        (900, 3, 4, 900),  # bought for less than a window
        (0, 0, 0, 0),
    ],
)
def test_the_level_is_what_a_window_used_to_bring(revenue, orders, days, expected):
    first = NOW - timedelta(days=900) if orders else None
    assert level.before(revenue, orders, first, first and first + timedelta(days=days), WINDOW) == expected


@pytest.mark.parametrize(
    ("days", "band"), [(0, "0-89"), (89, "0-89"), (90, "90-179"), (364, "180-364"), (365, "365-729"), (1095, "1095+"), (4000, "1095+")]
)
def test_silence_goes_by_bands(days, band):
    assert level.silence(NOW - timedelta(days=days), NOW) == band


def test_nobody_is_silent_who_never_bought():
    assert level.silence(None, NOW) == ""

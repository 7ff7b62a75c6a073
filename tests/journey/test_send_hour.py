from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.journey import send_hour
from winback.journey.send_hour import Learnt

KYIV = ZoneInfo("Europe/Kyiv")


def reacted(*hours: int) -> list[datetime]:
    """At these hours in Kyiv, one a day, the oldest first, the half hours of a winter."""
    return [datetime(2026, 11, 1, hour, 30, tzinfo=KYIV) + timedelta(days=day) for day, hour in enumerate(hours)]


@pytest.mark.parametrize(
    ("hours", "learnt"),
    [
        ((), None),
        ((18, 18), None),  # twice is coincidence
        ((18, 18, 18), Learnt(18, 3, 3)),
        ((17, 18, 19), Learnt(18, 3, 3)),
        ((23, 0, 0), Learnt(0, 3, 3)),  # the day is round
        ((9, 14, 21), None),
        ((8, 8, 20, 20), None),  # neither habit has three days
        ((8, 8, 8, 20, 20, 20, 20), Learnt(20, 4, 7)),  # and never their mean
        ((8, 8, 8, 11, 14, 17, 20), None),  # three of seven
        ((8, 8, 8, 20, 20, 20), Learnt(8, 3, 6)),  # of two equals the earlier
        ((8,) * 20 + (20,) * 20, Learnt(20, 20, 20)),  # habits change
    ],
)
def test_an_hour_is_learnt_from_three_days_that_are_half_of_all(hours, learnt):
    assert send_hour.learn(reacted(*hours), KYIV) == learnt


def test_three_clicks_in_one_evening_are_one_reaction():
    assert send_hour.learn([datetime(2026, 11, 1, 18, minute, tzinfo=KYIV) for minute in (1, 2, 3)], KYIV) is None


def test_the_hour_is_the_customers_own_in_summer_and_winter():
    evenings = [datetime(2026, month, 1, 19, tzinfo=KYIV).astimezone(UTC) for month in (1, 6, 11)]
    assert send_hour.learn(evenings, KYIV) == Learnt(19, 3, 3)


@given(st.lists(st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)), max_size=30))
def test_the_order_of_reactions_means_nothing(moments):
    found = send_hour.learn(moments, KYIV)
    assert found == send_hour.learn(reversed(moments), KYIV)
    assert found is None or any(moment.astimezone(KYIV).hour == found.hour for moment in moments)


@given(st.integers(0, 23), st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] < pair[1]))
def test_the_part_of_a_window_lies_in_it(hour, hours):
    opens, closes = send_hour.inside(hour, hours)
    assert hours[0] <= opens < closes <= hours[1]
    if hours[0] <= time(hour, 30) < hours[1]:
        assert opens.hour == hour

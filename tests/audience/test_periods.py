from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.audience import periods
from winback.audience.periods import Per


def spans(per, count, today, **more):
    return [(each.name, each.first.isoformat(), each.last.isoformat(), each.is_over) for each in periods.periods(per, count, today, **more)]


def test_quarters_that_are_over_and_the_one_under_way():
    assert spans(Per.QUARTER, 2, date(2026, 2, 10)) == [
        ("2025-Q3", "2025-07-01", "2025-09-30", True),
        ("2025-Q4", "2025-10-01", "2025-12-31", True),
        ("2026-Q1", "2026-01-01", "2026-02-10", False),
    ]


def test_months_over_a_new_year_and_a_leap_day():
    assert spans(Per.MONTH, 2, date(2024, 3, 1)) == [
        ("2024-01", "2024-01-01", "2024-01-31", True),
        ("2024-02", "2024-02-01", "2024-02-29", True),
        ("2024-03", "2024-03-01", "2024-03-01", False),
    ]


def test_at_the_end_of_its_last_day_a_period_is_over_and_no_other_has_begun():
    assert spans(Per.QUARTER, 1, date(2026, 9, 30), is_over=True) == [("2026-Q3", "2026-07-01", "2026-09-30", True)]
    assert spans(Per.QUARTER, 1, date(2026, 9, 30))[-1] == ("2026-Q3", "2026-07-01", "2026-09-30", False)
    assert spans(Per.QUARTER, 1, date(2026, 9, 29), is_over=True)[-1] == ("2026-Q3", "2026-07-01", "2026-09-29", False)


def test_nothing_comes_before_the_calendar():
    assert spans(Per.QUARTER, 9, date(1, 5, 1)) == [("0001-Q1", "0001-01-01", "0001-03-31", True), ("0001-Q2", "0001-04-01", "0001-05-01", False)]


@settings(deadline=None)
@given(st.sampled_from(Per), st.integers(1, 60), st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.booleans())
def test_periods_follow_each_other_without_a_gap_up_to_today(per, count, today, is_over):
    found = periods.periods(per, count, today, is_over=is_over)
    assert sum(each.is_over for each in found) == count
    assert found[-1].last == today
    assert all(before.last + timedelta(days=1) == after.first for before, after in pairwise(found))
    assert all(periods.holding(per, day) == each.name for each in found for day in (each.first, each.last))
    assert all(each.first.day == 1 and (each.first.month - 1) % per.months == 0 for each in found)


@pytest.mark.parametrize(("day", "quarter", "month"), [(date(2026, 3, 31), "2026-Q1", "2026-03"), (date(2026, 10, 1), "2026-Q4", "2026-10")])
def test_a_day_lies_in_a_period(day, quarter, month):
    assert (periods.holding(Per.QUARTER, day), periods.holding(Per.MONTH, day)) == (quarter, month)

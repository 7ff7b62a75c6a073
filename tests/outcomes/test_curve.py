"""The curve of returns, with everybody followed to the end and without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.outcomes import curve, statistics
from winback.outcomes.figures import CurveCell


def test_with_everybody_followed_to_the_end_the_curve_is_the_plain_share_with_wilsons_interval():
    cells = [CurveCell("gift", 30, 2, 3), CurveCell("gift", 30, 10, 5), CurveCell("gift", 30, None, 92)]
    points = curve.draw(cells, ["gift"])["gift"]
    assert [point.day for point in points] == list(range(1, 31))
    for day, back in ((1, 0), (2, 3), (9, 3), (10, 8), (30, 8)):
        point = points[day - 1]
        assert point.rate == pytest.approx(back / 100)
        wilson = statistics.wilson(back, 100)
        assert (point.interval.low, point.interval.high) == pytest.approx((wilson.low, wilson.high), abs=1e-12)


def test_those_who_came_in_late_count_as_long_as_they_were_followed():
    """Kaplan-Meier by hand: day 1, 10 of 100 return; 50 of the 90 left were followed no further; day 2, 4 of 40 return."""
    cells = [CurveCell("gift", 2, 1, 10), CurveCell("gift", 1, None, 50), CurveCell("gift", 2, 2, 4), CurveCell("gift", 2, None, 36)]
    first, second = curve.draw(cells, ["gift"])["gift"]
    assert (first.at_risk, first.rate) == (100, pytest.approx(0.1))
    assert (second.at_risk, second.rate) == (40, pytest.approx(1 - 0.9 * 0.9))
    assert second.interval.high - second.interval.low > statistics.wilson(19, 100).high - statistics.wilson(19, 100).low


def test_a_return_on_the_day_that_is_not_over_counts_when_it_is_over():
    (point,) = curve.draw([CurveCell("gift", 1, None, 9), CurveCell("gift", 0, 1, 1)], ["gift"])["gift"]
    assert (point.at_risk, point.rate) == (9, 0)


def test_where_some_enter_daily_the_curve_is_no_higher_than_what_becomes_of_it():
    """Half of each day's returns come in its first half, and it is noon: of 1,000 who entered on each of ten days 10 % of those away return daily."""
    cells = []
    for followed in range(10):
        away = 1_000.0
        for day in range(1, followed + 1):
            cells.append(CurveCell("gift", followed, day, round(away * 0.1)))
            away *= 0.9
        today = round(away * 0.05)
        cells += [CurveCell("gift", followed, followed + 1, today), CurveCell("gift", followed, None, round(away) - today)]
    points = curve.draw(cells, ["gift"])["gift"]
    assert [point.rate for point in points] == pytest.approx([1 - 0.9**day for day in range(1, 10)], abs=0.005)


def test_when_all_have_returned_the_curve_ends_at_one():
    points = curve.draw([CurveCell("gift", 5, 1, 2), CurveCell("gift", 5, 2, 2)], ["gift"])["gift"]
    assert [point.rate for point in points] == pytest.approx([0.5, 1.0])
    assert points[-1].interval.high == 1


def test_arms_stand_in_the_reports_order_and_empty_ones_have_no_curve():
    cells = [CurveCell("holdout", 3, None, 5), CurveCell("gift", 3, None, 5), CurveCell("new", 0, None, 5)]
    curves = curve.draw(cells, ["new", "gift", "holdout", "nobody"])
    assert list(curves) == ["new", "gift", "holdout"]
    assert curves["new"] == ()


@given(st.lists(st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(1, 12)), st.integers(1, 40)), min_size=1, max_size=25))
def test_a_curve_never_falls_and_lies_in_its_band(rows):
    cells = [CurveCell("gift", followed, day if day is not None and day <= followed + 1 else None, customers) for followed, day, customers in rows]
    points = curve.draw(cells, ["gift"])["gift"]
    rates = [point.rate for point in points]
    assert rates == sorted(rates)
    assert all(0 <= point.interval.low <= point.rate + 1e-12 and point.rate - 1e-12 <= point.interval.high <= 1 for point in points)

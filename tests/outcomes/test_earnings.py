"""What a tactic brought beyond what comes by itself, less what it cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from winback.model import HOLDOUT
from winback.outcomes import earnings, sequence
from winback.outcomes.figures import ArmFigures, CostFigures
from winback.outcomes.statistics import Moments


def arm(name: str, assigned: int, values: list[float], cost: CostFigures | None = None, *, margin: float = 0.25) -> ArmFigures:
    """Customers who spent `values` in minor units, all others nothing."""
    kept = [value * margin for value in values]
    return ArmFigures(
        arm=name, assigned=assigned, closed=0, first_assigned_at=None, last_assigned_at=None, returned=len(values),
        revenue=Moments(assigned, sum(values), sum(value**2 for value in values)), margin=Moments(assigned, sum(kept), sum(value**2 for value in kept)),
        cost=cost or CostFigures(),
    )  # fmt: skip


HELD = arm(HOLDOUT, 500, [1_000.0] * 50)
GIFT = arm("gift", 1_000, [1_000.0] * 300, CostFigures(messages_minor=5_000, discounts_minor=10_000, gifts_minor=3_000, calls_minor=2_000))


def test_profit_is_the_margin_that_would_not_have_come_less_the_cost():
    (earned,) = earnings.of([GIFT, HELD], "UAH")
    assert (earned.revenue, earned.margin, earned.spent) == (3000.0, 750.0, 200.0)
    assert earned.extra_revenue is not None
    assert earned.extra_revenue.amount == pytest.approx(1_000 * (3.0 - 1.0))
    assert earned.profit is not None
    assert earned.profit.amount == pytest.approx(0.25 * 2000 - 200)
    assert earned.roi == pytest.approx(1.5)
    assert earned.profit.interval is not None
    assert earned.extra_margin is not None
    assert earned.extra_margin.interval is not None
    assert earned.profit.interval.low == pytest.approx(earned.extra_margin.interval.low - 200)
    assert [earned.spent_on(kind) for kind in earnings.COSTS] == [50.0, 100.0, 30.0, 20.0]


def test_without_a_holdout_or_margins_nothing_is_claimed():
    (alone,) = earnings.of([GIFT], "UAH")
    assert (alone.extra_revenue, alone.profit, alone.roi) == (None, None, None)
    assert alone.revenue == 3000.0
    (unknown,) = earnings.of([arm("gift", 100, [10_000.0] * 30, margin=0), arm(HOLDOUT, 50, [10_000.0] * 5, margin=0)], "UAH")
    assert (unknown.margin, unknown.profit) == (None, None)
    assert unknown.extra_revenue is not None


def test_several_tactics_have_a_sum_whose_interval_is_its_own():
    letter = replace(GIFT, arm="letter", cost=CostFigures(messages_minor=700))
    gift, other, both = earnings.of([GIFT, letter, HELD], "UAH")
    assert both.arm == ""
    assert both.spent == gift.spent + other.spent
    assert both.extra_revenue is not None
    assert gift.extra_revenue is not None
    assert both.extra_revenue.amount == pytest.approx(2 * gift.extra_revenue.amount)
    assert both.extra_revenue.interval is not None
    assert gift.extra_revenue.interval is not None
    width, single = (one.high - one.low for one in (both.extra_revenue.interval, gift.extra_revenue.interval))
    assert single < width < 2 * single


def test_money_that_does_not_vary_has_no_interval_and_a_free_campaign_no_return_on_it():
    (flat,) = earnings.of([arm("gift", 2, [500.0, 500.0]), arm(HOLDOUT, 2, [100.0, 100.0])], "JPY")
    assert flat.extra_revenue is not None
    assert (flat.extra_revenue.amount, flat.extra_revenue.interval) == (800.0, None)
    assert flat.roi is None
    assert flat.as_json()["profit_low"] is None


def test_where_few_paid_the_money_has_no_interval():
    few = arm(HOLDOUT, 500, [1_000.0] * 19)
    (earned,) = earnings.of([GIFT, few], "UAH")
    assert earned.extra_revenue is not None
    assert earned.extra_revenue.amount == pytest.approx(1_000 * (3.0 - 0.38))
    assert earned.extra_revenue.interval is None
    (earned,) = earnings.of([GIFT, replace(few, returned=20)], "UAH")
    assert earned.extra_revenue is not None
    assert earned.extra_revenue.interval is not None


def test_until_the_window_closes_the_interval_is_the_one_that_holds_on_all_days():
    (open_,), (closed,) = (earnings.of([GIFT, HELD], "UAH", closed=closed) for closed in (False, True))
    assert open_.extra_revenue is not None
    assert closed.extra_revenue is not None
    always = sequence.money(GIFT.revenue, HELD.revenue, 350)
    assert always is not None
    assert open_.extra_revenue.interval is not None
    assert closed.extra_revenue.interval is not None
    assert open_.extra_revenue.interval.low == pytest.approx(always.interval.low * 1_000 / 100)
    assert open_.extra_revenue.interval.low < closed.extra_revenue.interval.low

"""Measures beside the return rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.outcomes import sample
from winback.model import HOLDOUT
from winback.outcomes import ratios, secondary, tabulated
from winback.outcomes.ratios import Joint
from winback.outcomes.secondary import Measured


def test_every_measure_is_told_of_every_tactic():
    found = sample.report().secondary.measures
    assert [(one.arm, one.what) for one in found] == [
        (arm, what) for arm in ("warm-word", "gift-first")
        for what in (Measured.ORDERS, Measured.MARGIN, Measured.AVERAGE_ORDER, Measured.WON_BACK, Measured.KEPT, Measured.HALF_DAY)
    ]  # fmt: skip
    margin = found[1]
    assert margin.ours == pytest.approx(232 * 252 / 4000)
    assert margin.left_alone == pytest.approx(70 * 252 / 2000)
    assert margin.difference == pytest.approx(margin.ours - margin.left_alone)
    assert found[5].interval is None


def test_the_average_order_is_compared_by_customers_and_not_by_orders():
    arms = {arm.arm: arm for arm in sample.figures().arms}
    ours, theirs = (
        Joint(arm.assigned, arm.revenue.total, arm.ordered.total, arm.revenue.squares, arm.ordered.squares, arm.revenue_by_orders)
        for arm in (arms["gift-first"], arms[HOLDOUT])
    )
    plain = ratios.compare(ours, theirs)
    assert plain is not None
    found = next(one for one in sample.report().secondary.measures if (one.arm, one.what) == ("gift-first", Measured.AVERAGE_ORDER))
    assert found.interval is not None
    assert (found.interval.low, found.p_value) == (pytest.approx(plain.interval.low / 100), pytest.approx(plain.p_value))


def test_an_average_order_of_one_buyer_is_not_certain():
    """One order of 100 among 500 left alone: around it nothing varies."""
    one = Joint(500, 100.0, 1.0, 10_000.0, 1.0, 100.0)
    many = Joint(500, 2_800.0, 40.0, 200_000.0, 40.0, 2_800.0)
    assert one.variance == 0
    assert ratios.compare(many, one) is None
    assert ratios.compare(many, Joint(500, 1_000.0, 10.0, 110_000.0, 10.0, 1_000.0)) is not None


def test_where_few_bought_means_stand_without_their_differences():
    told = sample.figures()
    few = replace(told, arms=tuple(replace(arm, returned=19) if arm.arm == HOLDOUT else arm for arm in told.arms))
    by_measure = {one.what: one for one in secondary.of(few, ["warm-word"], {}, "UAH").measures}
    for what in (Measured.ORDERS, Measured.MARGIN, Measured.AVERAGE_ORDER, Measured.WON_BACK):
        one = by_measure[what]
        assert one.ours is not None
        assert (one.interval, one.p_value) == (None, None)
    assert by_measure[Measured.KEPT].interval is not None


def test_p_values_allow_for_their_number():
    assert secondary.benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert secondary.benjamini_hochberg([]) == []
    assert all(one.p_adjusted is None or one.p_value <= one.p_adjusted <= 1 for one in sample.report().secondary.measures)


def test_without_anybody_left_alone_nothing_is_measured():
    alone = replace(sample.figures(), arms=tuple(arm for arm in sample.figures().arms if arm.arm != HOLDOUT))
    assert secondary.of(alone, ["warm-word"], {}, "UAH").measures == ()


def test_the_bootstrap_is_held_beside_welch_and_its_doubt_is_told():
    told = sample.report()
    (name, checked), _ = told.secondary.checks
    welch = told.compared("revenue", "warm-word")
    assert welch is not None
    assert name == "warm-word"
    assert checked.agrees
    assert checked.interval.low == pytest.approx(welch.low, abs=2.0)
    assert checked.interval.high == pytest.approx(welch.high, abs=2.0)
    doubted = replace(told, secondary=replace(told.secondary, checks=((name, replace(checked, agrees=False)),)))
    notes = [next(table.note for table in tabulated.tables(one) if table.section == "measures") for one in (told, doubted)]
    assert ["Few customers decide the money of warm-word" in note for note in notes] == [False, True]

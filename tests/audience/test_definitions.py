"""Whom a backtest judges, and whom each definition of "lost" picks of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback import strictyaml
from winback.audience import backtesting, chance, conditions, definitions, purchase_days
from winback.audience.chance import Fitted, Unit
from winback.audience.cohort import Cohort

CUT = date(2026, 1, 31).toordinal()
FITTED = Fitted(0.25, 30.0, 0.8, 2.4, Unit.DAY, -1.0, 1000)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("- days_since_last_order: {from: 365, below: 730}\n- orders: {at_least: 3}", ["3 orders or more"]),
        ("- not_bought_since: 2025-01-01", []),
        ("- all: [{days_since_last_order: {from: 365}}, {orders: {at_least: 3}}]\n- country: [UA]", ["3 orders or more", "country UA"]),
        ("- not: {days_since_last_order: {from: 0, below: 90}}\n- orders: {at_least: 2}", ["2 orders or more"]),
        ("- any: [{days_since_last_order: {from: 365}}, {orders: {at_least: 9}}]\n- locale: [uk]", ["locale uk"]),
        ("- any: [{country: [UA]}, {locale: [uk]}]", ["any of (country UA; locale uk)"]),
    ],
)
def test_judged_are_those_whom_the_conditions_without_silence_leave(rules, left):
    text = "title: t\nrules:\n" + "\n".join(f"  {line}" for line in rules.splitlines()) + "\nexclude: {lists: [debts.txt]}\n"
    found = definitions.judged(strictyaml.parse(text, Cohort, shown="config/cohorts/c.yaml").value)
    assert [conditions.describe(rule) for rule in found.rules] == left
    assert found.exclude.lists == ("debts.txt",)


def silent(*histories: tuple[int, ...]) -> purchase_days.PurchaseDays:
    """Customers 1, 2, ... who bought so many days before the cut."""
    rows = [(who, CUT - ago) for who, days in enumerate(histories, 1) for ago in days]
    return purchase_days.distinct([who for who, _ in rows], [day for _, day in rows])


def test_each_definition_picks_as_many_as_the_cohort_does():
    known = silent((300, 290, 280), (500, 300, 100), (200, 120, 40), (50, 49, 48), (5,))
    found = {
        definition.name: known.customers[definition.picked].tolist()
        for definition in definitions.side_by_side(known, CUT, np.array([1, 3, 99]), FITTED, 182)
    }
    assert found == {"rules": [1, 3], "silence": [1, 2], "rhythm": [1, 4], "chance": [1, 4]}


def test_what_cannot_be_said_is_left_out():
    twice = silent((300, 200), (90, 20))
    assert [definition.name for definition in definitions.side_by_side(twice, CUT, np.array([1]), None, 182)] == ["rules", "silence"]


def test_the_chance_is_that_of_the_window_in_the_unit_it_was_fitted_in():
    known = silent((300, 200), (90, 20))
    weekly = Fitted(0.25, 30.0 / 7, 0.8, 2.4, Unit.WEEK, -1.0, 1000)
    by_day, by_week = (definitions.side_by_side(known, CUT, np.array([1]), fitted, 182)[-1].score for fitted in (FITTED, weekly))
    assert by_day == pytest.approx(by_week)
    assert by_day == pytest.approx(chance.p_no_purchase(FITTED, chance.history(known, CUT), 182))


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 5).map(float), st.just(float("nan"))), max_size=30), st.integers(0, 35))
def test_the_highest_are_as_many_as_asked_for_and_nobody_left_scores_above_them(scores, size):
    score = np.array(scores, dtype=float)
    picked = backtesting.highest(score, size)
    told = ~np.isnan(score)
    assert picked.sum() == min(size, told.sum())
    assert not picked[~told].any()
    left = score[told & ~picked]
    assert not picked.any() or not left.size or score[picked].min() >= left.max()


def test_of_equal_scores_at_the_border_the_first_are_not_preferred():
    assert np.flatnonzero(backtesting.highest(np.array([9.0, *[1.0] * 10]), 6)).tolist() == [0, 1, 3, 5, 7, 9]

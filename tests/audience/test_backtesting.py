from __future__ import annotations

from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audience import cdnow
from winback.audience import backtesting, chance, purchase_days, rhythm
from winback.audience.backtesting import Definition
from winback.audience.chance import Unit

scored = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=25)


def columns(pairs):
    return np.array([float(score) for score, _ in pairs]), np.array([flag for _, flag in pairs])


@settings(deadline=None)
@given(scored)
def test_auc_is_the_share_of_pairs_in_the_right_order_with_equal_ones_as_half(pairs):
    score, positive = columns(pairs)
    wins = [(a > b) + (a == b) / 2 for a, b in product(score[positive], score[~positive])]
    assert backtesting.auc(score, positive) == (pytest.approx(sum(wins) / len(wins)) if wins else None)


@settings(deadline=None)
@given(scored)
def test_auc_of_the_opposite_score_is_the_rest_to_one(pairs):
    score, positive = columns(pairs)
    found, mirrored = backtesting.auc(score, positive), backtesting.auc(-score, positive)
    assert (found is None and mirrored is None) or found + mirrored == pytest.approx(1)


@settings(deadline=None)
@given(scored, st.integers(0, 30))
def test_precision_among_the_highest_is_the_mean_over_every_order_of_equals(pairs, size):
    score, positive = columns(pairs)
    found = backtesting.precision(score, positive, size)
    size = min(size, score.size)
    if not size:
        assert found is None
        return
    border = np.sort(score)[::-1][size - 1]
    above, at = score > border, score == border
    expected = (positive[above].sum() + (size - above.sum()) * positive[at].mean()) / size
    assert found == pytest.approx(expected)


def test_one_row_for_each_definition_over_the_same_customers():
    plain = Definition("plain", np.array([True, True, False, False, False]), np.array([1.0, 1, 0, 0, 0]))
    silence = Definition("silence", np.array([True, True, True, False, False]), np.array([500.0, 300, 200, 90, 10]))
    again = np.array([False, True, False, True, True])
    first, second = backtesting.compare([plain, silence], again)
    assert (first.name, first.picked, first.ordered_again, first.share_again, first.precision_of_picked) == ("plain", 2, 1, 0.5, 0.5)
    assert first.share_again_of_others == pytest.approx(2 / 3)
    assert first.auc == pytest.approx(7 / 12)
    assert (second.picked, second.ordered_again, second.equal_size) == (3, 1, 2)
    assert second.auc == pytest.approx(5 / 6)
    assert second.precision == 0.5


def test_who_cannot_be_scored_comes_last():
    rhythmic = Definition("rhythm", np.array([True, False, False]), np.array([0.1, np.nan, np.nan]))
    (row,) = backtesting.compare([rhythmic], np.array([False, True, False]))
    assert row.auc == 0.75
    assert row.precision == 1


@pytest.mark.parametrize("again", [[True, True], [False, False]])
def test_where_all_did_the_same_there_is_nothing_to_tell_apart(again):
    (row,) = backtesting.compare([Definition("plain", np.array([True, False]), np.array([1.0, 0.0]))], np.array(again))
    assert row.auc is None


def test_who_picks_nobody_has_no_shares():
    (row,) = backtesting.compare([Definition("plain", np.array([False]), np.array([0.0]))], np.array([True]))
    assert (row.picked, row.share_again, row.precision_of_picked, row.precision) == (0, None, None, None)


def test_an_empty_shop_compares_to_nothing():
    nobody = np.array([], dtype=bool)
    (row,) = backtesting.compare([Definition("plain", nobody, np.array([]))], nobody)
    assert (row.picked, row.auc, row.share_again_of_others) == (0, None, None)


def test_a_definition_scores_everybody_it_judges():
    with pytest.raises(ValueError, match="one score for each customer"):
        Definition("plain", np.array([True]), np.array([1.0, 2.0]))


@cdnow.needed
def test_on_real_purchases_the_chance_tells_more_than_silence_and_silence_more_than_the_own_rhythm():
    """CDNOW at the end of 1997, customers with three purchase days or more, the half-year after it: .71 against .68, and below."""
    cut, days = date(1997, 12, 31).toordinal(), cdnow.days(zero_amounts=False)
    known = days.until(cut)
    past, rhythms = chance.history(days, cut, Unit.WEEK), rhythm.rhythms(days, cut)
    fitted = chance.fit(past)
    three = past.x >= 2
    again = days.bought_within(known.customers, cut, 182)[three]
    scores = {
        "silence": rhythms.silent.astype(float),
        "chance": chance.p_no_purchase(fitted, past, 26),
        "rhythm": rhythms.overdue,
    }
    rows = backtesting.compare([Definition(name, (rhythms.silent >= 182)[three], score[three]) for name, score in scores.items()], again)
    auc = {row.name: row.auc for row in rows}
    assert auc["silence"] == pytest.approx(0.6833, abs=0.002)
    assert auc["chance"] == pytest.approx(0.7095, abs=0.002)
    assert auc["rhythm"] < auc["silence"] - 0.02
    precision = {row.name: row.precision for row in rows}
    assert abs(precision["chance"] - precision["silence"]) < 0.02


def test_within_the_window_is_after_the_cut_and_up_to_its_last_day():
    days = purchase_days.distinct([1, 2, 3, 4], [10, 11, 20, 21])
    assert days.bought_within(np.array([1, 2, 3, 4, 5]), 10, 10).tolist() == [False, True, True, False, False]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 10**9), st.integers(-5, 740_000)), max_size=40))
def test_purchase_days_are_every_pair_once_in_order(pairs):
    days = purchase_days.distinct([who for who, _ in pairs], [day for _, day in pairs])
    assert list(zip(days.customer.tolist(), days.day.tolist(), strict=True)) == sorted(set(pairs))
    assert days.customers.tolist() == sorted({who for who, _ in pairs})

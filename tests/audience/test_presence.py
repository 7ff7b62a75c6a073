"""Who stayed, left and came back: columns against sets of customers, and against their stages."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.audience import lifecycle, movements, presence, purchase_days
from winback.audience.lifecycle import AdherentFrom, Facts, Lifecycle, Stage
from winback.audience.presence import Marks
from winback.audience.value import ValueClass

LOST_AFTER = 30
FIRST = date(2026, 1, 1).toordinal()
bought = st.lists(st.tuples(st.integers(1, 6), st.integers(FIRST, FIRST + 200)), max_size=40)
ends = st.lists(st.integers(FIRST - 5, FIRST + 210), min_size=2, max_size=5, unique=True).map(sorted)
THRESHOLDS = Lifecycle(lost_after_days=LOST_AFTER, adherent=AdherentFrom(purchases=5, days=20))


def counted(pairs):
    return purchase_days.counted([who for who, _ in pairs], [day for _, day in pairs])


def there(pairs, end, left_out=()) -> set[int]:
    return {who for who, day in pairs if day <= end < day + LOST_AFTER} - set(left_out)


def test_one_stays_one_leaves_one_comes_back_one_is_new_and_one_is_gone_again():
    start, end = FIRST + 100, FIRST + 140
    pairs = [(1, start - 5), (1, end - 5), (2, start - 5), (3, FIRST), (3, end), (4, end - 1), (5, start + 1), (6, start - 5), (6, end)]
    found = presence.presence(counted(pairs), [start, end], LOST_AFTER, np.array([6]))
    (kept,) = found.retentions(0, found.customers * 0, 1)
    assert (kept.at_start, kept.new, kept.left, kept.came_back, kept.stayed, kept.at_end) == (2, 1, 1, 1, 1, 3)
    assert (kept.crr, kept.strict) == (100, 50)


def test_the_last_day_on_which_somebody_is_there():
    pairs = [(1, FIRST)]
    found = presence.presence(
        counted(pairs), [FIRST - 1, FIRST, FIRST + LOST_AFTER - 1, FIRST + LOST_AFTER], LOST_AFTER, np.array([], dtype=np.int64)
    )
    assert found.there[:, 0].tolist() == [False, True, True, False]


@settings(deadline=None)
@given(bought, ends, st.sets(st.integers(1, 6), max_size=2))
def test_columns_count_what_sets_of_customers_count(pairs, days, left_out):
    found = presence.presence(counted(pairs), days, LOST_AFTER, np.array(sorted(left_out), dtype=np.int64))
    firsts = {who: min(day for each, day in pairs if each == who) for who, _ in pairs}
    for number, (start, end) in enumerate(pairwise(days)):
        at_start, at_end = there(pairs, start, left_out), there(pairs, end, left_out)
        new = {who for who, day in firsts.items() if start < day <= end} - left_out
        (kept,) = found.retentions(number, found.customers * 0, 1)
        assert kept == movements.retention(at_start, at_end, new)
        assert (kept.left, kept.came_back) == (len(at_start - at_end), len(at_end - at_start - new))
        assert kept.at_start + kept.new + kept.came_back - kept.left == kept.at_end


@settings(deadline=None)
@given(bought, ends)
def test_groups_add_up_to_everybody_in_a_group(pairs, days):
    found = presence.presence(counted(pairs), days, LOST_AFTER, np.array([], dtype=np.int64))
    group = found.customers % 3 - 1  # -1, 0 or 1
    for number in range(len(days) - 1):
        (everybody,) = found.retentions(number, np.where(group >= 0, 0, -1), 1)
        parts = found.retentions(number, group, 2)
        for name in ("at_start", "new", "at_end", "stayed", "left", "came_back"):
            assert sum(getattr(part, name) for part in parts) == getattr(everybody, name)


@settings(deadline=None, max_examples=50)
@given(bought, ends, st.integers(0, 2), st.sampled_from(["", "vip", "adherent"]))
def test_stages_then_are_those_decided_on_the_purchases_known_then(pairs, days, recommended, standing):
    purchases = counted(pairs)
    size = purchases.days.customers.size
    marks = Marks(np.full(size, recommended), np.full(size, ValueClass.GOLD, dtype=object), np.full(size, standing, dtype=object))
    for end in days:
        found = presence.stages_at(purchases, end, marks, THRESHOLDS)
        for who, stage in zip(purchases.days.customers.tolist(), found.tolist(), strict=True):
            known = [date.fromordinal(day) for each, day in pairs if each == who and day <= end]
            facts = Facts(
                purchases=len(known),
                first_on=min(known, default=None),
                last_on=max(known, default=None),
                recommended=recommended,
                value=ValueClass.GOLD,
                buys_here_only=True if standing == "adherent" else None,
                is_vip=standing == "vip",
            )
            assert stage is lifecycle.stage(facts, THRESHOLDS, date.fromordinal(end))


@settings(deadline=None)
@given(bought, ends)
def test_by_stage_who_was_there_counts_with_the_stage_they_left_from(pairs, days):
    purchases = counted(pairs)
    found = presence.presence(purchases, days, LOST_AFTER, np.array([], dtype=np.int64))
    size = found.customers.size
    marks = Marks(np.zeros(size, dtype=np.int64), np.full(size, None, dtype=object), np.full(size, "", dtype=object))
    places = presence.stage_places(purchases, found, marks, THRESHOLDS)
    assert len(places) == len(days) - 1
    for number, place in enumerate(places):
        by_stage = dict(zip(Stage, found.retentions(number, place, len(Stage)), strict=True))
        (everybody,) = found.retentions(number, found.customers * 0, 1)
        assert sum(each.left for each in by_stage.values()) == everybody.left
        assert all(not by_stage[gone].at_start and not by_stage[gone].at_end for gone in (Stage.LOST, Stage.POTENTIAL))


def test_a_shop_without_orders_has_nobody():
    nobody = counted([])
    found = presence.presence(nobody, [], LOST_AFTER, np.array([1]))
    assert found.customers.size == 0
    assert found.there.shape == (0, 0)


@pytest.mark.parametrize(("days", "counts"), [([5, 5, 6], [2, 1]), ([6, 5, 6], [1, 2]), ([5], [1])])
def test_purchases_of_a_day_are_counted(days, counts):
    found = purchase_days.counted([1] * len(days), days)
    assert found.count.tolist() == counts
    assert found.days.day.tolist() == sorted(set(days))


@settings(deadline=None)
@given(bought)
def test_counted_days_are_the_distinct_ones_with_every_purchase_in_them(pairs):
    found = counted(pairs)
    expected = {pair: pairs.count(pair) for pair in set(pairs)}
    assert dict(zip(zip(found.days.customer.tolist(), found.days.day.tolist(), strict=True), found.count.tolist(), strict=True)) == expected

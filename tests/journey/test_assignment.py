from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.journey import assignment
from winback.journey.drawing import Layer
from winback.model import HOLDOUT
from winback.settings import GlobalHoldout


@pytest.mark.parametrize(
    ("salt", "key", "bucket"),
    [("exp1", "1", 0.696929221384), ("exp1", "2", 0.201134184499), ("winback-2024-01", "client-42", 0.953783916860)],
)
def test_the_bucket_can_be_redone_by_hand(salt, key, bucket):
    assert assignment.bucket(salt, key) == pytest.approx(bucket, abs=1e-12)


@given(st.text(min_size=1), st.text(), st.floats(0, 0.99), st.lists(st.floats(0.01, 1), min_size=1, max_size=5))
def test_the_same_customer_always_gets_the_same_arm(salt, key, holdout, weights):
    shares = {f"t{index}": weight / math.fsum(weights) for index, weight in enumerate(weights)}
    arm = assignment.assign(salt, key, holdout, shares)
    assert arm == assignment.assign(salt, key, holdout, dict(shares))
    assert arm in {HOLDOUT, *shares}
    assert (arm == HOLDOUT) == (assignment.bucket(salt, key) < holdout)


def test_arms_come_out_in_their_planned_shares():
    arms = [assignment.assign("s", str(number), 0.2, {"a": 0.25, "b": 0.75}) for number in range(40_000)]
    for arm, share in (("a", 0.2), ("b", 0.6), (HOLDOUT, 0.2)):
        spread = 4 * math.sqrt(share * (1 - share) / 40_000)
        assert arms.count(arm) / 40_000 == pytest.approx(share, abs=spread)


def test_another_salt_shuffles_the_holdout():
    first = {key for key in range(5000) if assignment.bucket("one", str(key)) < 0.2}
    second = {key for key in range(5000) if assignment.bucket("two", str(key)) < 0.2}
    assert 0.15 < len(first & second) / len(first) < 0.25


def test_a_growing_holdout_keeps_whom_it_had():
    small = {key for key in range(2000) if assignment.assign("s", str(key), 0.1, {"a": 1.0}) == HOLDOUT}
    large = {key for key in range(2000) if assignment.assign("s", str(key), 0.3, {"a": 1.0}) == HOLDOUT}
    assert small < large


@pytest.mark.parametrize("holdout", [0.15, 0.2, 0.33])
def test_of_every_twenty_of_a_stratum_each_arm_has_its_part_to_a_customer(holdout):
    shares = {"a": 0.5, "b": 0.5}
    for block in range(30):
        places = [assignment.within("s", f"c{number}", "value_class=gold", number) for number in range(20 * block, 20 * block + 20)]
        assert sorted(int(place * 20) for place in places) == list(range(20))
        held_out = sum(assignment.arm_at(place, holdout, shares) == HOLDOUT for place in places)
        assert abs(held_out - 20 * holdout) < 1


def test_a_place_in_a_stratum_can_be_redone_by_hand():
    order = sorted(range(20), key=lambda twentieth: assignment.bucket("tea-1:value_class=gold:2", str(twentieth)))
    expected = (order[7] + assignment.bucket("tea-1", "c9")) / 20
    assert assignment.within("tea-1", "c9", "value_class=gold", 47) == pytest.approx(expected, abs=1e-15)


def test_the_turns_of_strata_have_nothing_to_do_with_each_other():
    turns = [tuple(int(20 * assignment.within("s", "c", stratum, number)) for number in range(20)) for stratum in ("gold", "copper", "silver")]
    assert len(set(turns)) == 3


def test_campaigns_with_other_parts_of_a_layer_share_nobody_and_together_have_everybody():
    parts = [Layer.model_validate({"name": "tea", "from": start, "below": end}) for start, end in ((0, 0.3), (0.3, 0.8), (0.8, 1))]
    counts = [sum(assignment.is_in(part, str(key)) for part in parts) for key in range(2000)]
    assert set(counts) == {1}
    assert not any(one.overlaps(other) for one in parts for other in parts if one is not other)
    assert parts[0].overlaps(Layer.model_validate({"name": "tea", "from": 0.29}))
    assert not parts[0].overlaps(Layer.model_validate({"name": "coffee"}))


def test_a_layer_has_nothing_to_do_with_who_is_left_alone():
    part = Layer.model_validate({"name": "tea", "below": 0.5})
    inside = [key for key in map(str, range(20_000)) if assignment.is_in(part, key)]
    assert sum(assignment.assign("tea-1", key, 0.2, {"a": 1.0}) == HOLDOUT for key in inside) / len(inside) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("lasts", "periods"),
    [
        ("year", ("2026", "2026", "2027")),
        ("half-year", ("2026-H1", "2026-H2", "2027-H1")),
        ("quarter", ("2026-Q2", "2026-Q4", "2027-Q1")),
        ("ever", ("ever",) * 3),
    ],
)
def test_the_global_holdout_is_the_same_for_a_period_and_another_afterwards(lasts, periods):
    rule = GlobalHoldout.model_validate({"share": 0.02, "for": lasts})
    days = [date(2026, 6, 30), date(2026, 12, 31), date(2027, 1, 1)]
    assert tuple(rule.period_of(day) for day in days) == periods
    people = [{key for key in map(str, range(30_000)) if assignment.is_left_alone(rule, key, day)} for day in days]
    assert all(len(each) / 30_000 == pytest.approx(0.02, abs=0.003) for each in people)
    assert [people[0] == people[1], people[1] == people[2]] == [periods[0] == periods[1], periods[1] == periods[2]]
    assert not assignment.is_left_alone(None, "1", days[0])


def test_a_share_alone_says_a_year():
    assert GlobalHoldout.model_validate(0.02) == GlobalHoldout.model_validate({"share": 0.02, "for": "year"})

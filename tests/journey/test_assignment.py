from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.journey import assignment
from winback.model import HOLDOUT


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

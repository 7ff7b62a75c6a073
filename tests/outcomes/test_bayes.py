from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.outcomes import bayes, shares
from winback.outcomes.statistics import Counted

ARMS = {"a": Counted(10, 500), "b": Counted(15, 500), "c": Counted(120, 5000)}


def test_two_arms_have_the_known_chance():
    assert bayes.best({"a": Counted(10, 500), "b": Counted(15, 500)})["b"].best == pytest.approx(0.8397, abs=5e-5)


def test_three_arms_as_scipys_quadrature_has_them():
    found = bayes.best(ARMS)
    assert [found[name].best for name in "abc"] == pytest.approx([0.1277978, 0.7505876, 0.1216145], abs=1e-5)
    assert [found[name].expected_loss for name in "abc"] == pytest.approx([0.01116708, 0.00120692, 0.00888911], abs=1e-6)


def test_a_million_customers_beside_ten_as_dice_have_them():
    arms = {"few": Counted(1, 10), "many": Counted(100_000, 1_000_000), "none": Counted(0, 0)}
    dice = np.random.default_rng(5)
    drawn = np.array([dice.beta(one.successes + 1, one.n - one.successes + 1, 400_000) for one in arms.values()])
    found = bayes.best(arms)
    assert [one.best for one in found.values()] == pytest.approx(np.bincount(drawn.argmax(axis=0), minlength=3) / 400_000, abs=0.004)
    assert [one.expected_loss for one in found.values()] == pytest.approx(drawn.max(axis=0).mean() - drawn.mean(axis=1), abs=0.003)


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 5000).flatmap(lambda n: st.builds(Counted, st.integers(0, n), st.just(n))), min_size=1)
)
def test_chances_add_up_and_the_likeliest_loses_least(arms):
    found = bayes.best(arms)
    assert sum(one.best for one in found.values()) == pytest.approx(1)
    assert all(one.expected_loss >= 0 for one in found.values())
    if len({one.n for one in arms.values()}) == 1:
        likeliest = max(found.values(), key=lambda one: one.best)
        assert likeliest.expected_loss == pytest.approx(min(one.expected_loss for one in found.values()), abs=1e-9)


def test_no_arms_have_no_standing():
    assert bayes.best({}) == {}


def test_shares_follow_the_chances_above_the_floor():
    found, standing = shares.thompson(ARMS, floor=0.1), bayes.best(ARMS)
    assert sum(found.values()) == pytest.approx(1)
    assert found == pytest.approx({name: 0.1 + 0.7 * standing[name].best for name in ARMS})
    sure = shares.thompson({"good": Counted(900, 1000), "bad": Counted(10, 1000)})
    assert sure == pytest.approx({"good": 0.9, "bad": 0.1})


def test_before_anything_is_known_shares_are_equal():
    assert shares.thompson(dict.fromkeys("abcd", Counted(0, 0))) == pytest.approx(dict.fromkeys("abcd", 0.25), abs=1e-6)


def test_floors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="4 tactics can't have 0.3 each"):
        shares.thompson(dict.fromkeys("abcd", Counted(0, 0)), floor=0.3)

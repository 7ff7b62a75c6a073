from __future__ import annotations

import numpy as np
import pytest

from winback.outcomes import shares, waves
from winback.outcomes.statistics import Counted, Moments

TRUE = {"gift": 0.02, "word": 0.005}


def adaptive(dice: np.random.Generator, waves_of: int = 5, customers: int = 2_000) -> list[dict[str, Counted]]:
    """A campaign whose shares follow success, in a shop whose customers return ever more by themselves: from 3 to 9 %."""
    so_far: dict[str, Counted] = dict.fromkeys(TRUE, Counted(0, 0))
    made = []
    for wave in range(waves_of):
        part = shares.thompson(so_far, floor=0.1)
        base = 0.03 + 0.06 * wave / (waves_of - 1)
        n = {name: round(0.8 * customers * share) for name, share in part.items()}
        wave_counts = {name: Counted(int(dice.binomial(n[name], base + TRUE[name])), n[name]) for name in TRUE}
        wave_counts["holdout"] = Counted(int(dice.binomial(customers // 5, base)), customers // 5)
        so_far = {name: Counted(so_far[name].successes + one.successes, so_far[name].n + one.n) for name, one in wave_counts.items() if name in TRUE}
        made.append(wave_counts)
    return made


def test_weighted_waves_are_right_where_the_plain_average_is_not():
    dice = np.random.default_rng(41)
    found, plain, covered = [], [], 0
    for _ in range(1_000):
        made = adaptive(dice)
        one = waves.rates(made, "gift", "word")
        found.append(one.difference)
        covered += TRUE["gift"] - TRUE["word"] in one.interval
        pooled = {name: [sum(part) for part in zip(*((w[name].successes, w[name].n) for w in made), strict=True)] for name in TRUE}
        plain.append(pooled["gift"][0] / pooled["gift"][1] - pooled["word"][0] / pooled["word"][1])
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - 0.015) < 3 * error
    assert abs(np.mean(plain) - 0.015) > 10 * error, "otherwise this test shows nothing of what weights are for"
    assert 0.93 <= covered / 1_000 <= 0.97


@pytest.mark.parametrize("tactic", TRUE)
def test_the_lift_against_the_holdout_is_unbiased_and_covered(tactic):
    dice = np.random.default_rng(43)
    found = [waves.rates(adaptive(dice), tactic, "holdout") for _ in range(1_000)]
    differences = np.array([one.difference for one in found])
    assert abs(differences.mean() - TRUE[tactic]) < 3 * differences.std() / np.sqrt(1_000)
    assert 0.93 <= np.mean([TRUE[tactic] in one.interval for one in found]) <= 0.97


def test_waves_weigh_by_their_size():
    made = [{"a": Counted(10, 100), "holdout": Counted(5, 100)}, {"a": Counted(30, 100), "b": Counted(0, 200), "holdout": Counted(10, 100)}]
    assert waves.rates(made, "a", "holdout").difference == pytest.approx((200 * 0.05 + 400 * 0.2) / 600)


def test_waves_without_one_of_the_arms_are_passed_over():
    whole = {"a": Counted(10, 100), "holdout": Counted(5, 100)}
    assert waves.rates([whole, {"holdout": Counted(5, 50)}, {"a": Counted(0, 0), "holdout": Counted(1, 9)}], "a", "holdout") == waves.rates(
        [whole], "a", "holdout"
    )
    assert waves.rates([], "a", "holdout") is None


def test_money_is_weighted_alike():
    first = {"a": Moments(10, 50, 400), "holdout": Moments(10, 20, 90)}
    second = {"a": Moments(30, 30, 60), "holdout": Moments(10, 30, 120)}
    assert waves.money([first, second], "a", "holdout").difference == pytest.approx((20 * 3 + 40 * -2) / 60)
    assert waves.money([{"a": Moments(1, 5, 25), "holdout": Moments(9, 5, 25)}], "a", "holdout") is None

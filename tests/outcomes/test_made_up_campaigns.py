"""What intervals and p-values promise, held against thousands of made-up campaigns whose truth is known. The dice are seeded."""

from __future__ import annotations

import numpy as np
import pytest

from winback.outcomes import sequence, statistics
from winback.outcomes.statistics import Counted

RATES = (0.005, 0.01, 0.02, 0.05, 0.2)
CAMPAIGNS = 2_000
FEWEST = 5
"""Returns expected in the smaller arm, from which on intervals are neither too narrow nor too wide; with fewer they are too wide."""


def drawn(dice: np.random.Generator, n: np.ndarray | int, rate: float | np.ndarray, size: int = CAMPAIGNS) -> list[Counted]:
    sizes = np.broadcast_to(n, size)
    return [Counted(int(did), int(of)) for did, of in zip(dice.binomial(sizes, rate), sizes, strict=True)]


def sizes(dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Campaigns of 200 to 50,000 customers, half to a tenth of them left alone."""
    whole = np.exp(dice.uniform(np.log(200), np.log(50_000), CAMPAIGNS))
    left_alone = (whole * dice.uniform(0.1, 0.5, CAMPAIGNS)).astype(int)
    return whole.astype(int) - left_alone, left_alone


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("lift", [0.0, 0.5, 1.0])
def test_intervals_cover_the_true_difference_of_campaigns_small_and_large(rate, lift):
    dice = np.random.default_rng([int(rate * 1000), int(lift * 10), 3])
    n, left_alone = sizes(dice)
    ours, theirs = drawn(dice, n, rate * (1 + lift)), drawn(dice, left_alone, rate)
    covered = np.array([rate * lift in statistics.newcombe(one, other) for one, other in zip(ours, theirs, strict=True)])
    enough = left_alone * rate >= FEWEST
    assert 0.94 <= covered.mean() <= 0.975
    assert 0.94 <= covered[enough].mean() <= 0.97
    assert np.sum(~enough) < 200 or covered[~enough].mean() >= 0.94, "with few returns intervals are rather too wide than too narrow"


@pytest.mark.parametrize("n", [500, 5_000, 50_000])
@pytest.mark.parametrize("rate", RATES)
def test_the_interval_of_one_rate_covers_it(rate, n):
    dice = np.random.default_rng([int(rate * 1000), n])
    covered = np.mean([rate in statistics.wilson(one.successes, one.n) for one in drawn(dice, n, rate)])
    assert (0.93 if n * rate < FEWEST else 0.937) <= covered <= 0.975


@pytest.mark.parametrize("rate", RATES)
def test_two_equal_arms_are_called_different_in_three_to_six_of_a_hundred(rate):
    dice = np.random.default_rng([int(rate * 1000), 5])
    n, left_alone = sizes(dice)
    ours, theirs = drawn(dice, n, rate), drawn(dice, left_alone, rate)
    alarms = np.array([statistics.rates_differ(one, other) < 0.05 for one, other in zip(ours, theirs, strict=True)])
    enough = left_alone * rate >= 2 * FEWEST
    assert 0.03 <= alarms[enough].mean() <= 0.06
    assert alarms.mean() <= 0.06


@pytest.mark.parametrize(
    ("base", "lift", "tactic_to_holdout"), [(0.01, 1.0, 1), (0.02, 0.5, 1), (0.02, 1.0, 4), (0.05, 0.5, 2), (0.05, 1.0, 1), (0.2, 0.2, 4)]
)
def test_power_is_within_three_points_of_what_planning_promised(base, lift, tactic_to_holdout):
    dice = np.random.default_rng(11)
    risen = base * (1 + lift)
    n = statistics.n_per_arm(base, risen, ratio=tactic_to_holdout)
    assert statistics.power_of(base, base * lift, n * tactic_to_holdout, n) == pytest.approx(0.8, abs=0.005)
    for customers, promised in ((n, 0.8), (n // 2, statistics.power_of(base, base * lift, n // 2 * tactic_to_holdout, n // 2))):
        ours, theirs = drawn(dice, customers * tactic_to_holdout, risen), drawn(dice, customers, base)
        seen = np.mean([statistics.rates_differ(one, other) < 0.05 for one, other in zip(ours, theirs, strict=True)])
        assert abs(seen - promised) < 0.03


def followed(dice: np.random.Generator, n: int, rate: float, days: int, campaigns: int, *, daily: bool) -> tuple[np.ndarray, np.ndarray]:
    """Returned and assigned so far, by campaign and day: everybody on the first day, or as many each day."""
    when = np.exp(-np.arange(days) / 12)
    when *= rate / when.sum()
    if not daily:
        return np.cumsum(dice.multinomial(n, [*when, 1 - rate], size=campaigns)[:, :days], axis=1), np.full(days, n)
    back = np.zeros((campaigns, days), dtype=np.int64)
    for day in range(days):
        chances = [*when[: days - day], 1 - when[: days - day].sum()]
        back[:, day:] += dice.multinomial(n // days, chances, size=campaigns)[:, :-1]
    return np.cumsum(back, axis=1), n // days * np.arange(1, days + 1)


@pytest.mark.parametrize("daily", [False, True], ids=["all at once", "new ones every day"])
@pytest.mark.parametrize(("n", "left_alone"), [(300, 300), (1_600, 400), (24_000, 6_000)])
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_who_looks_every_day_is_misled_in_less_than_five_of_a_hundred(rate, n, left_alone, daily):
    """The naive test, looked at as often, is misled four times as often and more."""
    dice, days, campaigns = np.random.default_rng([int(rate * 1000), n, daily]), 40, 300
    (ours, so_many), (theirs, so_few) = (followed(dice, size, rate, days, campaigns, daily=daily) for size in (n, left_alone))
    misled = naively = 0
    for mine, others in zip(ours.tolist(), theirs.tolist(), strict=True):
        pairs = [(Counted(a, int(m)), Counted(b, int(f))) for a, m, b, f in zip(mine, so_many, others, so_few, strict=True)]
        misled += any(0.0 not in interval for interval in sequence.rates_sequence(pairs))
        naively += any(statistics.pooled_z(*pair) < 0.05 for pair in pairs)
    assert misled / campaigns < 0.05
    if rate * left_alone >= 20:
        assert naively / campaigns > 0.12, "otherwise this test tells nothing of peeking"


@pytest.mark.parametrize("daily", [False, True], ids=["all at once", "new ones every day"])
def test_the_sequence_covers_what_is_true_on_each_day_all_days_together(daily):
    dice, days, campaigns = np.random.default_rng([29, daily]), 40, 300
    (ours, so_many), (theirs, so_few) = (followed(dice, n, rate, days, campaigns, daily=daily) for n, rate in ((8_000, 0.06), (2_000, 0.03)))
    entered = np.cumsum(np.full(days, 1 / days)) if daily else np.ones(days)
    when = np.cumsum(np.exp(-np.arange(days) / 12) / np.exp(-np.arange(days) / 12).sum())
    grown = np.cumsum(when) / days / entered if daily else when
    missed = sum(
        any(
            0.03 * truth not in sequence.rates(Counted(a, int(m)), Counted(b, int(f))).interval
            for truth, a, m, b, f in zip(grown, mine, so_many, others, so_few, strict=True)
        )
        for mine, others in zip(ours.tolist(), theirs.tolist(), strict=True)
    )
    assert missed / campaigns < 0.05


@pytest.mark.parametrize("daily", [False, True], ids=["all at once", "new ones every day"])
def test_money_may_be_looked_at_every_day_too(daily):
    dice, days, campaigns = np.random.default_rng([31, daily]), 40, 200
    counted = [followed(dice, n, 0.05, days, campaigns, daily=daily) for n in (4_000, 2_000)]
    misled = 0
    for campaign in range(campaigns):
        arms = []
        for back, assigned in counted:
            new = np.diff(back[campaign], prepend=0)
            spent = [dice.lognormal(4.0, 0.8, int(count)) for count in new]
            totals, squares = np.cumsum([one.sum() for one in spent]), np.cumsum([one @ one for one in spent])
            arms.append([statistics.Moments(int(n), float(t), float(s)) for n, t, s in zip(assigned, totals, squares, strict=True)])
        paid = counted[0][0][campaign] + counted[1][0][campaign]
        found = (sequence.money(one, other, int(count)) for one, other, count in zip(*arms, paid, strict=True))
        misled += any(one is not None and 0.0 not in one.interval for one in found)
    assert misled / campaigns < 0.05

from __future__ import annotations

import numpy as np
import pytest

from winback.outcomes import sequence, shares, waves
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


def season(part: float) -> float:
    return 0.07 + 0.06 * float(np.sin(3 * np.pi * part))


def looked_at_daily(
    dice: np.random.Generator, lift: float, *, waves_of: int = 6, length: int = 14, daily: int = 120
) -> list[list[dict[str, Counted]]]:
    """By day, each wave's arms: shares follow closed windows of 14 days, people come daily, and how many return by themselves has its season."""
    window, days = 14, waves_of * length
    enrolled, back = np.zeros((3, days), dtype=int), np.zeros((3, days), dtype=int)
    assigned, returned = np.zeros((3, waves_of, days + window), dtype=int), np.zeros((3, waves_of, days + window), dtype=int)
    part = {"gift": 0.5, "word": 0.5}
    for day in range(days):
        wave = day // length
        if day % length == 0 and day > window:
            over = slice(0, day - window)
            part = shares.thompson({name: Counted(int(back[i, over].sum()), int(enrolled[i, over].sum())) for i, name in enumerate(part)}, floor=0.1)
        enrolled[:, day] = dice.multinomial(daily, [0.8 * part["gift"], 0.8 * part["word"], 0.2])
        back[:, day] = dice.binomial(enrolled[:, day], season(day / days) + np.array([lift, 0, 0]))
        for arm in range(3):
            took = np.bincount(dice.integers(1, window, back[arm, day]), minlength=window).cumsum()
            assigned[arm, wave, day:] += enrolled[arm, day]
            returned[arm, wave, day : day + window] += took
            returned[arm, wave, day + window :] += back[arm, day]
    names = ("gift", "word", "holdout")
    return [
        [
            {name: Counted(int(returned[i, wave, day]), int(assigned[i, wave, day])) for i, name in enumerate(names)}
            for wave in range(min(waves_of, day // length + 1))
        ]
        for day in range(days + window)
    ]


def pooled(made: list[dict[str, Counted]], one: str, other: str) -> tuple[Counted, Counted]:
    ours, theirs = (Counted(sum(wave[name].successes for wave in made), sum(wave[name].n for wave in made)) for name in (one, other))
    return ours, theirs


def test_who_looks_daily_at_waves_is_seldom_alarmed_and_still_sees_an_effect():
    """In a season and without any effect, shares that follow success make pooled arms differ; waves don't."""
    dice, campaigns = np.random.default_rng(47), 60
    pairs = (("gift", "holdout"), ("gift", "word"))
    alarms, of_pooled = dict.fromkeys(pairs, 0), 0
    for _ in range(campaigns):
        days = looked_at_daily(dice, 0.0)
        for pair in pairs:
            alarms[pair] += any((found := waves.rates_so_far(made, *pair)) is not None and found.p_value < 0.05 for made in days)
        of_pooled += any((found := sequence.rates(*pooled(made, "gift", "word"))) is not None and found.p_value < 0.05 for made in days)
    assert max(alarms.values()) <= 0.05 * campaigns
    assert of_pooled > 0.3 * campaigns, "otherwise this test shows nothing of what waves are for"
    seen = [waves.rates_so_far(looked_at_daily(dice, 0.04)[-1], "gift", "word").p_value < 0.05 for _ in range(20)]
    assert np.mean(seen) > 0.5


def test_money_that_does_not_differ_inside_waves_raises_no_alarm_while_windows_are_open():
    """Amounts of 100 to each who returns; a season that pooled arms would take for an effect."""
    dice = np.random.default_rng(53)
    alarms = 0
    for _ in range(40):
        days = looked_at_daily(dice, 0.0)[::2]
        for made in days:
            spent = [{name: Moments(one.n, 100.0 * one.successes, 10_000.0 * one.successes) for name, one in wave.items()} for wave in made]
            paid = [wave["gift"].successes + wave["word"].successes for wave in made]
            found = sequence.money_by_wave((wave["gift"], wave["word"], each) for wave, each in zip(spent, paid, strict=True))
            if found is not None and found.p_value < 0.05:
                alarms += 1
                break
    assert alarms <= 2


def test_the_sequence_over_waves_adds_what_each_has_and_divides_by_its_weights():
    """m is 50 and 80; S is 5 and 8 of them."""
    made = [(Counted(20, 100), Counted(10, 100)), (Counted(40, 100), Counted(120, 400))]
    found = sequence.rates_by_wave(made)
    assert found.difference == pytest.approx((50 * 0.1 + 80 * 0.1) / 130)
    variances = [sum((one.successes + 1) * (one.n - one.successes + 1) / (one.n + 2) ** 2 / one.n for one in pair) for pair in made]
    grown, run_in = 50**2 * variances[0] + 80**2 * variances[1], 16 / (2 * np.log(20) + np.log(1 + 2 * np.log(20)))
    half = np.sqrt((grown + run_in) * np.log((grown + run_in) / run_in * 400)) / 130
    assert found.interval.high - found.difference == pytest.approx(half)
    assert sequence.rates_by_wave([*made, (Counted(0, 0), Counted(3, 9))]) == found
    assert sequence.rates_by_wave(made[:1]) == sequence.rates(*made[0])


@pytest.mark.parametrize("closed", [False, True])
def test_weighted_rates_differ_by_the_estimate_and_the_rise_that_shows_goes_by_its_error(closed):
    made = [{"a": Counted(60, 1000), "holdout": Counted(40, 1000)}, {"a": Counted(60, 200), "holdout": Counted(950, 3800)}]
    found = (waves.rates if closed else waves.rates_so_far)(made, "a", "holdout")
    ours, theirs = waves.weighted(made, "a", "holdout", closed=closed)
    assert ours.rate - theirs.rate == pytest.approx(found.difference)
    assert (ours.successes, ours.n, theirs.n) == (120, 1200, 4800)
    half = found.interval.high - found.difference
    rise = waves.detectable(made, "a", "holdout", closed=closed, alpha=0.05)
    assert rise > half
    assert rise == pytest.approx(half * (1.959964 + 0.841621) / 1.959964, rel=1e-5) or not closed
    assert waves.detectable(made, "a", "holdout", closed=closed, alpha=0.025) > rise

"""What is known of tactics over all campaigns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from winback.outcomes import tactics
from winback.outcomes.statistics import Counted, Interval, MeansCompared
from winback.outcomes.tactics import Tried

BEGUN = datetime(2026, 1, 5, tzinfo=UTC)


def tried(tactic: str, campaign: str, ours: tuple[int, int], theirs: tuple[int, int], *, days: int = 0, weighted=None) -> Tried:
    return Tried(tactic, campaign, 1, BEGUN + timedelta(days=days), Counted(*ours), Counted(*theirs), weighted)


def test_a_lucky_handful_does_not_lead_the_library():
    known = tactics.library([
        tried("lucky", "a", (6, 60), (1, 60)),
        tried("proven", "a", (900, 15000), (300, 10000)),
        tried("proven", "b", (620, 10000), (160, 5000)),
        tried("idle", "c", (310, 10000), (300, 10000)),
    ])  # fmt: skip
    assert [one.tactic for one in known] == ["proven", "idle", "lucky"]
    proven, lucky = (next(one for one in known if one.tactic == name) for name in ("proven", "lucky"))
    assert (proven.customers, proven.returned, len(proven.tried)) == (25000, 1520, 2)
    assert proven.believed.interval.low > 0.02
    assert lucky.believed.value < 6 / 60 - 1 / 60, "sixty people are drawn to what tactics bring on the whole"
    assert lucky.believed.interval.low < 0 < lucky.believed.interval.high


def test_campaigns_that_disagree_widen_what_is_said_of_the_next():
    alike = tactics.library([tried("a", "x", (600, 10000), (300, 10000)), tried("a", "y", (600, 10000), (300, 10000))])[0]
    apart = tactics.library([tried("a", "x", (900, 10000), (300, 10000)), tried("a", "y", (300, 10000), (300, 10000))])[0]
    assert alike.believed.value == pytest.approx(apart.believed.value, abs=0.002)
    assert (apart.next_one.high - apart.next_one.low) > 2 * (alike.next_one.high - alike.next_one.low)
    assert alike.next_one.low < alike.believed.interval.low
    assert alike.next_one.high > alike.believed.interval.high


def test_who_cannot_be_compared_is_no_evidence():
    assert tactics.library([tried("a", "x", (6, 100), (0, 0)), tried("b", "x", (0, 0), (5, 100))]) == ()
    assert tactics.library([]) == ()


def test_a_run_that_changed_its_shares_counts_as_its_waves_say():
    weighted = MeansCompared(0.01, Interval(-0.0096, 0.0296), 0.3)
    estimate = tried("a", "x", (500, 5000), (100, 5000), weighted=weighted).estimate
    assert estimate is not None
    assert (estimate.value, estimate.error) == (0.01, pytest.approx(0.01, rel=1e-3))


def test_it_is_told_in_words_and_numbers():
    (known,) = tactics.library([tried("gift", "b", (90, 1000), (20, 500), days=40), tried("gift", "a", (80, 1000), (25, 500))])
    assert known.sentence.startswith("gift was tried in 2 campaigns, with 2,000 customers: it brings back +")
    told = known.as_json()
    assert [one["campaign"] for one in told["tried"]] == ["a", "b"]
    assert (told["campaigns"], told["customers"], told["returned"]) == (2, 2000, 170)
    assert told["next_low"] < told["low"] < told["believed_difference"] < told["high"] < told["next_high"]
    assert 0.9 < told["chance_above_zero"] <= 1


def test_two_campaigns_that_agree_are_known_better_than_either():
    spring, summer = tried("gift", "a", (24, 40), (1, 20)), tried("gift", "b", (18, 40), (1, 20))
    (once,), (twice,) = tactics.library([spring]), tactics.library([spring, summer])
    assert twice.believed.value == pytest.approx((0.55 + 0.40) / 2, abs=1e-3)
    assert twice.believed.interval.high - twice.believed.interval.low < once.believed.interval.high - once.believed.interval.low
    assert twice.believed.interval.low > 0.3

"""Reports of campaigns whose shares changed from wave to wave: everything that they tell agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.outcomes import sample
from winback.model import HOLDOUT
from winback.outcomes import composing, languages, sequence, tabulated, waves
from winback.outcomes.backdrop import Backdrop, Expected
from winback.outcomes.comparison import Finding
from winback.outcomes.figures import (
    ArmFigures,
    CellFigures,
    CostFigures,
    CurveCell,
    DayFigures,
    Dimension,
    Figures,
    MoneyCell,
    WaveFigures,
)
from winback.outcomes.report import Report
from winback.outcomes.sentences import ENGLISH, Words
from winback.outcomes.statistics import Counted, Moments
from winback.speech import Language

Counts = Mapping[str, Mapping[str, tuple[int, int]]]
"""By wave and arm: how many were assigned, how many came back."""
CASE: Counts = {"1": {"a": (1000, 60), HOLDOUT: (1000, 40)}, "2": {"a": (200, 60), HOLDOUT: (3800, 950)}}
"""Simpson's own: in both waves the tactic brings back more, and over all customers fewer."""
SPENT = 1000.0
"""By each who came back, in minor units."""


def figures(counts: Counts) -> Figures:
    arms = {arm: tuple(map(sum, zip(*(wave[arm] for wave in counts.values() if arm in wave), strict=True))) for arm in counts["1"]}

    def spent(n: int, back: int, part: float = 1.0) -> Moments:
        return Moments(n, back * SPENT * part, back * (SPENT * part) ** 2)

    return Figures(
        arms=tuple(
            ArmFigures(
                arm, n, n, sample.BEGUN, sample.BEGUN, returned=back, revenue=spent(n, back), margin=spent(n, back, 0.3), ordered=spent(n, back, 0.001),
                kept=back // 3, contacted=0 if arm == HOLDOUT else n, cost=CostFigures(0 if arm == HOLDOUT else 2_000), capped=spent(n, back, 0.5),
            )
            for arm, (n, back) in arms.items()
        ),
        stages=(), curve=tuple(CurveCell(arm, 60, day, count) for arm, (n, back) in arms.items() for day, count in ((3, back), (None, n - back))),
        skips=(), locales=(), others=(), cap_minor=500,
        strata=tuple(
            CellFigures(dimension, value, arm, n, back, spent(n, back), spent(n, back, 0.3))
            for dimension, names in ((Dimension.WAVE, {}), (Dimension.VALUE_CLASS, {"1": "gold", "2": "copper"}))
            for wave, of_wave in counts.items() for value in (names.get(wave, wave),) for arm, (n, back) in of_wave.items()
        ),
        days=tuple(DayFigures(arm, day, n, back * day // 3, spent(n, back)) for arm, (n, back) in arms.items() for day in (1, 2, 3)),
        money=tuple(MoneyCell(arm, back, back * SPENT, back * SPENT**2) for arm, (_, back) in arms.items()),
        waves=tuple(WaveFigures(number, sample.BEGUN, {"a": 0.5, HOLDOUT: 0.5}) for number in (1, 2)),
    )  # fmt: skip


def composed(counts: Counts = CASE, *, days: float = 90, words: Words = ENGLISH, alike: bool = False) -> Report:
    found = figures(counts)
    return composing.compose(
        replace(found, waves=found.waves[:1]) if alike else found,
        run_id=1, campaign="x", shares={**dict.fromkeys([arm for arm in counts["1"] if arm != HOLDOUT], 0.5), HOLDOUT: 0.5}, window=sample.WINDOW,
        currency="UAH", now=sample.BEGUN + timedelta(days=days), words=words, backdrop=Backdrop(expected=Expected(1, 1, {}, 0, None, {"a": 0.01})),
    )  # fmt: skip


def by_wave(counts: Counts) -> list[dict[str, Counted]]:
    return [{arm: Counted(back, n) for arm, (n, back) in wave.items()} for wave in counts.values()]


def test_a_closed_report_says_the_same_in_its_sentence_its_tables_its_money_and_its_profit():
    told = composed()
    assert told.arm("a").returned.rate < told.arm(HOLDOUT).returned.rate
    rates, money = told.compared("returned", "a"), told.compared("revenue", "a")
    assert rates.difference == pytest.approx((2000 * 0.02 + 4000 * 0.05) / 6000)
    assert (rates.low, rates.high) == pytest.approx((-0.004, 0.084), abs=0.001)
    judged, earned = told.judged[0], told.earned[0]
    assert judged.compared == rates
    assert judged.finding is Finding.NO_DIFFERENCE
    assert "22.0% returned, against 18.0% (+4.0 points" in judged.sentence
    assert "A rise of 6.3 points" in judged.sentence
    assert judged.detectable == pytest.approx((rates.high - rates.difference) * (1.959964 + 0.841621) / 1.959964, rel=1e-5)
    assert next(row.happened for row in told.plan if row.of == "a") == judged.detectable
    unit = SPENT / 100
    assert money.difference == pytest.approx(0.04 * unit)
    assert earned.extra_revenue.amount == pytest.approx(money.difference * 1200)
    assert (earned.extra_revenue.interval.low, earned.extra_revenue.interval.high) == pytest.approx((money.low * 1200, money.high * 1200))
    assert earned.extra_margin.amount == pytest.approx(0.3 * earned.extra_revenue.amount)
    assert earned.profit.amount == pytest.approx(earned.extra_margin.amount - 20)
    assert earned.profit.interval.high - earned.profit.amount == pytest.approx(0.3 * 1200 * (money.high - money.difference))


def test_the_whole_campaign_brought_what_its_tactics_did():
    three = {"1": {"a": (1000, 60), "b": (900, 30), HOLDOUT: (1000, 40)}, "2": {"a": (200, 60), "b": (1800, 470), HOLDOUT: (3800, 950)}}
    for days in (30, 90):
        first, second, whole = composed(three, days=days).earned
        assert whole.extra_revenue.amount == pytest.approx(first.extra_revenue.amount + second.extra_revenue.amount)
        assert whole.profit.amount == pytest.approx(first.profit.amount + second.profit.amount)
        assert whole.extra_revenue.interval.low < whole.extra_revenue.amount < whole.extra_revenue.interval.high


def test_where_few_paid_closed_waves_tell_money_without_an_interval_and_open_ones_with():
    few = {"1": {"a": (1000, 60), HOLDOUT: (500, 10)}, "2": {"a": (200, 60), HOLDOUT: (500, 9)}}
    for days, has_interval in ((90, False), (30, True)):
        told = composed(few, days=days)
        money, earned = told.compared("revenue", "a"), told.earned[0]
        assert money.difference * 1200 == pytest.approx(earned.extra_revenue.amount)
        assert [money.low is not None, money.p_value is not None, earned.extra_revenue.interval is not None] == [has_interval] * 3
    enough = {**few, "1": {"a": (1000, 60), HOLDOUT: (500, 11)}}
    assert composed(enough).compared("revenue", "a").low is not None
    assert composed(enough).earned[0].profit.interval is not None


def test_while_windows_are_open_arms_are_compared_by_the_sequence_over_waves():
    told = composed(days=30)
    found, right = told.compared("returned", "a"), sequence.rates_by_wave((wave["a"], wave[HOLDOUT]) for wave in by_wave(CASE))
    assert (found.difference, found.low, found.p_value) == pytest.approx((right.difference, right.interval.low, right.p_value))
    assert found.difference > 0
    ours, theirs = waves.weighted(by_wave(CASE), "a", HOLDOUT, closed=False)
    assert "So far: " in told.judged[0].sentence
    assert f"{ours.rate:.1%} returned, against {theirs.rate:.1%} (" in told.judged[0].sentence
    money, earned = told.compared("revenue", "a"), told.earned[0]
    assert money.difference == pytest.approx(found.difference * SPENT / 100)
    assert earned.extra_revenue.amount == pytest.approx(money.difference * 1200)
    assert (earned.extra_revenue.interval.low, earned.extra_revenue.interval.high) == pytest.approx((money.low * 1200, money.high * 1200))
    assert earned.profit.amount > 0
    assert told.judged[0].detectable > found.high - found.difference


@pytest.mark.parametrize("days", [30, 90])
def test_what_would_pool_waves_is_left_out_and_the_report_says_so(days):
    told, alike = composed(days=days), composed(days=days, alike=True)
    assert alike.proofs.followed
    assert alike.proofs.standings
    assert alike.proofs.responding
    assert alike.secondary.measures
    assert alike.secondary.checks
    assert alike.curve
    assert (told.proofs.followed, told.proofs.standings, told.proofs.responding) == ((), {}, ())
    assert (told.secondary.measures, told.secondary.checks, told.curve) == ((), (), {})
    assert told.proofs.guards == alike.proofs.guards != ()
    sections = [{table.section: table.note for table in tabulated.tables(one)} for one in (told, alike)]
    assert "can't be compared between arms" in sections[0]["who-returned"]
    assert sections[1]["who-returned"] == ""
    assert "weighted by waves" in told.note
    assert "left out" in told.note
    assert "left out" not in alike.note


@pytest.mark.parametrize("language", list(Language))
def test_it_is_said_in_each_language(language):
    words = languages.words(language)
    assert words["waves"] in composed(words=words).note
    assert words["waves-without"] in composed(words=words).note

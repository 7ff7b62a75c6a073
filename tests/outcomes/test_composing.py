"""What a report says, from figures alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from winback.model import HOLDOUT
from winback.outcomes import composing, sequence, statistics, tabulated
from winback.outcomes.comparison import Finding
from winback.outcomes.figures import ArmFigures, Figures, LocaleFigures, OtherRevenue, StageFigures
from winback.outcomes.statistics import Counted, Moments

BEGUN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
WINDOW = timedelta(days=60)
SHARES = {"gift": 0.6, "letter": 0.2, HOLDOUT: 0.2}


def arm(name: str, assigned: int, returned: int, revenue_minor: float = 0.0, squares: float = 0.0) -> ArmFigures:
    return ArmFigures(
        arm=name, assigned=assigned, closed=0, first_assigned_at=BEGUN, last_assigned_at=BEGUN, returned=returned, orders=returned,
        revenue=Moments(assigned, revenue_minor, squares),
    )  # fmt: skip


def figures(*arms: ArmFigures, **more) -> Figures:
    parts = {"stages": (), "curve": (), "skips": (), "locales": (), "others": (), **more}
    return Figures(arms=arms, **parts)


def report(counted: Figures, *, shares=SHARES, days=90, truth=None, currency="UAH"):
    return composing.compose(
        counted, run_id=1, campaign="spring", shares=shares, window=WINDOW, currency=currency, now=BEGUN + timedelta(days=days), truth=truth
    )


@pytest.mark.parametrize(
    ("gift", "holdout", "finding", "words"),
    [
        ((3000, 210), (3000, 120), Finding.BETTER, "gift brings people back: 7.0% of its customers returned, against 4.0% of those left alone. That is 3.0 points more"),
        ((3000, 60), (3000, 120), Finding.WORSE, "gift keeps people away: 2.0% of its customers returned, against 4.0% of those left alone. That is 2.0 points fewer"),
        ((3000, 130), (3000, 120), Finding.NO_DIFFERENCE, "No difference found yet between gift and leaving people alone: 4.3% returned, against 4.0% (+0.3 points"),
        ((100, 6), (100, 4), Finding.TOO_FEW, "can't be told with this many customers: 6.0% of 100 returned, against 4.0% of the 100 left alone"),
        ((2, 0), (3, 1), Finding.TOO_FEW, "No rise, however large, would probably show."),
        ((0, 0), (50, 2), Finding.NOT_COMPARABLE, "gift can't be judged: nobody has been assigned to it."),
        ((50, 3), (0, 0), Finding.NOT_COMPARABLE, "gift can't be judged: 6.0% of 50 returned, but nobody was left alone"),
    ],
)  # fmt: skip
def test_a_tactic_is_judged_in_plain_words(gift, holdout, finding, words):
    (judged,) = report(figures(arm("gift", *gift), arm(HOLDOUT, *holdout)), shares={"gift": 0.5, HOLDOUT: 0.5}).judged
    assert judged.finding is finding
    assert words in judged.sentence


def test_among_several_tactics_the_p_says_that_it_is_of_several():
    """The interval of one tactic alone leaves zero out, and nothing is found: the p-value that decides is another one, and says so."""
    arms = (arm("gift", 2000, 88), arm("letter", 2000, 62), arm("call", 2000, 64), arm(HOLDOUT, 2000, 60))
    (judged, *_) = report(figures(*arms), shares=dict.fromkeys(("gift", "letter", "call", HOLDOUT), 0.25)).judged
    assert judged.compared.low is not None
    assert judged.compared.low > 0
    assert judged.finding is Finding.NO_DIFFERENCE
    assert judged.sentence.replace("\N{NO-BREAK SPACE}", " ").count("p = 0.057, all tactics considered") == 1
    (alone,) = report(figures(arms[0], arms[-1]), shares={"gift": 0.5, HOLDOUT: 0.5}).judged
    assert "considered" not in alone.sentence


@pytest.mark.parametrize(("left_alone", "is_known"), [(19, False), (20, True)])
def test_where_few_bought_money_is_told_without_an_interval(left_alone, is_known):
    told = report(figures(arm("gift", 900, 90, 9_000.0, 1e6), arm(HOLDOUT, 500, left_alone, 1_900.0, 2e5)), shares={"gift": 0.5, HOLDOUT: 0.5})
    found = told.compared("revenue", "gift")
    assert found.difference == pytest.approx(0.1 - 0.038)
    assert (found.low is not None, found.p_value is not None) == (is_known, is_known)


def test_until_the_window_closes_the_rise_that_would_show_is_that_of_the_sequence():
    arms = arm("gift", 8_000, 400), arm(HOLDOUT, 2_000, 100)
    open_, closed = (report(figures(*arms), shares={"gift": 0.8, HOLDOUT: 0.2}, days=days).judged[0].detectable for days in (30, 90))
    assert (open_, closed) == (
        pytest.approx(sequence.detectable(8_000, Counted(100, 2_000), 0.05)),
        pytest.approx(statistics.detectable_difference(0.05, 8_000, 2_000)),
    )
    assert open_ > 1.3 * closed


def test_the_verdict_says_how_many_more_came_back():
    (judged,) = report(figures(arm("gift", 3000, 210), arm(HOLDOUT, 3000, 120)), shares={"gift": 0.5, HOLDOUT: 0.5}).judged
    assert "about 90 of its 3,000 customers who would not have come by themselves" in judged.sentence


def test_a_difference_that_only_looks_sure_alone_is_not_one_among_several_tactics():
    alone = report(figures(arm("b", 2000, 90), arm(HOLDOUT, 2000, 64)), shares={"b": 0.5, HOLDOUT: 0.5}).judged[0]
    assert (alone.finding, alone.compared.p_adjusted) == (Finding.BETTER, alone.compared.p_value)
    among = figures(arm("a", 2000, 120), arm("b", 2000, 90), arm("c", 2000, 90), arm(HOLDOUT, 2000, 64))
    judged = {one.arm: one for one in report(among, shares=dict.fromkeys(("a", "b", "c", HOLDOUT), 0.25)).judged}
    assert judged["b"].compared.p_value == alone.compared.p_value < 0.05
    assert judged["b"].compared.p_adjusted == pytest.approx(2 * alone.compared.p_value)
    assert (judged["a"].finding, judged["b"].finding) == (Finding.BETTER, Finding.NO_DIFFERENCE)


def test_until_the_window_closes_every_verdict_is_so_far():
    early, late = (report(figures(arm("gift", 3000, 210), arm("letter", 1000, 40), arm(HOLDOUT, 1000, 40)), days=days) for days in (59.9, 60))
    assert not early.closed
    assert all(judged.sentence.startswith("So far: ") for judged in early.judged)
    assert early.among_tactics.startswith("So far: ")
    assert "The return window closes on 30 April 2026; until then these numbers move." in early.note
    assert late.closed
    assert late.judged[0].sentence.startswith("gift brings people back")
    assert "The return window of 60 days closed on 30 April 2026." in late.note


def test_the_truth_is_held_against_the_interval_once_the_window_has_closed():
    counted = figures(arm("gift", 3000, 210), arm(HOLDOUT, 3000, 120))
    shares = {"gift": 0.5, HOLDOUT: 0.5}
    for true, covered in ((0.03, True), (0.06, False)):
        assert report(counted, shares=shares, truth={"gift": true}).judged[0].covered is covered
    assert report(counted, shares=shares, truth={"gift": 0.03}, days=10).judged[0].covered is None
    assert report(counted, shares=shares).judged[0].covered is None


def test_arms_that_are_not_as_large_as_planned_raise_an_alarm_that_names_causes():
    skewed = report(figures(arm("gift", 600, 9), arm("letter", 320, 9), arm(HOLDOUT, 200, 9)))
    assert skewed.sample_ratio.alarm
    assert "letter 320, planned 224; left alone 200, planned 224" in skewed.sample_ratio.sentence
    assert "Likely causes" in skewed.sample_ratio.sentence
    fair = report(figures(arm("gift", 600, 9), arm("letter", 205, 9), arm(HOLDOUT, 195, 9)))
    assert not fair.sample_ratio.alarm
    assert "have the sizes that were planned" in fair.sample_ratio.sentence


def test_an_arm_that_nobody_planned_is_an_alarm_and_valid_json():
    odd = report(figures(arm("gift", 600, 9), arm("forgotten", 3, 0), arm(HOLDOUT, 200, 9)), shares={"gift": 0.75, HOLDOUT: 0.25})
    assert [one.name for one in odd.arms] == ["gift", "forgotten", HOLDOUT]
    assert odd.sample_ratio.alarm
    assert json.loads(json.dumps(odd.as_json(), allow_nan=False))["sample_ratio"]["chi2"] is None


def test_a_planned_arm_without_customers_is_shown_and_compared_with_nothing():
    empty = report(figures(arm("gift", 60, 2), arm(HOLDOUT, 20, 1)))
    letter = empty.arm("letter")
    assert (letter.assigned, letter.returned.rate, letter.revenue) == (0, None, Decimal("0.00"))
    compared = empty.compared("returned", "letter")
    assert (compared.difference, compared.low, compared.p_value) == (None, None, None)


def test_a_campaign_without_a_holdout_compares_only_its_tactics():
    alone = report(figures(arm("gift", 3000, 210), arm("letter", 3000, 120)), shares={"gift": 0.5, "letter": 0.5, HOLDOUT: 0.0})
    assert {one.against for one in alone.comparisons} == {"gift"}
    assert {judged.finding for judged in alone.judged} == {Finding.NOT_COMPARABLE}
    assert alone.among_tactics.startswith("gift brings back more than letter: 3.0 points")


def test_a_run_without_anybody_says_so():
    nobody = report(figures())
    assert nobody.note == "Nobody has been assigned yet."
    assert not nobody.closed
    json.dumps(nobody.as_json(), allow_nan=False)


def test_money_is_in_the_currencys_unit_and_currencies_are_never_added():
    spent = figures(arm("gift", 4, 2, 1500.0, 1000.0**2 + 500.0**2), others=(OtherRevenue("gift", "KWD", 1, 12_345),))
    gift = report(spent, shares={"gift": 1.0}).arm("gift")
    assert gift.revenue == Decimal("15.00")
    assert (gift.per_customer.mean, gift.per_customer.squares) == (pytest.approx(3.75), pytest.approx(125))
    assert report(spent, shares={"gift": 1.0}, currency="JPY").arm("gift").revenue == Decimal(1500)
    ((name, orders, money),) = report(spent, shares={"gift": 1.0}).others
    assert (name, orders, money.amount, money.currency) == ("gift", 1, Decimal("12.345"), "KWD")


def test_json_holds_rates_as_fractions_and_every_comparison():
    counted = figures(
        arm("gift", 3000, 210, 50_000.0, 9e6), arm("letter", 1000, 40, 9_000.0, 4e6), arm(HOLDOUT, 1000, 40, 8_000.0, 3e6),
        skips=(("no-consent", 7),), locales=(LocaleFigures("uk", "gift", 3000, 210),),
        stages=(StageFigures("hello", "gift", 0, 2900, 50, 1, 0, 49, 0, 900, 200),),
    )  # fmt: skip
    found = json.loads(json.dumps(report(counted, truth={"gift": 0.03}).as_json(), allow_nan=False))
    assert [(one["outcome"], one["arm"], one["against"]) for one in found["comparisons"]] == [
        ("returned", "gift", HOLDOUT), ("returned", "letter", HOLDOUT), ("revenue", "gift", HOLDOUT), ("revenue", "letter", HOLDOUT),
        ("returned", "letter", "gift"), ("revenue", "letter", "gift"),
    ]  # fmt: skip
    first = found["comparisons"][0]
    assert set(first) == {"outcome", "arm", "against", "difference", "low", "high", "p_value", "p_adjusted"}
    assert first["difference"] == pytest.approx(0.03)
    gift = found["arms"][0]
    assert (gift["arm"], gift["assigned"], gift["returned"], gift["rate"], gift["revenue"]) == ("gift", 3000, 210, 0.07, 500.0)
    assert found["sample_ratio"]["p_value"] == 1.0
    assert found["skips"] == [{"reason": "no-consent", "customers": 7}]
    assert found["verdicts"][0]["finding"] == "better"
    assert found["verdicts"][0]["true_difference_covered"] is True
    assert found["funnel"][0]["opened"] == 900


@pytest.mark.parametrize(
    ("clicks", "columns", "numbers"),
    [
        ({"clicked": 7}, ("clicked",), ("7",)),
        ({"clicked": 7, "clicked_machine": 2}, ("clicked", "machine"), ("7", "2")),
        ({"clicked_unverified": 3, "clicked_machine": 2}, ("clicked", "in doubt", "machine"), ("0", "3", "2")),
    ],
)
def test_clicks_that_no_person_made_have_columns_of_their_own_where_there_are_any(clicks, columns, numbers):
    shown = tabulated.letters(report(figures(replace(arm("gift", 50, 3), **clicks), arm(HOLDOUT, 50, 2)), shares={"gift": 0.5, HOLDOUT: 0.5}))
    here = slice(5, shown.columns.index("replied"))
    assert (shown.columns[here], shown.rows[0][here]) == (columns, numbers)

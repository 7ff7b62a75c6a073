"""What `winback plan` says of the lift that a campaign hopes for."""

from __future__ import annotations

import pytest

from tests.operations import daily
from tests.operations.daily import START, lapse
from winback.errors import ConfigError
from winback.operations import planning
from winback.outcomes import statistics

ONCE = {"enrol": None, "back_fill": None, "ends_on": "2027-12-31"}


def test_a_hope_that_today_s_customers_cannot_show_is_told_how_long_to_collect(engine, tmp_path):
    """240 customers, of whom 60 lapsed in the last thirty days: 14 a week."""
    ready = daily.make(tmp_path / "shop", **ONCE, hoped_lift=0.1)
    lapse(engine, [-100] * 180 + [-10] * 60)
    plan = planning.plan(ready, engine, now=START)
    hoped = plan.power
    assert (hoped.customers, hoped.tactics, hoped.hoped) == (240, 2, 0.1)
    assert hoped.detectable > 0.1
    assert hoped.power < 0.8
    assert hoped.weeks == -(-(hoped.needed - 240) // 14)
    assert f"you hope for 10: collect for {hoped.weeks} weeks" in hoped.sentence
    told = plan.as_json()["power"]
    assert told["hoped"]["sentence"] == hoped.sentence
    assert told["hoped"]["customers_needed"] == hoped.needed


def test_a_hope_that_shows_needs_no_collecting(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", **ONCE, hoped_lift=0.6)
    lapse(engine, [-100] * 240)
    assert planning.plan(ready, engine, now=START).power.sentence.endswith("it would show with a chance of 99 %.")


def test_a_daily_campaign_counts_those_who_wait(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", hoped_lift=0.02)
    lapse(engine, [-40] * 90)
    plan = planning.plan(ready, engine, now=START)
    assert plan.power.customers == plan.cohort == 90
    assert plan.power.weeks is None or plan.power.weeks > 0


def test_without_a_hope_nothing_is_said_of_one(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", **ONCE)
    lapse(engine, [-100] * 40)
    plan = planning.plan(ready, engine, now=START)
    assert plan.power is None
    assert "hoped" not in plan.as_json()["power"]


def test_several_tactics_are_planned_for_as_they_will_be_judged(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", **ONCE)
    lapse(engine, [-100] * 200)
    plan = planning.plan(ready, engine, now=START)
    for tactic, detectable in plan.detectable.items():
        n, left_alone = plan.arms[tactic], plan.arms["holdout"]
        assert detectable == pytest.approx(statistics.detectable_difference(0.03, n, left_alone, alpha=0.05 / len(plan.detectable)))


def test_greetings_hope_for_nobody_s_return(tmp_path):
    from tests import projects
    from winback.sending import prepared

    project = projects.make(tmp_path / "shop")
    path = project.config("campaigns", "greetings.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "\nhoped_lift: 0.02\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="hoped_lift"):
        prepared.prepare(project, "greetings")

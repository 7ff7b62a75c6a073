from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.projects import ROOT
from winback import settings, strictyaml
from winback.journey import occasions, stage_times
from winback.journey.campaign import Campaign
from winback.journey.greetings import Calendar
from winback.journey.policy import Rules
from winback.journey.stage_times import Traveller

CASES = yaml.safe_load(Path(__file__).with_name("stage_times.yaml").read_text(encoding="utf-8"))
KYIV = ZoneInfo("Europe/Kyiv")
CALENDAR = Calendar(occasions.read(settings.open_project(ROOT, {})).value)
WHO = Traveller("UA", "Europe/Kyiv", Rules(), datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
CAMPAIGN = """
title: t
cohort: c
starts_on: 2026-11-24
ends_on: 2027-02-28
holdout: 0.2
sender: s
tactics: {a: {share: 1}}
stages:
  - {name: first, letter: x}
"""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KYIV)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['stage']} after {case['after']}")
def test_a_stage_comes_when_a_person_would_say(case):
    said = case["stage"].strip("{}") if case["stage"].startswith("{") else case["stage"]
    plan = strictyaml.parse(f"{CAMPAIGN}  - {{name: then, letter: x, {said}}}\n", Campaign, shown="c.yaml").value
    stage, after = plan.stages[1], local(str(case["after"]))
    due = stage_times.due_at(plan, stage, after, WHO, CALENDAR)
    assert due == (after if case["due"] == "now" else local(str(case["due"])))
    assert stage_times.day_of(plan, stage, WHO, CALENDAR) == case.get("day")


def test_the_day_of_an_occasion_is_the_countrys_own():
    plan = strictyaml.parse(f"{CAMPAIGN}  - {{name: then, letter: x, occasion: {{name: christmas, days_before: 3}}}}\n", Campaign, shown="c").value
    days = {
        country: stage_times.day_of(plan, plan.stages[1], Traveller(country, "Europe/Kyiv", Rules(), WHO.assigned_at), CALENDAR)
        for country in ("UA", "MD", "")
    }
    assert str(days["UA"]) == "2026-12-22"
    assert days[""] is None, "nobody knows which Christmas they keep"

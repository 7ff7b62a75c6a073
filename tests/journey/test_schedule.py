from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.journey import schedule
from winback.journey.policy import Rules
from winback.journey.stage import Stage

CASES = yaml.safe_load(Path(__file__).with_name("schedule.yaml").read_text(encoding="utf-8"))


def stage(**values) -> Stage:
    return Stage.model_validate({"name": "s", "letter": "x", **{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_a_stage_falls_due_in_the_customers_own_time(case):
    rules = Rules.model_validate({k: tuple(v) if isinstance(v, list) else v for k, v in case.get("rules", {}).items()})
    after = datetime.fromisoformat(case["after"]).replace(tzinfo=ZoneInfo(case["zone"]))
    due = schedule.due_at(stage(**case.get("stage", {})), after.astimezone(UTC), case["zone"], rules)
    assert f"{due.astimezone(ZoneInfo(case['zone'])):%Y-%m-%d %H:%M}" == case["due"]


zones = st.sampled_from(["Europe/Kyiv", "America/New_York", "Asia/Ulaanbaatar", "Australia/Lord_Howe", "Africa/Casablanca"])
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(
    zones,
    moments,
    st.integers(0, 40),
    st.sampled_from([None, "08:00-09:30", "10:00-13:00", "21:00-23:00"]),
    st.sampled_from([None, ["tue"], ["sun"], ["sat", "mon"]]),
)
def test_nothing_ever_falls_due_outside_of_the_customers_hours(zone, after, days, hours, weekdays):
    wanted = stage(wait=f"{days} days", **({"hours": hours} if hours else {}), **({"weekdays": weekdays} if weekdays else {}))
    rules = Rules()
    due = schedule.due_at(wanted, after, zone, rules)
    local = due.astimezone(ZoneInfo(zone))
    opens, closes = schedule.window(wanted, rules)
    assert opens <= local.time() < closes
    assert local.weekday() in schedule.allowed_weekdays(wanted, rules)
    assert due >= after + timedelta(days=days) - timedelta(hours=2)  # a day of waiting is a day on the wall, 23 hours in spring


def test_a_zone_that_does_not_exist_gives_way_to_the_countrys_and_then_the_shops():
    kyiv = Rules.model_validate({"time_zone": "Europe/Kyiv"})
    assert schedule.zone_of("Asia/Tashkent", kyiv, "Europe/London") == "Asia/Tashkent"
    assert schedule.zone_of("Nowhere/City", kyiv, "Europe/London") == "Europe/Kyiv"
    assert schedule.zone_of("", Rules(), "Europe/London") == "Europe/London"
    assert schedule.zone_of("../etc/passwd", Rules(), "Europe/London") == "Europe/London"


def test_a_stage_whose_hours_the_country_forbids_goes_out_in_the_countrys():
    rules = Rules.model_validate({"hours": "09:00-12:00"})
    assert schedule.window(stage(hours="18:00-20:00"), rules) == (time(9), time(12))
    assert schedule.window(stage(hours="11:00-20:00"), rules) == (time(11), time(12))

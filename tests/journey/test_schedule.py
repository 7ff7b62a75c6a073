from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.journey import clocks, schedule, zones
from winback.journey.policy import Rules
from winback.journey.stage import Stage

CASES = yaml.safe_load(Path(__file__).with_name("schedule.yaml").read_text(encoding="utf-8"))


def shaped(values: dict) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def stage(**values) -> Stage:
    return Stage.model_validate({"name": "s", "letter": "x", **shaped(values)})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_a_stage_falls_due_in_the_customers_own_time(case):
    rules = Rules.model_validate(shaped(case.get("rules", {})))
    local = ZoneInfo(case.get("seen_in", case["zone"]))
    after = datetime.fromisoformat(case["after"]).replace(tzinfo=local, fold=case.get("second", False))
    due = schedule.due_at(stage(**case.get("stage", {})), after.astimezone(UTC), case["zone"], rules, case.get("hour")).astimezone(local)
    assert (f"{due:%Y-%m-%d %H:%M}", due.fold) == (case["due"], case.get("due_second", False))


one_zone = st.sampled_from(
    "Europe/Kyiv America/New_York Asia/Ulaanbaatar Australia/Lord_Howe Africa/Casablanca Africa/Cairo Asia/Tehran Pacific/Apia Asia/Kathmandu".split()
)
countries = st.sampled_from(["US/*", "RU/*", "AU/*", "ES/*"])
moments = st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
changes = st.sampled_from(  # within a few hours of clocks that were changed
    [datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1), datetime(2026, 11, 1, 6), datetime(2026, 4, 4, 15), datetime(2011, 12, 30, 10)]
).flatmap(lambda change: st.integers(-18 * 3600, 18 * 3600).map(lambda seconds: (change + timedelta(seconds=seconds)).replace(tzinfo=UTC)))
stages = st.builds(
    lambda wait, hours, weekdays: stage(wait=wait, **({"hours": hours} if hours else {}), **({"weekdays": weekdays} if weekdays else {})),
    st.sampled_from(["0 days", "1 day", "7 days", "40 days", "90 minutes", "36 hours"]),
    st.sampled_from([None, "00:00-23:59", "02:10-03:40", "03:20-03:50", "08:00-09:30", "10:00-13:00", "21:00-23:00"]),
    st.sampled_from([None, ["tue"], ["sun"], ["sat", "mon"]]),
)
policies = st.sampled_from([Rules(), Rules.model_validate({"hours": "00:00-23:59", "weekdays": tuple("mon tue wed thu fri sat sun".split())})])


@given(one_zone, moments | changes, stages, policies)
def test_nothing_ever_falls_due_outside_of_the_customers_hours_or_before_its_wait(zone, after, wanted, rules):
    due = schedule.due_at(wanted, after, zone, rules)
    local = due.astimezone(ZoneInfo(zone))
    opens, closes = schedule.window(wanted, rules)
    assert opens <= local.time() < closes
    assert local.weekday() in schedule.allowed_weekdays(wanted, rules)
    days, rest = timedelta(days=wanted.wait.days), timedelta(seconds=wanted.wait.seconds)
    assert due >= after + rest
    assert clocks.shown(due - rest, local.tzinfo) >= after.astimezone(local.tzinfo).replace(tzinfo=None) + days


@given(one_zone | countries, moments | changes, stages, policies, st.integers(0, 20 * 86400))
def test_who_is_later_is_never_written_to_earlier(zone, after, wanted, rules, seconds):
    later = after + timedelta(seconds=seconds)
    assert schedule.due_at(wanted, after, zone, rules) <= schedule.due_at(wanted, later, zone, rules)


@given(countries, moments | changes, st.sampled_from([None, "10:00-13:00"]))
def test_somebody_anywhere_in_a_country_is_written_to_in_its_allowed_hours_wherever_they_are(zone, after, hours):
    rules = Rules()
    due = schedule.due_at(stage(**({"hours": hours} if hours else {})), after, zone, rules)
    for one in zones.clocks(zone, rules):
        local = due.astimezone(one)
        assert rules.hours[0] <= local.time() < rules.hours[1]
        assert local.weekday() in rules.weekdays


@given(one_zone, moments | changes, stages, policies, st.integers(0, 23))
def test_the_usual_hour_never_leads_out_of_the_window(zone, after, wanted, rules, hour):
    due = schedule.due_at(wanted.model_copy(update={"send_hour": "learnt"}), after, zone, rules, hour)
    opens, closes = schedule.window(wanted, rules)
    assert opens <= due.astimezone(ZoneInfo(zone)).time() < closes
    assert due >= schedule.due_at(wanted, after, zone, rules)


@given(one_zone, moments | changes)
def test_a_moment_is_found_again_by_what_the_clock_shows(zone, moment):
    local = ZoneInfo(zone)
    found = clocks.moment_of(clocks.shown(moment, local), local)
    assert found == moment or (moment.astimezone(local).fold and found > moment)


def test_a_stage_whose_hours_the_country_forbids_goes_out_in_the_countrys():
    rules = Rules.model_validate({"hours": "09:00-12:00"})
    assert schedule.window(stage(hours="18:00-20:00"), rules) == (time(9), time(12))
    assert schedule.window(stage(hours="11:00-20:00"), rules) == (time(11), time(12))

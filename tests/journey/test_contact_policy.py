from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback import strictyaml
from winback.journey import contact_policy, schedule
from winback.journey.contact_policy import Rival
from winback.journey.policy import SPANS, Policy, Rules
from winback.journey.stage import Stage
from winback.model import Reason

CASES = yaml.safe_load(Path(__file__).with_name("contact_policy.yaml").read_text(encoding="utf-8"))
OPEN = {"hours": "10:00-18:00", "weekdays": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
STAGE = Stage.model_validate({"name": "s", "letter": "x"})


def rules_of(said: dict) -> Rules:
    return Rules.model_validate({**OPEN, **{name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}})


def wait(contacts, rules, calendar, now, rival=None, paused_until=None):
    return contact_policy.wait(
        contacts,
        rules,
        calendar,
        now,
        opens=lambda moment: schedule.first_in_window(moment, STAGE, calendar.key, rules),
        rival=rival,
        paused_until=paused_until,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_how_long_a_stage_waits_for_the_customers_sake(case):
    calendar = ZoneInfo(case.get("zone", "Europe/Kyiv"))

    def moment(text):
        return datetime.fromisoformat(text).replace(tzinfo=calendar).astimezone(UTC)

    rival = Rival("other", moment(case["rival"])) if "rival" in case else None
    contacts = [moment(each) for each in case.get("contacts", [])]
    found = wait(contacts, rules_of(case.get("rules", {})), calendar, moment(case["now"]), rival, case.get("paused_until"))
    if "until" not in case:
        assert found is None
        return
    assert f"{found.until.astimezone(calendar):%Y-%m-%d %H:%M}" == case["until"]
    assert found.reason == (case["because"] and Reason(case["because"]))
    assert found.days == case.get("days", 0)
    assert bool(found.told) == bool(found.reason)


zones = st.sampled_from(["Europe/Kyiv", "America/New_York", "Asia/Ulaanbaatar", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
caps = st.tuples(st.integers(1, 4), st.integers(0, 4), st.integers(0, 6)).map(
    lambda n: {"week": n[0], "month": n[0] + n[1], "year": n[0] + n[1] + n[2]}
)
days_of_mourning = st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=10)


@settings(deadline=None, max_examples=150)
@given(
    zones, st.lists(moments, min_size=1, max_size=40), caps, st.sampled_from(["0 days", "12 hours", "1 day", "3 days", "10 days"]), days_of_mourning
)
def test_however_the_claims_fall_no_span_of_days_holds_more_than_its_cap(zone, claims, cap, gap, mourning):
    """Every claim leaves if it may; those that wait come again at the moment they were told, as claims do."""
    rules, calendar = rules_of({"caps": cap, "gap": gap, "mourning": mourning}), ZoneInfo(zone)
    left: list[datetime] = []
    for claim in sorted(claims):
        now = claim
        for _ in range(2):
            found = wait(left, rules, calendar, now)
            if found is None:
                left.append(now)
                break
            assert found.until > now
            now = found.until
    left.sort()
    days = [each.astimezone(calendar).date() for each in left]
    for span, length in SPANS.items():
        for day in days:
            assert sum(day - timedelta(days=length) < each <= day for each in days) <= cap[span]
    for year, week in {each.isocalendar()[:2] for each in days}:
        assert sum(each.isocalendar()[:2] == (year, week) for each in days) <= cap["week"]
    for month in {(each.year, each.month) for each in days}:
        assert sum((each.year, each.month) == month for each in days) <= cap["month"]
    assert not {each for each in days if each in mourning}
    for earlier, later in pairwise(left):
        walls = [each.astimezone(calendar).replace(tzinfo=None) for each in (earlier, later)]
        between = walls[1] - walls[0] if rules.gap >= timedelta(days=1) else later - earlier
        assert between >= rules.gap


@settings(deadline=None, max_examples=150)
@given(zones, moments, st.lists(moments, max_size=12), caps, days_of_mourning)
def test_a_stage_that_waited_may_leave_at_the_moment_it_was_told(zone, now, contacts, cap, mourning):
    rules, calendar = rules_of({"caps": cap, "mourning": mourning}), ZoneInfo(zone)
    before = [each for each in contacts if each <= now]
    found = wait(before, rules, calendar, now)
    assert found is None or wait(before, rules, calendar, found.until) is None


def test_what_is_used_up_counts_today_among_the_days_of_each_span():
    kyiv = ZoneInfo("Europe/Kyiv")
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    contacts = [now, now - timedelta(days=6), now - timedelta(days=7), now - timedelta(days=31), now - timedelta(days=365), now - timedelta(days=366)]
    assert contact_policy.used(contacts, kyiv, now) == {"week": 2, "month": 3, "year": 5}


def test_of_caps_a_country_says_only_the_spans_that_differ():
    policy = Policy.model_validate({"default": {"caps": {"week": 1}}, "countries": {"UA": {"caps": {"month": 2}}, "RO": {"caps": {"week": "none"}}}})
    shown = {country: policy.for_country(country).caps for country in ("UA", "RO", "")}
    assert {country: (each.week, each.month, each.year) for country, each in shown.items()} == {"UA": (1, 2, 24), "RO": (None, 4, 24), "": (1, 4, 24)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "default:\n  caps: {week: 5, month: 4}\n",
            "p.yaml:2: caps allows 5 a week and only 4 a month. Write a `month` of 5 or more, or a lower `week`.",
        ),
        (
            "default:\n  caps:\n    month: 0\n",
            "p.yaml:3: month is 0; a cap is how many contacts a customer may have, 1 or more. Write for example 2, or none",
        ),
        ("default:\n  caps:\n    week:\n", "p.yaml:3: week is empty; a cap is how many contacts"),
        ("default:\n  gap: 60 weeks\n", "p.yaml:2: gap is 420 days; contacts are counted over a year. Write for example 3 days."),
        ("default:\n  mourning: [2026-12-01, 30-11]\n", "p.yaml:2: mourning is 30-11; there is no such day in any year."),
    ],
)
def test_a_contact_policy_that_cannot_be_meant_is_refused(text, says):
    with pytest.raises(strictyaml.ConfigError) as refused:
        strictyaml.parse(text, Policy, shown="p.yaml")
    assert says in str(refused.value)

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests import projects
from winback.errors import ConfigError
from winback.journey import office
from winback.journey.office import Office
from winback.operations import checking
from winback.ways_in import AnsweringSettings

CASES = yaml.safe_load(Path(__file__).with_name("office.yaml").read_text(encoding="utf-8"))
KYIV = ZoneInfo("Europe/Kyiv")
HOURS = AnsweringSettings(holidays={"UA": ("Independence Day",)}, closed=(date(2026, 12, 31),))
OFFICE = Office(KYIV, HOURS)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KYIV)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_an_answer_is_promised_by_working_time(case):
    wrote = wall(case["wrote"]).astimezone(UTC)
    assert f"{OFFICE.due_at(wrote).astimezone(KYIV):%Y-%m-%d %H:%M}" == case["due"]
    assert f"{OFFICE.opens_at(wrote).astimezone(KYIV):%Y-%m-%d %H:%M}" == case["opens"]
    assert OFFICE.is_open(wrote) == (case["opens"] == case["wrote"])


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(moments)
def test_from_words_to_the_promise_just_the_promised_working_time_passes(wrote):
    due = OFFICE.due_at(wrote)
    assert OFFICE.working(wrote, due) == HOURS.within
    assert OFFICE.working(wrote, due - timedelta(seconds=1)) < HOURS.within


@given(moments, moments, moments)
def test_working_time_adds_up(one, two, three):
    first, second, third = sorted((one, two, three))
    third = min(third, first + timedelta(days=60))
    second = min(second, third)
    assert OFFICE.working(first, second) + OFFICE.working(second, third) == OFFICE.working(first, third)


def test_an_office_that_never_opens_promises_the_plain_time():
    never = Office(KYIV, AnsweringSettings(days=(0,), closed=tuple(date(2026, 1, 5) + timedelta(weeks=week) for week in range(80))))
    assert never.due_at(wall("2026-02-03 10:00")) == wall("2026-02-03 12:00")


SETTINGS = "config/settings.yaml"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("{within: 0 minutes}", "no promise that can be kept"),
        ("{days: []}", "days"),
        ('{office_hours: "18:00-09:00"}', "the window ends before it begins"),
        ("{holidays: {UA: [Independense Day]}}", "UA has no holiday `Independense Day`. Did you mean `Independence Day`?"),
        ("{holidays: {XX: [Spring Day]}}", "nobody knows the holidays of XX. Write the days themselves"),
    ],
)
def test_hours_that_nobody_can_mean_are_refused_with_their_line(tmp_path, written, sentence):
    with pytest.raises(ConfigError) as refused:  # noqa: PT012  some are refused with the file, others once holidays are known
        project = projects.make(tmp_path / "shop", (SETTINGS, "approve_above: 200", f"answering: {written}\napprove_above: 200"))
        assert checking.problems(project)
        office.read(project)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith(f"{SETTINGS}:")


def test_a_group_of_the_staff_is_a_groups_number(tmp_path):
    with pytest.raises(ConfigError, match="a group is its number"):
        projects.make(tmp_path / "shop", (SETTINGS, '  bot: ""', '  bot: ""\n  staff_chat: "12345"'))

"""Bars of stages lie where their days are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from winback.speech import Language
from winback.studio import rehearsal_tables, timeline, words

FIRST, LAST = date(2026, 11, 24), date(2027, 1, 31)


def stage(name: str, first: date | None, last: date | None = None) -> dict[str, str]:
    return {"name": name, "first_on": first.isoformat() if first else "", "last_on": (last or first).isoformat() if first else ""}


def test_bars_follow_one_another_and_stay_inside():
    stages = [stage("a", FIRST), stage("b", FIRST + timedelta(days=7), FIRST + timedelta(days=20)), stage("c", LAST), stage("d", None)]
    drawn = timeline.draw(FIRST, LAST, stages, FIRST + timedelta(days=7))
    bars = list(drawn.bars.values())
    assert [bar.left for bar in bars[:3]] == sorted(bar.left for bar in bars[:3])
    assert all(bar.left >= 0 and bar.width > 0 and bar.left + bar.width <= timeline.WHOLE for bar in bars[:3])
    assert bars[1].width > 10 * bars[0].width
    assert bars[1].left == drawn.today
    assert bars[3].left is None, "nobody would get it"
    assert [mark.month for mark in drawn.marks] == ["2026-12", "2027-01"]


@pytest.mark.parametrize(("first", "last"), [(FIRST, FIRST), (FIRST, FIRST + timedelta(days=4000)), (date(2026, 12, 31), date(2027, 1, 1))])
def test_any_span_of_days_can_be_drawn(first, last):
    drawn = timeline.draw(first, last, [stage("a", first, last), stage("late", last + timedelta(days=30))], last + timedelta(days=1))
    assert drawn.today is None
    assert all(bar.left >= 0 and bar.left + bar.width <= timeline.WHOLE for bar in drawn.bars.values())
    assert len(drawn.marks) <= 50


def told(days: int) -> dict:
    lines = [
        {"day": (FIRST + timedelta(days=number)).isoformat(), "stage": "b", "channel": "email", "language": "en", "through": "x", "letters": 2}
        for number in range(days)
    ]
    return {"stages": ["a", "b"], "calendar": lines, "recipients": {"active": 5, "skipped: no-consent": 7, "held_out": 1}}


def test_a_short_calendar_is_told_by_day_and_a_long_one_by_week():
    short, long = rehearsal_tables.days(told(3)), rehearsal_tables.days(told(70))
    assert (short.by_week, len(short.counts), short.most) == (False, 3, 2)
    assert (long.by_week, long.most) == (True, 14)
    assert all(day.weekday() == 0 for day, _ in long.counts)
    assert sum(count for _, count in long.counts) == 140
    table = rehearsal_tables.leaving(told(70))
    assert sum(group.letters for group in table.groups) == 140
    assert {table.stages[line.stage] for group in table.groups for line in group.lines} == {"b"}


def test_everybody_is_told_the_most_first():
    say, _ = words.sayings(Language.EN)
    assert [(say(stands), say(why), count) for stands, why, count in rehearsal_tables.recipients(told(1))] == [
        ("skipped", "no consent", 7),
        ("stages are still to come", "", 5),
        ("left alone, to compare with", "", 1),
    ]

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from winback.audience import moments

KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2026-03-09", "iso", date(2026, 3, 9)),
        ("2026-03-09 14:30", "iso", datetime(2026, 3, 9, 14, 30)),
        ("2026-03-09T14:30:00Z", "iso", datetime(2026, 3, 9, 14, 30, tzinfo=UTC)),
        ("2026-02-30", "iso", None),
        ("09.03.2026", "iso", None),
        ("09.03.2026", "DD.MM.YYYY", date(2026, 3, 9)),
        ("9.3.2026", "DD.MM.YYYY", date(2026, 3, 9)),
        ("31.02.2026", "DD.MM.YYYY", None),
        ("09.03.26", "DD.MM.YYYY", None),
        ("09.03.2026 14:30", "DD.MM.YYYY", None),
        ("09.03.2026 14:30", "DD.MM.YYYY hh:mm", datetime(2026, 3, 9, 14, 30)),
        ("09.03.2026 14:30:59", "DD.MM.YYYY hh:mm:ss", datetime(2026, 3, 9, 14, 30, 59)),
        ("2026-03-09T14:30:59.123", "YYYY-MM-DDThh:mm:ss", datetime(2026, 3, 9, 14, 30, 59)),
        ("20260309", "YYYYMMDD", date(2026, 3, 9)),
        ("03/09/2026", "MM/DD/YYYY", date(2026, 3, 9)),
        ("09.03.2026 25:00", "DD.MM.YYYY hh:mm", None),
        ("٠٩.03.2026", "DD.MM.YYYY", None),
    ],
)
def test_a_date_is_read_by_its_pattern_or_not_at_all(text, pattern, expected):
    assert moments.parse(text, [pattern]) == expected


def test_the_first_pattern_that_fits_is_taken():
    assert moments.parse("03/04/2026", ["DD/MM/YYYY", "MM/DD/YYYY"]) == date(2026, 4, 3)
    assert moments.parse("04/13/2026", ["DD/MM/YYYY", "MM/DD/YYYY"]) == date(2026, 4, 13)


@pytest.mark.parametrize("pattern", ["%d.%m.%Y", "DD.MM.YY", "DD.MM", "YYYY-MM-DD hh", "DD.MM.YYYY DD", "dd.mm.yyyy", ""])
def test_a_pattern_that_cannot_be_meant_is_refused_with_an_example(pattern):
    with pytest.raises(PydanticCustomError) as refused:
        moments.compiled(pattern)
    assert "DD.MM.YYYY" in refused.value.context["how"]


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        (date(2026, 1, 15), KYIV, "2026-01-14 22:00"),
        (date(2026, 7, 15), KYIV, "2026-07-14 21:00"),
        (datetime(2026, 1, 15, 12, 0), KYIV, "2026-01-15 10:00"),
        (datetime(2026, 1, 15, 12, 0, tzinfo=UTC), KYIV, "2026-01-15 12:00"),
        (datetime(2026, 3, 29, 3, 30), KYIV, "2026-03-29 01:30"),  # the hour that spring leaves out: 04:30 by then
        (datetime(2026, 10, 25, 3, 30), KYIV, "2026-10-25 00:30"),  # the hour that autumn has twice: the first
        (date(2026, 4, 24), ZoneInfo("Africa/Cairo"), "2026-04-23 22:00"),  # a day without a midnight begins at 01:00
        (date(1, 1, 1), KYIV, None),
    ],
)
def test_a_wall_time_is_a_moment_in_the_zone_of_its_source(value, zone, expected):
    found = moments.in_utc(value, zone)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == expected


@given(st.dates(date(1900, 1, 2)), st.sampled_from(["DD.MM.YYYY", "YYYY-MM-DD", "MM/DD/YYYY", "YYYYMMDD"]))
def test_what_is_written_by_a_pattern_is_read_again(day, pattern):
    written = pattern.replace("YYYY", f"{day.year:04}").replace("MM", f"{day.month:02}").replace("DD", f"{day.day:02}")
    assert moments.parse(written, [pattern]) == day


@pytest.mark.parametrize(
    ("text", "moment"), [("2025-10-07 00:30:26 +0200", "2025-10-06T22:30:26+00:00"), ("2025-10-07 00:30:26 Z", "2025-10-07T00:30:26+00:00")]
)
def test_a_pattern_may_have_an_offset(text, moment):
    found = moments.parse(text, ["YYYY-MM-DD hh:mm:ss ZZ"])
    assert moments.in_utc(found, ZoneInfo("Europe/Kyiv")).isoformat() == moment
    assert moments.parse(text[:-1] + "x", ["YYYY-MM-DD hh:mm:ss ZZ"]) is None

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.audience import watermark
from winback.audience.rows import Chunk
from winback.audience.source import Watermark

BY_TEXT = Watermark(column="n")
BY_NUMBER = Watermark(column="n", kind="number")


def chunk(*cells: object) -> Chunk:
    return Chunk({"n": list(cells)}, range(2, 2 + len(cells)))


@given(
    st.none()
    | st.text()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
)
def test_a_watermark_keeps_its_value_and_type_from_one_import_to_the_next(value):
    again = watermark.decode(watermark.encode(value))
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    ("kind", "cells", "seen", "left", "highest"),
    [
        (BY_TEXT, ["a", "c", "b"], "a", ["c", "b"], "c"),
        (BY_TEXT, ["2026-01-02", "2026-01-10"], "2026-01-02", ["2026-01-10"], "2026-01-10"),
        (BY_TEXT, ["9", "10"], "9", [], "9"),
        (BY_NUMBER, ["9", "10"], Decimal(9), ["10"], Decimal(10)),
        (BY_NUMBER, ["x", "", "8"], Decimal(9), ["x", ""], Decimal(9)),
        (BY_TEXT, [3, None, 5], 4, [None, 5], 5),
        (BY_TEXT, [date(2026, 1, 2)], date(2026, 1, 2), [], date(2026, 1, 2)),
        (BY_TEXT, ["a"], None, ["a"], "a"),
        (BY_TEXT, [7], "seen when it was a file", [7], 7),
    ],
)
def test_only_rows_above_the_largest_value_seen_are_left(kind, cells, seen, left, highest):
    fresh = watermark.fresh(chunk(*cells), kind, seen)
    assert list(fresh.columns["n"]) == left
    assert [cells[line - 2] for line in fresh.lines] == left
    assert watermark.highest(chunk(*cells), kind, seen) == highest


def test_moments_with_and_without_a_zone_are_not_compared_but_read():
    aware = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(watermark.fresh(chunk(datetime(2025, 1, 1)), BY_TEXT, aware).lines) == [2]

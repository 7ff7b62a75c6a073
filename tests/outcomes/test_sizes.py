"""Sizes that can't be chance are told with what is likely behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from winback.outcomes import sizes
from winback.outcomes.composing import compose
from winback.outcomes.figures import ArmFigures, CellFigures, DayFigures, Dimension, Figures, WaveFigures
from winback.outcomes.sizes import CauseKind
from winback.outcomes.statistics import Moments

START = datetime(2026, 3, 1, tzinfo=UTC)
SHARES = {"gift": 0.8, "holdout": 0.2}


def run(parts: dict[str, dict[str, int]], *, days: dict[int, dict[str, int]] | None = None, dimension=Dimension.COUNTRY, **more) -> Figures:
    totals = {arm: sum(part.get(arm, 0) for part in parts.values()) for arm in dict.fromkeys(arm for part in parts.values() for arm in part)}
    return Figures(
        arms=tuple(ArmFigures(arm, count, 0, START, START) for arm, count in totals.items()),
        stages=(), curve=(), skips=(), locales=(), others=(),
        strata=tuple(CellFigures(dimension, value, arm, count, 0, Moments(count, 0, 0)) for value, part in parts.items() for arm, count in part.items()),
        days=tuple(DayFigures(arm, day, count, 0, Moments(count, 0, 0)) for day, part in (days or {}).items() for arm, count in part.items()),
        **more,
    )  # fmt: skip


def told(figures: Figures, shares=SHARES) -> list[tuple[str, str]]:
    return [(cause.kind, cause.where) for cause in sizes.causes(figures, shares)]


def test_sizes_as_planned_have_no_cause():
    assert told(run({"UA": {"gift": 810, "holdout": 190}})) == []


def test_one_part_that_is_off_is_named():
    figures = run({"UA": {"gift": 800, "holdout": 200}, "RO": {"gift": 400, "holdout": 10}, "": {"gift": 80, "holdout": 22}})
    assert told(figures) == [(CauseKind.PART, "RO")]


def test_one_day_that_is_off_is_named():
    days = {1: {"gift": 800, "holdout": 200}, 4: {"gift": 1100, "holdout": 201}}
    figures = run({"UA": {"gift": 1100, "holdout": 201}}, days=days)
    assert told(figures) == [(CauseKind.DAY, "4")]


def test_places_given_up_in_merges_are_named_where_they_explain_it():
    figures = run({"UA": {"gift": 800, "holdout": 110}}, merged={"holdout": 90})
    assert told(figures) == [(CauseKind.MERGED, "")]
    assert told(run({"UA": {"gift": 800, "holdout": 20}}, merged={"holdout": 90})) == [(CauseKind.EVERYWHERE, "")]


def test_an_arm_that_nobody_planned_is_named():
    assert (CauseKind.UNPLANNED, "gfit") in told(run({"UA": {"gift": 790, "holdout": 200, "gfit": 10}}))


def test_where_all_parts_are_off_alike_it_is_everywhere():
    assert told(run({"UA": {"gift": 500, "holdout": 400}, "RO": {"gift": 500, "holdout": 400}})) == [(CauseKind.EVERYWHERE, "")]


def test_waves_are_held_against_their_own_shares():
    waves = (WaveFigures(1, START, {"a": 0.4, "b": 0.4, "holdout": 0.2}), WaveFigures(2, START, {"a": 0.7, "b": 0.1, "holdout": 0.2}))
    figures = run({"1": {"a": 400, "b": 400, "holdout": 200}, "2": {"a": 2100, "b": 300, "holdout": 600}}, dimension=Dimension.WAVE, waves=waves)
    plan = {"a": 0.4, "b": 0.4, "holdout": 0.2}
    assert told(figures, plan) == []
    assert sizes.planned(figures, plan)["a"] == pytest.approx((1000 * 0.4 + 3000 * 0.7) / 4000)


def test_the_report_says_it_in_its_own_words():
    figures = run({"UA": {"gift": 800, "holdout": 200}, "RO": {"gift": 400, "holdout": 10}})
    told = compose(figures, run_id=1, campaign="spring", shares=SHARES, window=timedelta(days=60), currency="UAH", now=START)
    assert told.sample_ratio.alarm
    assert "The figures point to: one part of the customers (country RO); the others are right." in told.sample_ratio.sentence
    assert told.as_json()["sample_ratio"]["causes"] == [cause.as_json() for cause in sizes.causes(figures, SHARES)]

"""When a lane stops by itself, as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from winback.journey import lane_rates
from winback.journey.lane_rates import Answers
from winback.limits import BounceLimit, ComplaintLimit, FuseSettings

ROWS = yaml.safe_load(Path(__file__).with_name("lane_rates.yaml").read_text(encoding="utf-8"))
ANSWERS = st.builds(Answers, *(st.integers(0, 200) for _ in range(3)), st.just(0), *(st.integers(0, 20) for _ in range(2)))


def rows(told: list[dict[str, int]]) -> list[Answers]:
    return [Answers(**{name: count for name, count in each.items() if name != "x"}) for each in told for _ in range(each.get("x", 1))]


@pytest.mark.parametrize("situation", ROWS)
def test_when_a_lane_stops(situation):
    found = lane_rates.breach(rows(ROWS[situation]["newest"]), FuseSettings())
    assert (found.cause if found else "none") == ROWS[situation]["stops"]


@pytest.mark.parametrize(("accepted", "complained", "near"), [(299, 4, False), (1000, 1, False), (1000, 2, True), (10_000, 11, True)])
def test_complaints_warn_before_they_stop(accepted, complained, near):
    answers = [Answers(accepted=accepted, complained=complained)]
    assert lane_rates.warns(answers, FuseSettings()) is near


def test_the_figures_are_those_of_the_window():
    found = lane_rates.breach([Answers(accepted=800, refused=200), Answers(refused=5_000)], FuseSettings())
    assert found is not None
    assert (found.bad, found.of, found.above) == (200, 1_000, 0.05)


def test_a_limit_of_all_never_stops():
    never = FuseSettings(bounces=BounceLimit(above=1))
    assert lane_rates.breach([Answers(refused=1_000)], never) is None


@given(st.lists(ANSWERS, max_size=20))
def test_what_left_well_keeps_a_lane_from_stopping(newest):
    good = Answers(accepted=FuseSettings().complaints.of)
    assert lane_rates.breach([good, *newest], FuseSettings()) is None


@given(ANSWERS, ANSWERS, ANSWERS)
def test_answers_add_up_in_any_grouping(first, second, third):
    assert first.then(second).then(third) == first.then(second.then(third))


@pytest.mark.parametrize("shape", [{"bounces": {"at_least": 2_000}}, {"complaints": {"above": 0.0001}}, {"errors": {"above": 30}}])
def test_limits_that_cannot_be_meant_are_refused(shape):
    with pytest.raises(ValidationError):
        FuseSettings.model_validate(shape)


def test_complaints_near_their_limit_are_asked_about_by_the_bare_share():
    assert ComplaintLimit().warn_above < ComplaintLimit().above

"""Who leaves, who waits until when: tables, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.sending import domain_groups, places
from winback.sending.pace import SlowDown, Terms
from winback.sending.places import Asking, Lane
from winback.store.paces import State

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def cases(name):
    return yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def lane(name, said):
    per_hour = said["per_hour"]
    starts_on = NOW.date() - timedelta(days=said["day"]) if "day" in said else date.min
    state = State(
        lane=name,
        tokens=said.get("tokens", 0),
        refilled_at=NOW,
        factor=1,
        slowed_at=NOW,
        horizon_at=NOW + timedelta(seconds=said.get("horizon", 0)),
        milli_per_hour=1000 * (per_hour or 0),
        laid_at=ago(60),
        day=NOW.date(),
        day_count=said.get("day_count", 0),
        placed=said.get("placed", 0),
        began_on=starts_on,
    )
    return Lane(Terms(name, per_hour, 10, tuple(said.get("per_day", ())), starts_on), state, ZONE)


@pytest.mark.parametrize("case", cases("places.yaml"), ids=lambda case: case["situation"])
def test_who_leaves_and_who_waits(case):
    lanes = {name: lane(name, said) for name, said in case["lanes"].items()}
    asking = [
        Asking(number, tuple(each["lanes"]), tuple(each.get("waited", ())), goes_first=each.get("goes_first", False))
        for number, each in enumerate(case["letters"])
    ]
    waits = places.decide(asking, lanes, NOW)
    assert {number: wait.words for number, wait in waits.items()} == {number: tuple(words) for number, (_, *words) in case["waits"].items()}
    for number, (seconds, *_) in case["waits"].items():
        assert timedelta() <= waits[number].until - NOW - timedelta(seconds=seconds) < timedelta(milliseconds=1)
    for name, tokens in case.get("left", {}).items():
        assert lanes[name].state.tokens == tokens
    for name, placed in case.get("placed", {}).items():
        assert lanes[name].state.placed == placed


@pytest.mark.parametrize("case", cases("refills.yaml"), ids=lambda case: case["situation"])
def test_what_a_look_at_a_lane_finds(case):
    slow = SlowDown(floor_per_hour=case.get("floor", 1))
    met = lane("group:gmail", {"per_hour": 60, "tokens": case["tokens"]})
    state = met.state
    state.refilled_at, state.horizon_at = ago(case["refilled"]), NOW + timedelta(minutes=case.get("horizon", 0))
    state.factor, state.slowed_at = case.get("factor", 1), ago(case.get("slowed", 600))
    state.milli_per_hour, state.laid_at = case.get("milli", 60_000), ago(case.get("laid", 600))
    assert places.refill(met, slow, NOW) is case.get("again", False)
    assert state.tokens == pytest.approx(case["found"])
    assert state.refilled_at == ago(case.get("refilled_now", 0))
    assert state.factor == pytest.approx(case.get("factor_now", 1))
    assert state.milli_per_hour == case.get("milli_now", 60_000 * case.get("factor_now", 1))


@given(
    lanes=st.lists(
        st.one_of(
            st.sampled_from(["email", "telegram", "relay:main", *(f"group:{group}" for group in domain_groups.GROUPS)]),
            st.from_regex(r"group:[a-z0-9-]{1,20}\.[a-z]{2,8}", fullmatch=True),
        ),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    warms=st.booleans(),
)
def test_what_stands_with_a_letter_can_be_read_again(lanes, warms):
    words = tuple(places.warming(each) if warms else places.word(each) for each in lanes)
    assert places.read(places.told(words)) == words
    assert len(set(words)) == len(words)

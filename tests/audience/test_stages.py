"""Stages of many at once against the stage of each."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.audience import lifecycle, stages
from winback.audience.lifecycle import AdherentFrom, Facts, Lifecycle, VipFrom
from winback.audience.stages import Columns
from winback.audience.value import ValueClass

TODAY = date(2026, 11, 23)
standings = st.sampled_from(["", "vip", "adherent"])


@st.composite
def customers(draw) -> Facts:
    """Days lie near the thresholds below, so that both sides of each are seen."""
    purchases = draw(st.integers(0, 9))
    silent, lived = draw(st.integers(0, 40)), draw(st.integers(0, 40)) if purchases > 1 else 0
    last = TODAY - timedelta(days=silent)
    standing = draw(standings)
    return Facts(
        purchases=purchases,
        first_on=last - timedelta(days=lived) if purchases else None,
        last_on=last if purchases else None,
        recommended=draw(st.integers(0, 3)),
        value=draw(st.sampled_from([*ValueClass, None])) if purchases else None,
        buys_here_only=True if standing == "adherent" else None,
        is_vip=standing == "vip",
        black_list=draw(st.sampled_from(["", "", "", "debtor"])),
    )


thresholds = st.builds(
    Lifecycle,
    lost_after_days=st.integers(1, 40),
    repeat=st.just(2),
    regular=st.integers(3, 4),
    adherent=st.builds(AdherentFrom, purchases=st.integers(5, 8), days=st.integers(1, 30)),
    recommended=st.integers(1, 3),
    vip=st.none() | st.builds(VipFrom, value=st.sampled_from(["gold", "silver"]), purchases=st.integers(1, 9)),
)


def columns(facts: list[Facts]) -> Columns:
    standing = ["vip" if each.is_vip else "adherent" if each.buys_here_only else "" for each in facts]
    return Columns(
        purchases=np.array([each.purchases for each in facts], dtype=np.int64),
        first_on=np.array([each.first_on.toordinal() if each.first_on else 0 for each in facts], dtype=np.int64),
        last_on=np.array([each.last_on.toordinal() if each.last_on else 0 for each in facts], dtype=np.int64),
        recommended=np.array([each.recommended for each in facts], dtype=np.int64),
        value=np.array([each.value for each in facts], dtype=object),
        standing=np.array(standing, dtype=object),
        black_listed=np.array([bool(each.black_list) for each in facts], dtype=np.int64),
    )


@settings(deadline=None, max_examples=200)
@given(st.lists(customers(), max_size=12), thresholds)
def test_everybodys_stage_is_the_one_that_is_decided_for_each(facts, words):
    found = stages.stages(columns(facts), words, TODAY.toordinal())
    assert all(stage is lifecycle.stage(each, words, TODAY) for stage, each in zip(found.tolist(), facts, strict=True))

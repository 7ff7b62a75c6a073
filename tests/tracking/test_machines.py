from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.model import ChannelName, EventKind, Verdict
from winback.tracking import machines
from winback.tracking.machines import Judged, Signals

CASES = yaml.safe_load((Path(__file__).parent / "machines.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_who_was_behind_a_hit(case):
    signals = Signals(case.get("method", "GET"), case["agent"], case.get("prefetch", ""), case.get("seconds", 3600))
    judged = machines.judge(EventKind(case.get("kind", "open")), ChannelName(case.get("channel", "email")), signals)
    assert judged == Judged(Verdict(case["verdict"]), case.get("why", ""))


@given(st.sampled_from([EventKind.OPEN, EventKind.CLICK]), st.sampled_from(ChannelName), st.text(), st.floats(allow_nan=False) | st.none())
def test_whatever_fetches_without_get_is_no_person(kind, channel, agent, seconds):
    assert machines.judge(kind, channel, Signals("HEAD", agent, "", seconds)).verdict is Verdict.MACHINE


def test_what_is_kept_says_what_was_seen_and_what_decided():
    signals = Signals("GET", "curl/8.5.0", seconds=12.5)
    judged = machines.judge(EventKind.OPEN, ChannelName.EMAIL, signals)
    assert judged.with_signals(signals) == {"method": "GET", "user_agent": "curl/8.5.0", "prefetch": "", "seconds": 12.5, "why": "program"}

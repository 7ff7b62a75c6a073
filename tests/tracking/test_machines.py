from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.model import ChannelName, EventKind, Verdict
from winback.tracking import machines
from winback.tracking.machines import Judged, Signals

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
CASES = yaml.safe_load((Path(__file__).parent / "machines.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_who_was_behind_a_hit(case):
    seen = {name: case[name] for name in ("links", "letters", "proxy") if name in case}
    method, prefetch, seconds = case.get("method", "GET"), case.get("prefetch", ""), case.get("seconds", 3600)
    signals = Signals(method, case.get("agent", BROWSER), prefetch, seconds, case.get("trapped", False), **seen)
    judged = machines.judge(EventKind(case.get("kind", "open")), ChannelName(case.get("channel", "email")), signals)
    assert judged == Judged(Verdict(case["verdict"]), case.get("why", ""))


@given(st.sampled_from([EventKind.OPEN, EventKind.CLICK]), st.sampled_from(ChannelName), st.text(), st.floats(allow_nan=False) | st.none())
def test_whatever_fetches_without_get_is_no_person(kind, channel, agent, seconds):
    assert machines.judge(kind, channel, Signals("HEAD", agent, "", seconds)).verdict is Verdict.MACHINE

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.tracking import judging
from winback.tracking.judging import Fault

CASES = yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("verdict", "said"), [(verdict, said) for verdict, several in CASES.items() for said in several])
def test_whose_fault_it_is_by_what_a_server_says(verdict, said):
    assert judging.fault("", said) == verdict


@pytest.mark.parametrize(("status", "said", "code"), [
    ("5.0.0", "smtp; 550 5.1.1 no such user", "5.1.1"),
    ("5.1.1", "550 5.7.1 x", "5.1.1"),
    ("4.4.7", "452 4.2.2 over quota", "4.2.2"),
    ("5.0.0", "550 no", "5.0.0"),
    ("", "host 10.5.1.1.2 said no", ""),
    ("", "250 2.0.0 queued, then 550 5.2.2 full", "5.2.2"),
    ("", "nothing", ""),
])  # fmt: skip
def test_the_code_that_says_most(status, said, code):
    assert judging.code(status, said) == code


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=20))
def test_any_words_have_a_verdict(said, status):
    assert judging.fault(status, said) in Fault


@settings(deadline=None)
@given(st.sampled_from([said for several in CASES.values() for said in several]), st.sampled_from(["4.2.0", "4.4.1", "4.1.1"]))
def test_what_is_said_to_be_for_now_never_closes_an_address(said, status):
    if not any(character in said for character in ("5.", "55")):
        assert judging.fault(status, f"450 {status} {said}") is not Fault.HARD

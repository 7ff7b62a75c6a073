"""Lists of other tools, as a table; and that no file of any bytes is a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from winback.audience import suppression_lists
from winback.errors import SourceError
from winback.model import Reason

CASES = yaml.safe_load(Path(__file__).with_name("suppression_lists.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["tool"])
def test_what_a_list_says(tmp_path, case):
    path = tmp_path / case["file"]
    path.write_text(case["rows"], encoding="utf-8")
    parts = list(suppression_lists.read(path, path.name))
    entries = [entry for part in parts for entry in part.entries]
    assert {entry.address: entry.reason for entry in entries} == case["closed"]
    assert {entry.address: entry.since.isoformat() for entry in entries if entry.address in case.get("since", {})} == case.get("since", {})
    assert sum(part.passed_over for part in parts) == case.get("passed_over", 0)
    assert sorted(reject.line for part in parts for reject in part.rejects) == case.get("rejected", [])


def test_a_reason_said_for_the_whole_list_holds_for_all_of_it(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("email,status\na@mail.example,active\nb@mail.example,spam\n", encoding="utf-8")
    (part,) = suppression_lists.read(path, "some.csv", reason=Reason.COMPLAINED)
    assert [entry.reason for entry in part.entries] == [Reason.COMPLAINED, Reason.COMPLAINED]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,town\nOlena,1\n", "some.csv:1: no column of this list is called like one of addresses."),
        (b"PK\x03\x04rest", "this is an Excel workbook"),
        (b"email,status\nbad\xff@mail.example,x\n", "UTF-8"),
        (b"\xffplain\n", "UTF-8"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_a_sentence(tmp_path, content, said):
    path = tmp_path / "some.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        list(suppression_lists.read(path, "some.csv"))
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match="there is no such file"):
        list(suppression_lists.read(tmp_path / "no.csv", "no.csv"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(alphabet='email,status;\t\n"@.a1é=', max_size=200).map(lambda text: ("email,status\n" + text).encode()))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    path = tmp_path / "some.csv"
    path.write_bytes(content)
    try:
        parts = list(suppression_lists.read(path, "some.csv"))
    except SourceError:
        return
    assert all(entry.address for part in parts for entry in part.entries)

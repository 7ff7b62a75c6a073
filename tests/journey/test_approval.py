"""Whether a plan may go without a person, as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.journey import approval
from winback.journey.approval import Given

ROWS = yaml.safe_load(Path(__file__).with_name("approval.yaml").read_text(encoding="utf-8"))
SAID = {"nothing": None, "asked": Given(), "approved": Given(approved=True), "withdrawn": Given(approved=True, withdrawn=True)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['people']} above {row['above']}, {row['said']}")
def test_what_may_go_by_itself(row):
    assert approval.may_go(row["above"], row["people"], SAID[row["said"]]) is row["goes"]


def test_an_approval_holds_for_a_cohort_a_tenth_larger_and_no_more():
    given = Given(approved=True, cohort=1000)
    assert [approval.outgrown(given, cohort) for cohort in (10, 1000, 1100, 1101)] == [False, False, False, True]

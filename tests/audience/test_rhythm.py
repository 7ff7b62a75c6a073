from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.audience import purchase_days, rhythm

CASES = yaml.safe_load(Path(__file__).with_name("rhythms.yaml").read_text(encoding="utf-8"))


def of(bought, today):
    return rhythm.rhythms(purchase_days.distinct([1] * len(bought), bought), today)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["customer"])
def test_how_far_apart_the_purchase_days_lie(case):
    found = of(case["bought"], case["today"])
    assert found.silent.tolist() == [case["silent"]]
    for name in ("mean", "median", "long", "longest"):
        expected = math.nan if case[name] is None else case[name]
        assert getattr(found, name)[0] == pytest.approx(expected, abs=1e-4, nan_ok=True), name


def test_overdue_counts_the_silence_in_own_mean_gaps():
    assert of([0, 34, 68], 68 + 340).overdue.tolist() == [10]
    assert np.isnan(of([0, 34], 400).overdue[0])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 60)), max_size=60))
def test_many_customers_at_once_are_each_as_if_alone(bought):
    days = purchase_days.distinct([who for who, _ in bought], [day for _, day in bought])
    together = rhythm.rhythms(days, 50)
    known = {who for who, day in bought if day <= 50}
    assert together.customers.tolist() == sorted(known)
    for row, who in enumerate(sorted(known)):
        own = sorted({day for each, day in bought if each == who and day <= 50})
        gaps = np.diff(own)
        assert together.silent[row] == 50 - own[-1]
        if len(own) >= 3:
            expected = [gaps.mean(), *np.quantile(gaps, [0.5, 0.9, 1.0])]
            assert [together.mean[row], together.median[row], together.long[row], together.longest[row]] == pytest.approx(expected)
        else:
            assert np.isnan([together.mean[row], together.median[row], together.long[row], together.longest[row]]).all()

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import projects
from winback import strictyaml
from winback.audience import value, value_classes
from winback.audience.value import Regularity, RegularityLimits, Value, ValueClass, ValueShares
from winback.errors import ConfigError

HERE = Path(__file__).parent
ABC = yaml.safe_load((HERE / "abc.yaml").read_text(encoding="utf-8"))
XYZ = yaml.safe_load((HERE / "xyz.yaml").read_text(encoding="utf-8"))
amounts = st.lists(st.integers(-50, 200), max_size=40)


def classes(brought: dict[str, int], shares: ValueShares) -> dict[str, ValueClass]:
    words = value_classes.abc(np.array(list(brought.values()), dtype=np.int64), np.array(list(brought), dtype=str), shares)
    return dict(zip(brought, words.tolist(), strict=True))


@pytest.mark.parametrize("case", ABC, ids=lambda case: case["situation"])
def test_who_is_gold_silver_and_copper(case):
    found = classes(case["brought"], ValueShares(**case.get("shares", {})))
    for word in ValueClass:
        assert sorted(key for key, each in found.items() if each is word) == case[word], word


@settings(deadline=None)
@given(amounts)
def test_gold_reaches_its_share_and_would_not_without_its_last(brought):
    found = classes({f"{number:02d}": amount for number, amount in enumerate(brought)}, ValueShares())
    gold = sorted(amount for amount, word in zip(brought, found.values(), strict=True) if word is ValueClass.GOLD)
    total = sum(amount for amount in brought if amount > 0)
    assert 4 * sum(gold) >= 3 * total
    assert not gold or 4 * sum(gold[1:]) < 3 * total


@settings(deadline=None)
@given(amounts)
def test_who_brings_more_is_never_in_a_lower_class(brought):
    found = list(classes({str(number): amount for number, amount in enumerate(brought)}, ValueShares()).values())
    rank = [list(ValueClass).index(word) for word in found]
    assert all(rank[i] <= rank[j] for i in range(len(brought)) for j in range(len(brought)) if brought[i] > brought[j])


def test_a_line_is_exact_for_amounts_beyond_what_floats_can_tell():
    huge = 3 * 10**17
    assert classes({"a": huge, "b": 10**17}, ValueShares()) == {"a": ValueClass.GOLD, "b": ValueClass.SILVER}
    assert classes({"a": huge - 1, "b": 10**17 + 1}, ValueShares()) == {"a": ValueClass.GOLD, "b": ValueClass.GOLD}


def test_profit_is_the_margin_that_is_known_else_a_share_of_revenue():
    found = value_classes.profit(np.array([1000, 1000, 25]), np.array([250.0, math.nan, math.nan]), 0.5)
    assert found.tolist() == [250, 500, 12]


@pytest.mark.parametrize("case", XYZ, ids=lambda case: case["situation"])
def test_how_regularly_somebody_buys(case):
    found = value_classes.variation(np.array([case["amounts"]]), np.array([case.get("since", 0)]))
    assert found[0] == pytest.approx(math.nan if case["variation"] is None else case["variation"], abs=1e-4, nan_ok=True)
    assert value_classes.xyz(found, RegularityLimits()).tolist() == [case["class"] and Regularity(case["class"])]


@pytest.mark.parametrize("case", XYZ, ids=lambda case: case["situation"])
def test_sums_and_squares_tell_the_same_as_the_periods(case):
    lived = np.array(case["amounts"][case.get("since", 0) :], dtype=np.float64)
    found = value_classes.variation_of_sums(lived.sum(keepdims=True), (lived**2).sum(keepdims=True), np.array([lived.size]))
    assert found[0] == pytest.approx(math.nan if case["variation"] is None else case["variation"], abs=1e-4, nan_ok=True)
    assert value_classes.xyz(found, RegularityLimits()).tolist() == [case["class"] and Regularity(case["class"])]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-1_000, 100_000), min_size=9, max_size=9), min_size=1, max_size=5), st.integers(0, 8))
def test_any_sums_and_squares_tell_the_same_as_the_periods(tables, since):
    amounts, column = np.array(tables), np.full(len(tables), since)
    lived = amounts[:, since:].astype(np.float64)
    found = value_classes.variation_of_sums(lived.sum(axis=1), (lived**2).sum(axis=1), np.full(len(tables), 9 - since))
    assert found == pytest.approx(value_classes.variation(amounts, column), rel=1e-6, abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(st.integers(1, 1_000_000), st.integers(3, 40))
def test_who_buys_for_the_same_in_every_period_doesnt_vary_at_all(amount, periods):
    sums = np.array([float(amount * periods)]), np.array([float(amount) ** 2 * periods]), np.array([periods])
    assert value_classes.variation_of_sums(*sums).tolist() == [0.0]


def test_customers_who_came_at_different_times_stand_in_one_table():
    table = np.array([[10, 10, 10, 10], [0, 30, 0, 0], [0, 0, 5, 5]])
    found = value_classes.variation(table, np.array([0, 1, 2]))
    assert found[:2] == pytest.approx([0, math.sqrt(2)])
    assert np.isnan(found[2])


def test_five_is_the_latest_the_most_often_and_the_most():
    found = value_classes.rfm(np.array([400, 300, 200, 100, 5]), np.array([1, 2, 3, 4, 5]), np.array([90, 80, 70, 60, 50]))
    assert found.recency.tolist() == [1, 2, 3, 4, 5]
    assert found.frequency.tolist() == [1, 2, 3, 4, 5]
    assert found.money.tolist() == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("values", "fifths"),
    [
        ([1, 1, 1, 1, 1, 1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 1, 1, 4, 4, 5]),
        ([7, 7, 7], [1, 1, 1]),
        ([3], [1]),
        ([], []),
        (list(range(10)), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
    ],
)
def test_equal_values_are_never_parted(values, fifths):
    assert value_classes.fifths(np.array(values, dtype=np.int64)).tolist() == fifths


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=50))
def test_more_is_never_a_lower_fifth(values):
    found = value_classes.fifths(np.array(values))
    assert set(found.tolist()) <= {1, 2, 3, 4, 5}
    assert all(found[i] <= found[j] for i in range(len(values)) for j in range(len(values)) if values[i] <= values[j])


def test_the_shipped_file_says_what_holds_without_it(tmp_path):
    project = projects.make(tmp_path / "shop")
    shipped = value.read(project)
    project.config("value.yaml").unlink()
    assert value.read(project) == shipped == Value()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shares: {gold: 0.95, silver: 0.75}", "value.yaml:1: shares gold reaches to 0.95 and silver to 0.75"),
        ("shares: {gold: 75, silver: 0.95}", "Write 0.75 for 75 %."),
        ("regularity: {steady: 1.0, uneven: 0.5}", "value.yaml:1: regularity steady reaches to 1 and uneven to 0.5"),
        ("chance_for: 36 hours", "Write for example 182 days or 26 weeks."),
        ("chance_for: 0 days", "Write for example 182 days or 26 weeks."),
        ("marjin: 0.3", "Did you mean `margin`?"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text, message):
    with pytest.raises(ConfigError) as refused:
        strictyaml.parse(text, Value, shown="config/value.yaml")
    assert message in str(refused.value)

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import projects
from winback import strictyaml
from winback.audience import lifecycle, movements
from winback.audience.lifecycle import Facts, Lifecycle, Stage, VipFrom
from winback.audience.value import ValueClass
from winback.errors import ConfigError

CASES = yaml.safe_load(Path(__file__).with_name("stages.yaml").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 23)
keys = st.sets(st.sampled_from("abcdefgh"))
snapshots = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(list(Stage)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_where_a_customer_stands(case):
    facts = Facts(
        purchases=case.get("purchases", 0),
        first_on=case.get("first"),
        last_on=case.get("last"),
        recommended=case.get("recommended", 0),
        value=ValueClass(case["value"]) if "value" in case else None,
        buys_here_only=case.get("here_only"),
        is_vip=case.get("vip", False),
        black_list=case.get("black_list", ""),
    )
    thresholds = Lifecycle(vip=VipFrom(**case["vip_from"])) if "vip_from" in case else Lifecycle()
    assert lifecycle.stage(facts, thresholds, TODAY) is Stage(case["stage"])


def test_every_stage_has_a_situation():
    assert {case["stage"] for case in CASES} == set(Stage)


def test_the_shipped_file_says_what_holds_without_it(tmp_path):
    project = projects.make(tmp_path / "shop")
    shipped = lifecycle.read(project)
    project.config("lifecycle.yaml").unlink()
    assert lifecycle.read(project) == shipped == Lifecycle()


def test_a_shop_names_its_vips_by_what_they_bring():
    read = strictyaml.parse("vip: {value: silver, purchases: 5}", Lifecycle, shown="lifecycle.yaml").value
    assert read.vip == VipFrom(value="silver", purchases=5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("repeat: 4", "asks 4 purchases of a repeat customer, 3 of a regular and 8 of an adherent"),
        ("regular: 9", "each stage needs more than the one before"),
        ("vip: {value: golden}", "golden"),
        ("lost_after: 300", "Did you mean `lost_after_days`?"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, message):
    with pytest.raises(ConfigError) as refused:
        strictyaml.parse(text, Lifecycle, shown="config/lifecycle.yaml")
    assert message in str(refused.value)


def test_retention_as_the_trade_counts_it_and_strictly():
    """Ten at the start; two left, one who was lost came back, three are new and one of those is gone again."""
    start = {f"c{number}" for number in range(10)}
    end = (start - {"c0", "c1"}) | {"back", "new-1", "new-2"}
    found = movements.retention(start, end, {"new-1", "new-2", "new-3"})
    assert (found.at_start, found.new, found.at_end, found.stayed) == (10, 2, 11, 8)
    assert found.crr == pytest.approx(90)
    assert found.strict == pytest.approx(80)


def test_a_shop_that_begins_has_no_retention():
    found = movements.retention(set(), {"a"}, {"a"})
    assert found.crr is None
    assert found.strict is None


@settings(deadline=None)
@given(keys, keys, keys)
def test_strict_retention_never_passes_the_trades(start, end, new):
    found = movements.retention(start, end, new - start)
    if start:
        assert 0 <= found.strict <= 100
        assert found.strict <= found.crr + 1e-9


def test_who_left_and_who_came_back():
    before = {"a": Stage.REGULAR, "b": Stage.VIP, "c": Stage.LOST, "d": Stage.POTENTIAL, "e": Stage.REGULAR, "f": Stage.LOST, "g": Stage.BUYER}
    after = {"a": Stage.LOST, "b": Stage.VIP, "c": Stage.REPEAT, "d": Stage.BUYER, "e": Stage.BLACK_LIST, "f": Stage.BLACK_LIST, "h": Stage.BUYER}
    moved = movements.movements(before, after)
    assert (moved.left, moved.came_back) == (1, 1)
    assert moved.counts[Stage.REGULAR, Stage.LOST] == 1
    assert moved.counts[None, Stage.BUYER] == 1
    assert moved.counts[Stage.BUYER, None] == 1
    assert moved.counts[Stage.VIP, Stage.VIP] == 1


@settings(deadline=None)
@given(snapshots, snapshots)
def test_movements_add_up_to_both_snapshots(before, after):
    counts = movements.movements(before, after).counts
    for stage in Stage:
        assert sum(count for (was, _), count in counts.items() if was is stage) == list(before.values()).count(stage)
        assert sum(count for (_, is_now), count in counts.items() if is_now is stage) == list(after.values()).count(stage)

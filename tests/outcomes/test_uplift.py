from __future__ import annotations

import numpy as np
import pytest

from winback.outcomes import uplift
from winback.outcomes.statistics import Counted
from winback.outcomes.uplift import Cell

KINDS = [(value, language) for value in ("gold", "silver", "copper") for language in ("uk", "ro")]


def cells(dice: np.random.Generator, *, works_on: str | None, customers: int = 20_000) -> list[Cell]:
    """4 % return by themselves; a tactic brings 8 points more of one kind, or 3 points of everybody."""
    made = []
    for kind in KINDS:
        n, left_alone = customers // 12, customers // 12
        effect = 0.03 if works_on is None else 0.08 * (kind[0] == works_on)
        made.append(Cell(kind, Counted(int(dice.binomial(n, 0.04 + effect)), n), Counted(int(dice.binomial(left_alone, 0.04)), left_alone)))
    return made


def test_the_kind_that_a_tactic_works_on_comes_first_and_the_ranking_helps():
    dice = np.random.default_rng(2)
    taught, judging = cells(dice, works_on="silver"), cells(dice, works_on="silver")
    scored = uplift.scores(taught, KINDS)
    assert {kind for kind in KINDS if scored[kind] > 0.05} == {("silver", "uk"), ("silver", "ro")}
    found = uplift.qini(judging, scored)
    assert found.helps
    third = next(step for step in found.curve if step.share == pytest.approx(1 / 3))
    assert third.gain == pytest.approx(found.curve[-1].gain, abs=0.006), "nobody else needs to be written to"


def test_an_effect_on_everybody_alike_is_seldom_taken_for_a_ranking():
    dice = np.random.default_rng(4)
    helps = [uplift.qini(cells(dice, works_on=None), uplift.scores(cells(dice, works_on=None), KINDS)).helps for _ in range(120)]
    assert np.mean(helps) <= 0.06


def test_the_coefficients_interval_covers_what_more_customers_would_show():
    dice = np.random.default_rng(6)
    scored = {kind: {"gold": 0.01, "silver": 0.09, "copper": 0.0}[kind[0]] for kind in KINDS}
    truth = np.mean([uplift.qini(cells(dice, works_on="silver", customers=2_000_000), scored).coefficient for _ in range(5)])
    covered = [truth in uplift.qini(cells(dice, works_on="silver"), scored, seed=seed).interval for seed in range(200)]
    assert 0.91 <= np.mean(covered) <= 0.99


def test_the_curve_by_hand():
    """Radcliffe's: returns of the tactic less those of as many left alone, over its whole arm."""
    judged = [Cell(("a",), Counted(4, 10), Counted(1, 5)), Cell(("b",), Counted(1, 10), Counted(2, 15))]
    found = uplift.qini(judged, {("a",): 0.2, ("b",): 0.0})
    assert [step.share for step in found.curve] == pytest.approx([0, 15 / 40, 1])
    assert [step.gain for step in found.curve] == pytest.approx([0, (4 - 1 * 10 / 5) / 20, (5 - 3 * 20 / 20) / 20])
    over = 0.1 - 0.1 * 15 / 40
    assert found.coefficient == pytest.approx(over / 2 * 15 / 40 + over / 2 * 25 / 40)


def test_the_same_rows_judge_whatever_the_pieces_in_which_they_are_read():
    whole = uplift.is_held_out(0, 10_000)
    assert np.array_equal(whole, np.concatenate([uplift.is_held_out(0, 1), uplift.is_held_out(1, 6_000), uplift.is_held_out(6_001, 3_999)]))
    assert 0.48 < whole.mean() < 0.52
    assert 0.47 < whole[::2].mean() < 0.53, "also where arms take turns"


def test_without_an_arm_there_is_nothing_to_judge():
    assert uplift.qini([Cell(("a",), Counted(1, 5), Counted(0, 0))], {("a",): 0.0}) is None
    assert uplift.qini([], {}) is None

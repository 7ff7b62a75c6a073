"""What a backtest says, from standings made by hand."""

from __future__ import annotations

from winback.audience import verdicts
from winback.audience.backtesting import Standing


def standing(name: str, picked: int, again: int, auc: float | None = 0.6) -> Standing:
    return Standing(name, picked, again, again / picked if picked else None, None, auc, None, picked)


def test_a_better_definition_is_named_beside_the_rules():
    told = verdicts.best([standing("rules", 1000, 300), standing("silence", 1000, 280), standing("chance", 1000, 270)], 4000, 2000)
    assert told == (
        "The chance of no purchase told the lost best: 73.0% of the 1,000 it picked stayed away, "
        "against 70.0% by the cohort's rules; the difference is small."
    )


def test_more_than_luck_and_more_than_five_points_is_large():
    told = verdicts.best([standing("rules", 1000, 300), standing("silence", 1000, 200)], 4000, 2000)
    assert told.endswith("80.0% of the 1,000 it picked stayed away, against 70.0% by the cohort's rules; the difference is large.")


def test_ten_points_among_ten_customers_are_small():
    assert verdicts.best([standing("rules", 10, 3), standing("silence", 10, 2)], 40, 20).endswith("the difference is small.")


def test_where_none_is_better_the_rules_are_named_first():
    told = verdicts.best([standing("rules", 1000, 300), standing("silence", 1000, 300), standing("rhythm", 1000, 400)], 4000, 2000)
    assert told.startswith(
        "None told the lost better than the cohort's rules: 70.0% of the 1,000 they picked stayed away, against 70.0% by the longest"
    )


def test_a_definition_that_can_pick_fewer_only_is_not_called_best():
    told = verdicts.best([standing("rules", 1000, 300), standing("silence", 1000, 290), standing("rhythm", 400, 0)], 4000, 2000)
    assert told.startswith("The longest silence told the lost best: 71.0%")


def test_rules_that_leave_nobody_out_are_judged_by_the_order_of_the_others():
    rules = standing("rules", 4000, 2000, 0.5)
    told = verdicts.best([rules, standing("silence", 4000, 2000, 0.68), standing("chance", 4000, 2000, 0.71)], 4000, 2000)
    assert told == (
        "The cohort's rules leave out nobody who is judged, so only the order tells: the chance of no purchase does it best (AUC 0.71), "
        "then the longest silence (0.68); the difference is small."
    )
    alone = verdicts.best([rules, standing("silence", 4000, 2000, 0.68)], 4000, 2000)
    assert alone.endswith("the longest silence alone has one (AUC 0.68; 0.5 is guessing).")


def test_where_all_did_the_same_nothing_is_told_apart():
    assert verdicts.best([standing("rules", 10, 0, None)], 40, 40) == "Nobody of the 40 judged ordered again, so nothing tells the definitions apart."
    assert verdicts.best([standing("rules", 10, 10, None)], 40, 0) == "All of the 40 judged ordered again, so nothing tells the definitions apart."


def test_the_chance_says_how_far_off_it_was():
    assert verdicts.of_chance(0.514, 0.468).startswith("The chance expected 51% of all judged to stay away, and 47% did:")

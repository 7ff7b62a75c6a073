"""What may be looked at on any day, and who responds."""

from __future__ import annotations

import pytest

from winback.model import HOLDOUT
from winback.outcomes import proofs, sequence
from winback.outcomes.figures import ArmFigures, CellFigures, DayFigures, Dimension
from winback.outcomes.guardrails import Standing
from winback.outcomes.statistics import Counted, Moments

NOTHING = Moments(0, 0.0, 0.0)


def arm(name: str, assigned: int, returned: int, **more: int) -> ArmFigures:
    return ArmFigures(name, assigned, assigned, None, None, returned=returned, **more)


def day(name: str, number: int, assigned: int, returned: int) -> DayFigures:
    return DayFigures(name, number, assigned, returned, NOTHING)


def test_an_arm_stands_as_it_stood_on_days_without_a_change():
    days = [day(HOLDOUT, 1, 500, 0), day("a", 1, 1000, 5), day("a", 3, 1000, 30), day(HOLDOUT, 4, 500, 8)]
    found = proofs.of([arm("a", 1000, 30), arm(HOLDOUT, 500, 8)], days, ()).followed
    assert [each.day for each in found] == [1, 3, 4]
    assert found[1].stood == sequence.rates(Counted(30, 1000), Counted(0, 500))
    assert found[2].stood == sequence.rates(Counted(30, 1000), Counted(8, 500))


def test_nobody_is_followed_before_both_arms_have_somebody_or_without_a_holdout():
    assert [each.day for each in proofs.of([arm("a", 9, 1), arm(HOLDOUT, 9, 1)], [day("a", 1, 9, 1), day(HOLDOUT, 2, 9, 1)], ()).followed] == [2]
    assert proofs.of([arm("a", 9, 1)], [day("a", 1, 9, 1)], ()).followed == ()


def test_guards_speak_of_those_written_to():
    (stopped, _), (none,) = [[guard for name, guard in proofs.of([one], (), ()).guards] or [None] for one in (
        arm("a", 1000, 3, contacted=900, unsubscribed=90), arm("b", 1000, 3, contacted=0))]  # fmt: skip
    assert (stopped.standing, stopped.counted) == (Standing.STOP, Counted(90, 900))
    assert none is None


def test_chances_add_up_and_one_arm_alone_has_none():
    chances = proofs.of([arm("a", 500, 10), arm("b", 500, 15), arm(HOLDOUT, 300, 3)], (), ()).standings
    assert sum(one.best for one in chances.values()) == pytest.approx(1.0)
    assert max(chances, key=lambda name: chances[name].best) == "b"
    assert proofs.of([arm("a", 500, 10)], (), ()).standings == {}


def test_who_responds_is_told_by_dimensions_that_tell_customers_apart():
    def cell(dimension: Dimension, value: str, name: str, assigned: int, returned: int) -> CellFigures:
        return CellFigures(dimension, value, name, assigned, returned, NOTHING)

    cells = [
        cell(Dimension.VALUE_CLASS, "gold", "a", 400, 40), cell(Dimension.VALUE_CLASS, "gold", HOLDOUT, 200, 8),
        cell(Dimension.VALUE_CLASS, "copper", "a", 400, 12), cell(Dimension.VALUE_CLASS, "copper", HOLDOUT, 200, 6),
        cell(Dimension.COUNTRY, "UA", "a", 800, 52), cell(Dimension.COUNTRY, "UA", HOLDOUT, 400, 14),
        cell(Dimension.WAVE, "1", "a", 400, 20), cell(Dimension.WAVE, "2", "a", 400, 20),
    ]  # fmt: skip
    (found,) = proofs.of([arm("a", 800, 52), arm(HOLDOUT, 400, 14)], (), cells).responding
    assert (found.arm, found.dimension) == ("a", Dimension.VALUE_CLASS)
    by_value = {row.value: row for row in found.found.rows}
    assert by_value["gold"].difference == pytest.approx(0.06)
    assert 0.0 < by_value["copper"].believed.value < by_value["gold"].believed.value < 0.06, "drawn towards each other"

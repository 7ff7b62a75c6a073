"""Mailboxes in trouble, and the plan against what happened."""

from __future__ import annotations

from decimal import Decimal

import pytest

from winback.model import HOLDOUT
from winback.outcomes import backdrop, expectations
from winback.outcomes.backdrop import Expected, MailboxFigures, Trouble
from winback.outcomes.expectations import Planned
from winback.outcomes.figures import ArmFigures, CostFigures, StageFigures

USUAL = MailboxFigures("gmail", 4000, 20, 10, 1, 1600)


@pytest.mark.parametrize(
    ("figures", "troubles"),
    [
        (MailboxFigures("a", 1000, 10, 10, 0, 400), ()),
        (MailboxFigures("a", 900, 100, 0, 0, 350), (Trouble.REFUSED,)),
        (MailboxFigures("a", 1000, 0, 100, 0, 350), (Trouble.REFUSED,)),
        (MailboxFigures("a", 3, 1, 0, 0, 1), ()),  # a quarter of four may be chance
        (MailboxFigures("a", 2000, 0, 0, 12, 800), (Trouble.SPAM,)),
        (MailboxFigures("a", 300, 0, 0, 1, 120), ()),  # one complaint is a third of a per cent, and one complaint
        (MailboxFigures("a", 1000, 0, 0, 0, 90), (Trouble.UNSEEN,)),
        (MailboxFigures("a", 12, 0, 0, 0, 0), ()),
        (MailboxFigures("a", 0, 40, 0, 0, 0), (Trouble.REFUSED,)),
    ],
)
def test_trouble_is_named_where_it_is_not_chance(figures, troubles):
    assert backdrop.judge([USUAL, figures])[1].troubles == troubles


def test_rows_of_one_provider_are_one_and_small_ones_without_trouble_are_the_rest():
    rows = [MailboxFigures("gmail", 5, 1, 0, 0, 2), *(MailboxFigures(f"shop{place:02}.example", 3, 0, 0, 0, 1) for place in range(20)), USUAL]
    found = backdrop.by_provider(rows)
    assert found[0] == MailboxFigures("gmail", 4005, 21, 10, 1, 1602)
    judged = backdrop.judge([*found, MailboxFigures("bad.example", 0, 30, 0, 0, 0)])
    assert [one.figures.provider for one in judged[-2:]] == ["bad.example", backdrop.OTHERS]
    assert sum(one.figures.sent for one in judged) == 4005 + 60


def test_nobody_opens_anywhere_is_no_trouble_of_one_provider():
    assert backdrop.judge([MailboxFigures("a", 900, 0, 0, 0, 0), MailboxFigures("b", 900, 0, 0, 0, 0)])[0].troubles == ()


def test_the_plan_is_held_against_what_happened():
    def arm(name: str, assigned: int, returned: int, cost: int) -> ArmFigures:
        return ArmFigures(name, assigned, 0, None, None, returned=returned, cost=CostFigures(messages_minor=cost, discounts_minor=999))

    expected = Expected(100, 25, {"hello": 100, "gift": 90}, Decimal("4.50"), 0.03, {"a": 0.05})
    stages = (
        StageFigures("hello", "a", 0, 97, 0, 0, 0, 0, 0, 0, 0),
        StageFigures("hello", HOLDOUT, 0, 5, 0, 0, 0, 0, 20, 0, 0),
        StageFigures("gift", "a", 0, 60, 0, 0, 0, 0, 0, 0, 0),
    )
    held = expectations.hold(expected, [arm("a", 98, 7, 390), arm(HOLDOUT, 20, 1, 0)], stages, {"a": 0.07}, "UAH")
    assert [(line.what, line.of, line.planned, line.happened) for line in held] == [
        (Planned.WRITTEN_TO, "", 100, 98),
        (Planned.LEFT_ALONE, "", 25, 20),
        (Planned.LETTERS, "hello", 100, 97),
        (Planned.LETTERS, "gift", 90, 60),
        (Planned.COST, "", 4.5, 3.9),
        (Planned.BY_THEMSELVES, "", 0.03, 0.05),
        (Planned.VISIBLE, "a", 0.05, 0.07),
    ]
    assert expectations.hold(None, [], (), {}, "UAH") == ()

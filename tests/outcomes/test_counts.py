"""What the report counts besides returns, hand-counted on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from winback.model import HOLDOUT, DeliveryStatus, EventKind, OrderStatus, Reason, RecipientStatus, Verdict
from winback.outcomes.figures import CurveCell


def test_a_recipient_counts_once_however_many_letters_and_opens(world):
    customer = world.recipient("gift")
    for stage in ("hello", "reminder"):
        letter = world.delivery(customer, stage)
        world.event(customer, EventKind.OPEN, delivery=letter)
        world.event(customer, EventKind.OPEN, delivery=letter)
        world.event(customer, EventKind.CLICK, delivery=letter)
    world.recipient("gift")
    gift = world.arm("gift")
    assert (gift.assigned, gift.delivered, gift.opened_human, gift.clicked) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("verdicts", "counted"),
    [
        ([Verdict.HUMAN], (1, 0, 0)),
        ([Verdict.UNVERIFIED], (0, 1, 0)),
        ([Verdict.MACHINE], (0, 0, 1)),
        ([Verdict.MACHINE, Verdict.UNVERIFIED], (0, 1, 0)),
        ([Verdict.MACHINE, Verdict.UNVERIFIED, Verdict.HUMAN], (1, 0, 0)),
    ],
)
def test_an_open_or_a_click_counts_under_its_best_verdict(world, verdicts, counted):
    customer = world.recipient("gift")
    letter = world.delivery(customer)
    for kind in (EventKind.OPEN, EventKind.CLICK):
        for verdict in verdicts:
            world.event(customer, kind, delivery=letter, verdict=verdict)
    gift = world.arm("gift")
    assert (gift.opened_human, gift.opened_unverified, gift.opened_machine) == counted
    assert (gift.clicked, gift.clicked_unverified, gift.clicked_machine) == counted


def test_clicks_and_replies_of_machines_are_nobodys(world):
    customer = world.recipient("gift")
    letter = world.delivery(customer)
    world.event(customer, EventKind.CLICK, delivery=letter, verdict=Verdict.MACHINE)
    world.event(customer, EventKind.REPLY, delivery=letter, verdict=Verdict.MACHINE)
    gift = world.arm("gift")
    assert (gift.clicked, gift.replied) == (0, 0)
    (hello,) = world.figures().stages
    assert hello.clicked == 0


@pytest.mark.parametrize(("days", "counted"), [(-1, 0), (5, 1), (61, 0)])
def test_a_word_that_names_no_letter_counts_inside_the_window(world, days, counted):
    customer = world.recipient("gift")
    world.event(customer, EventKind.UNSUBSCRIBE, days=days)
    world.event(customer, EventKind.REPLY, days=days)
    gift = world.arm("gift")
    assert (gift.unsubscribed, gift.replied) == (counted, counted)


def test_letters_that_failed_or_may_have_left_are_told_apart(world):
    for status in (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.PLANNED):
        world.delivery(world.recipient("gift"), status=status)
    gift = world.arm("gift")
    assert (gift.assigned, gift.delivered, gift.failed, gift.uncertain) == (4, 1, 1, 1)


def test_what_came_back_after_now_is_not_known(world):
    customer = world.recipient("gift")
    letter = world.delivery(customer, due=1)
    world.event(customer, EventKind.OPEN, delivery=letter, days=8)
    world.event(customer, EventKind.REPLY, days=8)
    gift = world.arm("gift", days=7)
    assert (gift.delivered, gift.opened_human, gift.replied) == (1, 0, 0)
    assert world.arm("gift", days=0.5).delivered == 0


def test_stages_stand_in_the_order_they_fall_due_with_every_end_of_a_letter(world):
    first, second, left_alone = world.recipient("gift"), world.recipient("gift"), world.recipient(HOLDOUT)
    world.delivery(first, "welcome", due=1)
    opened = world.delivery(second, "welcome", due=2)
    world.event(second, EventKind.OPEN, delivery=opened)
    world.delivery(first, "a-last-word", status=DeliveryStatus.STOPPED, due=9)
    world.delivery(second, "a-last-word", status=DeliveryStatus.CLAIMED, due=9)
    world.delivery(left_alone, "welcome", status=DeliveryStatus.HELD_OUT, due=1, tactic="gift")
    rows = [
        (row.stage, row.arm, row.planned, row.sent, row.opened, row.stopped, row.held_out)
        for row in sorted(world.figures().stages, key=lambda row: row.arm)
    ]
    assert rows == [
        ("welcome", "gift", 0, 2, 1, 0, 0),
        ("a-last-word", "gift", 1, 0, 0, 1, 0),
        ("welcome", HOLDOUT, 0, 0, 0, 0, 1),
    ]


def test_the_curve_tells_day_of_return_and_days_followed(world):
    world.order(world.recipient("gift"), 0.5)  # in the first 24 hours
    world.order(world.recipient("gift"), 1)  # exactly 24 hours: still the first day
    world.order(world.recipient("gift"), 1.01)
    world.recipient("gift", assigned=7)
    assert set(world.figures(days=10).curve) == {
        CurveCell("gift", followed=10, day=1, customers=2),
        CurveCell("gift", followed=10, day=2, customers=1),
        CurveCell("gift", followed=3, day=None, customers=1),
    }
    assert {cell.followed for cell in world.figures(days=66).curve} == {59, 60}


def test_a_window_that_is_not_whole_days_is_followed_to_the_day_it_ends_on(world):
    world.order(world.recipient("gift"), 1.4)
    assert world.figures(days=2, window=timedelta(hours=36)).curve == (CurveCell("gift", followed=2, day=2, customers=1),)


def test_moments_of_revenue_count_everybody_assigned(world):
    spenders = [world.recipient("gift") for _ in range(3)]
    world.recipient("gift")
    for customer, amount in zip(spenders, (1000, 2500, 400), strict=True):
        world.order(customer, 3, amount)
    world.order(spenders[0], 4, -100, status=OrderStatus.RETURNED)
    revenue = world.arm("gift").revenue
    assert (revenue.n, revenue.total, revenue.squares) == (4, 3800, 900**2 + 2500**2 + 400**2)


def test_large_amounts_do_not_overflow(world):
    for _ in range(3):
        world.order(world.recipient("gift"), 3, 2_500_000_000_00)
    revenue = world.arm("gift").revenue
    assert revenue.total == 7.5e11
    assert revenue.squares == pytest.approx(3 * 2.5e11**2)


def test_languages_and_skips_are_counted_apart(world):
    world.order(world.recipient("gift", locale="uk"), 3)
    world.recipient("gift", locale="uk")
    world.recipient("gift", locale="en")
    for reason in (Reason.NO_CONSENT, Reason.SUPPRESSED, Reason.NO_CONSENT):
        world.skipped(reason)
    figures = world.figures()
    assert [(row.locale, row.arm, row.assigned, row.returned) for row in figures.locales] == [("en", "gift", 1, 0), ("uk", "gift", 2, 1)]
    assert figures.skips == (("no-consent", 2), ("suppressed", 1))


def test_a_run_without_recipients_has_figures_of_nothing(world):
    figures = world.figures()
    assert (figures.arms, figures.stages, figures.curve, figures.skips) == ((), (), (), ())


def test_journeys_are_counted_by_how_they_ended_at_the_reports_moment(world):
    for reason in (Reason.ORDERED, Reason.ORDERED, Reason.EXHAUSTED):
        status = RecipientStatus.FINISHED if reason is Reason.EXHAUSTED else RecipientStatus.STOPPED
        who = world.recipient("warm", status=status, reason=reason)
        world.end(who, days=10)
    world.recipient("warm")
    world.recipient(HOLDOUT)
    counted = [(row.arm, row.end, row.customers) for row in world.figures(days=50).ends]
    assert counted == [("warm", "returned", 2), ("warm", "exhausted", 1), ("warm", "under-way", 1)]
    assert [(row.end, row.customers) for row in world.figures(days=5).ends] == [("under-way", 4)]

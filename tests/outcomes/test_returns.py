"""What counts as a return, hand-counted on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from winback.model import HOLDOUT, OrderStatus, Reason, RecipientStatus

START = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)  # when everybody is assigned
TICK = timedelta(microseconds=1)


def test_an_order_after_the_assignment_is_a_return(world):
    customer = world.recipient("gift")
    world.order(customer, 3, 1500)
    assert world.measure() == 1
    assert world.outcomes() == [(customer, "UAH", START + timedelta(days=3), 1, 1500, True)]


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (START - timedelta(days=1), False),
        (START, False),
        (START + TICK, True),
        (START + timedelta(days=60) - TICK, True),
        (START + timedelta(days=60), True),
        (START + timedelta(days=60) + TICK, False),
    ],
)
def test_the_window_begins_after_the_assignment_and_ends_with_its_last_moment(world, moment, counts):
    world.order(world.recipient("gift"), moment)
    assert world.measure() == int(counts)


@pytest.mark.parametrize(("after", "counts"), [(timedelta(hours=36), True), (timedelta(hours=36) + TICK, False)])
def test_a_window_of_hours_is_as_exact_as_one_of_days(world, after, counts):
    world.order(world.recipient("gift"), START + after)
    assert world.measure(window=timedelta(hours=36)) == int(counts)


@pytest.mark.parametrize(
    ("amount", "status"),
    [(1000, OrderStatus.CANCELLED), (0, OrderStatus.PLACED), (-1000, OrderStatus.RETURNED)],
    ids=["cancelled", "nothing paid", "goods brought back"],
)
def test_what_is_no_purchase_is_no_return(world, amount, status):
    world.order(world.recipient("gift"), 3, amount, status=status)
    assert world.measure() == 0
    assert world.arm("gift").orders == 0


def test_a_refund_lowers_revenue_and_is_no_purchase(world):
    customer = world.recipient("gift")
    world.order(customer, 3, 5000)
    world.order(customer, 9, -2000, status=OrderStatus.RETURNED)
    assert world.measure() == 1
    assert world.outcomes() == [(customer, "UAH", START + timedelta(days=3), 1, 3000, True)]


def test_goods_brought_back_after_the_window_change_nothing(world):
    customer = world.recipient("gift")
    world.order(customer, 3, 5000)
    world.order(customer, 61, -2000, status=OrderStatus.RETURNED)
    assert world.arm("gift").revenue.total == 5000


def test_goods_brought_back_without_a_purchase_lower_the_arm_revenue(world):
    customer = world.recipient("gift")
    world.order(customer, -400, 9000)
    world.order(customer, 5, -3000, status=OrderStatus.RETURNED)
    assert world.measure() == 0
    assert world.outcomes() == [(customer, "UAH", None, 0, -3000, True)]
    assert world.arm("gift").revenue.total == -3000


def test_two_orders_are_one_return_with_the_first_ones_moment(world):
    customer = world.recipient("gift")
    world.order(customer, 9, 700)
    world.order(customer, 4, 300)
    assert world.measure() == 1
    assert world.outcomes() == [(customer, "UAH", START + timedelta(days=4), 2, 1000, True)]


def test_another_currency_is_a_return_whose_money_is_never_added(world):
    customer = world.recipient("gift")
    world.order(customer, 4, 300)
    world.order(customer, 2, 999, currency="USD")
    assert world.measure() == 1
    figures = world.figures()
    (gift,) = figures.arms
    assert (gift.returned, gift.orders, gift.revenue.total) == (1, 2, 300)
    assert [(other.arm, other.currency, other.orders, other.revenue_minor) for other in figures.others] == [("gift", "USD", 1, 999)]


def test_what_happened_after_now_is_not_known(world):
    customer = world.recipient("gift")
    world.order(customer, 10)
    world.recipient("gift", assigned=12)
    assert world.measure(days=9) == 0
    assert world.arm("gift", days=9).assigned == 1
    assert world.measure(days=10) == 1


def test_everybody_counts_where_they_were_assigned_whatever_became_of_their_letters(world):
    for status in (RecipientStatus.ACTIVE, RecipientStatus.STOPPED, RecipientStatus.FINISHED):
        world.order(world.recipient("gift", status=status), 5)
    world.order(world.recipient(HOLDOUT), 5)
    arms = {arm.arm: (arm.assigned, arm.returned) for arm in world.figures().arms}
    assert arms == {"gift": (3, 3), HOLDOUT: (1, 1)}


def test_a_skipped_customer_belongs_to_no_arm(world):
    world.order(world.skipped(Reason.NO_CONSENT), 5)
    world.recipient("gift")
    assert world.measure() == 0
    figures = world.figures()
    assert [(arm.arm, arm.assigned) for arm in figures.arms] == [("gift", 1)]
    assert figures.skips == (("no-consent", 1),)


def test_an_order_counts_in_each_run_that_holds_the_customer(world):
    customer = world.recipient("gift")
    other = world.run("autumn", 1)
    world.assign(customer, "call", run_id=other, assigned=10)
    world.order(customer, 5)
    assert world.measure() == 1
    world.run_id = other
    assert world.measure() == 0
    world.order(customer, 15)
    assert world.measure() == 1


def test_measuring_twice_changes_nothing(world):
    for day in (1, 5, 59):
        world.order(world.recipient("gift"), day)
    world.measure()
    before = world.outcomes()
    assert world.measure() == 3
    assert world.outcomes() == before


def test_an_order_cancelled_later_is_taken_out_even_at_the_same_moment(world):
    stays, goes = world.recipient("gift"), world.recipient("gift")
    world.order(stays, 5)
    order = world.order(goes, 5)
    assert world.measure() == 2
    world.change(order, status=OrderStatus.CANCELLED)
    assert world.measure() == 1
    assert [row[0] for row in world.outcomes()] == [stays]


def test_a_later_refund_and_the_end_of_the_window_reach_the_row_that_exists(world):
    customer = world.recipient("gift")
    world.order(customer, 5, 1000)
    world.measure(days=10)
    assert world.outcomes()[0][4:] == (1000, False)
    world.order(customer, 20, -400, status=OrderStatus.RETURNED)
    world.measure(days=60)
    assert world.outcomes()[0][4:] == (600, True)

"""Money, second purchases and parts of arms, hand-counted on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from winback.model import HOLDOUT, CodeStatus, DeliveryStatus, EventKind, OrderStatus, Reason, RecipientStatus, TaskStatus
from winback.outcomes.figures import CellFigures, Dimension
from winback.outcomes.statistics import Moments
from winback.store import database, tables
from winback.store import outcomes as store
from winback.store.outcome_costs import Terms, Uncoded

START = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)  # when everybody is assigned
WINDOW = timedelta(days=60)
SECOND = 1 / 86400


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def figures(world, days: float = 130, **terms):
    world.measure(days)
    with database.reading(world.engine) as connection:
        return store.aggregates(connection, world.run_id, WINDOW, at(days), "UAH", terms=Terms(**terms))


def arm(world, name: str = "gift", days: float = 130, **terms):
    return next(each for each in figures(world, days, **terms).arms if each.arm == name)


def put(world, table, **values) -> None:
    with database.writing(world.engine) as connection:
        connection.execute(insert(table).values(**values))


def note(world, customer: int, **values) -> None:
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.recipients).where(tables.recipients.c.customer_id == customer).values(**values))


@pytest.mark.parametrize(
    ("second", "currency", "stays"),
    [
        (6 - SECOND, "UAH", False),  # a basket that the till split
        (6, "UAH", True),
        (6, "USD", True),
        (64, "UAH", True),  # after their return window, within as long a time after their first purchase
        (65, "UAH", True),
        (65 + SECOND, "UAH", False),
    ],
)
def test_who_buys_once_more_a_day_later_or_after_has_stayed(world, second, currency, stays):
    customer = world.recipient("gift")
    world.order(customer, 5)
    world.order(customer, second, currency=currency)
    found = arm(world)
    assert (found.returned, found.kept, found.kept_closed) == (1, int(stays), 1)


def test_goods_brought_back_are_no_second_purchase(world):
    customer = world.recipient("gift")
    world.order(customer, 5)
    world.order(customer, 8, -500, status=OrderStatus.RETURNED)
    assert arm(world).kept == 0


def test_until_their_time_is_over_nobody_counts_as_gone_again(world):
    early, late = world.recipient("gift"), world.recipient("gift")
    world.order(early, 1)
    world.order(late, 50)
    assert (arm(world, days=65).kept_closed, arm(world, days=110).kept_closed) == (1, 2)


def test_the_margin_is_the_orders_own_where_they_tell_it_and_the_files_elsewhere(world):
    told, half_told = world.recipient("gift"), world.recipient("gift")
    world.order(told, 3, 1000, margin=150)
    world.order(half_told, 3, 2000, margin=900)
    world.order(half_told, 4, 500)
    found = arm(world, margin=0.4).margin
    assert (found.n, found.total, found.squares) == (2, 150 + 900 + 200, pytest.approx(150**2 + 1100**2))


def test_revenue_is_held_against_what_customers_used_to_spend(world):
    back, away = world.recipient("gift"), world.recipient("gift")
    note(world, back, level_minor=2000)
    note(world, away, level_minor=600)
    world.order(back, 3, 1500)
    found = arm(world)
    assert (found.level.total, found.level.squares) == (2600, 2000**2 + 600**2)
    assert found.revenue_by_level == 1500 * 2000
    assert (found.ordered.total, found.revenue_by_orders) == (1, 1500)


def test_goods_brought_back_count_up_to_the_cap_too(world):
    customer = world.recipient("gift")
    world.order(customer, 3, 100)
    world.order(customer, 5, -90_000, status=OrderStatus.RETURNED)
    found = arm(world, cap_minor=5000)
    assert (found.capped.total, found.revenue.total) == (-5000, -89_900)


def test_one_large_buyer_counts_up_to_the_cap(world):
    for amount in (100, 90_000):
        world.order(world.recipient("gift"), 3, amount)
    found = arm(world, cap_minor=5000)
    assert (found.capped.total, found.capped.squares, found.revenue.total) == (5100, 100**2 + 5000**2, 90_100)
    assert figures(world).cap_minor is None


def test_what_left_costs_and_what_was_refused_does_not(world):
    people = [world.recipient("gift") for _ in range(4)]
    states = (DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED, DeliveryStatus.PLANNED)
    letters = [world.delivery(who, status=status) for who, status in zip(people, states, strict=True)]
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.deliveries).values(cost_micros=30_000, handed_over_at=at(1)))  # 0.03 of the currency
    found = arm(world)
    assert (found.cost.messages_minor, found.contacted, found.delivered, found.uncertain, found.failed) == (6, 2, 1, 1, 1)
    assert letters


def test_a_call_costs_once_it_was_made(world):
    done, not_yet = world.recipient("gift"), world.recipient("gift")
    for who, status in ((done, TaskStatus.DONE), (not_yet, TaskStatus.OPEN)):
        asked = world.delivery(who, "call")
        with database.writing(world.engine) as connection:
            connection.execute(
                update(tables.deliveries).where(tables.deliveries.c.id == asked).values(channel="task", letter="call", cost_micros=12_500_000)
            )
        done_at = at(2) if status == TaskStatus.DONE else None
        put(world, tables.tasks, delivery_id=asked, customer_id=who, kind="call", status=status, asked_at=at(1), due_at=at(1), done_at=done_at)
    found = arm(world)
    assert (found.cost.calls_minor, found.cost.messages_minor, found.contacted) == (1250, 0, 1)


def test_calls_beside_the_stages_cost_for_everybody_contacted(world):
    for status in (DeliveryStatus.SENT, DeliveryStatus.PLANNED):
        world.delivery(world.recipient("gift"), status=status)
    assert arm(world, call_minor=700).cost.calls_minor == 700


def code(world, customer: int, offer: str, *, fixed: int, cost: int, redeemed: float = 5) -> None:
    put(
        world, tables.codes, code=f"C{customer}", matched=f"C{customer}", source="own", campaign="spring", offer=offer, status=CodeStatus.REDEEMED,
        run_id=world.run_id, customer_id=customer, reserved_at=START, expires_at=at(40), order_key=f"k{customer}", redeemed_at=at(redeemed),
        fixed_minor=fixed, cost_minor=cost,
    )  # fmt: skip


def test_codes_cost_what_orders_of_the_window_took_of_them(world):
    code(world, world.recipient("gift"), "tenth-off", fixed=0, cost=100)
    code(world, world.recipient("gift"), "cup", fixed=250, cost=250)
    code(world, world.recipient("gift"), "cup", fixed=250, cost=250, redeemed=61)
    found = arm(world, money_offers=frozenset({"tenth-off"})).cost
    assert (found.discounts_minor, found.gifts_minor, found.total_minor) == (100, 250, 350)


def test_an_offer_without_a_code_counts_as_used_by_everybody_who_returned(world):
    for days in (3, 4):
        customer = world.recipient("gift")
        world.order(customer, days, 1000)
        world.order(customer, days + 10, 9000)
    world.order(world.recipient(HOLDOUT), 3, 1000)
    uncoded = {"gift": Uncoded(fixed_minor=50, discount=0.1, is_money=False)}
    assert (arm(world, uncoded=uncoded).cost.gifts_minor, arm(world, uncoded=uncoded).cost.discounts_minor) == (100, 200)
    assert arm(world, HOLDOUT, uncoded=uncoded).cost.total_minor == 0


def test_a_discount_isnt_counted_twice_where_totals_are_what_was_paid(world):
    told, untold = world.recipient("gift"), world.recipient("gift")
    for customer, margin in ((told, 300), (untold, None)):
        world.order(customer, 5, 900, margin=margin)
        code(world, customer, "tenth-off", fixed=0, cost=100)
    code(world, world.recipient("gift"), "tenth-off", fixed=0, cost=10)  # of an order that is nowhere any more
    with database.writing(world.engine) as connection:
        for customer in (told, untold):
            of = tables.orders.c.customer_id == customer
            connection.execute(update(tables.orders).where(of).values(key=f"k{customer}"))
    money = {"money_offers": frozenset({"tenth-off"}), "margin": 0.4}
    assert arm(world, **money).cost.discounts_minor == 210
    paid = arm(world, **money, is_paid=True)
    assert paid.cost.discounts_minor == 66, "nothing of the margin that is told, 60 % of what was taken off the others"
    cost_of_goods = 600 + 600  # of 1000 each, by list
    assert paid.margin.total - (paid.cost.discounts_minor - 6) == 900 - cost_of_goods / 2 + 900 - cost_of_goods / 2


def test_an_uncoded_discount_isnt_counted_twice_either(world):
    for margin in (300, None):
        customer = world.recipient("gift")
        world.order(customer, 3, 900, margin=margin)
    uncoded = {"gift": Uncoded(fixed_minor=0, discount=0.1, is_money=True)}
    assert arm(world, uncoded=uncoded, margin=0.4).cost.discounts_minor == 180
    assert arm(world, uncoded=uncoded, margin=0.4, is_paid=True).cost.discounts_minor == 54


def test_days_add_up_to_the_arm_and_hold_what_was_known_then(world):
    first, second = world.recipient("gift"), world.recipient("gift", assigned=3)
    world.recipient(HOLDOUT)
    world.order(first, 1.5, 400)
    world.order(first, 9.5, 600)
    world.order(second, 9.6, 50)
    found = figures(world)
    told = [(day.day, day.assigned, day.returned, day.revenue.total, day.revenue.squares) for day in found.days if day.arm == "gift"]
    assert told == [(1, 1, 0, 0, 0), (2, 1, 1, 400, 400**2), (4, 2, 1, 400, 400**2), (10, 2, 2, 1050, 1000**2 + 50**2)]
    whole = next(each for each in found.arms if each.arm == "gift").revenue
    assert found.days[-1].arm == HOLDOUT or told[-1][3:] == (whole.total, whole.squares)


def test_every_part_adds_up_to_the_arm(world):
    people = [(world.recipient("gift" if number % 3 else HOLDOUT, locale="uk" if number % 2 else "en"), number) for number in range(12)]
    for who, number in people:
        note(world, who, value_class="gold" if number < 5 else "", sign="no_answer", silence="365-729", country="UA", domain="gmail", manager="olena")
        if number % 2:
            world.order(who, 3 + number, 1100 + 37 * number)
    found = figures(world, margin=0.5)
    for each in found.arms:
        for dimension in Dimension:
            cells = [cell for cell in found.strata if cell.arm == each.arm and cell.dimension is dimension]
            assert sum(cell.assigned for cell in cells) == each.assigned
            assert sum(cell.returned for cell in cells) == each.returned
            assert sum(cell.revenue.total for cell in cells) == each.revenue.total
            assert sum(cell.margin.total for cell in cells) == pytest.approx(each.margin.total)
            assert sum(cell.margin.squares for cell in cells) == pytest.approx(each.margin.squares)
        money = [cell for cell in found.money if cell.arm == each.arm]
        assert (sum(cell.total for cell in money), sum(cell.squares for cell in money)) == (each.revenue.total, each.revenue.squares)
        assert sum(cell.customers for cell in money) == each.returned
    assert CellFigures(Dimension.VALUE_CLASS, "gold", HOLDOUT, 2, 1, Moments(2, 1211.0, 1211.0**2), Moments(2, 605.5, 605.5**2)) in found.strata
    assert {cell.value for cell in found.strata if cell.dimension is Dimension.WAVE} == {"2026-03"}


def test_customers_of_a_wave_are_a_part_by_its_number(world):
    for number in (1, 1, 2):
        note(world, world.recipient("gift"), wave=number)
    put(world, tables.waves, run_id=world.run_id, number=1, began_at=START, shares={"gift": 0.8, HOLDOUT: 0.2}, basis={})
    found = figures(world)
    assert [(cell.value, cell.assigned) for cell in found.strata if cell.dimension is Dimension.WAVE] == [("1", 2), ("2", 1)]
    assert [(wave.wave, wave.began_at, dict(wave.shares)) for wave in found.waves] == [(1, START, {"gift": 0.8, HOLDOUT: 0.2})]


def test_a_place_given_up_in_a_merge_is_told_and_counts_nowhere(world):
    world.recipient("gift")
    world.recipient(HOLDOUT, status=RecipientStatus.STOPPED, reason=Reason.MERGED)
    found = figures(world)
    assert (found.merged, [each.arm for each in found.arms]) == ({HOLDOUT: 1}, ["gift"])


def test_complaints_count_whoever_made_them(world):
    customer = world.recipient("gift")
    world.event(customer, EventKind.COMPLAINT, delivery=world.delivery(customer), verdict="other")
    assert arm(world).complained == 1

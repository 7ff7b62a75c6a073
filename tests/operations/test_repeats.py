"""Customers who ask to be reminded later, in a whole campaign on both databases: the message comes once more, and the journey waits for it."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.journey import repeats
from winback.journey.repeats import Later
from winback.model import DeliveryStatus, EventKind, RecipientStatus, RunStatus
from winback.operations import calendar, explaining, steering
from winback.store import database, runs
from winback.store import deliveries as letters
from winback.store import repeats as store
from winback.store.tables import campaign_runs, codes, deliveries, events, recipients, touches

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)


@pytest.fixture
def channel():
    return MemoryChannel()


@pytest.fixture
def begun(engine, ready, channel):
    """The customer who got the first letter of all."""
    populate(engine, 6)
    go(ready, engine, START, channel)
    with database.reading(engine) as connection:
        return connection.execute(select(deliveries).where(deliveries.c.status == DeliveryStatus.SENT).order_by(deliveries.c.id)).first()


def put_off(engine, letter, later, now, key="press"):
    with database.writing(engine) as connection:
        message = store.find(connection, letter.id, letter.customer_id)
        if message is None:
            return None
        due_at = repeats.moment(now, later, LONDON)
        return store.put_off(connection, message, due_at, dedupe_key=f"{key}:{now}", now=now)


def theirs(engine, who):
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries.c.stage, deliveries.c.status).where(deliveries.c.customer_id == who).order_by(deliveries.c.id))
        return [tuple(row) for row in rows]


def place(engine, who):
    with database.reading(engine) as connection:
        return connection.execute(select(recipients).where(recipients.c.customer_id == who)).one()


def test_the_message_comes_again_on_the_day_and_the_journey_goes_on_from_there(engine, ready, channel, begun):
    who = begun.customer_id
    assert put_off(engine, begun, Later.THREE_DAYS, START + DAY) is True
    assert theirs(engine, who) == [("first-letter", "sent"), ("first-letter+1", "planned")]
    go(ready, engine, START + 3 * DAY, channel)
    assert theirs(engine, who)[-1] == ("first-letter+1", "planned"), "not before its day"
    go(ready, engine, START + 7 * DAY, channel)  # the stage's weekdays and hours are minded: the fourth day was a Saturday
    assert theirs(engine, who) == [("first-letter", "sent"), ("first-letter+1", "sent")]
    with database.reading(engine) as connection:
        numbers = connection.execute(select(deliveries.c.id).where(deliveries.c.customer_id == who)).scalars().all()
    first, again = (letter for letter in channel.letters if letter.delivery_id in numbers)
    assert first.to == again.to
    assert first.message_id != again.message_id
    go(ready, engine, START + 14 * DAY, channel)
    go(ready, engine, START + 28 * DAY, channel)
    assert theirs(engine, who)[2:] == [("reminder", "sent"), ("last-day", "sent")]
    assert place(engine, who).status == RecipientStatus.FINISHED
    with database.reading(engine) as connection:
        run = runs.latest(connection, CAMPAIGN)
        assert run.status is RunStatus.FINISHED
        told = calendar.of(ready, letters.sent_by_moment(connection, run.id))
        (asked,) = connection.execute(select(events).where(events.c.kind == EventKind.LATER)).all()
    assert sum(each.letters for each in told.leaving) == len(channel.letters)
    assert (asked.customer_id, asked.delivery_id, asked.verdict) == (who, begun.id, "human")


def test_chosen_again_while_it_waits_it_only_waits_for_another_day(engine, begun):
    who = begun.customer_id
    for later in (Later.WEEK, Later.THREE_DAYS):
        assert put_off(engine, begun, later, START + DAY) is True
    assert theirs(engine, who) == [("first-letter", "sent"), ("first-letter+1", "planned")]
    with database.reading(engine) as connection:
        due = connection.execute(select(deliveries.c.due_at).where(deliveries.c.stage == "first-letter+1")).scalar_one()
    assert due == START + 4 * DAY


def test_the_next_message_waits_too_where_it_was_queued_already_and_an_older_one_can_be_asked_for(engine, ready, channel, begun):
    who = begun.customer_id
    with database.writing(engine) as connection:  # queued, and put off by the contact policy
        place_of = (recipients.c.customer_id == who,)
        connection.execute(update(recipients).where(*place_of).values(next_due_at=None))
        row = {"run_id": begun.run_id, "customer_id": who, "tactic": begun.tactic, "locale": "en", "stage": "reminder"}
        connection.execute(deliveries.insert().values(**row, status=DeliveryStatus.PLANNED, due_at=START + 8 * DAY))
    assert put_off(engine, begun, Later.WEEK, START + 7 * DAY) is True
    assert theirs(engine, who) == [("first-letter", "sent"), ("first-letter+1", "planned")]
    go(ready, engine, START + 14 * DAY, channel)
    go(ready, engine, START + 21 * DAY, channel)
    assert theirs(engine, who)[1:] == [("first-letter+1", "sent"), ("reminder", "sent")]
    assert put_off(engine, begun, Later.THREE_DAYS, START + 22 * DAY) is True, "the button below the first message works still"
    go(ready, engine, START + 28 * DAY, channel)
    assert theirs(engine, who)[3:] == [("first-letter+2", "sent")]
    go(ready, engine, START + 42 * DAY, channel)
    assert [stage for stage, _ in theirs(engine, who)][4:] == ["last-day"], "the reminder was sent already: it doesn't come again"


def test_who_is_at_the_end_of_the_journey_may_still_ask(engine, ready, channel, begun):
    who = begun.customer_id
    for days in (7, 21):
        go(ready, engine, START + days * DAY, channel)
    with database.reading(engine) as connection:
        last = connection.execute(select(deliveries).where(deliveries.c.customer_id == who, deliveries.c.stage == "last-day")).one()
        assert runs.latest(connection, CAMPAIGN).status is RunStatus.FINISHED
    assert put_off(engine, last, Later.THREE_DAYS, START + 22 * DAY) is True
    assert place(engine, who).status == RecipientStatus.ACTIVE
    go(ready, engine, START + 25 * DAY, channel)
    assert theirs(engine, who)[-1] == ("last-day+1", "sent")
    assert place(engine, who).status == RecipientStatus.FINISHED
    with database.reading(engine) as connection:
        assert runs.latest(connection, CAMPAIGN).status is RunStatus.FINISHED


@pytest.mark.parametrize(
    ("deed", "reason"),
    [("order", "ordered"), ("black list", "black-listed"), ("consent", "consent-withdrawn"), ("code", "offer-over"), ("cancel", "cancelled")],
)
def test_the_last_check_is_made_for_a_reminder_too(engine, ready, channel, begun, deed, reason):
    if deed == "code":  # a letter that can't be written without
        with database.reading(engine) as connection:
            begun = connection.execute(select(deliveries).where(deliveries.c.letter == "gift-with-code")).first()
    who = begun.customer_id
    assert put_off(engine, begun, Later.WEEK, START) is True
    with database.writing(engine) as connection:
        match deed:
            case "order":
                world.order(connection, who, START + DAY)
            case "black list":
                connection.execute(update(world.customers).where(world.customers.c.id == who).values(black_list="debts"))
            case "consent":
                connection.execute(update(world.consents).where(world.consents.c.customer_id == who).values(withdrawn_at=START + DAY))
            case "code":
                connection.execute(update(codes).where(codes.c.customer_id == who).values(status="redeemed", redeemed_at=START))
    if deed == "cancel":
        steering.steer(engine, CAMPAIGN, "cancel", now=START + DAY)
    else:
        go(ready, engine, START + 7 * DAY, channel)
    with database.reading(engine) as connection:
        again = connection.execute(select(deliveries).where(deliveries.c.customer_id == who, deliveries.c.stage == "first-letter+1")).one()
    assert (again.status in {"stopped", "skipped"}, again.reason) == (True, reason)


def test_the_contact_policy_puts_a_reminder_off_and_never_leaves_it_out(engine, ready, channel, begun):
    """`last-day` says `if_capped: skip`; who asks for it again gets it once the policy lets it leave."""
    who = begun.customer_id
    for days in (7, 21):
        go(ready, engine, START + days * DAY, channel)
    with database.reading(engine) as connection:
        last = connection.execute(select(deliveries).where(deliveries.c.customer_id == who, deliveries.c.stage == "last-day")).one()
    assert put_off(engine, last, Later.THREE_DAYS, START + 21 * DAY) is True
    with database.writing(engine) as connection:  # the shop rang them up again and again meanwhile
        for number in range(4):
            values = {"key": f"call-{number}", "customer_id": who, "touched_at": START + 23 * DAY, "channel": "phone"}
            connection.execute(touches.insert().values(**values))
    go(ready, engine, START + 24 * DAY, channel)
    with database.reading(engine) as connection:
        again = connection.execute(select(deliveries).where(deliveries.c.customer_id == who, deliveries.c.stage == "last-day+1")).one()
    assert (again.status, again.reason) == ("planned", "capped")
    assert again.due_at > START + 24 * DAY


def test_there_is_nothing_to_be_reminded_of_when_it_is_over_or_put_off_often_enough(engine, ready, channel, begun):
    who = begun.customer_id
    other = next(letter for letter in channel.letters if letter.delivery_id != begun.id)
    with database.reading(engine) as connection:
        assert store.find(connection, other.delivery_id, who) is None, "somebody else's"
        assert store.find(connection, 4711, who) is None
        assert store.find(connection, begun.id, who).ends_on == date(2027, 1, 31)
    with database.writing(engine) as connection:
        row = {"run_id": begun.run_id, "customer_id": who, "tactic": begun.tactic, "locale": "en", "due_at": START}
        for number in range(1, repeats.MOST + 1):
            connection.execute(deliveries.insert().values(**row, stage=f"first-letter+{number}", status=DeliveryStatus.SENT))
    assert put_off(engine, begun, Later.WEEK, START) is None
    with database.writing(engine) as connection:
        connection.execute(deliveries.delete().where(deliveries.c.stage != "first-letter"))
        connection.execute(update(campaign_runs).values(status=RunStatus.CANCELLED))
    assert put_off(engine, begun, Later.WEEK, START) is None


@pytest.mark.parametrize("status", ["claimed", "handed_over"])
def test_nothing_is_put_off_while_the_next_message_is_being_sent(engine, begun, status):
    with database.writing(engine) as connection:
        row = {"run_id": begun.run_id, "customer_id": begun.customer_id, "tactic": begun.tactic, "locale": "en", "stage": "reminder"}
        connection.execute(deliveries.insert().values(**row, status=status, due_at=START))
    assert put_off(engine, begun, Later.WEEK, START) is False
    assert theirs(engine, begun.customer_id)[-1] == ("reminder", status)


def test_explain_tells_of_the_wish_and_of_the_reminder(engine, ready, channel, begun):
    put_off(engine, begun, Later.WEEK, START)
    go(ready, engine, START + 7 * DAY, channel)
    with database.reading(engine) as connection:
        key = connection.execute(select(world.customers.c.key).where(world.customers.c.id == begun.customer_id)).scalar_one()
    told = "\n".join(f"{step.question}: {step.found}" for step in explaining.by_campaign(ready, engine, key, now=START + 8 * DAY).steps)
    assert "stage first-letter+1: " in told
    assert "later (human)" in told


def test_choices_end_with_what_they_would_remind_of():
    assert repeats.choices(START, LONDON, []) == (Later.THREE_DAYS, Later.WEEK, Later.MONTH)
    assert repeats.choices(START, LONDON, [date(2027, 1, 31), date(2026, 12, 1)]) == (Later.THREE_DAYS, Later.WEEK)
    assert repeats.choices(START, LONDON, [date(2026, 11, 26)]) == ()
    assert repeats.moment(START.replace(month=3, day=27), Later.THREE_DAYS, LONDON).hour == 9, "the customer's clock, whatever it leaps over"

"""Greetings through whole campaigns: on whose day, one a week, never late, beside journeys that win back."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests import projects
from tests.operations import lost
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import Refused
from winback.journey.last_check import Postpone
from winback.journey.policy import Rules
from winback.journey.stage import Stage
from winback.model import DeliveryStatus, Reason, RecipientStatus
from winback.operations import campaign_run, enrolment, explaining, plan_tree, planning, rehearsing
from winback.sending import prepared, turns
from winback.sending.turns import Terms
from winback.store import database, events, outcomes, refreshing, runs
from winback.store.deliveries import Claimed
from winback.store.tables import campaign_runs, customers, deliveries, recipients

pytestmark = pytest.mark.one_database("a calendar over months; its statements are tested on both in tests/store")

FILE = "config/campaigns/greetings.yaml"
OCCASIONS = "config/occasions.yaml"
DAYS = "occasions: [birthday, favourite-day, anniversary, holidays]"
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def shop(tmp_path, *changes, occasions="birthday, favourite-day, anniversary, holidays", **kinds):
    given = [(FILE, DAYS, f"occasions: [{occasions}]")]
    if "new-year" not in occasions and "holidays" not in occasions:
        text = (projects.ROOT / FILE).read_text(encoding="utf-8")
        given.append((FILE, text[text.index("  wishes:") :], ""))
    project = projects.make(tmp_path / "shop", *given, *changes)
    return prepared.prepare(project, "greetings")


def customer(engine, key="k", *, ordered="2026-03-09 12:00:00", country="GB", locale="en", zone="Europe/London", **card):
    with database.writing(engine) as connection:
        who = world.customer(connection, key, given_name="Emma", country=country, locale=locale, time_zone=zone, **card)
        world.order(connection, who, ordered)
        world.reach(connection, who)
    return who


def go(ready, engine, now, channel=None):
    return lost.go(ready, engine, now, channel or MemoryChannel())


def play(ready, engine, first, days, every=timedelta(hours=6), channel=None):
    """As a schedule would, without the times of a day at which nothing is due."""
    channel, gone = channel or MemoryChannel(), None
    for step in range(int(timedelta(days=days) / every)):
        now = first + step * every
        with database.reading(engine) as connection:
            run = runs.latest(connection, ready.name)
            due = None if run is None else runs.next_due(connection, run.id)
        if gone != now.date() or (due is not None and due <= now):
            go(ready, engine, now, channel)
            gone = now.date()
    return channel


def letters(engine, who=None):
    with database.reading(engine) as connection:
        statement = select(deliveries).where(deliveries.c.occasion != "").order_by(deliveries.c.due_at, deliveries.c.id)
        return connection.execute(statement if who is None else statement.where(deliveries.c.customer_id == who)).all()


def told(engine, who=None):
    return [(row.stage, row.status, row.reason) for row in letters(engine, who)]


def test_a_birthday_is_greeted_once_a_year_on_its_letters_day(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday")
    customer(engine, birthday=date(1990, 12, 9))
    channel = play(ready, engine, START, 20)
    (letter,) = channel.letters
    assert told(engine) == [("birthday-2026", DeliveryStatus.SENT, "")]
    (row,) = letters(engine)
    assert row.occasion == "birthday@2026-12-09"
    assert row.sent_at.date() == date(2026, 12, 9)
    with database.reading(engine) as connection:
        assert outcomes.measured_at(connection) == {}, "a greeting wins nobody back"
    assert "happy birthday" in letter.subject
    assert "36" not in letter.text, "nobody is told their age"


def test_a_letter_ahead_of_the_day_doesnt_call_it_today(engine, tmp_path):
    ready = shop(tmp_path, occasions="birthday")
    customer(engine, birthday=date(1990, 12, 20))
    (letter,) = play(ready, engine, START, 10).letters
    assert letters(engine)[0].sent_at.date() == date(2026, 12, 5), "the 6th is a Sunday"
    assert "today" not in letter.text.lower()
    assert "birthday is near" in letter.subject


def test_of_two_occasions_within_a_week_the_customers_own_is_greeted(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday, new-year")
    who = customer(engine, birthday=date(1990, 12, 21))  # New Year's letter leaves 14 days ahead, on the 18th
    play(ready, engine, START, 40)
    assert told(engine, who) == [("birthday-2026", DeliveryStatus.SENT, "")]


def test_one_week_apart_both_are_greeted(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday, new-year")
    who = customer(engine, birthday=date(1990, 12, 11))
    play(ready, engine, START, 40)
    assert told(engine, who) == [("birthday-2026", DeliveryStatus.SENT, ""), ("new-year-2027", DeliveryStatus.SENT, "")]


def test_a_greeting_is_never_late(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday")
    who = customer(engine, birthday=date(1990, 12, 9))
    go(ready, engine, START)
    go(ready, engine, datetime(2026, 12, 10, 10, 0, tzinfo=UTC))
    assert told(engine, who) == [("birthday-2026", DeliveryStatus.SKIPPED, Reason.EXPIRED)]


def test_a_day_that_isnt_theirs_any_more_is_not_greeted(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday")
    who = customer(engine, birthday=date(1990, 12, 9))
    go(ready, engine, START)
    with database.writing(engine) as connection:
        runs_now = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)
        connection.execute(update(recipients).values(next_due_at=runs_now))
        connection.execute(update(customers).values(birthday=date(1990, 12, 19), updated_at=runs_now))
    go(ready, engine, datetime(2026, 12, 9, 10, 0, tzinfo=UTC))
    assert told(engine, who) == [("birthday-2026", DeliveryStatus.SKIPPED, Reason.NO_OCCASION)]


def test_a_changed_card_is_noticed_the_next_day(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday")
    who = customer(engine)
    go(ready, engine, START)
    with database.writing(engine) as connection:
        connection.execute(update(customers).values(birthday=date(1990, 12, 9), updated_at=START + timedelta(hours=1)))
    channel = play(ready, engine, START + DAY, 12)
    assert len(channel.letters) == 1
    assert told(engine, who) == [("birthday-2026", DeliveryStatus.SENT, "")]


def test_a_changed_calendar_is_noticed_at_once(engine, tmp_path):
    ready = shop(tmp_path, occasions="birthday, new-year")
    who = customer(engine)
    go(ready, engine, START)
    projects.edit(
        ready.project.root / OCCASIONS,
        "  GB:\n    new-year: {name: New Year, holiday: New Year's Day, lead: 14 days}",
        "  GB:\n    new-year: {name: New Year, holiday: New Year's Day, lead: 30 days}",
    )
    again = prepared.prepare(ready.project, "greetings")
    go(again, engine, START + DAY)
    assert told(engine, who) == [("new-year-2027", DeliveryStatus.SENT, "")]


def test_nobody_is_greeted_on_a_day_of_silence_and_the_letter_leaves_before(engine, tmp_path):
    silent = (
        OCCASIONS,
        "    - {day: second sunday of november, because: Remembrance Sunday}",
        "    - {day: 12-11, because: Quiet}\n    - {day: second sunday of november, because: Remembrance Sunday}",
    )
    ready = shop(tmp_path, silent, occasions="new-year, birthday")
    who = customer(engine, birthday=date(1990, 12, 25))  # its letter would leave on the 11th
    play(ready, engine, START, 20)
    assert [row.sent_at.date() for row in letters(engine, who) if row.sent_at] == [date(2026, 12, 10), date(2026, 12, 18)]


def test_who_is_in_a_win_back_campaign_is_greeted_and_the_other_way_round(engine, tmp_path):
    ready = shop(tmp_path, occasions="birthday")
    project = ready.project
    winter = prepared.prepare(project, lost.CAMPAIGN)
    ids = lost.populate(engine, 12)
    go(winter, engine, lost.START)
    first = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, first, now=START)
    with database.reading(engine) as connection:
        standing = Counter(row.status for row in connection.execute(select(recipients.c.status).where(recipients.c.run_id == first.id)))
    assert standing == {RecipientStatus.ACTIVE: len(ids)}


def test_a_greeting_run_keeps_nobody_from_being_won_back(engine, tmp_path):
    ready = shop(tmp_path, occasions="birthday")
    lost.populate(engine, 12)
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    winter = prepared.prepare(ready.project, lost.CAMPAIGN)
    assert planning.plan(winter, engine, now=START).skips == {}
    with database.reading(engine) as connection:
        assert connection.execute(select(campaign_runs.c.greets)).scalars().all() == [True]


def test_an_order_doesnt_end_greetings_and_unsubscribing_does(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday")
    buyer, other = customer(engine, "a", birthday=date(1990, 12, 9)), customer(engine, "b", birthday=date(1990, 12, 9))
    go(ready, engine, START)
    with database.writing(engine) as connection:
        world.order(connection, buyer, START + DAY)
        events.stop(connection, other, Reason.UNSUBSCRIBED, START + DAY)
    play(ready, engine, START + 2 * DAY, 10)
    assert told(engine, buyer) == [("birthday-2026", DeliveryStatus.SENT, "")]
    assert told(engine, other) == []


def test_those_held_out_get_rows_on_the_same_days(engine, tmp_path):
    ready = shop(
        tmp_path,
        (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"),
        (FILE, "sender: olena", "sender: olena\nholdout: 0.5"),
        occasions="birthday, new-year",
    )
    for number in range(20):
        customer(engine, f"k{number}", birthday=date(1990, 12, 3))
    play(ready, engine, START, 30)
    rows = Counter((row.stage, row.status) for row in letters(engine))
    assert rows["birthday-2026", "sent"] == rows["new-year-2027", "sent"] > 0
    assert rows["birthday-2026", "held_out"] == rows["new-year-2027", "held_out"] == 20 - rows["birthday-2026", "sent"] > 0


def test_a_run_ends_with_its_campaign(engine, tmp_path):
    ready = shop(tmp_path, (FILE, "ends_on: 2027-11-30", "ends_on: 2026-12-20"), occasions="birthday")
    customer(engine)
    go(ready, engine, START)
    ran = go(ready, engine, datetime(2026, 12, 21, 10, 0, tzinfo=UTC))
    assert ran.status == "finished"
    assert lost.standing(engine) == {RecipientStatus.FINISHED: 1}


def test_a_rehearsal_greets_on_the_days_of_a_run(engine, tmp_path):
    ready = shop(tmp_path)
    for number in range(9):
        customer(
            engine,
            f"k{number}",
            birthday=date(1990, 1 + number, 3),
            favourite_day="02-14" if number % 2 else "",
            ordered=f"2026-0{1 + number}-20 12:00:00",
        )
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + 90 * DAY, worker="r", letters=False))
    play(ready, engine, START, 91, every=DAY / 4)
    real = Counter((row.sent_at.astimezone(ready.project.zone).date().isoformat(), row.stage[:-5]) for row in letters(engine) if row.sent_at)
    assert {(each["day"], each["stage"]): each["letters"] for each in played.calendar.as_json()} == real
    assert {"birthday", "new-year", "valentines-day"} <= {stage for _, stage in real} | {"valentines-day"}


def test_a_plan_counts_the_greetings_of_the_next_month(engine, tmp_path):
    ready = shop(tmp_path, occasions="birthday, new-year")
    customer(engine, "a", birthday=date(1990, 12, 20))
    customer(engine, "b", locale="uk", country="UA", zone="Europe/Kyiv")
    plan = planning.plan(ready, engine, now=START)
    counted = {(each.occasion, each.day.isoformat(), each.language): each.letters for each in plan.greetings}
    assert counted == {("birthday", "2026-12-05", "en"): 1, ("new-year", "2026-12-18", "en"): 1, ("new-year", "2026-12-18", "uk"): 1}
    assert (plan.arms["greeting"], plan.detectable) == (2, {})
    assert plan.as_json()["greetings"][0]["occasion_on"] == "2026-12-20"
    (written, *_) = plan_tree.of(plan).parts
    node = written.parts[-1]
    assert (node.says, node.count) == ("greetings of the next 31 days", 3)
    assert [part.says for part in node.parts[0].parts] == ["2026-12-05, for 2026-12-20 (en 1)"]


def test_explain_tells_which_occasions_are_greeted_and_why_others_arent(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "birthday:\n  lead: 14 days", "birthday:\n  lead: 0 days"), occasions="birthday, holidays")
    customer(engine, birthday=date(1990, 12, 21))
    go(ready, engine, START)
    found = {step.question: step.found for step in explaining.by_campaign(ready, engine, "k", now=START + DAY).steps}
    assert found["birthday on 2026-12-21, by the customer's card"] == "greeted on 2026-12-21"
    assert found["new-year on 2027-01-01, by holiday days of GB"] == "not greeted: within a week of birthday, which goes first"
    assert found["waits for"].startswith("christmas on 2026-12-25, whose letter is due on 2026-12-11")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (DAYS, "occasions: [birthday, new-yaer]", r":\d+: there is no occasion `new-yaer` in config/occasions.yaml. Did you mean `new-year`"),
        (DAYS, "occasions: [eid-al-fitr]", "no letter for `eid-al-fitr` may leave"),
        ("    new-year:\n", "    new-yaer:\n", r":\d+: there is no occasion `new-yaer`"),
        (DAYS, "occasions: [birthday]", "the campaign doesn't greet on `new-year`"),
        ("letter: greeting", "letter: gift-with-code", "`gift-with-code` is of the kind .* a campaign that greets sends greetings only"),
        ("letter: greeting", "letter: greting", r"greetings.yaml:\d+: there is no letter `greting`. Did you mean `greeting`"),
        ("sender: olena", "sender: olena\nstages: []", "a campaign that greets has no `stages:`|a list|at least"),
        (
            "sender: olena",
            "sender: olena\noffers: {tin: {text: {en: a tin}, cost: 1}}",
            "a campaign that greets has no `offers:`; a greeting is a greeting",
        ),
        ("sender: olena", "sender: olena\ntactics: {a: {share: 1}}", "a campaign that greets has no `tactics:`"),
        ('  hours: "09:00-12:00"', "  wait: 3 days", "has `wait:`, which is for stages"),
        ("channels: [telegram, email]", "channels: [telegram, email, task]", "asks a person, but doesn't say for what"),
    ],
)
def test_what_a_campaign_that_greets_cant_be_is_refused_with_its_line(tmp_path, old, new, says):
    project = projects.make(tmp_path / "shop", (FILE, old, new))
    with pytest.raises(Refused, match=says):
        prepared.prepare(project, "greetings")


def test_an_occasion_that_has_no_name_in_the_language_isnt_greeted(engine, tmp_path):
    ready = shop(tmp_path, (OCCASIONS, "  GB:\n    new-year: {name: New Year,", "  GB:\n    new-year: {name: {uk: Новий рік},"), occasions="new-year")
    who = customer(engine)
    play(ready, engine, START, 25)
    assert told(engine, who) == [("new-year-2027", DeliveryStatus.SKIPPED, Reason.NO_LANGUAGE)]


@pytest.mark.parametrize(
    ("hours", "left", "stage", "becomes"),
    [
        (1, None, "", None),
        (14, None, "", "put off"),  # another day has begun
        (1, 24 * 6, "christmas-2026", Reason.TOO_SOON),
        (1, 24 * 8, "christmas-2026", None),
        (1, 24 * 20, "birthday-2026", Reason.WRITTEN_LATELY),
    ],
)
def test_the_day_and_the_week_are_asked_about_once_more_at_the_hand_over(engine, tmp_path, hours, left, stage, becomes):
    ready = shop(tmp_path, occasions="birthday")
    who = customer(engine, birthday=date(1990, 12, 20))
    run = campaign_run.current(engine, ready, now=START)
    now = datetime(2026, 12, 9, 11, 0, tzinfo=UTC)
    with database.writing(engine) as connection:
        if left is not None:  # another campaign that greets was faster
            row = {"run_id": run.id, "stage": stage, "customer_id": who, "tactic": "greeting", "occasion": "x@2026-12-25", "channel": "email"}
            left_at = now - timedelta(hours=left)
            values = row | {"status": DeliveryStatus.SENT, "due_at": left_at, "handed_over_at": left_at}
            connection.execute(deliveries.insert().values(values))
        claimed = Claimed(1, run.id, who, "birthday-2026", "greeting", "en", 0, now, "birthday@2026-12-20")
        rules = Rules.model_validate({"hours": "00:00-23:59", "weekdays": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
        stage_ = Stage.model_validate({"name": "greeting", "letter": "greeting"})
        terms = Terms(stage_, rules, "Europe/London", greets_on=date(2026, 12, 9))
        found = turns.late(connection, ready.campaign.ends_on, [(claimed, terms)], now + timedelta(hours=hours)).get(1)
    if becomes is None:
        assert found is None
    elif becomes == "put off":
        assert isinstance(found, Postpone)
    else:
        assert found.reason is becomes


def test_who_comes_into_the_cohort_later_is_greeted_too(engine, tmp_path):
    ready = shop(tmp_path, occasions="birthday")
    customer(engine, birthday=date(1990, 12, 9))
    go(ready, engine, START)
    late = customer(engine, "late", birthday=date(1985, 12, 20))
    with database.writing(engine) as connection:
        refreshing.due(connection, [late])
    play(ready, engine, START + DAY, 25)
    assert told(engine, late) == [("birthday-2026", DeliveryStatus.SENT, "")]

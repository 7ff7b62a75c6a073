"""A rehearsal is the real thing without the sending."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate, standing
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import DeliveryStatus, RecipientStatus
from winback.operations import calendar, rehearsing
from winback.operations.calendar import Calendar, Leaving
from winback.sending import prepared
from winback.store import database, deliveries, enrolling, runs
from winback.store.tables import campaign_runs, customers
from winback.tracking import tokens
from winback.tracking.tokens import Purpose


def test_a_rehearsal_is_the_same_plan_and_changes_nothing(engine, ready):
    populate(engine, 30)
    with database.writing(engine) as connection:  # one of them will order on the tenth day, as the data already knows
        who = connection.execute(select(customers.c.id).where(customers.c.key == "c007")).scalar_one()
        world.order(connection, who, START + timedelta(days=10))
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=60), worker="r"))
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(campaign_runs)).scalar() == 0
    letters = sorted(ready.project.out.rglob("*.eml"))
    assert sum(day.letters for day in played.calendar.leaving) == len(letters) > 50
    assert played.recipients.get("stopped: ordered", 0) <= 1

    channel = MemoryChannel()
    for days in (0, 7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    assert len(channel.letters) == len(letters)
    by_stage = Counter()
    for day in played.calendar.leaving:
        by_stage[played.calendar.stages[day.stage]] += day.letters
    real = Counter(stage for (stage, status), count in ledger(engine).items() for _ in range(count) if status is DeliveryStatus.SENT)
    assert by_stage == real


def test_rehearsed_links_mean_nobody_real(engine, ready):
    populate(engine, 10)
    asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=3), worker="r"))
    letters = [path.read_text(encoding="utf-8") for path in ready.project.out.rglob("*.eml")]
    found = [re.search(r"/u/([\w-]+)", letter) for letter in letters]
    assert found
    assert all(link and tokens.read(ready.project.link_keys, Purpose.UNSUBSCRIBE, link[1]) is None for link in found)


def play(ready, engine, start=START, days=60, **options):
    return asyncio.run(rehearsing.rehearse(ready, engine, start=start, until=start + timedelta(days=days), worker="r", **options))


def test_without_letters_the_same_is_decided_and_nothing_is_written(engine, ready):
    populate(engine, 30)
    with database.writing(engine) as connection:
        for number in (3, 7, 11):
            who = connection.execute(select(customers.c.id).where(customers.c.key == f"c0{number:02d}")).scalar_one()
            world.order(connection, who, START + timedelta(days=number))
    silent = play(ready, engine, letters=False)
    assert not (ready.project.out / "rehearsals").exists()
    written = play(ready, engine)
    assert (silent.calendar, silent.recipients) == (written.calendar, written.recipients)
    assert silent.as_json() == written.as_json() | {"folder": None}
    assert len({each.day for each in silent.calendar.leaving}) == 3


def test_a_real_run_leaves_on_the_same_days(engine, ready):
    populate(engine, 30)
    played = play(ready, engine, letters=False)
    for days in range(60):
        go(ready, engine, START + timedelta(days=days), MemoryChannel())
        if standing(engine)[RecipientStatus.ACTIVE] == 0:
            break
    with database.reading(engine) as connection:
        real = calendar.of(ready, deliveries.sent_by_moment(connection, runs.latest(connection, CAMPAIGN).id))
    assert real == played.calendar


def test_a_day_outside_of_the_campaigns_own_moves_it_there_and_real_orders_stop_it(engine, ready):
    plan = ready.campaign
    assert rehearsing.moved(ready, plan.starts_on + timedelta(days=3)) is ready
    past = rehearsing.moved(ready, date(2026, 6, 15)).campaign
    assert (past.starts_on, past.ends_on - past.starts_on) == (date(2026, 6, 15), plan.ends_on - plan.starts_on)
    on_day = [stage.model_copy(update={"wait": timedelta(0), "on_day": plan.starts_on + timedelta(days=9)}) for stage in plan.stages[:1]]
    with_a_day = replace(ready, document=replace(ready.document, value=plan.model_copy(update={"stages": (*on_day, *plan.stages[1:])})))
    assert [stage.on_day for stage in rehearsing.moved(with_a_day, date(2026, 6, 15)).campaign.stages] == [date(2026, 6, 24), None, None]
    populate(engine, 30)
    with database.writing(engine) as connection:  # a month later half of them came by themselves
        for who in connection.execute(select(customers.c.id).where(customers.c.id % 2 == 0)).scalars().all():
            world.order(connection, who, datetime(2026, 6, 25, 12, tzinfo=UTC))
    played = play(rehearsing.moved(ready, date(2026, 6, 15)), engine, datetime(2026, 6, 15, 6, tzinfo=UTC), letters=False)
    assert {each.day.month for each in played.calendar.leaving} <= {6, 7}
    assert 5 < played.recipients["stopped: ordered"] < 15
    assert played.recipients["stopped: ordered"] + played.recipients["finished"] + played.recipients["held_out"] == 30


def test_a_run_that_lay_in_the_future_then_keeps_nobody_from_being_written_to(engine, ready):
    populate(engine, 12)
    before = play(ready, engine, letters=False).recipients
    with database.writing(engine) as connection:
        other = runs.start(connection, "later", number=1, salt="later-1", plan={}, now=START + timedelta(days=90))
        rows = [
            {
                "run_id": other.id,
                "customer_id": who,
                "status": "active",
                "arm": "a",
                "facts": {},
                "assigned_at": START + timedelta(days=90),
                "next_stage": 0,
            }
            for who in connection.execute(select(customers.c.id)).scalars().all()
        ]
        enrolling.enrol(connection, rows)
    assert play(ready, engine, letters=False).recipients == before


def test_the_calendar_tells_the_domain_of_whoever_signs(engine, tmp_path):
    project = projects.make(
        tmp_path / "shop", ("config/senders.yaml", "    email: andriy@news.zerno.example", "    email: andriy@roast.zerno.example")
    )
    ready = prepared.prepare(project, CAMPAIGN)
    populate(engine, 20, manager="andriy")
    played = play(ready, engine, letters=False)
    assert {each.through for each in played.calendar.leaving} == {"roast.zerno.example"}
    assert {(each.channel, each.language) for each in played.calendar.leaving} == {("email", "en")}


def test_a_long_calendar_is_told_by_weeks_and_loses_no_letter():
    begin = date(2026, 11, 24)  # a Tuesday
    days = Calendar(("one",), tuple(Leaving(begin + timedelta(days=number), 0, "email", "en", "shop.example", 2) for number in range(40)))
    weeks = calendar.by_week(days)
    assert calendar.is_long(days)
    assert not calendar.is_long(weeks)
    assert weeks.leaving[0] == Leaving(date(2026, 11, 23), 0, "email", "en", "shop.example", 12)
    assert sum(weeks.totals().values()) == sum(days.totals().values()) == 80

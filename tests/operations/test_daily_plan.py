"""The plan of a daily campaign is what its next day does, and its rehearsal is what its days do."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.operations import daily
from tests.operations.daily import DAY, KYIV, START, lapse, rows, waiting
from tests.operations.lost import go
from tests.store import world
from winback import clock
from winback.channels.memory import MemoryChannel
from winback.model import RecipientStatus
from winback.operations import campaign_run, enrolment, planning, rehearsing
from winback.store import database, deliveries
from winback.store.tables import campaign_runs, customers


@pytest.fixture
def shop(tmp_path):
    return daily.make(tmp_path / "shop")


def test_the_plan_of_each_day_is_what_the_day_does(engine, shop):
    ids = lapse(engine, [-40] * 12 + [0, 1, 1, 2, 3])
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id == ids[3]).values(black_list="debtor"))
    for day in range(5):
        now = START + day * DAY
        before = set(rows(engine))
        plan = planning.plan(shop, engine, now=now)
        enrolment.enrol(engine, shop, campaign_run.current(engine, shop, now=now), now=now)
        found = rows(engine)
        new = {who: row for who, row in found.items() if who not in before}
        assert {arm: count for arm, count in plan.arms.items() if count} == Counter(arm for _, _, arm, _ in new.values() if arm)
        assert sum(plan.skips.values()) == sum(status == RecipientStatus.SKIPPED for status, *_ in found.values())
        assert plan.daily.waiting == len(waiting(engine))
        assert plan.daily.newly + plan.daily.back_filled == len(new)
        assert plan.daily.before == sum(bool(arm) for who, (_, _, arm, _) in found.items() if who in before)
        assert plan.cohort == len(daily.members(shop, engine, now))
        assert plan.cohort == sum(plan.arms.values()) + sum(plan.skips.values()) + plan.daily.waiting + plan.daily.before


def test_the_plan_tells_the_calendar_of_the_back_fill_and_what_is_to_come(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", ends_on="2026-12-16")  # all stages fit in until 25 November
    lapse(engine, [-40] * 12 + [-15] * 6 + [-3] * 6)
    told = planning.plan(ready, engine, now=START).daily
    assert (told.newly, told.back_filled, told.waiting, told.waiting_until) == (0, 5, 19, "2026-11-28")
    assert told.calendar == (("2026-11-24", 5), ("2026-11-25", 5))
    assert told.unreached == 14
    assert told.newly_a_day == pytest.approx(12 / 30)
    enrolment.enrol(engine, ready, campaign_run.current(engine, ready, now=START), now=START)
    after = planning.plan(ready, engine, now=START + timedelta(hours=1)).daily
    assert (after.waiting, after.before, after.calendar) == (14, 5, (("2026-11-25", 5),))


def real(ready, engine, days) -> MemoryChannel:
    """What a schedule of every 15 minutes would do, at the moments of a day that matter: its first, and every hour of letters."""
    channel = MemoryChannel()
    for day in range(days):
        midnight = max(START, clock.start_of_day(clock.local_day(START, KYIV) + day * DAY, KYIV))
        moments = [midnight, *(midnight.replace(hour=hour, minute=30) + (timedelta() if day == 0 else DAY) for hour in range(9, 18))]
        for moment in moments:
            if moment >= START:
                go(ready, engine, moment, channel)
    return channel


def test_a_rehearsal_of_some_weeks_is_what_a_schedule_would_have_done(engine, shop):
    ids = lapse(engine, [-40] * 12 + [0, 1, 1, 2, 9, 30])
    with database.writing(engine) as connection:  # as the data already knows
        world.order(connection, ids[1], START + 3 * DAY)
        world.order(connection, ids[-4], START + 5 * DAY)
    played = asyncio.run(rehearsing.rehearse(shop, engine, start=START, until=START + 20 * DAY, worker="r"))
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(campaign_runs)).scalar_one() == 0
    channel = real(shop, engine, 21)
    with database.reading(engine) as connection:
        sent = Counter()
        for each in deliveries.sent_by_moment(connection, 1):
            sent[clock.local_day(each.sent_at, KYIV), each.stage] += each.letters
    rehearsed = Counter()
    for day in played.calendar.leaving:
        rehearsed[day.day, played.calendar.stages[day.stage]] += day.letters
    assert rehearsed == sent
    assert sum(rehearsed.values()) == len(channel.letters) > 20
    standing = Counter(f"{status}: {reason}" if reason else status for status, reason, *_ in rows(engine).values())
    assert played.recipients == standing
    assert len({day for day, stage in sent if stage == "first-letter"}) > 3, "who lapses during the rehearsal is written to in it"


def test_a_campaign_that_is_under_way_is_rehearsed_from_where_it_stands(engine, shop):
    lapse(engine, [-40] * 12 + [1, 2])
    go(shop, engine, START, MemoryChannel())
    before = rows(engine)
    played = asyncio.run(rehearsing.rehearse(shop, engine, start=START + DAY, until=START + 10 * DAY, worker="r"))
    assert sum(played.recipients.values()) == 14
    assert min(day.day for day in played.calendar.leaving) >= date(2026, 11, 25)
    assert rows(engine) == before

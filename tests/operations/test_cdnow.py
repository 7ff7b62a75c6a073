"""The example on real orders: what winback selects is what SQL written by hand selects, to the last customer."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from winback import clock
from winback.channels.memory import MemoryChannel
from winback.operations import approving, calendar, importing, planning, rehearsing, running, selecting
from winback.sending import prepared
from winback.store import database, deliveries, runs

QUARTER = timedelta(minutes=15)
NOW = clock.end_of_day(date(2026, 11, 23), ZoneInfo("UTC"))

# As of the end of 1998-06-30 in New York: the last paid order from 1996-07-01 on and before 1997-07-01, three paid orders or more.
BY_HAND = """
SELECT customers.key FROM customers
JOIN orders ON orders.customer_id = customers.id
WHERE orders.status = 'placed' AND orders.amount_minor > 0 AND orders.ordered_at < '1998-07-01 04:00:00'
GROUP BY customers.key
HAVING count(*) >= 3 AND max(orders.ordered_at) < '1997-07-01 04:00:00' AND max(orders.ordered_at) >= '1996-07-01 04:00:00'
ORDER BY customers.key
"""


@pytest.fixture
def store(cdnow_project, engine) -> Engine:
    report = importing.run(cdnow_project, engine, now=NOW)
    assert [(source.inserted, source.unchanged) for source in report.sources] == [(23_570, 0), (69_659, 0)]
    return engine


def test_the_cohort_is_the_one_that_sql_by_hand_finds(cdnow_project, store):
    now = clock.end_of_day(date(1998, 6, 30), cdnow_project.zone)
    found = list(selecting.members(cdnow_project, store, "silent-1-2-years-3-orders", now=now))
    with database.reading(store) as connection:
        by_hand = list(connection.execute(text(BY_HAND)).scalars())
        total, zero = connection.execute(text("SELECT sum(amount_minor), sum(CASE WHEN amount_minor = 0 THEN 1 ELSE 0 END) FROM orders")).one()
    assert found == by_hand
    assert len(found) > 1000
    assert (int(total), int(zero)) == (250_031_563, 80), "every cent of the published data is there"
    shown = selecting.show(cdnow_project, store, "silent-1-2-years-3-orders", now=now, sample=3)
    assert shown.matched == len(by_hand) == shown.funnel[-1][1]


def test_a_rehearsal_on_real_orders_is_what_a_real_run_would_have_done(cdnow_project, store):
    ready = prepared.prepare(cdnow_project, "spring-1998")
    start = clock.start_of_day(ready.campaign.starts_on, cdnow_project.zone)
    until = clock.end_of_day(ready.campaign.ends_on, cdnow_project.zone)
    planned = planning.plan(ready, store, now=start)
    silent = asyncio.run(rehearsing.rehearse(ready, store, start=start, until=until, worker="s", letters=False))
    played = asyncio.run(rehearsing.rehearse(ready, store, start=start, until=until, worker="r"))
    waiting, _ = approving.show(store, ready, now=start)
    assert waiting.asked.people == planned.people > 200
    approving.approve(store, cdnow_project, ready.name, shown=waiting.fingerprint, by="Olena", now=start)
    channel = MemoryChannel()
    now = start
    while not _is_over(store):  # every quarter of an hour, without those in which nothing is due
        asyncio.run(running.go(ready, store, now=lambda n=now: n, worker=f"w{now}", open_channel=lambda *_: channel))
        with database.reading(store) as connection:
            due = runs.next_due(connection, runs.latest(connection, ready.name).id) or now
        now = max(now + QUARTER, start + QUARTER * -(-(due - start) // QUARTER))
    rehearsed = Counter()
    for day in played.calendar.leaving:
        rehearsed[played.calendar.stages[day.stage]] += day.letters
    with database.reading(store) as connection:
        sent = connection.execute(text("SELECT stage, count(*) FROM deliveries WHERE status = 'sent' GROUP BY stage")).all()
        standing = connection.execute(text("SELECT status, reason, count(*) FROM recipients GROUP BY status, reason")).all()
        of_days = calendar.of(ready, deliveries.sent_by_moment(connection, runs.latest(connection, ready.name).id))
    assert dict(sent) == rehearsed
    assert of_days == played.calendar == silent.calendar, "day by day, whether letters are written or not"
    assert silent.recipients == played.recipients
    assert {f"{status}: {reason}" if reason else status: count for status, reason, count in standing} == played.recipients
    assert sum(played.recipients.values()) == planned.cohort == sum(planned.arms.values()) + sum(planned.skips.values())
    assert planned.skips == {word.removeprefix("skipped: "): count for word, count in played.recipients.items() if word.startswith("skipped")}
    assert played.recipients["stopped: ordered"] > 0, "what they really ordered in the meantime stops letters"


def _is_over(store: Engine) -> bool:
    with database.reading(store) as connection:
        return connection.execute(text("SELECT status FROM campaign_runs")).scalar() == "finished"

"""The contact policy through whole campaigns: two that want the same customers, caps, days of mourning, what plan and explain tell of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate, standing
from winback.channels.memory import MemoryChannel
from winback.model import DeliveryStatus, Reason, RecipientStatus
from winback.operations import enrolment, explaining, planning
from winback.sending import prepared
from winback.store import database
from winback.store.tables import campaign_runs, deliveries, recipients, touches

POLICY = "config/policy.yaml"
WINTER = "config/campaigns/winter-tea.yaml"
DAY = timedelta(days=1)


def shop(tmp_path, *changes):
    return projects.make(tmp_path / "shop", (WINTER, "holdout: 0.25", "holdout: 0"), *changes)


def second(project, *changes):
    """A campaign beside winter-tea with the same cohort and stages; its offer has no code, since nobody holds two at once."""
    path = project.root / "config/campaigns/second.yaml"
    path.write_text(re.sub(r"    codes: .*\n", "", (project.root / WINTER).read_text(encoding="utf-8")), encoding="utf-8")
    for old, new in changes:
        projects.edit(path, old, new)


def both_enrolled(engine, project, now=START):
    """Both campaigns with all customers: as when they decide on them in the same moment, and neither sees the other."""
    for name in (CAMPAIGN, "second"):
        ready = prepared.prepare(project, name)
        run = enrolment.current_run(engine, ready, now=now)
        with database.writing(engine) as connection:
            connection.execute(update(campaign_runs).values(status="finished").where(campaign_runs.c.id != run.id))
        enrolment.enrol(engine, ready, run, now=now)
    with database.writing(engine) as connection:
        connection.execute(update(campaign_runs).values(status="active"))


def rows_of(engine, campaign, stage="first-letter"):
    with database.reading(engine) as connection:
        statement = select(deliveries).join(campaign_runs).where(campaign_runs.c.campaign == campaign, deliveries.c.stage == stage)
        return connection.execute(statement.order_by(deliveries.c.id)).all()


def test_two_campaigns_never_write_to_a_customer_within_the_gap(engine, tmp_path):
    project = shop(tmp_path)
    second(project)
    populate(engine, 10)
    both_enrolled(engine, project)
    channel = MemoryChannel()
    ready = {name: prepared.prepare(project, name) for name in (CAMPAIGN, "second")}
    for days in range(45):
        for name in ready:
            if not enrolment.is_over(engine, name):
                go(ready[name], engine, START + DAY * days, channel)
    with database.reading(engine) as connection:
        rows = connection.execute(
            select(deliveries.c.customer_id, deliveries.c.handed_over_at).where(deliveries.c.status == DeliveryStatus.SENT)
        ).all()
    by_customer: dict[int, list] = {}
    for who, moment in rows:
        by_customer.setdefault(who, []).append(moment)
    assert {len(moments) for moments in by_customer.values()} <= {4, 5, 6}
    for moments in map(sorted, by_customer.values()):
        assert all(later - earlier >= DAY * 3 for earlier, later in pairwise(moments))
        for first in moments:
            assert sum(first <= each < first + DAY * 7 for each in moments) <= 2
            assert sum(first <= each < first + DAY * 31 for each in moments) <= 4


def test_what_waits_says_why_and_until_when_and_leaves_then(engine, tmp_path):
    project = shop(tmp_path)
    ready = prepared.prepare(project, CAMPAIGN)
    ids = populate(engine, 3)
    with database.writing(engine) as connection:
        connection.execute(insert(touches).values(key="a", customer_id=ids[0], touched_at=START - DAY))
        for number, days in enumerate((5, 2)):
            connection.execute(insert(touches).values(key=f"b{number}", customer_id=ids[1], touched_at=START - DAY * days))
    assert planning.plan(ready, engine, now=START).contact_policy == {"postponed": {"too-soon": 1, "capped": 1}, "skipped": {}, "expired": {}}
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    first, other, free = rows_of(engine, CAMPAIGN)
    assert (first.status, first.reason, first.due_at) == ("planned", "too-soon", datetime(2026, 11, 26, 10, 30, tzinfo=UTC))
    assert (other.status, other.reason, other.due_at) == ("planned", "capped", datetime(2026, 11, 26, 10, 0, tzinfo=UTC))
    assert other.detail == "2 of 2 contacts a week, the last on 2026-11-22"
    assert free.status == "sent"
    told = explaining.by_campaign(ready, engine, "c001", now=START)
    steps = {step.question: (step.found, step.holds) for step in told.steps}
    assert steps["contacts"] == ("2 of 2 a week, 2 of 4 a month, 2 of 24 a year; the last on 2026-11-22 10:30", False)
    why = "waits until 2026-11-26 10:00 (capped): 2 of 2 contacts a week, the last on 2026-11-22"
    assert steps["stage first-letter, if it were due now"] == (why, False)
    assert steps["policy: channels"] == ("email, telegram (GB)", None)
    assert steps["policy: caps"] == ("2 a week, 4 a month, 24 a year (default)", None)
    go(ready, engine, START + DAY, channel)
    assert len(channel.letters) == 1
    go(ready, engine, START + DAY * 2, channel)
    rows = rows_of(engine, CAMPAIGN)
    assert [(row.status, row.reason, row.detail) for row in rows] == [("sent", "", "")] * 3
    with database.reading(engine) as connection:
        due = dict(connection.execute(select(recipients.c.customer_id, recipients.c.next_due_at)).all())
    assert due[ids[0]] - due[ids[2]] == DAY * 2, "the next stage counts from when this one left"


def test_a_stage_that_says_so_is_skipped_instead(engine, tmp_path):
    project = shop(tmp_path, (WINTER, "    weekdays: [tue, wed, thu]\n", "    weekdays: [tue, wed, thu]\n    if_capped: skip\n"))
    ready = prepared.prepare(project, CAMPAIGN)
    ids = populate(engine, 2)
    with database.writing(engine) as connection:
        connection.execute(insert(touches).values(key="a", customer_id=ids[0], touched_at=START - DAY))
    assert planning.plan(ready, engine, now=START).contact_policy["skipped"] == {"too-soon": 1}
    go(ready, engine, START, MemoryChannel())
    skipped, sent = rows_of(engine, CAMPAIGN)
    assert (skipped.status, skipped.reason) == (DeliveryStatus.SKIPPED, Reason.TOO_SOON)
    assert "the last contact was on 2026-11-23 10:30" in skipped.detail
    assert sent.status == DeliveryStatus.SENT
    go(ready, engine, START + DAY * 7, MemoryChannel())
    assert ledger(engine)["reminder", DeliveryStatus.SENT] == 2


def test_what_would_come_after_the_campaigns_end_has_expired(engine, tmp_path):
    project = shop(tmp_path, (POLICY, "default:\n", "default:\n  caps: {week: 1, month: 1, year: 1}\n"))
    ready = prepared.prepare(project, CAMPAIGN)
    ids = populate(engine, 1)
    with database.writing(engine) as connection:
        connection.execute(insert(touches).values(key="a", customer_id=ids[0], touched_at=START - DAY * 100))
    assert planning.plan(ready, engine, now=START).contact_policy["expired"] == {"expired": 1}
    go(ready, engine, START, MemoryChannel())
    (row,) = rows_of(engine, CAMPAIGN)
    assert (row.status, row.reason, row.detail) == ("stopped", "expired", "1 of 1 contacts a year, the last on 2026-08-16")
    assert standing(engine) == {RecipientStatus.STOPPED: 1}


def test_on_a_day_of_mourning_nothing_leaves_and_the_country_says_which(engine, tmp_path):
    project = shop(tmp_path, (POLICY, "  GB:\n", "  GB:\n    mourning: [2026-11-24]\n"))
    ready = prepared.prepare(project, CAMPAIGN)
    populate(engine, 2)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    assert channel.letters == []
    assert {(row.reason, row.due_at) for row in rows_of(engine, CAMPAIGN)} == {("day-of-silence", datetime(2026, 11, 25, 10, tzinfo=UTC))}
    go(ready, engine, START + DAY, channel)
    assert len(channel.letters) == 2


@pytest.mark.parametrize(("priority", "goes_first"), [(5, "second"), (0, CAMPAIGN), (-5, CAMPAIGN)])
def test_the_campaign_of_the_higher_priority_writes_first_whoever_comes_first(engine, tmp_path, priority, goes_first):
    project = shop(tmp_path)
    second(project, ("holdout: 0", f"priority: {priority}\nholdout: 0"))
    populate(engine, 4)
    both_enrolled(engine, project)
    channel = MemoryChannel()
    order = (CAMPAIGN, "second") if goes_first == "second" else ("second", CAMPAIGN)
    for name in order:
        go(prepared.prepare(project, name), engine, START, channel)
    late = next(name for name in (CAMPAIGN, "second") if name != goes_first)
    assert {row.status for row in rows_of(engine, goes_first)} == {"sent"}
    assert {(row.status, row.reason) for row in rows_of(engine, late)} == {("planned", "other-first")}
    assert {row.due_at for row in rows_of(engine, late)} == {datetime(2026, 12, 1, 10, tzinfo=UTC)}, "three days later is a Friday: the next Tuesday"
    assert len(channel.letters) == 4


def test_a_campaign_follows_its_files_priority_while_it_runs(engine, tmp_path):
    project = shop(tmp_path)
    populate(engine, 1)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    projects.edit(project.root / WINTER, "holdout: 0", "priority: 7\nholdout: 0")
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        assert connection.execute(select(campaign_runs.c.priority)).scalar_one() == 7

"""The contact policy through whole campaigns: two that want the same customers, caps, days of mourning, what plan and explain tell of it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate, standing
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import Refused
from winback.model import DeliveryStatus, Reason, RecipientStatus
from winback.operations import campaign_run, contacting, enrolment, explaining, planning, rehearsing
from winback.sending import prepared
from winback.store import database, runs
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
        run = campaign_run.current(engine, ready, now=now)
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
            if not campaign_run.is_over(engine, name):
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
    project = shop(tmp_path, (POLICY, "caps: {week: 2, month: 4, year: 24}", "caps: {week: 1, month: 1, year: 1}"))
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
    second(project, ("priority: 0", f"priority: {priority}"))
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
    projects.edit(project.root / WINTER, "priority: 0", "priority: 7")
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        assert connection.execute(select(campaign_runs.c.priority)).scalar_one() == 7


def test_a_rehearsal_waits_as_a_run_does(engine, tmp_path):
    project = shop(tmp_path)
    ready = prepared.prepare(project, CAMPAIGN)
    ids = populate(engine, 12)
    with database.writing(engine) as connection:
        for number, who in enumerate(ids[:8]):
            connection.execute(insert(touches).values(key=f"t{number}", customer_id=who, touched_at=START - DAY * number))
        world.order(connection, ids[0], START + DAY * 3)
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + DAY * 40, worker="r"))
    channel = MemoryChannel()
    sent = Counter()
    for quarters in range(41 * 96):
        now = START + timedelta(minutes=15) * quarters
        with database.reading(engine) as connection:
            run = runs.latest(connection, CAMPAIGN)
            due = START if run is None else runs.next_due(connection, run.id)
        if due is not None and due <= now and (run is None or not campaign_run.is_over(engine, CAMPAIGN)):
            go(ready, engine, now, channel)
    for row in [row for stage in ("first-letter", "reminder", "last-day") for row in rows_of(engine, CAMPAIGN, stage)]:
        if row.sent_at:
            sent[row.sent_at.astimezone(project.zone).date().isoformat(), row.stage] += 1
    assert sent == {(day.day.isoformat(), played.calendar.stages[day.stage]): day.letters for day in played.calendar.leaving}
    assert standing(engine) == {
        RecipientStatus(word.partition(":")[0]): count for word, count in played.recipients.items() if word[:7] != "stopped"
    } | {RecipientStatus.STOPPED: sum(count for word, count in played.recipients.items() if word[:7] == "stopped")}


def test_a_rehearsal_of_days_gone_by_doesnt_count_what_left_since(engine, tmp_path):
    project = shop(tmp_path)
    ready = prepared.prepare(project, CAMPAIGN)
    populate(engine, 4)
    for days in (0, 7, 21):
        go(ready, engine, START + DAY * days, MemoryChannel())
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START - DAY, until=START + DAY * 30, worker="r"))
    assert played.calendar.stages == ("first-letter", "reminder", "last-day")
    assert {(day.stage, day.letters) for day in played.calendar.leaving} == {(0, 4), (1, 4), (2, 4)}


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (POLICY, "caps: {week: 2,", "caps: {week: 9,", "config/policy.yaml:{line}: caps allows 9 a week and only 4 a month. Write a `month` of 9 or more"),
        (POLICY, "  GB:\n", "  GB:\n    caps: {week: 6}\n", "config/policy.yaml:{line}: caps allows 6 a week and only 4 a month. What isn't said here is the default's."),
        (POLICY, "caps: {week: 2, month: 4, year: 24}", "caps: {month: 30}", "What isn't said here is 2 a week, 4 a month, 24 a year. Write a `year` of 30"),
        (POLICY, "gap: 3 days", "gap: 500 days", "config/policy.yaml:{line}: gap is 500 days; contacts are counted over a year."),
        (WINTER, 'hours: "10:00-18:00"', 'hours: "21:00-23:00"', 'config/campaigns/winter-tea.yaml:{line}: `reminder` leaves in hours that are quiet in every country of config/policy.yaml. Write hours within "09:00-20:00".'),
        (WINTER, "weekdays: [tue, wed, thu]", "weekdays: [sun]", "config/campaigns/winter-tea.yaml:{line}: `first-letter` leaves on days on which config/policy.yaml lets nothing leave"),
        (WINTER, "if_capped: skip", "if_capped: wait", "`stages.2.if_capped` is wait. Write one of 'postpone' or 'skip'."),
        (WINTER, "priority: 0", "priority: high", "`priority` is high; a whole number is expected."),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_kept_is_refused(tmp_path, file, old, new, says):
    project = projects.make(tmp_path / "shop", (file, old, new))
    text = (project.root / file).read_text(encoding="utf-8")
    key = new.strip().splitlines()[-1].strip().partition(":")[0]
    line = next(number for number, each in enumerate(text.splitlines(), 1) if new.strip().splitlines()[-1].strip() in each and key in each)
    with pytest.raises(Refused) as refused:
        prepared.prepare(project, CAMPAIGN)
    assert says.format(line=line) in str(refused.value)


def test_letters_with_amounts_are_skipped_where_the_countrys_currency_is_another(engine, tmp_path):
    goods = "content: {products: [{name: {en: Tea, uk: Чай, ru: Чай, ro: Ceai, uz: Choy, mn: Цай}, link: shop, price: 120}]}\n"
    project = shop(
        tmp_path,
        (WINTER, "tone: friendly\n", f"tone: friendly\n{goods}"),
        (WINTER, "{warm-word: we-miss-you, gift-first: gift-with-code}", "new-arrivals"),
        (POLICY, "  GB:\n", "  GB:\n    currency: GBP\n"),
    )
    populate(engine, 2)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    assert {(row.status, row.reason) for row in rows_of(engine, CAMPAIGN)} == {("skipped", "other-currency")}


def test_every_rule_of_a_country_is_told_with_where_it_comes_from(tmp_path):
    policy = prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN).policy
    told = {question: found for question, found, _ in contacting.rules_told(policy, "UA")}
    assert told["policy"] == "UA (Law on Advertising, art. 14-3; State Language Law, art. 30 and 32, checked in 2026-11)"
    assert told["policy: languages"] == "uk (UA)"
    assert told["policy: gap"] == "3 days (default)"
    unknown = {question: found for question, found, _ in contacting.rules_told(policy, "")}
    assert (unknown["policy"], unknown["policy: channels"]) == ("default", "email (default)")

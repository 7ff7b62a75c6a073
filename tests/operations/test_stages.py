"""Stages that ask, wait for a day, or turn to a person, on both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, insert, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError
from winback.journey.wishes import Topic, Wishes
from winback.model import ChannelName, DeliveryStatus, EventKind, Reason, RecipientStatus, TaskStatus, Verdict
from winback.operations import explaining, knowing, planning, rehearsing, tasks
from winback.sending import prepared
from winback.store import database, events, preferences, runs
from winback.store import tasks as ledger_of_tasks
from winback.store.events import Event
from winback.store.tables import consents, customers, deliveries, facts, leaving_reasons, recipients, scores, touches
from winback.store.tables import tasks as asked

HEAD = """\
# yaml-language-server: $schema=../schema/campaign.json
title: Calls
cohort: silent-1-2-years-3-orders
starts_on: 2026-11-24
ends_on: 2027-01-31
holdout: 0.25
sender: olena
stop_when: [ordered, replied]
tactics: {a: {share: 0.5}, b: {share: 0.5}}
stages:
"""
FIRST = "  - {name: first, letter: we-miss-you}\n"
LAST = "  - {name: last, wait: 7 days, letter: we-miss-you}\n"
CALL = "task: {kind: call, within: 3 days, say: {en: 'Ask {{ customer.given_name }} ({{ orders_count }} orders)'}}"
NEXT_WEEK = START + timedelta(days=7)


def campaign(tmp_path, *stages: str, head: str = HEAD):
    """A project whose campaign has these stages."""
    project = projects.make(tmp_path / "shop")
    (project.root / "config/campaigns/winter-tea.yaml").write_text(head + "".join(stages), encoding="utf-8")
    return prepared.prepare(project, CAMPAIGN)


def happened(engine, who: int, kind: EventKind, verdict: Verdict = Verdict.HUMAN, at: datetime = START + timedelta(days=1)) -> None:
    with database.writing(engine) as connection:
        events.record(connection, [Event(f"{who}{kind}{verdict}{at}", kind, who, at, verdict)])


def rows(engine, *columns, **where):
    with database.reading(engine) as connection:
        return connection.execute(select(*columns).where(*(deliveries.c[name] == value for name, value in where.items()))).all()


def active(engine) -> list[int]:
    with database.reading(engine) as connection:
        return list(connection.execute(select(recipients.c.customer_id).where(recipients.c.status == RecipientStatus.ACTIVE)).scalars())


def test_who_does_not_meet_a_condition_is_passed_over_and_the_next_stage_follows(engine, tmp_path):
    second = "  - {name: second, wait: 7 days, letter: we-miss-you, only_if: [{did: [clicked]}]}\n"
    ready = campaign(tmp_path, FIRST, second, LAST)
    keys = {who: f"c{number:03d}" for number, who in enumerate(populate(engine, 16))}
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    clicked, scanned, *others = active(engine)
    happened(engine, clicked, EventKind.CLICK)
    happened(engine, scanned, EventKind.CLICK, Verdict.MACHINE)
    go(ready, engine, NEXT_WEEK, channel)
    became = {row.customer_id: (row.status, row.reason, row.detail) for row in rows(engine, deliveries, stage="second") if row.status != "held_out"}
    not_met = ("skipped", "condition", "only if: clicked since they were assigned")
    assert became == {clicked: ("sent", "", ""), **dict.fromkeys([scanned, *others], not_met)}
    held_out = ledger(engine)["second", DeliveryStatus.HELD_OUT]
    assert held_out == 16 - len(became), "conditions are no matter of the holdout: it would have been asked"
    go(ready, engine, START + timedelta(days=14), channel)
    assert ledger(engine)["last", DeliveryStatus.SENT] == len(became)
    told = explaining.by_campaign(ready, engine, keys[scanned], now=NEXT_WEEK)
    assert any(step.question == "stage second, only if: clicked since they were assigned" and step.holds is False for step in told.steps)
    assert any("skipped (condition), only if: clicked" in step.found for step in told.steps)


def test_facts_are_those_of_the_moment_of_the_claim(engine, tmp_path):
    second = "  - {name: second, wait: 7 days, letter: we-miss-you, only_if: [{touches: {at_least: 2}}], unless: [{reason: [price]}]}\n"
    ready = campaign(tmp_path, FIRST, second)
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    called, told, *others = active(engine)
    with database.writing(engine) as connection:
        for who in (called, told):
            connection.execute(insert(touches).values(key=f"t{who}", customer_id=who, touched_at=START + timedelta(days=1), channel="phone"))
            connection.execute(insert(knowing.refreshing.facts_due).values(customer_id=who))
        reason = {"key": "r", "customer_id": told, "reason": "price", "recorded_at": START, "source": "staff"}
        connection.execute(insert(leaving_reasons).values(reason))
    go(ready, engine, NEXT_WEEK, channel)
    became = {row.customer_id: row.detail for row in rows(engine, deliveries, stage="second") if row.status != "held_out"}
    assert became == {called: "", told: "unless: left because of price", **dict.fromkeys(others, "only if: touches: 2 or more")}


def test_scores_are_made_where_a_stage_asks_for_them(engine, tmp_path):
    ready = campaign(tmp_path, "  - {name: first, letter: we-miss-you, only_if: [{value: [gold]}]}\n")
    populate(engine, 30)
    planned = planning.plan(ready, engine, now=START)
    go(ready, engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        gold = set(connection.execute(select(scores.c.customer_id).where(scores.c.value_class == "gold")).scalars())
    sent = {row.customer_id for row in rows(engine, deliveries.c.customer_id, status="sent")}
    written_to = {row.customer_id for row in rows(engine, deliveries.c.customer_id, deliveries.c.status) if row.status != "held_out"}
    assert sent == gold & written_to
    assert 0 < len(sent) < len(written_to)
    (stage,) = planned.stages
    assert (stage.recipients, stage.skips) == (len(sent), {"condition": len(written_to) - len(sent)}), "the plan is what a run does"
    assert stage.asks == ("only if: value gold",)


def test_a_stage_for_one_tactic_passes_the_others_over(engine, tmp_path):
    ready = campaign(tmp_path, "  - {name: first, letter: we-miss-you, tactics: [a]}\n")
    populate(engine, 20)
    go(ready, engine, START, MemoryChannel())
    became = Counter((row.tactic, row.status, row.reason) for row in rows(engine, deliveries) if row.status != "held_out")
    assert set(became) == {("a", "sent", ""), ("b", "skipped", "not-for-tactic")}


def test_a_day_comes_once_and_nobody_is_written_to_after_it(engine, tmp_path):
    second = "  - {name: second, on_day: 2026-12-10, letter: we-miss-you}\n"
    ready = campaign(tmp_path, FIRST, second, LAST)
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    go(ready, engine, datetime(2026, 12, 9, 12, tzinfo=UTC), channel)
    assert not rows(engine, deliveries, stage="second")
    go(ready, engine, datetime(2026, 12, 11, 12, tzinfo=UTC), channel)  # nobody ran it on the day itself
    late = {(row.status, row.reason) for row in rows(engine, deliveries, stage="second")}
    assert late == {("skipped", "day-passed"), ("held_out", "")}
    go(ready, engine, datetime(2026, 12, 18, 12, tzinfo=UTC), channel)
    assert ledger(engine)["last", DeliveryStatus.SENT] == ledger(engine)["second", DeliveryStatus.SKIPPED] > 0


def call_everybody(engine, tmp_path, *, stop_when: str = "[ordered, replied]", **changes):
    """A campaign whose second stage is a call; everybody has a phone."""
    head = HEAD.replace("[ordered, replied]", stop_when)
    ready = campaign(tmp_path, FIRST, f"  - {{name: call, wait: 7 days, {CALL}}}\n", LAST, head=head)
    projects.edit(ready.project.root / "config/settings.yaml", "call_cost: 0 ", "call_cost: 12.50 ")
    populate(engine, 12, **{"phone": "+441134960000", **changes})
    ready = prepared.prepare(projects.settings.open_project(ready.project.root, ready.project.environment), CAMPAIGN)
    channel = MemoryChannel()
    for now in (START, NEXT_WEEK):
        go(ready, engine, now, channel)
    return ready, channel


def test_a_task_is_given_once_and_the_journey_goes_on_from_there(engine, tmp_path):
    ready, channel = call_everybody(engine, tmp_path)
    with database.reading(engine) as connection:
        given = connection.execute(select(asked)).all()
        booked = connection.execute(select(deliveries).where(deliveries.c.stage == "call", deliveries.c.status == "sent")).all()
    assert {row.delivery_id for row in given} == {row.id for row in booked}
    assert len(given) == ledger(engine)["call", DeliveryStatus.SENT] > 5
    (told,) = {(row.kind, row.manager, row.text, row.status, row.due_at) for row in given}
    assert told == ("call", "olena", "Ask Emma (3 orders)", TaskStatus.OPEN, NEXT_WEEK + timedelta(days=3))
    assert {(row.channel, row.letter, row.cost_micros, row.sent_at) for row in booked} == {("task", "call", 12_500_000, NEXT_WEEK)}
    letters = len(channel.letters)
    go(ready, engine, START + timedelta(days=13), channel)
    assert len(channel.letters) == letters, "the next stage waits its week from when the task was given"
    go(ready, engine, START + timedelta(days=14), channel)
    assert len(channel.letters) == letters + len(given)
    knowing.refresh(ready.project, engine, now=START + timedelta(days=15))
    with database.reading(engine) as connection:
        touched = connection.execute(select(facts.c.touches).where(facts.c.customer_id == given[0].customer_id)).scalar_one()
    assert touched == 2, "two letters; the call nobody made yet is no touch"


def test_a_task_is_written_with_its_delivery_or_not_at_all(engine, tmp_path):
    """A crash while asking leaves nothing half done: the claim runs out, and the task is given once."""
    ready = campaign(tmp_path, f"  - {{name: call, {CALL}}}\n")
    populate(engine, 8, phone="+441134960000")

    def crash(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO tasks"):
            raise KeyboardInterrupt

    event.listen(engine, "before_cursor_execute", crash)
    with pytest.raises(KeyboardInterrupt):
        go(ready, engine, START, MemoryChannel())
    event.remove(engine, "before_cursor_execute", crash)
    with database.reading(engine) as connection:
        assert connection.execute(select(asked)).all() == []
    assert ledger(engine)["call", DeliveryStatus.SENT] == 0
    go(ready, engine, START + timedelta(minutes=20), MemoryChannel())
    with database.writing(engine) as connection:
        given = connection.execute(select(asked)).all()
        again = {name: getattr(given[0], name) for name in ("delivery_id", "customer_id", "kind", "manager", "text", "due_at")}
        assert ledger_of_tasks.give(connection, [again], now=START) == 0, "one row per delivery"
    assert len(given) == ledger(engine)["call", DeliveryStatus.SENT] == 8 - ledger(engine)["call", DeliveryStatus.HELD_OUT]


def test_the_cascade_ends_at_a_person_and_needs_no_consent_for_letters(engine, tmp_path):
    ready = campaign(tmp_path, f"  - {{name: first, channels: [telegram, email, task], letter: we-miss-you, message: we-miss-you, {CALL}}}\n")
    ids = populate(engine, 24, phone="+441134960000")
    with database.writing(engine) as connection:
        connection.execute(consents.delete().where(consents.c.customer_id.in_(ids[:8])))
        for who in ids[8:16]:
            world.reach(connection, who, ChannelName.TELEGRAM, str(1000 + who))
        connection.execute(update(customers).where(customers.c.id.in_(ids[:2])).values(phone=""))
    plan = planning.plan(ready, engine, now=START)
    go(ready, engine, START, MemoryChannel())
    sent = {row.customer_id: row.channel for row in rows(engine, deliveries, status="sent")}
    expected = {who: "task" if who in ids[2:8] else "telegram" if who in ids[8:16] else "email" for who in ids[2:]}
    assert sent == {who: channel for who, channel in expected.items() if who in sent}
    assert set(sent.values()) == {"task", "telegram", "email"}
    assert plan.skips == {"no-consent": 2}, "no letter and no phone: they are skipped as ever"
    assert plan.stages[0].channels == dict(Counter(sent.values()))


def test_who_wants_to_be_left_alone_everywhere_is_not_called_either(engine, tmp_path):
    ready = campaign(tmp_path, f"  - {{name: call, {CALL}}}\n")
    who, blacklisted, _ = populate(engine, 3, phone="+441134960000")
    with database.writing(engine) as connection:
        hashed = world.contacts.address_hash(world.KEY, ChannelName.EMAIL, f"c{who}@post.example")
        events.suppress(connection, channel=ChannelName.EMAIL, address_hash=hashed, reason=Reason.UNSUBSCRIBED, since=START)
        connection.execute(update(customers).where(customers.c.id == blacklisted).values(black_list="debtor"))
    plan = planning.plan(ready, engine, now=START)
    assert (plan.skips, sum(plan.arms.values())) == ({"suppressed": 1, "black-listed": 1}, 1)


def test_a_task_obeys_topics_and_pauses_as_a_letter_does(engine, tmp_path):
    about_news = CALL.replace("kind: call", "kind: call, about: news")
    assert about_news != CALL
    ready = campaign(
        tmp_path, f"  - {{name: ask, {CALL}}}\n  - {{name: tell, wait: 1 days, {about_news}}}\n", head=HEAD.replace("holdout: 0.25", "holdout: 0")
    )
    no_news, later, *others = populate(engine, 4, phone="+441134960000")
    with database.writing(engine) as connection:
        preferences.say(connection, no_news, Wishes(topics_off=frozenset({Topic.NEWS})), START)
        preferences.say(connection, later, Wishes(paused_until=date(2027, 1, 1)), START)
    assert planning.plan(ready, engine, now=START).skips == {"paused": 1}, "of a campaign that asks something nobody is spared for one topic"
    for days in (0, 1):
        go(ready, engine, START + timedelta(days=days), MemoryChannel())
    told = {who: {(row.stage, row.status, row.reason) for row in rows(engine, deliveries, customer_id=who)} for who in (no_news, later, others[0])}
    assert told == {
        no_news: {("ask", "sent", ""), ("tell", "skipped", "topic-off")},
        later: set(),
        others[0]: {("ask", "sent", ""), ("tell", "sent", "")},
    }


def test_an_open_task_is_dropped_when_its_customer_asks_for_a_pause(engine, tmp_path):
    ready, _ = call_everybody(engine, tmp_path)
    first, second, *_ = tasks.listed(ready.project, engine, now=NEXT_WEEK)
    with database.writing(engine) as connection:
        who = runs.customer_id(connection, first.customer)
        other = runs.customer_id(connection, second.customer)
        preferences.say(connection, who, Wishes(paused_until=date(2027, 3, 1)), NEXT_WEEK)
        preferences.say(connection, other, Wishes(paused_until=date(2026, 11, 1)), NEXT_WEEK)
    open_now = {each.id for each in tasks.listed(ready.project, engine, now=NEXT_WEEK)}
    assert first.id not in open_now
    assert second.id in open_now, "a pause that is over is none"
    with database.reading(engine) as connection:
        dropped = ledger_of_tasks.find(connection, first.id)
    assert dropped is not None
    assert (dropped.status, dropped.note) == (TaskStatus.DROPPED, "They asked for a pause.")


def test_done_is_a_touch_and_only_once(engine, tmp_path):
    ready, _ = call_everybody(engine, tmp_path)
    first, second, *_ = tasks.listed(ready.project, engine, now=NEXT_WEEK)
    later = NEXT_WEEK + timedelta(days=1)
    assert tasks.done(ready.project, engine, first.id, by="", note="Was glad", now=later).startswith(f"Done: call, {first.customer}.")
    with pytest.raises(ConfigError, match=f"task {first.id} was done on 2026-12-02 by olena"):
        tasks.drop(ready.project, engine, first.id, by="", note="", now=later)
    tasks.drop(ready.project, engine, second.id, by="", note="Nobody answers", now=later)
    knowing.refresh(ready.project, engine, now=later)
    with database.reading(engine) as connection:
        touched = connection.execute(select(touches.c.key, touches.c.channel, touches.c.touched_at, touches.c.reacted_at)).all()
        counts = dict(connection.execute(select(customers.c.key, facts.c.touches).join(facts, facts.c.customer_id == customers.c.id)).all())
    assert touched == [(f"task:{first.id}", "phone", later, later)]
    assert (counts[first.customer], counts[second.customer]) == (2, 1)
    everything = tasks.listed(ready.project, engine, everything=True, now=later)
    assert {each.id: (each.status, each.note) for each in everything if each.id in {first.id, second.id}} == {
        first.id: ("done", "Was glad"),
        second.id: ("dropped", "Nobody answers"),
    }
    assert not {first.id, second.id} & {each.id for each in tasks.listed(ready.project, engine, now=later)}


def test_who_declines_is_left_alone_and_the_reason_is_kept(engine, tmp_path):
    ready, channel = call_everybody(engine, tmp_path)
    task, *_ = tasks.listed(ready.project, engine, now=NEXT_WEEK)
    told = tasks.declined(ready.project, engine, task.id, "Too dear", by="andriy", note="Buys elsewhere", now=NEXT_WEEK)
    assert told == f"Declined: {task.customer} left because of `price` (Too dear). The campaign ends for them."
    with database.reading(engine) as connection:
        who = runs.customer_id(connection, task.customer)
        reason = connection.execute(select(leaving_reasons).where(leaving_reasons.c.customer_id == who)).one()
        standing = connection.execute(select(recipients).where(recipients.c.customer_id == who)).one()
        touched = connection.execute(select(touches.c.channel).where(touches.c.customer_id == who)).scalars().all()
    assert (reason.reason, reason.recorded_by, reason.note) == ("price", "andriy", "Buys elsewhere")
    assert (standing.status, standing.reason) == (RecipientStatus.STOPPED, Reason.DECLINED)
    assert touched == ["phone"]
    history = explaining.by_campaign(ready, engine, task.customer, now=NEXT_WEEK + timedelta(hours=1)).steps
    assert {f"stage call: call by task: sent [delivery {task.id}]", "call declined by andriy: Buys elsewhere"} <= {step.found for step in history}
    letters = len(channel.letters)
    go(ready, engine, START + timedelta(days=14), channel)
    assert f"c{who}@post.example" not in {letter.to for letter in channel.letters[letters:]}
    before = tasks.listed(ready.project, engine, now=NEXT_WEEK)
    with pytest.raises(ConfigError, match="there is no reason `dear`"):
        tasks.declined(ready.project, engine, before[0].id, "dear", by="", note="", now=NEXT_WEEK)
    assert tasks.listed(ready.project, engine, now=NEXT_WEEK) == before


@pytest.mark.parametrize("deed", ["order", EventKind.UNSUBSCRIBE, EventKind.REPLY, "black list"])
@pytest.mark.parametrize("is_last", [False, True])
def test_a_task_of_a_journey_that_is_over_is_dropped_by_itself(engine, tmp_path, deed, is_last):
    ready, channel = call_everybody(engine, tmp_path)
    later = START + timedelta(days=14 if is_last else 8)
    go(ready, engine, later, channel)
    task, *others = tasks.listed(ready.project, engine, now=later)
    with database.writing(engine) as connection:
        who = runs.customer_id(connection, task.customer)
        if deed == "order":
            world.order(connection, who, later)
        elif deed == "black list":
            connection.execute(update(customers).where(customers.c.id == who).values(black_list="debtor"))
        else:
            events.record(connection, [Event("x", deed, who, later, Verdict.HUMAN)])
    assert [each.id for each in tasks.listed(ready.project, engine, now=later)] == [each.id for each in others]
    (dropped,) = [each for each in tasks.listed(ready.project, engine, everything=True, now=later) if each.id == task.id]
    assert dropped.status == "dropped"
    assert dropped.note.startswith("The journey is over: ")


def test_an_answer_drops_no_task_of_a_campaign_that_goes_on_after_answers(engine, tmp_path):
    ready, _ = call_everybody(engine, tmp_path, stop_when="[ordered]")
    before = tasks.listed(ready.project, engine, now=NEXT_WEEK)
    with database.reading(engine) as connection:
        who = runs.customer_id(connection, before[0].customer)
    happened(engine, who, EventKind.REPLY, at=NEXT_WEEK)
    assert tasks.listed(ready.project, engine, now=NEXT_WEEK + timedelta(hours=1)) == before


def test_a_task_is_shown_with_all_that_is_known_of_the_customer(engine, tmp_path):
    ready, _ = call_everybody(engine, tmp_path, manager="andriy")
    (task, *_) = tasks.listed(ready.project, engine, manager="andriy", now=NEXT_WEEK)
    assert tasks.listed(ready.project, engine, manager="olena", now=NEXT_WEEK) == []
    card = tasks.show(ready.project, engine, task.id, now=NEXT_WEEK).as_json()
    assert card["task"]["say"] == "Ask Emma (3 orders)"
    assert card["task"]["phone"] == "+441134960000"
    assert (card["customer"]["customer"], card["customer"]["facts"]["orders"]) == (task.customer, 3)
    with pytest.raises(ConfigError, match="there is no `andrij` in config/senders.yaml. Did you mean `andriy`?"):
        tasks.listed(ready.project, engine, manager="andrij", now=NEXT_WEEK)
    with pytest.raises(ConfigError, match="there is no task 99999"):
        tasks.show(ready.project, engine, 99999, now=NEXT_WEEK)


def test_a_rehearsal_writes_the_tasks_beside_the_letters_as_a_run_would_give_them(engine, tmp_path):
    second = f"  - {{name: call, wait: 7 days, {CALL}, unless: [{{touches: {{at_least: 2}}}}]}}\n"
    ready = campaign(tmp_path, FIRST, second, LAST)
    populate(engine, 16, phone="+441134960000")
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=40), worker="r"))
    silent = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=40), worker="s", letters=False))
    assert (silent.folder, silent.calendar, silent.recipients) == (None, played.calendar, played.recipients)
    written = sorted(path.read_text(encoding="utf-8") for path in (played.folder / "task").glob("*.txt"))
    assert "Ask Emma (3 orders)" in written[0]
    by_stage = {(played.calendar.stages[day.stage], day.channel): day.letters for day in played.calendar.leaving}
    assert by_stage["call", "task"] == len(written) == by_stage["first", "email"]
    channel = MemoryChannel()
    for days in (0, 7, 14):
        go(ready, engine, START + timedelta(days=days), channel)
    assert ledger(engine)["call", DeliveryStatus.SENT] == len(written)

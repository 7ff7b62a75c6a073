"""A campaign from enrolment to its end, on both databases, with real letters into memory."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate, standing
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, PermanentError
from winback.model import ChannelName, DeliveryStatus, EventKind, Message, Reason, RecipientStatus, RunStatus, Verdict
from winback.operations import campaign_run, explaining, planning, steering
from winback.sending import prepared
from winback.store import database, events, outcomes, runs
from winback.store.events import Event
from winback.store.tables import customers, deliveries, recipients
from winback.store.tables import outcomes as outcomes_table


def test_three_stages_reach_everybody_but_the_holdout_once(engine, ready):
    ids = populate(engine)
    channel = MemoryChannel()
    first = go(ready, engine, START, channel)
    held_out = standing(engine)[RecipientStatus.HELD_OUT]
    assert 0 < held_out < 25
    assert first.enrolled == len(ids)
    assert first.deliveries == {DeliveryStatus.SENT: len(ids) - held_out}
    assert go(ready, engine, START, channel, "again").deliveries == {}
    for days in (7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    written = len(ids) - held_out
    assert ledger(engine) == {
        (stage, status): count
        for stage in ("first-letter", "reminder", "last-day")
        for status, count in ((DeliveryStatus.SENT, written), (DeliveryStatus.HELD_OUT, held_out))
    }
    assert Counter(letter.to for letter in channel.letters) == dict.fromkeys({letter.to for letter in channel.letters}, 3)
    assert len({letter.message_id for letter in channel.letters}) == 3 * written
    with database.reading(engine) as connection:
        assert runs.latest(connection, CAMPAIGN).status is RunStatus.FINISHED
    assert standing(engine) == {RecipientStatus.FINISHED: written, RecipientStatus.HELD_OUT: held_out}


def test_each_day_s_first_go_counts_what_came_back(engine, ready):
    populate(engine, 30)
    channel, hour = MemoryChannel(), timedelta(hours=1)
    go(ready, engine, START, channel)
    begun = campaign_run.current(engine, ready, now=START)

    def known() -> tuple[datetime, int]:
        with database.reading(engine) as connection:
            measured = outcomes.last_measured(connection, begun.id)
            back = connection.execute(select(func.count()).where(outcomes_table.c.run_id == begun.id, outcomes_table.c.orders > 0)).scalar_one()
        return measured.now, back

    assert known() == (START, 0)
    with database.writing(engine) as connection:
        world.order(connection, connection.execute(select(recipients.c.customer_id).limit(1)).scalar_one(), START + hour)
    go(ready, engine, START + 2 * hour, channel)
    assert known() == (START, 0), "it was counted today"
    tomorrow = START + timedelta(days=1)
    go(ready, engine, tomorrow, channel)
    assert known() == (tomorrow, 1)


def test_the_time_of_a_next_stage_goes_by_the_card_as_it_is_and_the_hour_learnt_before(engine, ready):
    first, second, *_ = populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    run = campaign_run.current(engine, ready, now=START)
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id == first).values(country="UA"))
        facts = runs.get_recipients(connection, run.id, [first])[first].facts
        learnt = recipients.c.run_id == run.id, recipients.c.customer_id == first
        connection.execute(update(recipients).where(*learnt).values(facts={**facts, "send_hour": {"hour": 18, "of": 4}}))
        standing = runs.get_standing(connection, run.id, [first, second])
    assert {who: (row.country, row.hour) for who, row in standing.items()} == {first: ("UA", 18), second: ("GB", None)}


def test_letters_that_left_do_not_fail_with_the_counting(engine, ready, monkeypatch, caplog):
    populate(engine, 12)

    def broken(*_arguments):
        raise OperationalError("INSERT INTO came_back", {}, Exception("disk full"))

    monkeypatch.setattr(outcomes, "measure", broken)
    ran = go(ready, engine, START, MemoryChannel())
    assert ran.deliveries[DeliveryStatus.SENT] > 0
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "who came back in winter-tea, run 1, can't be counted now (OperationalError); the next go tries again"
    ]


def test_cohort_is_letters_and_skips_and_holdout_to_the_last_customer(engine, ready):
    ids = populate(engine, 30)
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id == ids[0]).values(black_list="debtor"))
        connection.execute(update(customers).where(customers.c.id == ids[1]).values(locale="fr"))
        connection.execute(world.consents.delete().where(world.consents.c.customer_id == ids[2]))
        connection.execute(world.contacts_table.delete().where(world.contacts_table.c.customer_id == ids[3]))
    plan = planning.plan(ready, engine, now=START)
    assert plan.skips == {"black-listed": 1, "no-language": 1, "no-consent": 1, "no-channel": 1}
    assert plan.cohort == 30 == sum(plan.arms.values()) + sum(plan.skips.values())
    go(ready, engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        rows = connection.execute(select(recipients.c.arm, recipients.c.reason, func.count()).group_by(recipients.c.arm, recipients.c.reason)).all()
    assert {reason: count for arm, reason, count in rows if not arm} == plan.skips
    assert {arm: count for arm, reason, count in rows if arm} == plan.arms, "the plan is what a run does"


@pytest.mark.parametrize(
    ("deed", "reason"),
    [("order", Reason.ORDERED), ("reply", Reason.REPLIED), ("unsubscribe", Reason.UNSUBSCRIBED), ("complaint", Reason.COMPLAINED)],
)
def test_what_a_customer_does_stops_the_next_stage(engine, ready, deed, reason):
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    with database.writing(engine) as connection:
        who = connection.execute(select(recipients.c.customer_id).where(recipients.c.status == RecipientStatus.ACTIVE).limit(1)).scalar_one()
        if deed == "order":
            world.order(connection, who, START + timedelta(days=2))
        else:
            moment = START + timedelta(days=2)
            events.record(connection, [Event(dedupe_key="x", kind=EventKind(deed), customer_id=who, happened_at=moment, verdict=Verdict.HUMAN)])
    before = len(channel.letters)
    go(ready, engine, START + timedelta(days=7), channel)
    with database.reading(engine) as connection:
        row = connection.execute(select(recipients).where(recipients.c.customer_id == who)).one()
        stages = connection.execute(
            select(deliveries.c.stage, deliveries.c.status, deliveries.c.reason).where(deliveries.c.customer_id == who).order_by(deliveries.c.id)
        ).all()
    assert (row.status, row.reason) == (RecipientStatus.STOPPED, reason)
    assert stages[-1] == ("reminder", DeliveryStatus.STOPPED, reason)
    assert f"c{who}@post.example" not in {letter.to for letter in channel.letters[before:]}


def test_a_machine_opening_or_answering_stops_nothing(engine, ready):
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    sent = len(channel.letters)
    with database.writing(engine) as connection:
        everybody = connection.execute(select(recipients.c.customer_id)).scalars().all()
        happened = [
            Event(dedupe_key=f"m{who}{kind}", kind=kind, customer_id=who, happened_at=START + timedelta(hours=1), verdict=Verdict.MACHINE)
            for who in everybody
            for kind in (EventKind.OPEN, EventKind.CLICK)
        ]
        events.record(connection, happened)
    go(ready, engine, START + timedelta(days=7), channel)
    assert len(channel.letters) == 2 * sent


def test_a_paused_campaign_sends_nothing_and_goes_on_where_it_was(engine, ready):
    populate(engine, 10)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    first = len(channel.letters)
    assert "is paused" in steering.steer(engine, CAMPAIGN, "pause", now=START)
    go(ready, engine, START + timedelta(days=7), channel)
    assert len(channel.letters) == first
    assert "goes on" in steering.steer(engine, CAMPAIGN, "resume", now=START)
    go(ready, engine, START + timedelta(days=8), channel)
    assert len(channel.letters) == 2 * first
    steering.steer(engine, CAMPAIGN, "cancel", now=START)
    with pytest.raises(ConfigError, match=r"run 1 of `winter-tea` is cancelled. Add --again"):
        go(ready, engine, START + timedelta(days=21), channel)
    with pytest.raises(ConfigError, match="it can't resume"):
        steering.steer(engine, CAMPAIGN, "resume", now=START)


class Blocked(MemoryChannel):
    async def send(self, letter):
        if isinstance(letter, Message):
            raise PermanentError("blocked", "bot was blocked by the user")
        return await super().send(letter)


def test_who_blocked_the_bot_gets_the_stage_by_the_next_channel_at_once(engine, ready):
    ids = populate(engine, 12)
    with database.writing(engine) as connection:
        for who in ids:
            world.reach(connection, who, ChannelName.TELEGRAM, str(1000 + who))
    channel = Blocked()
    go(ready, engine, START, channel)
    first = len(channel.letters)
    go(ready, engine, START + timedelta(days=7), channel)
    assert len(channel.letters) == 2 * first
    assert ledger(engine)["reminder", DeliveryStatus.SENT] == first


def test_an_order_of_the_morning_that_is_imported_in_the_evening_stops_the_letters(engine, ready):
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    with database.writing(engine) as connection:
        who = connection.execute(select(recipients.c.customer_id).where(recipients.c.status == RecipientStatus.ACTIVE).limit(1)).scalar_one()
        world.order(connection, who, START - timedelta(hours=3))
    go(ready, engine, START + timedelta(days=7), channel)
    with database.reading(engine) as connection:
        assert connection.execute(select(recipients.c.reason).where(recipients.c.customer_id == who)).scalar_one() == Reason.ORDERED


def test_one_mailbox_of_two_customers_gets_one_letter(engine, ready):
    ids = populate(engine, 10)
    with database.writing(engine) as connection:
        connection.execute(world.contacts_table.delete().where(world.contacts_table.c.customer_id == ids[7]))
        connection.execute(world.consents.delete().where(world.consents.c.customer_id == ids[7]))
        world.reach(connection, ids[7], address=f"c{ids[2]}@post.example")
    plan = planning.plan(ready, engine, now=START)
    assert plan.skips == {"same-address": 1}


def test_a_letter_never_promises_an_offer_that_is_over(engine, ready):
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    before = len(channel.letters)
    go(ready, engine, START + timedelta(days=42), channel)
    assert len(channel.letters) == before
    assert ledger(engine)["reminder", DeliveryStatus.SKIPPED] == before


def test_a_campaign_does_not_begin_before_its_first_day(engine, ready):
    populate(engine, 3)
    with pytest.raises(ConfigError, match=r"the campaign begins on 2026-11-24\. Run it then"):
        go(ready, engine, START - timedelta(days=2), MemoryChannel())


def test_nobody_is_taken_from_another_campaigns_arms_written_to_or_held_out(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    text = (project.root / "config/campaigns/winter-tea.yaml").read_text(encoding="utf-8")
    (project.root / "config/campaigns/second.yaml").write_text(text.replace("title: ", "title: Once more, "), encoding="utf-8")
    populate(engine, 20)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    plan = planning.plan(prepared.prepare(project, "second"), engine, now=START)
    assert plan.skips == {"in-other-campaign": 20}


def test_explain_replays_every_decision_with_its_facts(engine, ready):
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    told = explaining.by_campaign(ready, engine, "c003", now=START + timedelta(days=1))
    text = "\n".join(f"{step.question}: {step.found}" for step in told.steps)
    assert "last order 365 days ago or more, fewer than 730: 562 days, on 2025-05-11" in text
    assert "consent given on 2024-01-01 at checkout" in text
    assert "sha256 of winter-tea-1:c003 is at 0." in text
    assert "assigned" in text
    outside = explaining.by_cohort(ready.project, engine, "silent-1-2-years-3-orders", "c003", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert outside.verdict == "not in the cohort"
    with pytest.raises(ConfigError, match="there is no customer `nobody`"):
        explaining.by_cohort(ready.project, engine, "silent-1-2-years-3-orders", "nobody", now=START)


def test_links_lead_straight_to_their_targets_for_whoever_took_back_being_tracked(engine, ready):
    ids = populate(engine, 12)
    with database.writing(engine) as connection:
        said_no = [
            {"customer_id": who, "channel": "email", "purpose": "open-tracking", "withdrawn_at": START - timedelta(days=1)} for who in ids[::2]
        ]
        connection.execute(world.consents.insert(), said_no)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    with database.reading(engine) as connection:
        whose = dict(connection.execute(select(deliveries.c.id, deliveries.c.customer_id)).all())
    public_url, straight = ready.project.settings.public_url, set(ids[::2])
    seen = set()
    for letter in channel.letters:
        is_tracked = whose[letter.delivery_id] not in straight
        assert (f"{public_url}/c/" in letter.html) is is_tracked
        assert ('aria-hidden="true" tabindex="-1"' in letter.html) is is_tracked
        assert (f"{public_url}/o/" in letter.html) <= is_tracked
        assert ready.brand.links["shop"] in letter.html or is_tracked
        seen.add(is_tracked)
    assert seen == {True, False}

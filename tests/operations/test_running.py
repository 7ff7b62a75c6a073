"""A campaign from enrolment to its end, on both databases, with real letters into memory or onto a real server."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from tests import projects
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError, PermanentError, Refused, TemplateError, UncertainError
from winback.model import ChannelName, DeliveryStatus, EventKind, Message, Reason, RecipientStatus, RunStatus, Verdict
from winback.operations import enrolment, explaining, planning, rehearsing, running, steering
from winback.sending import prepared
from winback.store import database, events, runs
from winback.store.events import Event
from winback.store.tables import campaign_runs, customers, deliveries, recipients
from winback.tracking import tokens
from winback.tracking.tokens import Purpose

START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CAMPAIGN = "winter-tea"


def populate(engine, count=40, **changes) -> list[int]:
    """Lost customers in Britain, each with three orders a year and a half ago."""
    ids = []
    with database.writing(engine) as connection:
        for number in range(count):
            who = world.customer(connection, f"c{number:03d}", given_name="Emma", country="GB", locale="en", time_zone="Europe/London", **changes)
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100 + number)
            world.reach(connection, who)
            ids.append(who)
    return ids


def go(ready, engine, now, channel, worker="w"):
    return asyncio.run(running.go(ready, engine, now=lambda: now, worker=f"{worker}-{now}", open_channel=lambda *_: channel))


def ledger(engine) -> Counter:
    with database.reading(engine) as connection:
        return Counter((row.stage, DeliveryStatus(row.status)) for row in connection.execute(select(deliveries.c.stage, deliveries.c.status)))


def standing(engine) -> Counter:
    with database.reading(engine) as connection:
        return Counter(RecipientStatus(status) for status in connection.execute(select(recipients.c.status)).scalars())


@pytest.fixture
def ready(tmp_path):
    return prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN)


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


def test_cohort_is_letters_and_skips_and_holdout_to_the_last_customer(engine, ready):
    ids = populate(engine, 30)
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id == ids[0]).values(black_list="debtor"))
        connection.execute(update(customers).where(customers.c.id == ids[1]).values(locale="mn"))
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


def test_enrolment_that_was_interrupted_goes_on_to_the_same_end(engine, ready, monkeypatch):
    populate(engine, 25)
    run = enrolment.current_run(engine, ready, now=START)
    monkeypatch.setattr(enrolment, "BATCH", 5)

    class Killed(Exception):
        pass

    seen = []

    def die(count):
        seen.append(count)
        if len(seen) == 2:
            raise Killed

    with pytest.raises(Killed):
        enrolment.enrol(engine, ready, run, now=START, progress=die)
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(recipients)).scalar() == 10
    assert enrolment.enrol(engine, ready, run, now=START + timedelta(hours=3)) == 15
    run = enrolment.current_run(engine, ready, now=START)
    assert enrolment.enrol(engine, ready, run, now=START) == 0
    assert sum(standing(engine).values()) == 25


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


def test_two_workers_at_once_write_to_everybody_once(engine, ready, tmp_path):
    populate(engine, 60)
    run = enrolment.current_run(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    channel = MemoryChannel()

    async def both():
        one = running.go(ready, engine, now=lambda: START, worker="one", open_channel=lambda *_: channel)
        two = running.go(ready, engine, now=lambda: START, worker="two", open_channel=lambda *_: channel)
        await asyncio.gather(one, two)

    asyncio.run(both())
    addressed = Counter(letter.to for letter in channel.letters)
    assert set(addressed.values()) == {1}
    assert len(addressed) == standing(engine)[RecipientStatus.ACTIVE]


class Dying(MemoryChannel):
    """A channel whose process dies after `survives` letters of a group have left."""

    in_flight = 5

    def __init__(self, survives):
        super().__init__()
        self.survives = survives

    async def send(self, letter):
        if len(self.letters) >= self.survives:
            raise KeyboardInterrupt
        return await super().send(letter)


def test_a_worker_that_dies_leaves_doubt_about_its_group_only_and_nobody_is_written_to_twice(engine, ready):
    populate(engine, 40)
    dying = Dying(survives=12)
    with pytest.raises(KeyboardInterrupt):
        go(ready, engine, START, dying)
    assert ledger(engine)["first-letter", DeliveryStatus.HANDED_OVER] <= Dying.in_flight
    later = START + timedelta(minutes=15)
    channel = MemoryChannel()
    go(ready, engine, later, channel)
    counts = ledger(engine)
    uncertain = counts["first-letter", DeliveryStatus.UNCERTAIN]
    written = standing(engine)[RecipientStatus.ACTIVE]
    assert 1 <= uncertain <= Dying.in_flight
    assert counts["first-letter", DeliveryStatus.SENT] + uncertain == written
    twice = {letter.to for letter in dying.letters} & {letter.to for letter in channel.letters}
    assert not twice
    go(ready, engine, START + timedelta(days=8), channel)
    assert ledger(engine)["reminder", DeliveryStatus.SENT] == written, "the journey of an uncertain one goes on"


class Doubtful(MemoryChannel):
    async def send(self, letter):
        raise UncertainError("no-answer-after-data", "connection lost")


class Hanging(MemoryChannel):
    """Nine of ten letters are answered; the tenth hangs."""

    in_flight = 10

    def __init__(self):
        super().__init__()
        self.hangs = asyncio.Event()

    async def send(self, letter):
        if len(self.letters) == 9:
            self.hangs.set()
            await asyncio.sleep(3600)
        return await super().send(letter)


def test_ctrl_c_keeps_what_is_known_and_doubts_only_the_rest(engine, ready):
    populate(engine, 20)

    async def interrupted():
        channel = Hanging()
        work = asyncio.ensure_future(running.go(ready, engine, now=lambda: START, worker="w", open_channel=lambda *_: channel))
        await channel.hangs.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(interrupted())
    counts = ledger(engine)
    assert counts["first-letter", DeliveryStatus.SENT] == 9
    assert counts["first-letter", DeliveryStatus.HANDED_OVER] == 1


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


def test_a_run_ends_only_when_no_letter_is_open_any_more(engine, ready):
    populate(engine, 6)
    go(ready, engine, START, Doubtful())
    with database.writing(engine) as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.status == DeliveryStatus.UNCERTAIN)
            .values(status=DeliveryStatus.HANDED_OVER, lease_until=START + timedelta(minutes=5))
        )
        connection.execute(update(recipients).values(ended_at=START, next_due_at=None, status=RecipientStatus.STOPPED, reason="replied"))
        run = runs.latest(connection, CAMPAIGN)
        assert not runs.finish_if_done(connection, run.id)
    go(ready, engine, START + timedelta(minutes=20), MemoryChannel())
    assert set(ledger(engine)) <= {("first-letter", DeliveryStatus.UNCERTAIN), ("first-letter", DeliveryStatus.HELD_OUT)}
    with database.reading(engine) as connection:
        assert runs.latest(connection, CAMPAIGN).status is RunStatus.FINISHED


def test_rehearsed_links_mean_nobody_real(engine, ready):
    populate(engine, 10)
    asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=3), worker="r"))
    letters = [path.read_text(encoding="utf-8") for path in ready.project.out.rglob("*.eml")]
    found = [re.search(r"/u/([\w-]+)", letter) for letter in letters]
    assert found
    assert all(link and tokens.read(ready.project.key, Purpose.UNSUBSCRIBE, link[1]) is None for link in found)


def test_a_letter_in_doubt_is_never_repeated_and_a_person_settles_it(engine, ready):
    populate(engine, 8)
    go(ready, engine, START, Doubtful())
    channel = MemoryChannel()
    for hours in (1, 2, 30):
        go(ready, engine, START + timedelta(hours=hours), channel)
    assert channel.letters == []
    rows = steering.letters(engine, CAMPAIGN, status="uncertain", customer=None, limit=100)
    assert {row["reason"] for row in rows} == {"no-answer-after-data"}
    assert "kept as sent" in steering.resolve(engine, rows[0]["id"], "sent", now=START)
    assert "not repeated" in steering.resolve(engine, rows[1]["id"], "not-sent", now=START)
    with pytest.raises(ConfigError, match="is sent; only an uncertain one"):
        steering.resolve(engine, rows[0]["id"], "sent", now=START)


def test_the_mail_servers_own_log_counts_each_letter_once_and_knows_who_is_gone(engine, tmp_path):
    with MailServer(tmp_path / "mail", replies={"c1@post.example": "550 5.1.1 No such user", "c2@post.example": "451 4.3.0 Later"}) as server:
        project = projects.make(
            tmp_path / "shop",
            (
                "config/settings.yaml",
                "  via: file                           # file: letters",
                "  via: smtp                           # file: letters",
            ),
            ("config/settings.yaml", "  host: localhost", f"  host: {server.host}"),
            ("config/settings.yaml", "  port: 587", f"  port: {server.port}"),
            ("config/settings.yaml", "security: starttls", "security: none"),
            ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0"),
        )
        ready = prepared.prepare(project, CAMPAIGN)
        populate(engine, 30)
        for minutes in (0, 1, 6):
            asyncio.run(running.go(ready, engine, now=lambda m=minutes: START + timedelta(minutes=m), worker=f"w{minutes}"))
        received = Counter(each.recipient for each in server.received)
    assert set(received.values()) == {1}
    assert len(received) == 28
    rows = {row["customer"]: row for row in steering.letters(engine, CAMPAIGN, status=None, customer=None, limit=100)}
    assert (rows["c000"]["status"], rows["c000"]["reason"]) == ("failed", "no-such-mailbox")
    assert (rows["c001"]["status"], rows["c001"]["attempts"]) == ("planned", 2)
    assert all("queued as" in row["remote_id"] for row in rows.values() if row["status"] == "sent")


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ({"user": "shop", "password": "right"}, "config/settings.yaml:{user}: the mail server refused the login of `shop`"),
        (None, "no mail server answers at 127.0.0.1:1"),
    ],
)
def test_a_closed_lane_is_told_with_its_line_and_changes_nothing(engine, tmp_path, server, sentence):
    def attempt(port):
        project = projects.make(
            tmp_path / "shop",
            (
                "config/settings.yaml",
                "  via: file                           # file: letters",
                "  via: smtp                           # file: letters",
            ),
            ("config/settings.yaml", "  host: localhost", "  host: 127.0.0.1"),
            ("config/settings.yaml", "  port: 587", f"  port: {port}"),
            ("config/settings.yaml", "security: starttls", "security: none"),
            ("config/settings.yaml", '  user: ""', "  user: shop"),
            environment={"WINBACK_SMTP_PASSWORD": "hunter2"},
        )
        populate(engine, 3)
        line = project.document.line("email", "user")
        with pytest.raises(Refused) as refused:
            asyncio.run(running.go(prepared.prepare(project, CAMPAIGN), engine, now=lambda: START, worker="w"))
        assert sentence.format(user=line) in str(refused.value)
        assert "hunter2" not in str(refused.value)
        with database.reading(engine) as connection:
            assert connection.execute(select(func.count()).select_from(campaign_runs)).scalar() == 0

    if server is None:
        attempt(1)
    else:
        with MailServer(tmp_path / "mail", **server) as mail:
            attempt(mail.port)


def test_a_letter_that_cannot_be_filled_in_stops_its_stage_with_one_error(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    body = project.templates / "emails" / "we-miss-you" / "body.txt"
    projects.edit(body, "{% block body %}", "{% block body %}{{ custmer.name }}")
    with pytest.raises(TemplateError, match=r"templates/emails/we-miss-you/body\.txt:\d+: .*custmer.*Did you mean `customer"):
        prepared.prepare(project, CAMPAIGN)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("cohort: silent-1-2-years-3-orders", "cohort: silent-1-2-years", "config/campaigns/winter-tea.yaml:3: there is no cohort `silent-1-2-years`. Did you mean `silent-1-2-years-3-orders`?"),
        ("sender: olena", "sender: olga", "there is no sender `olga` in config/senders.yaml. Did you mean `olena`?"),
        ("gift-first: gift-with-code", "gift-first: gift-with-cod", "there is no letter `gift-with-cod`. Did you mean `gift-with-code`?"),
        ("message: gift-reminder", "message: gift-remind", "there is no message `gift-remind`. Did you mean `gift-reminder`?"),
        ("holdout: 0.25 ", "holdout: 15 ", "holdout is 15; a share lies between 0 and 1. Write 0.15 for 15 %."),
        ("holdout: 0.25 ", "holdout: 1 ", "holdout is 1: nobody would be written to."),
        ("    share: 0.5\n    offer: tea-for-two\n  gift-first", "    share: 0.6\n    offer: tea-for-two\n  gift-first", "has tactics whose shares add up to 1.1"),
        ("    offer: tea-for-two\n\noffers", "    offer: tea-for-too\n\noffers", "there is no offer `tea-for-too`. Did you mean `tea-for-two`?"),
        ("    offer: tea-for-two\n\noffers", "\noffers", "the tactic `gift-first` has no offer"),
        ("gift-first: gift-with-code}", "gift-frist: gift-with-code}", "there is no tactic `gift-frist`"),
        ("ends_on: 2027-01-31", "ends_on: 2026-11-01", "ends on 2026-11-01, not after it starts"),
        ("wait: 14 days", "wait: 90 days", "waits between its stages longer than it lasts"),
        ("name: last-day", "name: reminder", "has two stages called `reminder`"),
        ("    letter: last-day-of-offer\n", "", "`last-day` goes out by email, but names no letter"),
    ],
)  # fmt: skip
def test_a_campaign_that_cannot_be_meant_is_refused_with_a_sentence(tmp_path, old, new, sentence):
    project = projects.make(tmp_path / "shop", ("config/campaigns/winter-tea.yaml", old, new))
    with pytest.raises(Refused) as refused:
        prepared.prepare(project, CAMPAIGN)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "name: reminder",
            "name: second-letter",
            "run 1 began with the stages first-letter, reminder, last-day; the file now has first-letter, second-letter, last-day.",
        ),
        ("holdout: 0.25 ", "holdout: 0.5 ", "run 1 began with the tactics warm-word 0.375, gift-first 0.375, holdout 0.25"),
    ],
)
def test_arms_and_stages_stay_as_they_were_while_a_run_lasts(engine, tmp_path, old, new, sentence):
    project = projects.make(tmp_path / "shop")
    populate(engine, 6)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", old, new)
    with pytest.raises(ConfigError) as refused:
        go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    assert sentence in str(refused.value)
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", new, old)
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", "wait: 7 days", "wait: 8 days")
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())


def test_nobody_is_taken_from_another_campaigns_arms_written_to_or_held_out(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    (project.root / "config/campaigns/second.yaml").write_bytes((project.root / "config/campaigns/winter-tea.yaml").read_bytes())
    populate(engine, 20)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    plan = planning.plan(prepared.prepare(project, "second"), engine, now=START)
    assert plan.skips == {"in-other-campaign": 20}


def test_a_rehearsal_is_the_same_plan_and_changes_nothing(engine, ready):
    populate(engine, 30)
    with database.writing(engine) as connection:  # one of them will order on the tenth day, as the data already knows
        who = connection.execute(select(customers.c.id).where(customers.c.key == "c007")).scalar_one()
        world.order(connection, who, START + timedelta(days=10))
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=60), worker="r"))
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(campaign_runs)).scalar() == 0
    letters = sorted(ready.project.out.rglob("*.eml"))
    assert sum(day.letters for day in played.calendar) == len(letters) > 50
    assert played.recipients.get("stopped: ordered", 0) <= 1

    channel = MemoryChannel()
    for days in (0, 7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    assert len(channel.letters) == len(letters)
    by_stage = Counter()
    for day in played.calendar:
        by_stage[day.stage] += day.letters
    real = Counter(stage for (stage, status), count in ledger(engine).items() for _ in range(count) if status is DeliveryStatus.SENT)
    assert by_stage == real


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

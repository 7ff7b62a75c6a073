"""Workers that die, wait, or come twice; servers that refuse or fall silent: nobody twice, nobody lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate, standing
from winback.channels.memory import MemoryChannel
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError, Refused, TemplateError, UncertainError
from winback.model import DeliveryStatus, RecipientStatus, RunStatus
from winback.operations import campaign_run, enrolment, running, steering
from winback.sending import prepared
from winback.store import database, runs
from winback.store.tables import campaign_runs, deliveries, recipients

pytestmark = pytest.mark.both_databases


def test_enrolment_that_was_interrupted_goes_on_to_the_same_end(engine, ready, monkeypatch):
    populate(engine, 25)
    run = campaign_run.current(engine, ready, now=START)
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
    run = campaign_run.current(engine, ready, now=START)
    assert enrolment.enrol(engine, ready, run, now=START) == 0
    assert sum(standing(engine).values()) == 25


def test_two_workers_at_once_write_to_everybody_once(engine, ready, tmp_path):
    populate(engine, 60)
    run = campaign_run.current(engine, ready, now=START)
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


def test_who_looks_whether_a_run_may_begin_just_after_somebody_else_began_it_goes_on_with_it(engine, ready):
    populate(engine, 3)
    run = campaign_run.current(engine, ready, now=START)
    campaign_run.refuse_to_begin(engine, ready, now=START, again=False)
    assert campaign_run.current(engine, ready, now=START) == run
    with database.writing(engine) as connection:
        runs.change_status(connection, run.id, RunStatus.CANCELLED, START)
    with pytest.raises(ConfigError, match="Add --again"):
        campaign_run.refuse_to_begin(engine, ready, now=START, again=False)


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


class Hanging(MemoryChannel):
    """The tenth letter hangs; all others are answered."""

    in_flight = 10

    def __init__(self):
        super().__init__()
        self.hangs = asyncio.Event()

    async def send(self, letter):
        if len(self.letters) == 9 and not self.hangs.is_set():
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
        return len(channel.letters)

    answered = asyncio.run(interrupted())
    counts = ledger(engine)
    assert counts["first-letter", DeliveryStatus.SENT] == answered >= 9
    assert counts["first-letter", DeliveryStatus.HANDED_OVER] == 1


def test_a_letter_that_fails_while_it_is_filled_in_holds_up_nobody_else(engine, tmp_path):
    """What no check can foresee: here a link of brand.yaml that went away under a running worker."""
    project = projects.make(tmp_path / "shop")
    broken = prepared.prepare(project, CAMPAIGN)
    populate(engine, 30)
    links = {name: url for name, url in broken.brand.links.items() if name != "gift"}
    broken = replace(broken, brand=broken.brand.model_copy(update={"links": links}))
    channel = MemoryChannel()
    with pytest.raises(TemplateError, match="templates/emails/gift-with-code"):
        go(broken, engine, START, channel)
    written = standing(engine)[RecipientStatus.ACTIVE]
    counts = ledger(engine)
    assert 0 < len(channel.letters) == counts["first-letter", DeliveryStatus.SENT] < written
    assert counts["first-letter", DeliveryStatus.PLANNED] == written - len(channel.letters)
    rows = steering.letters(engine, CAMPAIGN, status="planned", customer=None, limit=100)
    assert {row["reason"] for row in rows} == {"letter-broken"}
    go(prepared.prepare(project, CAMPAIGN), engine, START + timedelta(minutes=15), channel)
    assert len(channel.letters) == written


class Doubtful(MemoryChannel):
    async def send(self, letter):
        raise UncertainError("no-answer-after-data", "connection lost")


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


def test_the_mail_servers_own_log_counts_each_letter_once_and_knows_who_is_gone(engine, tmp_path):
    with MailServer(tmp_path / "mail", replies={"c1@post.example": "550 5.1.1 No such user", "c2@post.example": "451 4.3.0 Later"}) as server:
        project = projects.make(
            tmp_path / "shop",
            *projects.through(server.host, server.port),
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
            *projects.through("127.0.0.1", port),
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

"""A campaign through several relays, and letters that were put off."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate
from winback.channels.memory import MemoryChannel
from winback.demo.mailbox import MailServer
from winback.errors import Refused, TemporaryError
from winback.model import DeliveryStatus, Reason
from winback.operations import running
from winback.sending import prepared
from winback.store import database
from winback.store.tables import deliveries

SERVER = "  host: localhost\n  port: 587\n  security: starttls\n"


def shop(folder, *relays: str):
    """A project that sends through these relays on this machine."""
    listed = "".join(f"    - {{host: 127.0.0.1, security: none, {relay}}}\n" for relay in relays)
    file = "config/settings.yaml"
    changes = (
        (file, SERVER, f"  relays:\n{listed}"),
        (file, '\n  user: ""\n', "\n"),
        (file, "  via: file                           # file: letters", "  via: smtp                           # file: letters"),
    )
    return prepared.prepare(projects.make(folder, *changes), CAMPAIGN)


def leave(ready, engine, now=START):
    return asyncio.run(running.go(ready, engine, now=lambda: now, worker=f"w-{now}"))


def by_relay(engine) -> Counter:
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries.c.relay, deliveries.c.status).where(deliveries.c.status != DeliveryStatus.HELD_OUT))
        return Counter((row.relay, row.status) for row in rows)


def test_a_campaign_leaves_through_the_relays_that_let_us_in_and_the_ledger_knows_which(engine, tmp_path):
    populate(engine, 40)
    with MailServer(tmp_path / "one") as one, MailServer(tmp_path / "two") as two:
        ready = shop(tmp_path / "shop", "name: gone, port: 9", f"name: one, port: {one.port}", f"name: two, port: {two.port}, weight: 2")
        leave(ready, engine)
        assert by_relay(engine) == {("one", "sent"): one.accepted, ("two", "sent"): two.accepted}
        assert abs(two.accepted - 2 * one.accepted) <= 2
        addressed = Counter(each.recipient for server in (one, two) for each in server.received)
        assert set(addressed.values()) == {1}


def test_when_every_relay_is_closed_nothing_is_lost_and_the_message_names_each(engine, tmp_path):
    populate(engine, 20)
    with MailServer(tmp_path / "one", replies={f"c{number}@post.example": "550 5.7.1 spam" for number in range(1, 21)}) as one:
        ready = shop(tmp_path / "shop", f"name: one, port: {one.port}", "name: gone, port: 9")
        with pytest.raises(Refused, match=r"settings\.yaml:\d+: email stopped: .*5\.7\.1 spam"):
            leave(ready, engine)
    assert set(ledger(engine)) <= {("first-letter", DeliveryStatus.PLANNED), ("first-letter", DeliveryStatus.HELD_OUT)}
    with pytest.raises(Refused, match=r"settings\.yaml:\d+: no relay takes letters\. `one` \(line \d+\): .*; `gone` \(line \d+\):"):
        leave(ready, engine, START + timedelta(hours=1))


class PuttingOff(MemoryChannel):
    """Takes nothing today."""

    async def send(self, letter):
        raise TemporaryError("put-off", f"451 later, letter {letter.delivery_id}")


def test_a_letter_that_was_put_off_past_the_end_of_its_offer_isnt_sent(engine, tmp_path):
    """The last check before each try sees to it: who was to get a letter without the offer still gets it."""
    project = projects.make(
        tmp_path / "shop",
        ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0"),
        ("config/campaigns/winter-tea.yaml", "valid_for: 35 days", "valid_for: 28 days"),
    )
    ready = prepared.prepare(project, CAMPAIGN)
    populate(engine, 20)
    go(ready, engine, START, PuttingOff())
    assert set(ledger(engine)) == {("first-letter", DeliveryStatus.PLANNED)}
    channel = MemoryChannel()
    go(ready, engine, START + timedelta(days=29), channel)
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.stage == "first-letter")).all()
    became = Counter((row.tactic, row.status, row.reason) for row in rows)
    assert set(became) == {("gift-first", DeliveryStatus.SKIPPED, Reason.OFFER_OVER), ("warm-word", DeliveryStatus.SENT, "")}
    assert len(channel.letters) == became["warm-word", DeliveryStatus.SENT, ""]


def test_a_letter_is_tried_for_three_days_at_the_most(engine, tmp_path):
    project = projects.make(tmp_path / "shop", ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0"))
    ready = prepared.prepare(project, CAMPAIGN)
    populate(engine, 5)
    go(ready, engine, START, PuttingOff())
    go(ready, engine, START + timedelta(days=2), PuttingOff())
    assert set(ledger(engine)) == {("first-letter", DeliveryStatus.PLANNED)}
    go(ready, engine, START + timedelta(days=7), PuttingOff())
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.stage == "first-letter")).all()
    assert {(row.status, row.reason, row.attempts, row.first_tried_at) for row in rows} == {(DeliveryStatus.FAILED, Reason.TRIES_RAN_OUT, 3, START)}

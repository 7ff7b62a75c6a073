"""What an address didn't take while letters were sent to it counts as what came back softly, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests import letterbox, projects
from tests.letterbox import NOW
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.errors import LaneError, PermanentError, TemporaryError
from winback.model import DeliveryStatus
from winback.sending import prepared, refused_softly
from winback.store import database
from winback.store.deliveries import Outcome
from winback.store.tables import events, suppressions
from winback.ways_in import SoftBounceSettings

LIMITS = SoftBounceSettings()


@pytest.mark.parametrize(
    ("status", "answer", "soft"),
    [
        (DeliveryStatus.FAILED, PermanentError("mailbox-full", "552 5.2.2 full"), True),
        (DeliveryStatus.FAILED, PermanentError("too-large", "552 5.3.4"), True),
        (DeliveryStatus.FAILED, TemporaryError("mailbox-full", "452 4.2.2"), True),
        (DeliveryStatus.FAILED, TemporaryError("put-off", "451 later"), True),
        (DeliveryStatus.PLANNED, TemporaryError("mailbox-full", "452 4.2.2"), False),
        (DeliveryStatus.FAILED, TemporaryError("greylisted", "451 4.7.1"), False),
        (DeliveryStatus.FAILED, TemporaryError("slow-down", "421"), False),
        (DeliveryStatus.FAILED, PermanentError("no-such-mailbox", "550 5.1.1"), False),
        (DeliveryStatus.FAILED, LaneError("refused-by-policy", "550 5.7.1"), False),
        (DeliveryStatus.SENT, None, False),
    ],
)
def test_what_speaks_of_the_address_is_told_from_what_speaks_of_us_or_of_the_moment(status, answer, soft):
    assert refused_softly.is_soft(Outcome(1, status), answer) is soft


@pytest.fixture
def shop(engine, tmp_path):
    return letterbox.Letterbox(engine, letterbox.project(tmp_path / "project").key)


def refuse(shop, letter, now):
    with database.writing(shop.engine) as connection:
        return refused_softly.count(connection, [Outcome(letter, DeliveryStatus.FAILED, reason="mailbox-full")], LIMITS, now)


def test_the_fourth_letter_over_two_weeks_closes_the_address_and_a_click_between_begins_anew(shop):
    who, first = shop.written_to("olena", email="olena@mail.example")
    letters = [first, *(shop.letter(shop.run(), who) for _ in range(3))]
    days = (0, 5, 10, 15)
    for number, (letter, day) in enumerate(zip(letters, days, strict=True)):
        assert (shop.rows(suppressions), number) == ([], number)
        assert refuse(shop, letter, NOW + timedelta(days=day)) == 1
        assert refuse(shop, letter, NOW + timedelta(days=day, hours=1)) == 0, "the same letter is one"
    assert [row.reason for row in shop.rows(suppressions)] == ["soft-bounced"]
    assert [(row.kind, row.verdict, row.delivery_id) for row in shop.rows(events)] == [("bounce", "soft", letter) for letter in letters]
    assert shop.standing(who)[0] == ("stopped", "soft-bounced")


class Full(MemoryChannel):
    async def send(self, letter):
        await asyncio.sleep(0)
        raise PermanentError("mailbox-full", "552 5.2.2 mailbox full")


def test_a_run_writes_it_down_with_the_answer(engine, tmp_path):
    ready = prepared.prepare(projects.make(tmp_path / "shop", ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0")), CAMPAIGN)
    ids = populate(engine, 3)
    done = go(ready, engine, START, Full())
    assert done.deliveries[DeliveryStatus.FAILED] == 3
    rows = letterbox.Letterbox(engine, b"").rows(events)
    assert sorted(row.customer_id for row in rows) == ids
    assert {(row.kind, row.verdict, row.signals["reason"]) for row in rows} == {("bounce", "soft", "mailbox-full")}

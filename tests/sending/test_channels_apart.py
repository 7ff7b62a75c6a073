"""A channel that closes stops itself alone, on both databases: letters of the others leave, and nobody is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.sending import lane_shop
from tests.sending.lane_shop import START, letters
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import LaneError, Refused
from winback.model import ChannelName, DeliveryStatus, Reason
from winback.operations import beginning, enrolment, running
from winback.sending.compose import Writer
from winback.sending.loop import Lanes, Worker
from winback.store import database

EACH = 120
BOTH = (
    "config/campaigns/winter-tea.yaml",
    "    channels: [email]\n    letter: {warm",
    "    channels: [telegram, email]\n    message: we-miss-you\n    letter: {warm",
)


class ClosingChannel(MemoryChannel):
    """Takes so many letters, then its server goes away."""

    in_flight = 10

    def __init__(self, takes: int) -> None:
        super().__init__()
        self._takes = takes
        self.tried = 0

    async def __aenter__(self):
        if not self._takes:
            raise LaneError("unreachable", "connection refused")
        return await super().__aenter__()

    async def send(self, letter):
        self.tried += 1
        is_taken = self.tried <= self._takes
        await asyncio.sleep(0.001)
        if not is_taken:
            raise LaneError("unreachable", "421 closing")
        return await super().send(letter)


@pytest.fixture
def ready(tmp_path):
    return lane_shop.make(tmp_path / "shop", BOTH)


def populate(engine) -> None:
    """Every other customer is in the messenger, the rest has e-mail only."""
    with database.writing(engine) as connection:
        for number in range(2 * EACH):
            who = world.customer(connection, f"c{number:04d}", given_name="Emma", country="GB", locale="en", time_zone="Europe/London")
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100)
            world.reach(connection, who, ChannelName.EMAIL, f"c{number}@one.example")
            if number % 2:
                world.reach(connection, who, ChannelName.TELEGRAM, str(1_000_000 + number))


def go(ready, engine, channels, now=START):
    return asyncio.run(running.go(ready, engine, now=lambda: now, worker=f"w-{now}", open_channel=lambda _, name: channels[name]))


@pytest.mark.parametrize("closing", [ChannelName.EMAIL, ChannelName.TELEGRAM])
def test_letters_of_the_other_channel_all_leave_and_what_stopped_is_told_at_the_end(engine, ready, closing):
    populate(engine)
    other = next(name for name in (ChannelName.EMAIL, ChannelName.TELEGRAM) if name is not closing)
    channels = {closing: ClosingChannel(takes=15), other: MemoryChannel()}
    with pytest.raises(Refused, match="421 closing"):
        go(ready, engine, channels)
    assert len(channels[other].letters) == EACH
    found = letters(engine)
    assert found[DeliveryStatus.SENT, ""] == EACH + 15
    assert sum(found.values()) == 2 * EACH
    assert found[DeliveryStatus.CLAIMED, ""] == found[DeliveryStatus.HANDED_OVER, ""] == 0

    again = {closing: MemoryChannel(), other: MemoryChannel()}
    go(ready, engine, again, START + timedelta(seconds=1))
    assert letters(engine) == Counter({(DeliveryStatus.SENT, ""): 2 * EACH})
    assert len(again[other].letters) == 0, "nobody twice"
    assert len(channels[closing].letters) + len(again[closing].letters) == EACH


def test_a_schedule_goes_on_without_a_channel_that_cannot_be_entered(engine, ready, caplog):
    populate(engine)
    run = beginning.begin(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    running.queue_due(ready, engine, run, now=START)
    telegram = MemoryChannel()
    away = LaneError("unreachable", "connection refused")

    async def send():
        async with telegram:
            lanes = Lanes({ChannelName.TELEGRAM: telegram}, "w", ready.project.settings.batch, {ChannelName.EMAIL: away})
            worker = Worker(engine, run, Writer(ready, engine), lanes, lambda: START)
            while await worker.send_batches(1):
                pass
            return worker.sent

    sent = asyncio.run(send())
    assert sent[DeliveryStatus.SENT] == len(telegram.letters) == EACH
    found = letters(engine)
    assert found[DeliveryStatus.PLANNED, Reason.LANE_CLOSED] == EACH


def test_channels_that_cannot_be_entered_are_told_and_only_without_any_is_nothing_opened(ready):
    told = []

    async def enter(channels):
        opening = running.open_lanes(ready, worker="w", open_channel=lambda _, name: channels[name], closed=lambda name, problem: told.append(name))
        async with opening as opened:
            return sorted(opened.channels), sorted(opened.closed)

    some = {ChannelName.EMAIL: ClosingChannel(0), ChannelName.TELEGRAM: MemoryChannel()}
    assert asyncio.run(enter(some)) == ([ChannelName.TELEGRAM], [ChannelName.EMAIL])
    assert told == [ChannelName.EMAIL]
    with pytest.raises(Refused):
        asyncio.run(enter({ChannelName.EMAIL: ClosingChannel(0), ChannelName.TELEGRAM: ClosingChannel(0)}))


def test_when_both_close_the_go_ends_and_everything_else_is_planned(engine, ready):
    populate(engine)
    channels = {ChannelName.EMAIL: ClosingChannel(takes=7), ChannelName.TELEGRAM: ClosingChannel(takes=9)}
    with pytest.raises(Refused):
        go(ready, engine, channels)
    found = letters(engine)
    assert found[DeliveryStatus.SENT, ""] == 16
    assert sum(count for (status, _), count in found.items() if status == DeliveryStatus.PLANNED) == 2 * EACH - 16


def test_a_fault_in_the_program_stops_everything(engine, ready):
    class Faulty(MemoryChannel):
        async def send(self, letter):
            raise ZeroDivisionError

    populate(engine)
    with pytest.raises(ZeroDivisionError):
        go(ready, engine, {ChannelName.EMAIL: Faulty(), ChannelName.TELEGRAM: MemoryChannel()})

"""The pace that workers and the bot share, measured where messages arrive: at a Bot API of our own, spoken to over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import letterbox, projects
from winback.bot.line import Line
from winback.bot.speaking import Manner, Utterance
from winback.channels.seats import DOOR, Answered, Free, Stroke, strike
from winback.channels.spacing import IN_TALK
from winback.demo import bot_api
from winback.demo.bot_api import BotApi
from winback.model import ChannelName, Message
from winback.sending import lanes, turnstile
from winback.settings import open_project
from winback.store import database, turnstiles
from winback.store.tables import turn_chats

PACE = 20
SECRET = "a secret of thirty-two characters"


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def environment(api, database_url):
    return {"WINBACK_SECRET": SECRET, "WINBACK_DATABASE_URL": database_url, "WINBACK_TELEGRAM_TOKEN": api.token}


@pytest.fixture
def project(tmp_path, api, environment):
    folder = letterbox.project(tmp_path / "project").root
    path = folder / "config" / "settings.yaml"
    said = f"telegram: {{via: bot-api, api_url: {api.url}, messages_per_second: {PACE}}}"
    path.write_text(path.read_text().replace("telegram: {bot: zerno_bot}", said))
    return open_project(folder, environment)


def talker(folder: Path, environment: dict[str, str], first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sending.talker", str(folder), str(first), str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}, cwd=projects.ROOT)


def most_within_a_second(moments: list[float]) -> int:
    return max(sum(1 for other in moments if start <= other < start + 1) for start in moments)


def by_chat(sent: list[bot_api.SentMessage]) -> dict[str, list[float]]:
    found = defaultdict(list)
    for message in sent:
        found[message.chat_id].append(message.at)
    return found


def test_two_workers_and_the_bot_together_never_go_faster_than_one_may(project, api, environment):
    with ExitStack() as stack:
        firsts = (1000, 1030)  # half of their chats are the same
        workers = [stack.enter_context(talker(project.root, environment, first, 60)) for first in firsts]
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            worker.stdin.write("\n")
            worker.stdin.flush()
        late = asyncio.run(answer(project, api))
        assert [worker.wait(60) for worker in workers] == [0, 0]
    assert len(api.sent) == 130
    assert most_within_a_second([message.at for message in api.sent]) <= PACE
    assert max(most_within_a_second(moments) for moments in by_chat(api.sent).values()) == 1
    first, last = min(message.at for message in api.sent), max(message.at for message in api.sent)
    assert last - first < 130 / PACE * 1.4, "and the pace is used, also on a busy machine"
    assert sorted(late)[len(late) // 2] < 1.5, "a customer who talks to the bot needn't wait for a campaign"


async def answer(project, api) -> list[float]:
    """The bot answers ten customers while the campaign goes on; how long each waited."""
    spacing = turnstile.of(project, ChannelName.TELEGRAM, PACE, ahead=IN_TALK)
    waited = []
    async with Line(api.token, api_url=api.url, spacing=spacing) as line:
        for number in range(10):
            begun = time.monotonic()
            said = Utterance(Manner.MESSAGE, str(1005 + number), "And hello to you")
            async with line.turn(said):
                await line.say(said)
            waited.append(time.monotonic() - begun)
            await asyncio.sleep(0.1)
    return waited


def test_a_chat_that_is_too_fast_costs_the_others_nothing(project, api):
    async def send() -> None:
        async with lanes.open_channel(project, ChannelName.TELEGRAM) as channel:
            await asyncio.gather(*(channel.send(Message(n, str(n), "Hello", "en")) for n in range(2 * PACE)), return_exceptions=True)

    api.fail(3, bot_api.too_fast(30))
    asyncio.run(send())
    moments = [message.at for message in api.sent]
    assert len(moments) == 2 * PACE - 1
    assert max(moments) - min(moments) < 3


def test_what_one_worker_was_told_of_everybody_the_other_keeps(project, api):
    """Three chats in a row were refused: nobody writes for as long as was asked, in whatever process."""

    async def send() -> float:
        async with lanes.open_channel(project, ChannelName.TELEGRAM) as one, lanes.open_channel(project, ChannelName.TELEGRAM) as other:
            await asyncio.gather(*(one.send(Message(n, str(n), "Hello", "en")) for n in (1, 2, 3)), return_exceptions=True)
            told = time.monotonic()
            await asyncio.sleep(0.5)
            await asyncio.gather(*(other.send(Message(n, str(n), "Hello", "en")) for n in range(10, 15)))
        return told

    for chat in (1, 2, 3):
        api.fail(chat, bot_api.too_fast(3))
    told = asyncio.run(send())
    assert len(api.sent) == 5
    assert 2.8 < min(message.at for message in api.sent) - told < 4.5


def test_a_seat_of_somebody_who_died_is_free_again(engine):
    with database.writing(engine) as connection:
        granted = turnstiles.strike(connection, "telegram", 2, Stroke(wanted=("1", "2", "3")), str.encode, lambda: 100.0)
    assert [(each.chat, each.seat) for each in granted.turns] == [("1", 1), ("2", 2)]
    assert all(100 <= each.at < 100.1 for each in granted.turns)
    with database.writing(engine) as connection:
        waits = turnstiles.strike(connection, "telegram", 2, Stroke(wanted=("3",)), str.encode, lambda: 100.0)
    assert not waits.turns
    assert 8 < waits.again_in <= 10


def test_chats_are_forgotten_when_their_second_is_over(engine):
    def struck(stroke: Stroke, clock: float):
        with database.writing(engine) as connection:
            return turnstiles.strike(connection, "telegram", 2, stroke, str.encode, lambda: clock)

    struck(Stroke(wanted=("1",)), 100.0)
    struck(Stroke(answered=[Answered(1, "1", at=90.0)], wanted=("2",)), 100.0)  # ten seconds ago
    with database.writing(engine) as connection:
        turnstiles.sweep(connection, "telegram")
        assert [row.chat_hash for row in connection.execute(turn_chats.select())] == [b"2"]


def rows(pace: int) -> dict[int, Free]:
    return {number: Free(0.0, 0.0) for number in range(pace + 1)}


def test_a_clock_that_goes_back_locks_nobody_out():
    seats, chats = rows(1), {"1": Free(0.0, 0.0), "2": Free(0.0, 0.0)}
    strike(Stroke(wanted=("1",)), seats, chats, now=7200.0, ago=0.0)
    waits = strike(Stroke(wanted=("2",)), seats, chats, now=100.0, ago=0.0)
    assert not waits.turns
    assert waits.again_in <= 10


def test_a_turn_that_was_taken_ahead_and_not_used_comes_no_earlier_for_the_next():
    seats, chats = rows(1), {"1": Free(0.0, 0.0), "2": Free(0.0, 0.0)}
    seats[1] = Free(100.2, 99.0)
    (early,) = strike(Stroke(wanted=("1",), ahead=0.25), seats, chats, now=100.0, ago=0.0).turns
    (again,) = strike(Stroke(unused=[early], wanted=("2",), ahead=0.25), seats, chats, now=100.05, ago=0.0).turns
    assert (early.at, again.at) == (100.2, 100.2)


def test_nobody_gets_a_turn_before_the_door_opens():
    seats, chats = rows(3), {"1": Free(0.0, 0.0)}
    closed = strike(Stroke(wanted=("1",), pause=5.0), seats, chats, now=100.0, ago=0.0)
    assert (closed.turns, closed.closed, closed.again_in) == ([], 5.0, 5.0)
    assert seats[DOOR].at == 105.0
    assert len(strike(Stroke(wanted=("1",)), seats, chats, now=105.0, ago=0.0).turns) == 1

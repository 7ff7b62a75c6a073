"""The pace of messages, on a clock that jumps to the next thing to do: nothing here depends on how busy the machine is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.channels.jumping import played
from winback.channels.brakes import Brakes
from winback.channels.spacing import Spacing
from winback.errors import TemporaryError

ON_THE_WAY = 0.02


async def sent(spacing: Spacing, chat: str, takes: float = ON_THE_WAY) -> float:
    """When a message arrived: just before it was answered, or as soon as it was sent."""
    await spacing.turn(chat)
    arrived = asyncio.get_running_loop().time()
    await asyncio.sleep(takes)
    spacing.answered(chat)
    return arrived


def turns(spacing: Spacing, wanted: Mapping[str, int]) -> dict[str, list[float]]:
    """When each chat got its turns, all of them wanted at once."""
    moments: dict[str, list[float]] = {chat: [] for chat in wanted}

    async def one(chat: str) -> None:
        moments[chat].append(await sent(spacing, chat))

    async def all_at_once() -> None:
        await asyncio.gather(*(one(chat) for chat, count in wanted.items() for _ in range(count)))
        await spacing.leave()

    played(all_at_once())
    return moments


def most_within_a_second(moments: list[float]) -> int:
    return max(sum(1 for other in moments if start <= other < start + 1) for start in moments)


@pytest.mark.parametrize("per_second", [1, 20, 25, 30])
def test_the_pace_is_kept_in_every_second_and_used_up(per_second):
    moments = [moment for of_chat in turns(Spacing(per_second), {str(number): 1 for number in range(10 * per_second)}).values() for moment in of_chat]
    assert len(moments) == 10 * per_second
    assert most_within_a_second(moments) == per_second
    assert max(moments) - min(moments) < 10 * 1.05


def test_what_is_slow_on_its_way_never_bunches():
    """Every third message takes most of a second to arrive; whichever moment of it counts as its arrival, no second holds too many."""
    spacing, arrivals = Spacing(10), []

    async def one(number: int) -> None:
        slow = 0.9 if number % 3 == 0 else 0.0
        await spacing.turn(str(number))
        await asyncio.sleep(slow)
        arrivals.append(asyncio.get_running_loop().time())
        spacing.answered(str(number))

    async def all_at_once() -> None:
        await asyncio.gather(*(one(number) for number in range(80)))
        await spacing.leave()

    played(all_at_once())
    assert len(arrivals) == 80
    assert most_within_a_second(arrivals) <= 10


def test_a_chat_gets_one_message_a_second_and_holds_nobody_up():
    moments = turns(Spacing(25), {"501": 3} | {str(number): 1 for number in range(20)})
    assert most_within_a_second(moments["501"]) == 1
    others = [moment for chat, of_chat in moments.items() if chat != "501" for moment in of_chat]
    assert max(others) < 1


def test_a_late_answer_counts_for_the_next_message():
    spacing, moments = Spacing(25), []

    async def slowly() -> None:
        for _ in range(3):
            moments.append(await sent(spacing, "501", takes=0.7))  # noqa: PERF401  one after the other
        await spacing.leave()

    played(slowly())
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert min(gaps) >= 1.7


def test_a_chat_that_asked_for_a_pause_is_put_off_and_the_others_go_on():
    spacing, told = Spacing(25), []

    async def talk() -> None:
        await spacing.turn("501")
        spacing.answered("501", timedelta(seconds=17))
        begun = asyncio.get_running_loop().time()
        with pytest.raises(TemporaryError) as put_off:
            await spacing.turn("501")
        told.append(put_off.value.after.total_seconds())
        others = await asyncio.gather(*(sent(spacing, str(number)) for number in range(20)))
        told.append(max(others) - begun)
        await asyncio.sleep(17)
        await spacing.turn("501")
        spacing.answered("501")
        await spacing.leave()

    played(talk())
    assert told[0] == pytest.approx(18, abs=0.1)
    assert told[1] < 1


def test_when_several_chats_ask_for_a_pause_everybody_keeps_it():
    spacing, arrived = Spacing(25), []

    async def talk() -> None:
        for chat, seconds in (("501", 4), ("502", 6), ("503", 5)):
            await spacing.turn(chat)
            spacing.answered(chat, timedelta(seconds=seconds))
        begun = asyncio.get_running_loop().time()
        arrived.extend(moment - begun for moment in await asyncio.gather(*(sent(spacing, str(number)) for number in range(5))))
        await spacing.leave()

    played(talk())
    assert 5.9 <= min(arrived) <= 6.2
    assert max(arrived) < 7


@pytest.mark.parametrize(
    ("answers", "pause"),
    [
        ([("1", 0.0, 9.0), ("1", 0.1, 9.0), ("1", 0.2, 9.0)], 0.0),  # one chat alone
        ([("1", 0.0, 9.0), ("2", 0.1, 9.0)], 0.0),  # two may be a coincidence
        ([("1", 0.0, 9.0), ("2", 0.1, 4.0), ("3", 0.2, 4.0)], 8.8),  # the longest, from when it was said
        ([("1", 0.0, 9.0), ("2", 5.0, 9.0), ("3", 10.0, 9.0)], 9.0),  # slowly, but nothing came through in between
        ([("1", 0.0, 9.0), ("7", 3.0, None), ("2", 5.0, 9.0), ("8", 6.0, None), ("3", 10.0, 9.0)], 0.0),
        ([("1", 0.0, 9.0), *[(str(n), 0.1, None) for n in range(10, 20)], ("2", 0.2, 9.0), ("3", 0.3, 9.0)], 0.0),  # most came through
    ],
)
def test_brakes_tell_one_chat_from_everybody(answers, pause):
    brakes = Brakes()
    told = [brakes.told(chat, at, after) for chat, at, after in answers]
    assert told[-1] == pytest.approx(pause)
    assert not any(told[:-1])


def test_whoever_stops_waiting_leaves_the_seat_to_others():
    spacing, arrived = Spacing(1), []

    async def talk() -> None:
        first = asyncio.ensure_future(sent(spacing, "501"))
        second = asyncio.ensure_future(spacing.turn("502"))
        await asyncio.sleep(0.9)
        second.cancel()
        arrived.extend([await first, await sent(spacing, "503")])
        await spacing.leave()

    played(talk())
    assert 1 <= arrived[1] - arrived[0] < 1.6

"""The pace of messages, on a clock that jumps to the next thing to do: nothing here depends on how busy the machine is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

import pytest

from tests.channels.jumping import played
from winback.channels.spacing import Spacing


def turns(spacing: Spacing, wanted: Mapping[str, int]) -> dict[str, list[float]]:
    """When each chat got its turns, all of them wanted at once."""
    moments: dict[str, list[float]] = {chat: [] for chat in wanted}

    async def one(chat: str) -> None:
        await spacing.turn(chat)
        moments[chat].append(asyncio.get_running_loop().time())

    async def all_at_once() -> None:
        await asyncio.gather(*(one(chat) for chat, count in wanted.items() for _ in range(count)))

    played(all_at_once())
    return moments


def most_within_a_second(moments: list[float]) -> int:
    return max(sum(1 for other in moments if start <= other < start + 1) for start in moments)


@pytest.mark.parametrize("per_second", [1, 20, 25, 30])
def test_the_pace_is_kept_in_every_second_and_used_up(per_second):
    moments = [moment for of_chat in turns(Spacing(per_second), {str(number): 1 for number in range(100)}).values() for moment in of_chat]
    assert len(moments) == 100
    assert most_within_a_second(moments) <= per_second
    assert max(moments) - min(moments) < 100 / per_second * 1.05


def test_a_chat_gets_one_message_a_second_and_holds_nobody_up():
    moments = turns(Spacing(25), {"501": 3} | {str(number): 1 for number in range(20)})
    assert most_within_a_second(moments["501"]) == 1
    others = [moment for chat, of_chat in moments.items() if chat != "501" for moment in of_chat]
    assert max(others) < 1


def test_a_late_answer_counts_for_the_next_message():
    spacing, moments = Spacing(25), []

    async def slowly() -> None:
        for _ in range(3):
            await spacing.turn("501")
            moments.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.7)  # on the way
            spacing.answered("501")

    played(slowly())
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert min(gaps) >= 1.7


def test_chats_are_forgotten_when_their_second_is_over():
    spacing = Spacing(1_000_000, per_chat=0.001)

    async def many() -> None:
        for chat in range(5_000):
            await spacing.turn(str(chat))

    played(many())
    assert len(spacing._chats) < 5_000

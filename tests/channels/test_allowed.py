"""What leaves outside production, and what doesn't: the list alone, and in front of a channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from winback.channels.allowed import AllowedChannel, AllowList
from winback.channels.memory import MemoryChannel
from winback.errors import PermanentError
from winback.model import Email, Message, Reason

LIST = AllowList(["olena@zerno.example", "@news.example", "-100500", "77"])
EMAIL = Email(1, "olena@zerno.example", "Zerno", "hello@zerno.example", "", "", "<1@zerno.example>", "Tea", "<p>", "", "en", datetime.now(UTC))


@pytest.mark.parametrize(
    ("address", "has"),
    [
        ("olena@zerno.example", True),
        ("Olena@Zerno.Example", True),
        ("olena+test@zerno.example", False),
        ("ivan@zerno.example", False),
        ("anybody@news.example", True),
        ("ANYBODY@NEWS.EXAMPLE", True),
        ("anybody@shop.news.example", False),
        ("anybody@oldnews.example", False),
        ("@news.example", True),  # as it stands in the list; no server takes it
        ("stranger@elsewhere.example,anybody@news.example", False),
        ("stranger@elsewhere.example@news.example", False),
        ("77", True),
        ("-100500", True),
        ("777", False),
        ("7", False),
        ("", False),
    ],
)
def test_who_is_on_the_list(address, has):
    assert LIST.has(address) is has


def test_an_empty_list_allows_nobody():
    assert not AllowList([]).has("olena@zerno.example")
    assert not AllowList([]).has("")


async def test_the_channel_behind_gets_only_what_is_allowed():
    behind = MemoryChannel()
    async with AllowedChannel(behind, LIST) as channel:
        await channel.send(EMAIL)
        await channel.send(Message(2, "77", "Tea", "en"))
        for stranger in (replace(EMAIL, to="stranger@elsewhere.example"), Message(3, "78", "Tea", "en")):
            with pytest.raises(PermanentError) as refused:
                await channel.send(stranger)
            assert refused.value.reason == Reason.NOT_ALLOWED_HERE
            assert "stranger" not in str(refused.value), "texts of refusals are kept with the delivery"
    assert [getattr(letter, "to", None) or letter.chat_id for letter in behind.letters] == ["olena@zerno.example", "77"]
    assert channel.held_back == 2
    assert channel.in_flight == behind.in_flight

"""Servers that hang up, or say more than they are asked: what was said counts, and what nothing was said of is not given up for lost."""

from __future__ import annotations

import pytest

from tests.channels.test_smtp_dialogue import BOTH, but, outcomes, scripted
from winback.errors import PermanentError, TemporaryError
from winback.model import Receipt


@pytest.mark.parametrize(
    ("said", "next_", "kind", "reason"),
    [
        ("421 4.7.28 too fast", None, TemporaryError, "slow-down"),
        ("550 5.1.1 nobody", None, PermanentError, "no-such-mailbox"),
        ("550 5.1.1 nobody", "", PermanentError, "no-such-mailbox"),
        ("550 5.1.1 nobody", "hm?", PermanentError, "no-such-mailbox"),
    ],
)
@pytest.mark.parametrize("after", ["DATA", "RSET"])
async def test_a_refusal_counts_although_the_server_says_no_more(said, next_, kind, reason, after):
    def answer(verb: str, number: int) -> str | None:
        return {("RCPT", 1): said, ("DATA", 1): next_ if after == "DATA" else "503 no", ("RSET", 1): next_}.get((verb, number), "usual")

    async with scripted(answer, timeout=0.3) as (script, channel):
        first, second = await outcomes(channel, 2)
    assert (type(first), first.reason) == (kind, reason)
    assert second.remote_id == "OK"
    assert [len(script.messages), script.connections] == [1, 2]


@BOTH
async def test_a_reply_that_nobody_asked_for_isnt_taken_for_the_answer_to_the_letter(offers):
    def answer(verb: str, number: int) -> str | None:
        return {("DATA", 1): "354 go on\r\n250 OK", ("message", 1): "554 5.6.0 not this one"}.get((verb, number), "usual")

    async with scripted(answer, offers=offers) as (script, channel):
        (first,) = await outcomes(channel, 1)
        assert (type(first), first.reason) == (TemporaryError, "connection-lost")
    assert script.verbs[-1] == "DATA", "nothing of the letter was written"
    assert not script.messages


@pytest.mark.parametrize(("said", "kind"), [("250 OK", Receipt), ("554 5.5.0 no", PermanentError)])
async def test_an_answer_counts_although_garbage_comes_in_the_same_piece(said, kind):
    async with scripted(but("message", 1, f"{said}\r\nhm?")) as (script, channel):
        (first,), (second,) = await outcomes(channel, 1), await outcomes(channel, 1)
    assert isinstance(first, kind)
    assert second.remote_id == "OK"
    assert script.connections == 2


async def test_a_server_that_answers_to_rset_that_it_waits_for_a_message_is_left():
    """Its answer to DATA was an odd one, and the right one comes behind it."""

    def answer(verb: str, number: int) -> str | None:
        return {("DATA", 1): "250 what", ("RSET", 1): "354 go on"}.get((verb, number), "usual")

    async with scripted(answer) as (script, channel):
        first, second = await outcomes(channel, 2)
    assert (type(first), first.reason) == (TemporaryError, "odd-answer")
    assert second.remote_id == "OK"
    assert [script.connections, len(script.messages)] == [2, 1]


@BOTH
async def test_a_server_that_closes_behind_each_letter_takes_all_of_them(offers):
    def answer(verb: str, number: int) -> str | None:
        return None if verb == "MAIL" and number % 2 == 0 else "usual"

    async with scripted(answer, offers=offers) as (script, channel):
        found = await outcomes(channel, 4)
    assert [getattr(each, "remote_id", each) for each in found] == ["OK"] * 4
    assert [len(script.messages), len(set(script.messages)), script.connections] == [4, 4, 4]


@BOTH
async def test_a_letter_that_a_new_connection_ends_at_too_is_put_off(offers):
    def answer(verb: str, number: int) -> str | None:
        return None if verb == "MAIL" and number in {2, 3} else "usual"

    async with scripted(answer, offers=offers) as (script, channel):
        first, second, third = await outcomes(channel, 3)
    assert first.remote_id == third.remote_id == "OK"
    assert (type(second), second.reason) == (TemporaryError, "connection-lost")
    assert script.connections == 3


@BOTH
async def test_a_letter_that_a_kept_connection_had_words_for_is_put_off(offers):
    async with scripted(but("RCPT", 2, None), offers=offers) as (script, channel):
        first, second = await outcomes(channel, 2)
    assert first.remote_id == "OK"
    assert (type(second), second.reason) == (TemporaryError, "connection-lost")
    assert script.connections == 1

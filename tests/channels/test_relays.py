"""Several relays, each a real mail server in this process: whose turn it is, and what becomes of letters when one closes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.test_email import channel, letter
from tests.channels.test_smtp_dialogue import Scripted, but, listening, scripted, usual
from winback.channels import relays as module
from winback.channels.email import DEPTH, SmtpChannel
from winback.channels.relays import NoRelayOpenError, Relay, Relays
from winback.demo.mailbox import MailServer
from winback.errors import LaneError, PermanentError, TemporaryError, UncertainError


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def nowhere() -> SmtpChannel:
    return SmtpChannel("127.0.0.1", closed_port(), security="none", timeout=2, connections=2)


async def through(out: Relays, count: int, first: int = 1) -> list:
    """What becomes of so many letters at once: a receipt or an error of each."""
    return list(await asyncio.gather(*(out.send(letter(number)) for number in range(first, first + count)), return_exceptions=True))


@pytest.fixture
def two(tmp_path):
    with MailServer(tmp_path / "first") as first, MailServer(tmp_path / "second") as second:
        yield first, second


async def test_letters_are_shared_by_weight_and_each_receipt_names_its_relay(two):
    first, second = two
    async with Relays([Relay("first", channel(first), 3), Relay("second", channel(second))]) as out:
        receipts = await through(out, 20)
    assert Counter(receipt.relay for receipt in receipts) == {"first": 15, "second": 5}
    assert (first.accepted, second.accepted) == (15, 5)
    assert out.in_flight == 2 * 3 * DEPTH


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 40))
def test_a_relays_share_is_never_more_than_a_letter_off_and_always_the_same(weights, count):
    def turns():
        relays = [Relay(str(place), None, weight) for place, weight in enumerate(weights)]
        return [module._next(relays, "").name for _ in range(count)]

    chosen, total = turns(), sum(weights)
    assert chosen == turns()
    for so_far in range(1, count + 1):
        had = Counter(chosen[:so_far])
        assert all(abs(had[str(place)] - so_far * weight / total) <= len(weights) for place, weight in enumerate(weights))
    assert Counter(turns()[:total]) == Counter({str(place): weight for place, weight in enumerate(weights)}) or count < total


async def test_a_letter_goes_through_the_relay_that_it_names_while_that_is_open(two):
    first, second = two
    named = [replace(letter(number), relay="second") for number in range(4)]
    async with Relays([Relay("first", channel(first), 9), Relay("second", channel(second))]) as out:
        assert {receipt.relay for receipt in await asyncio.gather(*map(out.send, named))} == {"second"}
    async with Relays([Relay("first", channel(first)), Relay("second", nowhere())]) as out:
        assert {receipt.relay for receipt in await asyncio.gather(*map(out.send, named))} == {"first"}


async def test_a_letter_that_nobody_waits_for_any_more_closes_no_relay():
    async with scripted(but("MAIL", 1, "")) as (_, first), scripted(but("MAIL", 1, "")) as (_, second):
        out = Relays([Relay("first", first), Relay("second", second)])
        tasks = [asyncio.create_task(out.send(letter(number))) for number in range(6)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert Counter((type(each), getattr(each, "reason", "")) for each in found) == {
            (LaneError, "interrupted"): 4,
            (asyncio.CancelledError, ""): 2,
        }
        assert not out.closed


async def test_a_letter_is_pressed_upon_no_relay_whose_pace_it_was_not_asked_about(two):
    _, second = two
    named = replace(letter(1), relay="gone")
    async with Relays([Relay("gone", nowhere(), is_paced=True), Relay("second", channel(second), is_paced=True)]) as out:
        with pytest.raises(TemporaryError, match="relay-closed: gone: unreachable"):
            await out.send(named)
        assert second.accepted == 0
        assert (await out.send(replace(named, relay="second"))).relay == "second"
        assert (await out.send(replace(named, relay=""))).relay == "second", "an answer to a customer asks for no turn"
    async with Relays([Relay("gone", nowhere(), is_paced=True), Relay("second", channel(second))]) as out:
        assert (await out.send(named)).relay == "second", "it takes as many as come"


async def test_a_relay_that_isnt_there_costs_nothing_while_another_is(two):
    first, _ = two
    async with Relays([Relay("gone", nowhere(), 5), Relay("first", channel(first))]) as out:
        assert set(out.closed) == {"gone"}
        receipts = await through(out, 10)
    assert {receipt.relay for receipt in receipts} == {"first"}
    assert first.accepted == 10


async def test_a_relay_that_refuses_the_login_is_left_to_the_others(tmp_path, two):
    first, _ = two
    with MailServer(tmp_path / "strict", user="shop", password="right") as strict:
        async with Relays([Relay("strict", channel(strict, user="shop", password="wrong"), 5), Relay("first", channel(first))]) as out:
            assert out.closed["strict"].reason == "login-refused"
            await through(out, 6)
        assert (strict.accepted, strict.logins, first.accepted) == (0, 1, 6)


async def test_a_relay_that_says_nothing_holds_nobody_up(two):
    _, second = two
    async with listening() as (script, port), asyncio.timeout(5):
        silent = SmtpChannel("127.0.0.1", port, security="tls", timeout=30)
        script._talk = lambda reader, _: reader.read()
        async with Relays([Relay("silent", silent), Relay("second", channel(second))], patience=0.2) as out:
            assert out.closed["silent"].reason == "unreachable"
            (receipt,) = await through(out, 1)
    assert receipt.relay == "second"


async def test_with_no_relay_open_the_lane_is_closed_and_says_why_of_each(tmp_path):
    with MailServer(tmp_path, user="shop", password="right") as strict:
        out = Relays([Relay("strict", channel(strict, user="shop", password="wrong")), Relay("gone", nowhere())])
        with pytest.raises(NoRelayOpenError, match=r"strict: login-refused: 535.*; gone: unreachable") as refused:
            await out.__aenter__()
    assert {name: error.reason for name, error in refused.value.closed.items()} == {"strict": "login-refused", "gone": "unreachable"}


async def test_the_only_relay_closes_the_lane_with_its_own_reason(two):
    with pytest.raises(LaneError, match="unreachable") as refused:
        async with Relays([Relay("main", nowhere())]):
            pass
    assert not isinstance(refused.value, NoRelayOpenError)
    assert refused.value.relay == "main"


async def test_a_relay_that_dies_in_the_middle_loses_and_doubles_nobody(tmp_path, two):
    """Letters that it had taken stay taken, those that it was given are in doubt, those that had not left go through the other one."""
    _, second = two
    with contextlib.ExitStack() as stack:
        dying = stack.enter_context(MailServer(tmp_path / "dying"))
        async with Relays([Relay("dying", channel(dying), 2), Relay("second", channel(second))], first_pause=30) as out:
            before = await through(out, 12)
            stack.close()
            after = await through(out, 30, first=100)
            assert set(out.closed) == {"dying"}
        taken = Counter(message_number(each.path) for server in (dying, second) for each in server.received)
    assert all(receipt.relay for receipt in before)
    assert max(taken.values()) == 1, "a letter arrived twice"
    for number, outcome in enumerate(after, 100):
        assert taken[number] == 1 or isinstance(outcome, TemporaryError), outcome
    assert sum(getattr(outcome, "relay", "") == "second" for outcome in after) >= 30 - dying_connections(dying)


async def test_a_relay_that_hangs_up_after_the_letter_leaves_doubt_and_no_second_letter(two):
    _, second = two
    async with listening(lambda verb, _: None if verb == "message" else "usual") as (_script, port):
        rude = SmtpChannel("127.0.0.1", port, security="none", timeout=2, connections=1)
        async with Relays([Relay("rude", rude), Relay("second", channel(second))]) as out:
            outcomes = await through(out, 6)
    assert sorted(Counter(type(each).__name__ for each in outcomes).items()) == [("Receipt", 3), ("UncertainError", 3)]
    assert all(each.relay == "rude" for each in outcomes if isinstance(each, UncertainError))
    assert second.accepted == 3


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "message"])
async def test_a_refusal_of_what_we_are_closes_the_relay_and_presses_the_letter_upon_no_other(two, verb):
    _, second = two
    async with listening(lambda came, _: "550 5.7.26 unauthenticated" if came == verb else "usual") as (script, port):
        strict = SmtpChannel("127.0.0.1", port, security="none", timeout=2, connections=1)
        async with Relays([Relay("strict", strict), Relay("second", channel(second))]) as out:
            (refused,) = await through(out, 1)
            assert type(refused) is TemporaryError
            assert refused.relay == "strict"
            assert refused.reason == ("sender-refused" if verb == "MAIL" else "refused-by-policy")
            assert second.accepted == 0
            receipts = await through(out, 5, first=2)
    assert {receipt.relay for receipt in receipts} == {"second"}
    assert script.verbs.count("MAIL") == 1


async def test_a_refusal_of_what_we_are_by_the_last_relay_that_is_open_closes_the_lane(tmp_path):
    with MailServer(tmp_path, replies={"olena@post.example": "550 5.7.1 spam"}) as strict:
        async with Relays([Relay("gone", nowhere()), Relay("strict", channel(strict))]) as out:
            with pytest.raises(LaneError, match="refused-by-policy") as refused:
                await out.send(letter())
            assert refused.value.relay == "strict"
            with pytest.raises(NoRelayOpenError):
                await out.send(letter(2, "taras@post.example"))


async def test_a_refused_address_or_a_busy_mailbox_closes_no_relay(tmp_path, two):
    replies = {"gone@post.example": "550 5.1.1 no such user", "busy@post.example": "451 4.3.0 later"}
    with MailServer(tmp_path / "mail", replies=replies) as server:
        async with Relays([Relay("main", channel(server)), Relay("other", channel(server))]) as out:
            for address, kind in [("gone@post.example", PermanentError), ("busy@post.example", TemporaryError)]:
                with pytest.raises(kind) as refused:
                    await out.send(letter(1, address))
                assert refused.value.relay in {"main", "other"}
            assert out.closed == {}


async def test_a_broken_address_of_our_own_is_no_relays_fault(two):
    first, second = two
    async with Relays([Relay("first", channel(first)), Relay("second", channel(second))]) as out:
        with pytest.raises(LaneError, match="broken-sender"):
            await out.send(replace(letter(), mail_from="bounces @news.zerno.example"))
        assert out.closed == {}


async def test_a_relay_is_tried_again_after_a_pause_that_doubles_and_begins_anew_once_it_took_a_letter(two, caplog):
    _, second = two
    script = Scripted(but("RCPT", 3, "550 5.7.1 no"), offers="250 SIZE")
    port = closed_port()
    flaky = Relay("flaky", SmtpChannel("127.0.0.1", port, security="none", timeout=1, connections=1), 9)
    async with Relays([flaky, Relay("second", channel(second))], first_pause=0.05, longest_pause=0.15) as out:
        pauses = [flaky._pause]
        for _ in range(3):
            await asyncio.sleep(flaky._pause + 0.01)
            assert out.closed == {}
            (receipt,) = await through(out, 1)
            assert receipt.relay == "second"
            pauses.append(flaky._pause)
        assert pauses == [0.05, 0.1, 0.15, 0.15]
        server = await asyncio.start_server(script.serve, "127.0.0.1", port)
        async with server:
            await asyncio.sleep(flaky._pause + 0.01)
            for number in (1, 2):
                receipt = await out.send(replace(letter(number), relay="flaky"))
                assert (receipt.relay, flaky._pause, flaky.error) == ("flaky", 0, None)
            with pytest.raises(TemporaryError, match="refused-by-policy"):
                await out.send(replace(letter(3), relay="flaky"))
            assert flaky._pause == 0.05
    assert any("the relay flaky is closed for" in record.message for record in caplog.records)


async def test_letters_that_find_a_relay_closed_at_once_lengthen_its_pause_once(two):
    _, second = two
    gone = Relay("gone", nowhere())
    async with Relays([gone, Relay("second", channel(second))], first_pause=0.05) as out:
        await asyncio.sleep(0.06)
        await through(out, 12)
        assert gone._pause == 0.1
    assert second.accepted == 12


async def test_a_server_that_lets_fewer_connections_in_than_we_may_open_carries_all_the_same():
    async def crowded(reader, writer):
        if script.connections - finished >= 2:
            writer.write(b"421 4.7.0 too many connections\r\n")
            writer.close()
            turned_away.append(1)
            return
        await script.serve(reader, writer)

    script, turned_away, finished = Scripted(usual), [], 0
    server = await asyncio.start_server(crowded, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Relays([Relay("main", SmtpChannel("127.0.0.1", port, security="none", timeout=2, connections=8))]) as out:
        outcomes = await through(out, 40)
        assert out.closed == {}
        again = await through(out, 40, first=100)
    assert {receipt.relay for receipt in [*outcomes, *again]} == {"main"}
    assert len(script.messages) == 80
    assert 0 < len(turned_away) <= 7


async def test_a_letter_that_comes_while_a_connection_says_goodbye_is_carried():
    """The only connection gives up waiting at the very moment: the letter must not wait for somebody who has left."""
    async with scripted(lambda verb, _: "" if verb == "QUIT" else "usual", idle=0.05) as (script, out):
        await out.send(letter())
        await asyncio.sleep(0.07)
        assert script.verbs[-1] == "QUIT"
        async with asyncio.timeout(1):
            await out.send(letter(2))
    assert len(script.messages) == 2


def message_number(path) -> int:
    text = path.read_text(encoding="utf-8")
    return int(text.partition("Message-ID: <wb.spring.")[2].partition("@")[0])


def dying_connections(server: MailServer) -> int:
    """Letters that were on their way over its connections when it died, at the most."""
    return DEPTH * server.connections

"""The dialogue against a server that follows a script: how many round trips, and what becomes of whom at every break."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.jumping import played
from tests.channels.test_email import letter
from winback.channels import smtp_dialogue
from winback.channels.email import SmtpChannel
from winback.channels.smtp_dialogue import Dialogue, Envelope, Offers
from winback.errors import LaneError, PermanentError, TemporaryError, UncertainError

Answer = Callable[[str, int], str | None]
"""(what came: EHLO, MAIL, RCPT, DATA, message, RSET or QUIT; how many times) -> the reply; None hangs up, an empty one keeps silent."""


class Scripted:
    """A server that answers as it is told, and remembers what came in which pieces."""

    def __init__(self, answer: Answer, *, offers: str = "250-PIPELINING\r\n250 SIZE 1000000") -> None:
        self.answer, self.offers = answer, offers
        self.verbs: list[str] = []
        self.pieces: list[bytes] = []
        self.messages: list[bytes] = []
        self.connections = 0
        self.at_work: list[tuple[asyncio.Task[None], asyncio.StreamWriter]] = []
        self.recipients = 0  # of the envelope under way

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.at_work.append((asyncio.current_task(), writer))
        try:
            await self._talk(reader, writer)
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 scripted\r\n")
        buffer, in_message = b"", False
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(1 << 20):
                self.pieces.append(piece)
                buffer += piece
                while (end := buffer.find(b"\r\n.\r\n" if in_message else b"\r\n")) >= 0 or (in_message and buffer.startswith(b".\r\n")):
                    if in_message:
                        empty = buffer.startswith(b".\r\n")
                        message, buffer = (b"", buffer[3:]) if empty else (buffer[:end], buffer[end + 5 :])
                        verb = "message"
                    else:
                        line, buffer = buffer[:end], buffer[end + 2 :]
                        message, verb = b"", line.split(b" ")[0].decode().upper()
                    self.verbs.append(verb)
                    said = self._said(verb)
                    if said is None:
                        writer.transport.abort()
                        return
                    if not said:  # silent from here on, and deaf
                        await reader.read()
                        return
                    if verb == "message" and said.startswith("250"):
                        self.messages.append(message)
                    in_message = verb == "DATA" and said.startswith("354")
                    writer.write(f"{said}\r\n".encode())

    def _said(self, verb: str) -> str | None:
        said = self.answer(verb, self.verbs.count(verb))
        if verb in {"MAIL", "RSET"}:
            self.recipients = 0
        if verb == "RCPT":
            self.recipients += said == "usual"
        if said != "usual":
            return said
        if verb == "message" and not self.recipients:
            return "554 5.5.1 no valid recipients"
        return {"EHLO": f"250-hello\r\n{self.offers}", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 OK")


def usual(_verb: str, _time: int) -> str | None:
    return "usual"


def but(verb: str, time: int, said: str | None) -> Answer:
    """As usual, but for one answer."""
    return lambda came, number: said if (came, number) == (verb, time) else "usual"


OFFERS = "250-PIPELINING\r\n250 SIZE 1000000"
BOTH = pytest.mark.parametrize("offers", ["250-PIPELINING\r\n250 SIZE", "250 SIZE"], ids=["pipelining", "step by step"])


@contextlib.asynccontextmanager
async def listening(answer: Answer = usual, *, offers: str = OFFERS, shows: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Scripted, int]]:
    """A scripted server and its port; one that shows a certificate speaks TLS from the first byte."""
    script = Scripted(answer, offers=offers)
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=shows)
    async with server:
        yield script, server.sockets[0].getsockname()[1]
    await asyncio.gather(*(task for task, _ in script.at_work))


@contextlib.asynccontextmanager
async def scripted(answer: Answer = usual, *, offers: str = OFFERS, **options) -> AsyncIterator[tuple[Scripted, SmtpChannel]]:
    async with (
        listening(answer, offers=offers) as (script, port),
        SmtpChannel("127.0.0.1", port, **{"security": "none", "timeout": 2, "connections": 1, **options}) as channel,
    ):
        yield script, channel


async def outcomes(channel: SmtpChannel, count: int) -> list[object]:
    return list(await asyncio.gather(*(channel.send(letter(number)) for number in range(1, count + 1)), return_exceptions=True))


async def test_an_envelope_is_one_piece_and_the_next_rides_behind_the_dot():
    async with scripted() as (script, channel):
        await outcomes(channel, 3)
    assert script.verbs == ["EHLO", *["MAIL", "RCPT", "DATA", "message"] * 3, "QUIT"]
    assert sum(piece.startswith(b"MAIL") for piece in script.pieces) == 1, "only the first envelope travels alone"
    assert sum(b"\r\n.\r\nMAIL FROM" in piece for piece in script.pieces) == 2
    assert b" SIZE=" in script.pieces[1]


async def test_without_pipelining_every_command_waits_for_its_answer():
    async with scripted(offers="250 SIZE") as (script, channel):
        await outcomes(channel, 2)
    assert len(script.messages) == 2
    assert not any(b"RCPT" in piece and b"MAIL" in piece for piece in script.pieces)


async def test_a_server_without_ehlo_is_greeted_the_old_way():
    async with scripted(but("EHLO", 1, "502 what?")) as (script, channel):
        await outcomes(channel, 1)
    assert script.verbs[:3] == ["EHLO", "HELO", "MAIL"]


@pytest.mark.parametrize(
    ("broken", "first", "messages"),
    [
        (but("MAIL", 1, None), TemporaryError, 1),
        (but("RCPT", 1, None), TemporaryError, 1),
        (but("DATA", 1, None), TemporaryError, 1),
        (but("message", 1, None), UncertainError, 1),
        (but("MAIL", 1, ""), TemporaryError, 1),
        (but("DATA", 1, ""), TemporaryError, 1),
        (but("message", 1, ""), UncertainError, 1),
        (but("MAIL", 1, "hm?"), TemporaryError, 1),
        (but("message", 1, "25O OK"), UncertainError, 1),
        (but("message", 1, "252 perhaps"), UncertainError, 1),
        (but("message", 1, "421 closing"), TemporaryError, 1),
        (but("message", 1, "452 full"), TemporaryError, 1),
        (but("message", 1, "554 5.6.0 no"), LaneError, 1),
        (but("MAIL", 1, "451 later"), TemporaryError, 1),
        (but("MAIL", 1, "550 not you"), LaneError, 1),
        (but("MAIL", 1, "552 too much"), PermanentError, 1),
        (but("RCPT", 1, "550 5.1.1 nobody"), PermanentError, 1),
        (but("RCPT", 1, "421 closing"), TemporaryError, 1),
        (but("RCPT", 1, "600 what"), TemporaryError, 1),
        (but("DATA", 1, "451 later"), TemporaryError, 1),
        (but("DATA", 1, "250 what"), TemporaryError, 1),
    ],
)
@BOTH
async def test_a_break_at_any_point_costs_one_letter_and_never_doubles_another(broken, first, messages, offers):
    async with scripted(broken, offers=offers, timeout=0.3) as (script, channel):
        of_first, of_second = await outcomes(channel, 2)
    assert type(of_first) is first
    assert getattr(of_second, "remote_id", None) == "OK"
    whole = [message for message in script.messages if message]
    assert len(whole) == messages
    assert b"<wb.spring.2@" in whole[-1]
    assert not any(message == b"" for message in script.messages), "an empty letter was accepted"


async def test_the_one_who_rode_behind_a_lost_letter_travels_on_a_new_connection():
    async with scripted(but("message", 1, None)) as (script, channel):
        first, second, third = await outcomes(channel, 3)
    assert isinstance(first, UncertainError)
    assert [len(script.messages), script.connections] == [2, 2]
    assert second.remote_id == third.remote_id == "OK"


async def test_a_recipient_refused_although_data_was_let_through_gets_no_letter_and_the_session_goes_on():
    """RFC 2920: a server may answer 354 after it refused the only recipient; the empty message must be ended, and is refused."""

    async with scripted(but("RCPT", 1, "550 5.1.1 nobody")) as (script, channel):
        first, second = await outcomes(channel, 2)
    assert isinstance(first, PermanentError)
    assert second.remote_id == "OK"
    assert [script.connections, len(script.messages)] == [1, 1]


async def test_a_goodbye_between_two_letters_is_heard_before_the_next_is_written():
    async with scripted() as (script, channel):
        await outcomes(channel, 1)
        (line,) = channel._idle
        assert not line.done()
        script.at_work[0][1].write(b"421 4.4.2 idle too long\r\n")
        await asyncio.sleep(0.05)
        (again,) = await outcomes(channel, 1)
    assert again.remote_id == "OK"
    assert script.connections == 2


async def test_a_connection_is_left_after_so_many_letters_and_when_nothing_comes():
    async with scripted(letters_per_connection=2, idle=0.1) as (script, channel):
        await outcomes(channel, 5)
        assert script.connections == 3
        await asyncio.sleep(0.4)
        assert script.verbs.count("QUIT") == 3
        assert not channel._lines
        await outcomes(channel, 1)
    assert len(script.messages) == 6


async def test_who_gives_up_waiting_before_the_letter_is_written_is_not_written_to():
    async with scripted() as (script, channel):
        tasks = [asyncio.create_task(channel.send(letter(number))) for number in range(1, 4)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    assert len(script.messages) == 2
    assert (type(found[2]), found[2].reason) == (LaneError, "interrupted")


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b"\r\n")))
def test_a_message_comes_out_at_the_other_side_as_it_went_in(content):
    body = Envelope("a@b.example", "c@d.example", content).body()
    assert body.endswith(b"\r\n.\r\n") or body == b".\r\n"
    lines = body.removesuffix(b".\r\n").split(b"\r\n")
    received = b"\r\n".join(line.removeprefix(b".") if line.startswith(b".") else line for line in lines)
    assert received.removesuffix(b"\r\n") == content.removesuffix(b"\r\n")
    assert b"\r\n.\r\n" not in body[:-3]


@given(st.lists(st.tuples(st.integers(200, 599), st.lists(st.text("ab 1-", max_size=5), min_size=1, max_size=3)), max_size=4), st.integers(1, 7))
def test_replies_are_read_alike_however_they_are_cut(said, size):
    raw = b"".join(
        b"".join(f"{code}{' ' if last else '-'}{line}\r\n".encode() for line, last in zip(lines, [*[False] * (len(lines) - 1), True], strict=True))
        for code, lines in said
    )
    buffer, found = bytearray(), []
    for start in range(0, len(raw), size):
        buffer += raw[start : start + size]
        found += smtp_dialogue._taken(buffer)
    assert [reply.code for reply in found] == [code for code, _ in said]
    assert not buffer


@pytest.mark.parametrize("address", ["a@b.example>\r\nRCPT TO:<evil@b.example", "a b@c.example", "a@b.example\x00"])
def test_nothing_gets_in_through_an_address(address):
    with pytest.raises(ValueError, match="is no address"):
        Envelope("a@b.example", address, b"")
    with pytest.raises(ValueError, match="is no address"):
        Envelope(address, "a@b.example", b"")


async def _over_a_pair() -> tuple[Dialogue, asyncio.StreamWriter]:
    """A dialogue, and the pen of whoever answers in it."""
    ours, theirs = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    _, writer = await asyncio.open_connection(sock=theirs)
    return Dialogue(transport, Offers()), writer


@pytest.mark.parametrize(
    ("allowed", "answered_after", "waited"),
    [
        ([10, 10, 10], [9, 9, 9], [9, 9, 9]),  # the first one's alarm rings in the second one's time, and is set anew
        ([10, 10], [9, None], [9, 10]),
        ([60, 2], [1, None], [1, 2]),  # shorter than the alarm that is set
        ([2, 60], [1, 50], [1, 50]),
    ],
)
def test_every_answer_has_the_time_that_was_allowed_for_it(allowed, answered_after, waited):
    took: list[float] = []

    async def talk() -> None:
        dialogue, writer = await _over_a_pair()
        loop = asyncio.get_running_loop()
        for seconds, after in zip(allowed, answered_after, strict=True):
            if after is not None:
                loop.call_later(after, writer.write, b"250 OK\r\n")
            began = loop.time()
            dialogue.allow(seconds)
            with contextlib.nullcontext() if after is not None else pytest.raises(TimeoutError):
                await dialogue.give(Envelope("a@zerno.example", "b@post.example", b"Subject: x\r\n"), None)
            took.append(loop.time() - began)
        dialogue.abort()
        writer.close()

    played(talk())
    assert took == pytest.approx(waited)

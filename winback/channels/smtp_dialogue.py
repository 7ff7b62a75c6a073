"""An SMTP dialogue on a connection that is open, secured and logged in: one letter after another in as few round trips as may be.

Where the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA go out in one piece, and the envelope of the next letter rides behind
the final dot of the one before: one round trip a letter instead of four. Elsewhere command follows reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

_LONGEST_REPLY = 32_768
_START_INPUT = 354
_CLOSING = 421
_NOT_IN_ADDRESS = re.compile(r"[ <>]")
_DOT_FIRST = re.compile(rb"\n\.")
_NOT_IN_XTEXT = re.compile(r"[^!-~]|[+=]")
_LONGEST_ENVELOPE_ID = 100
_LONGEST_RECIPIENT = 500


class ConnectionLostError(Exception):
    """The server hung up, or wrote what is no SMTP."""


class UnansweredError(ConnectionLostError):
    """It did so without a word about the envelope: nothing says that it has read it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: its code and text, the lines of a longer one joined by line feeds."""

    code: int
    text: str

    @property
    def is_refusal(self) -> bool:
        return 400 <= self.code < 600

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Offers:
    """What a server can do by its answer to EHLO, as far as we make use of it."""

    pipelining: bool = False  # several commands at once (RFC 2920)
    sizes: bool = False  # told the size of a message before it comes (RFC 1870)
    largest: int = 0  # bytes that a message may have; 0: it doesn't say
    international: bool = False  # addresses with letters beyond ASCII before @: SMTPUTF8 (RFC 6531)
    notices: bool = False  # is asked to tell what becomes of a letter: DSN (RFC 3461)


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom to whom (RFC 5321), and the finished message with CRLF line ends; `name` comes back in notices about it.

    Before the @ of `to` there may be letters beyond ASCII. Raises ValueError for what is no address.
    """

    mail_from: str
    to: str
    content: bytes
    name: str = ""

    def __post_init__(self) -> None:
        for address, ascii_part in ((self.mail_from, self.mail_from), (self.to, self.to.rpartition("@")[2])):
            if not address.isprintable() or not ascii_part.isascii() or _NOT_IN_ADDRESS.search(address):
                msg = f"{address!r} is no address"
                raise ValueError(msg)

    @property
    def is_international(self) -> bool:
        return not self.to.isascii()

    def commands(self, offers: Offers) -> list[bytes]:
        """MAIL, RCPT and DATA. BODY=8BITMIME is never said: what we write is 7 bits wide, but for an international recipient's name."""
        size = f" SIZE={len(self.content)}" if offers.sizes else ""
        wide = " SMTPUTF8" if self.is_international else ""
        of_mail, of_recipient = self._notices() if offers.notices else ("", "")
        return [
            f"MAIL FROM:<{self.mail_from}>{size}{wide}{of_mail}\r\n".encode(),
            f"RCPT TO:<{self.to}>{of_recipient}\r\n".encode(),
            b"DATA\r\n",
        ]

    def _notices(self) -> tuple[str, str]:
        """What MAIL and RCPT say of notices: without the letter's text, when it fails or is late, for which letter and whom."""
        name, recipient = xtext(self.name), xtext(self.to)
        known = f" ENVID={name}" if 0 < len(name) <= _LONGEST_ENVELOPE_ID else ""
        whom = f" ORCPT=rfc822;{recipient}" if self.to.isascii() and len(recipient) <= _LONGEST_RECIPIENT else ""
        return f" RET=HDRS{known}", f" NOTIFY=FAILURE,DELAY{whom}"

    def body(self) -> bytes:
        """The message as it travels: dots at the beginning of a line doubled (RFC 5321, 4.5.2), and the final one."""
        dotted = self.content
        if _DOT_FIRST.search(dotted):  # seldom; to look is a third of what replacing nothing costs
            dotted = dotted.replace(b"\n.", b"\n..")
        if dotted.startswith(b"."):
            dotted = b"." + dotted
        return dotted + (b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n")


def xtext(text: str) -> str:
    """ASCII as the arguments of RFC 3461 have it (section 4): what isn't printable, `+` and `=` in hexadecimal."""
    return _NOT_IN_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


class Dialogue(asyncio.Protocol):
    """Takes a connection over from whoever opened it, to a server that `offers` this.

    Raises from whatever waits for a reply: ConnectionLostError, and TimeoutError when it doesn't come in the time that `allow` gave.
    """

    def __init__(self, transport: asyncio.BaseTransport, offers: Offers) -> None:
        self.offers = offers
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = bytearray()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost = ""
        self._loop = asyncio.get_running_loop()
        self._until = math.inf
        self._alarm: asyncio.TimerHandle | None = None  # one that goes on from letter to letter: to set and clear it for each is dear
        self._transport.set_protocol(self)
        self._transport.resume_reading()

    @property
    def is_ready(self) -> bool:
        """Open, and nothing unasked for has come: a server that has said 421 is about to hang up, and of others we don't know what they answer."""
        return not self._lost and not self._transport.is_closing() and not self._replies

    def allow(self, seconds: float) -> None:
        """What is waited for from now on must come within this time."""
        self._until = self._loop.time() + seconds
        if self._alarm is not None and self._alarm.when() > self._until:
            self._clear()

    def begin(self, envelope: Envelope) -> None:
        """Write a whole envelope at once; its three replies are read by `is_open`. For servers that offer PIPELINING."""
        self._write(b"".join(envelope.commands(self.offers)))

    async def answers(self, envelope: Envelope, *, has_begun: bool) -> list[Reply]:
        """What the server answers to MAIL, RCPT and DATA, up to the first refusal where each waits for the one before.

        When the last of three is 354 the server waits for the message; `forget` clears up after a refusal. One that refuses and then says no
        more, as after 421, has answered. Raises UnansweredError where the connection ends before the first answer.
        """
        replies: list[Reply] = []
        try:
            if self.offers.pipelining:
                if not has_begun:
                    self.begin(envelope)
                while len(replies) < 3:
                    replies.append(await self._reply())
                return replies
            for command in envelope.commands(self.offers):
                self._write(command)
                replies.append(await self._reply())
                if replies[-1].is_refusal:
                    break
        except (ConnectionLostError, TimeoutError) as error:
            if not replies and isinstance(error, ConnectionLostError):
                raise UnansweredError(str(error)) from error
            if not any(reply.is_refusal for reply in replies):
                raise
            self.abort()
        return replies

    async def give(self, envelope: Envelope, following: Envelope | None) -> Reply:
        """The message itself, and what becomes of it. The envelope that follows rides behind it (RFC 2920, 3.1)."""
        ahead = b"".join(following.commands(self.offers)) if following else b""
        self._write(envelope.body() + ahead)
        return await self._reply()

    async def forget(self, replies: Sequence[Reply]) -> None:
        """Bring the dialogue back to where a new envelope may begin, after a refusal among the answers; hang up where that can't be."""
        mail, *others = (reply.code for reply in replies)
        has_recipient = len(others) > 0 and 200 <= others[0] < 300
        if self._replies or mail == _CLOSING or _CLOSING in others or (others[1:] == [_START_INPUT] and has_recipient):
            self.abort()  # ending the message here would send an empty letter
        elif others[1:] == [_START_INPUT]:  # DATA was let through although nobody is left to write to (RFC 2920, 3.1)
            self._write(b".\r\n")
            said = await self._reply()
            if said.code == _CLOSING or not (said.is_refusal or 200 <= said.code < 300):
                self.abort()
        elif 200 <= mail < 300:
            self._write(b"RSET\r\n")
            if not 200 <= (await self._reply()).code < 300:  # it may be waiting for a message
                self.abort()

    async def leave(self) -> None:
        """Say goodbye and close."""
        if self.is_ready:
            self._write(b"QUIT\r\n")
            with contextlib.suppress(ConnectionLostError):
                await self._reply()
        self.close()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        """Close without saying anything, whatever is still to be written."""
        self._transport.abort()

    async def _reply(self) -> Reply:
        while not self._replies:
            if self._lost:
                raise ConnectionLostError(self._lost)
            self._waiter = self._loop.create_future()
            if self._alarm is None and self._until < math.inf:
                self._alarm = self._loop.call_at(self._until, self._ring)
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._replies.popleft()

    def _write(self, data: bytes) -> None:
        if self._lost or self._transport.is_closing():
            raise ConnectionLostError(self._lost or "the connection is closed")
        self._transport.write(data)

    # The names and arguments of what follows are asyncio's.

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            self._replies.extend(_taken(self._buffer))  # those before what is none are kept
        except ValueError as error:
            self._end(str(error))
            self._transport.abort()
        self._wake()

    def eof_received(self) -> bool:
        self._end("the server hung up")
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._end(str(error) if error else "the server hung up")

    def _end(self, because: str) -> None:
        self._lost = self._lost or because
        self._clear()
        self._wake()

    def _ring(self) -> None:
        self._alarm = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._until:
            self._alarm = self._loop.call_at(self._until, self._ring)
        else:
            self._waiter.set_exception(TimeoutError("the server didn't answer in time"))

    def _clear(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _taken(buffer: bytearray) -> Iterator[Reply]:
    """Whole replies at the beginning of a buffer, taken out of it at the end. Raises ValueError for what is none, after those before it."""
    lines, start, used = list[bytes](), 0, 0
    while (end := buffer.find(b"\n", start)) >= 0:
        line = bytes(buffer[start:end]).rstrip(b"\r")
        start = end + 1
        if not line[:3].isdigit() or line[3:4] not in {b"", b" ", b"-"}:
            msg = f"no SMTP reply: {line[:80].decode('utf-8', 'replace')}"
            raise ValueError(msg)
        lines.append(line)
        if line[3:4] != b"-":
            text = b"\n".join(each[4:].strip() for each in lines).decode("utf-8", "replace")
            yield Reply(int(line[:3]), text)
            lines, used = [], start
    del buffer[:used]
    if len(buffer) > _LONGEST_REPLY:
        msg = "a reply without an end"
        raise ValueError(msg)

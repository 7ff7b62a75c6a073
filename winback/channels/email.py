"""E-mail over SMTP: a pool of kept connections, replies turned into what the caller must do."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiosmtplib

from winback.channels import dkim, mime, smtp_replies
from winback.channels.dkim import Signer
from winback.channels.smtp_dialogue import ConnectionLostError, Dialogue, Envelope, Reply
from winback.errors import ChannelError, LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import Email, Receipt

DEPTH = 4
"""Letters that may be handed over for each connection: one that is being taken, one whose envelope rides behind it, and those that are next."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A letter on its way, and who waits for the answer."""

    envelope: Envelope
    answer: asyncio.Future[Receipt]

    def settle(self, outcome: Receipt | ChannelError) -> None:
        if self.answer.done():  # nobody waits any more
            return
        if isinstance(outcome, Receipt):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


class SmtpChannel:
    """Sends through one SMTP server over up to `connections` connections, each kept for `letters_per_connection` letters.

    `security` is "starttls" (required, certificate checked), "tls" (from the first byte) or "none". `timeout` is for an envelope's answers,
    and again for a message's. `signers` sign (DKIM) what comes from their domain. After `idle` seconds without a letter a connection is closed. Connections are opened when they are needed.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str = "",
        password: str = "",
        security: str = "starttls",
        connections: int = 10,
        timeout: float = 60,
        letters_per_connection: int = 1000,
        idle: float = 30,
        signers: Sequence[Signer] = (),
    ) -> None:
        self.host, self.port = host, port
        self._user, self._password = user, password
        self._security = security
        self._timeout, self._idle_for = timeout, idle
        self._signers = signers
        self._connections, self._most = connections, letters_per_connection
        self.in_flight = connections * DEPTH
        self._backlog: deque[_Job] = deque()
        self._idle: list[asyncio.Future[_Job | None]] = []  # the connection that was used last is used next
        self._lines: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._open_line(await self._connect())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for waiting in self._idle:
            if not waiting.done():
                waiting.set_result(None)
        if self._lines:
            _, stuck = await asyncio.wait(self._lines, timeout=1)
            for line in stuck:
                line.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)

    async def send(self, letter: Email) -> Receipt:
        """One transaction. Nothing is repeated here: what may have left after DATA is UncertainError."""
        keys = [signer for signer in self._signers if signer.covers(letter.sender_address)]
        content = dkim.signed(mime.build(letter), keys, int(letter.sent_at.timestamp()))
        try:
            envelope = Envelope(letter.mail_from, letter.to, content)
        except ValueError as error:
            raise LaneError("broken-sender", str(error)) from error
        return await self.carry(envelope)

    async def carry(self, envelope: Envelope) -> Receipt:
        """A finished message, over the connection that was used last or a new one; else it waits for the first that is free."""
        job = _Job(envelope, asyncio.get_running_loop().create_future())
        if self._idle:
            self._idle.pop().set_result(job)
        else:
            self._backlog.append(job)
            if len(self._lines) < self._connections:
                self._open_line(None)
        return await job.answer

    def _open_line(self, dialogue: Dialogue | None) -> None:
        line = asyncio.create_task(self._serve(dialogue))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _serve(self, dialogue: Dialogue | None) -> None:
        """One connection's life: letters one after another, until none has come for a while."""
        job: _Job | None = None
        has_begun, carried = False, 0
        try:
            while job := job or await self._next():
                if job.answer.done():  # its sender has gone; what has begun can't be taken back but by hanging up
                    if has_begun and dialogue is not None:
                        dialogue.abort()
                    job, has_begun = None, False
                    continue
                if not has_begun and (dialogue is None or not dialogue.is_ready or carried >= self._most):
                    if dialogue is not None:
                        await self._leave(dialogue)
                    dialogue, carried = None, 0
                    try:
                        dialogue = await self._connect()
                    except ChannelError as error:
                        job.settle(error)
                        job = None
                        continue
                assert dialogue is not None
                carried += 1
                job, has_begun = await self._converse(dialogue, job, has_begun=has_begun, is_last=carried >= self._most)
        finally:
            if dialogue is not None:
                await self._leave(dialogue)

    async def _next(self) -> _Job | None:
        """The letter that has waited longest, or the next to come; None when the channel is closed or nothing comes for a while."""
        if self._backlog:
            return self._backlog.popleft()
        waiting: asyncio.Future[_Job | None] = asyncio.get_running_loop().create_future()
        self._idle.append(waiting)
        alarm = asyncio.get_running_loop().call_later(self._idle_for, self._give_up, waiting)
        try:
            return await waiting
        finally:
            alarm.cancel()
            if waiting in self._idle:
                self._idle.remove(waiting)

    def _give_up(self, waiting: asyncio.Future[_Job | None]) -> None:
        if waiting in self._idle:
            self._idle.remove(waiting)
            waiting.set_result(None)

    async def _converse(self, dialogue: Dialogue, job: _Job, *, has_begun: bool, is_last: bool) -> tuple[_Job | None, bool]:
        """One letter's transaction. Returns the letter that rode behind it, if any, and whether its envelope has been written."""
        try:
            async with asyncio.timeout(self._timeout):
                replies = await dialogue.answers(job.envelope, has_begun=has_begun)
                if (refusal := refusal_of(replies)) is not None:
                    await dialogue.forget(replies)
                    job.settle(refusal)
                    return None, False
        except (ConnectionLostError, OSError) as error:
            dialogue.abort()
            job.settle(_lost_before_data(error))
            return None, False
        rides = self._backlog.popleft() if self._backlog and dialogue.pipelining and not is_last else None
        try:
            async with asyncio.timeout(self._timeout):
                reply = await dialogue.give(job.envelope, rides.envelope if rides else None)
        except (ConnectionLostError, OSError) as error:
            dialogue.abort()
            job.settle(UncertainError("no-answer-after-data", str(error) or "the server didn't answer in time"))
            return rides, False
        job.settle(answer_of(reply))
        if reply.code == _CLOSING:
            dialogue.abort()
            return rides, False
        return rides, rides is not None

    async def _leave(self, dialogue: Dialogue) -> None:
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_FAREWELL):
                await dialogue.leave()
        dialogue.close()

    async def _connect(self) -> Dialogue:
        connection = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self._timeout,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            username=self._user or None,
            password=self._password or None,
        )
        try:
            await connection.connect()
            if connection.is_ehlo_or_helo_needed:
                await _greet(connection)
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as error:
            connection.close()
            raise connecting_error(error) from error
        if connection.transport is None:
            raise LaneError("unreachable", "the server hung up")
        pipelining, sizes = (connection.supports_extension(name) for name in ("pipelining", "size"))
        return Dialogue(connection.transport, pipelining=pipelining, sizes=sizes)


_CLOSING = 421
_FAREWELL = 2  # seconds for an answer to QUIT


async def _greet(connection: aiosmtplib.SMTP) -> None:
    """EHLO; HELO for a server that has never heard of it."""
    try:
        await connection.ehlo()
    except aiosmtplib.SMTPHeloError:
        await connection.helo()


def refusal_of(replies: Sequence[Reply]) -> ChannelError | None:
    """What a refusal among the answers to MAIL, RCPT and DATA means; None when the server waits for the message. Nothing has left."""
    for place, reply in zip(("MAIL", "RCPT", "DATA"), replies, strict=False):
        if reply.is_refusal:
            return _sender_refused(reply) if place == "MAIL" else smtp_replies.classify(reply.code, reply.text)
        if not (reply.code == 354 if place == "DATA" else 200 <= reply.code < 300):
            return TemporaryError("odd-answer", f"{reply} to {place}")
    return None


def _sender_refused(reply: Reply) -> ChannelError:
    if reply.code == 552:
        return PermanentError("too-large", str(reply))
    return LaneError("sender-refused", str(reply)) if reply.code >= 500 else smtp_replies.classify(reply.code, reply.text)


def answer_of(reply: Reply) -> Receipt | ChannelError:
    """What the answer to a whole message means: only a refusal (4yz, 5yz) says that it was not taken; odd answers say nothing."""
    if reply.code == 250:
        return Receipt(remote_id=reply.text.strip().splitlines()[-1] if reply.text.strip() else "", text=str(reply))
    return smtp_replies.classify(reply.code, reply.text) if reply.is_refusal else UncertainError("no-answer-after-data", str(reply))


def _lost_before_data(error: Exception) -> TemporaryError:
    return TemporaryError("slow-server" if isinstance(error, TimeoutError) else "connection-lost", str(error))


def connecting_error(error: Exception) -> ChannelError:
    """While connecting, greeting, securing or logging in: always our side, never the address."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return LaneError("login-refused", f"{error.code} {error.message}")
        case aiosmtplib.SMTPNotSupported():
            return LaneError("not-supported", str(error))
        case aiosmtplib.SMTPResponseException():
            return LaneError("server-refused", f"{error.code} {error.message}")
        case ssl.SSLError():
            return LaneError("certificate-refused", str(error))
    if isinstance(error.__cause__, ssl.SSLError) or "certificate" in str(error).lower():
        return LaneError("certificate-refused", str(error))
    return LaneError("unreachable", str(error))

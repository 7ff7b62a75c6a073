"""E-mail over SMTP: a pool of kept connections, replies turned into what the caller must do."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from winback.channels import mime, smtp_replies
from winback.channels.channel import INTERRUPTED
from winback.channels.smtp_dialogue import ConnectionLostError, Dialogue, Envelope, Offers, Reply, UnansweredError
from winback.channels.smtp_server import Server
from winback.errors import ChannelError, LaneError, NotLetInError, PermanentError, TemporaryError, UncertainError
from winback.model import Email, Receipt
from winback.speech import N_

if TYPE_CHECKING:
    from winback.channels.dkim import Signer

DEPTH = 4
"""Letters that may be handed over for each connection: one that is being taken, one whose envelope rides behind it, and those that are next."""
DEEPEST = 10
"""As many where the server is so quick that all of them are taken in `_SOON`: fewer would be gone before the database has written of the next."""
_SOON = 0.08  # seconds
_LOOK_EVERY = 500  # letters


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

    `user`, `password`, `token`, `security` and `trust` are told of in smtp_server.Server. `timeout` is for connecting, for an envelope's
    answers, and for a message's. `signers` sign (DKIM) what comes from their domain. After `idle` seconds without a letter a connection is
    closed. Connections are opened when they are needed; where the server lets fewer in, those carry everything. `asks_for_notices` where the
    server offers DSN.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str = "",
        password: str = "",
        token: Callable[[], str] | None = None,
        security: str = "starttls",
        trust: ssl.SSLContext | None = None,
        connections: int = 10,
        timeout: float = 60,
        letters_per_connection: int = 1000,
        idle: float = 30,
        signers: Sequence[Signer] = (),
        asks_for_notices: bool = False,
    ) -> None:
        self._server = Server(host, port, user, password, token, security, trust, timeout, asks_for_notices)
        self._timeout, self._idle_for = timeout, idle
        self._signers = signers
        self._connections, self._most = connections, letters_per_connection
        self._depth, self._taken, self._looked_at = DEPTH, 0, 0.0
        self._backlog: deque[_Job] = deque()
        self._idle: list[asyncio.Future[_Job | None]] = []  # the connection that was used last is used next
        self._lines: set[asyncio.Task[None]] = set()
        self._serving = 0  # of the lines, those that take letters, or will once they are connected
        self._most_lines, self._few_until = connections, 0.0  # how many the server lets in, and until when we believe so

    @property
    def in_flight(self) -> int:
        """Letters that may be under way at once: more with a server that has been quick."""
        return self._connections * self._depth

    async def __aenter__(self) -> Self:
        self._open_line(await self._server.connect())
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
        content = mime.build(letter)
        if keys := [signer for signer in self._signers if signer.covers(letter.sender_address)]:
            from winback.channels import dkim  # seven megabytes that only who signs needs

            content = dkim.signed(content, keys, int(letter.sent_at.timestamp()))
        try:
            envelope = Envelope(letter.mail_from, mime.recipient(letter.to), content, letter.message_id.strip("<>"))
        except ValueError as error:
            raise LaneError(mime.BROKEN_SENDER, str(error)) from error
        return await self.carry(envelope)

    async def carry(self, envelope: Envelope) -> Receipt:
        """A finished message, over the connection that was used last or a new one; else it waits for the first that is free."""
        job = _Job(envelope, asyncio.get_running_loop().create_future())
        if self._idle:
            self._idle.pop().set_result(job)
        else:
            self._backlog.append(job)
            if self._may_open():
                self._open_line(None)
        try:
            receipt = await job.answer
        except asyncio.CancelledError:
            if job not in self._backlog:
                raise
            self._backlog.remove(job)  # not a word of it was said
            raise LaneError(INTERRUPTED, N_("we were stopped before it was begun")) from None
        self._taken += 1
        if self._taken == _LOOK_EVERY:
            self._look_at_the_pace()
        return receipt

    def _look_at_the_pace(self) -> None:
        now = asyncio.get_running_loop().time()
        soon = self._taken / (now - self._looked_at) * _SOON
        self._depth = min(DEEPEST, max(DEPTH, int(soon / self._connections)))
        self._taken, self._looked_at = 0, now

    def _may_open(self) -> bool:
        is_crowded = asyncio.get_running_loop().time() < self._few_until
        return self._serving < (self._most_lines if is_crowded else self._connections)

    def _open_line(self, dialogue: Dialogue | None) -> None:
        self._serving += 1
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
                        dialogue = await self._server.connect()
                    except NotLetInError as error:
                        turned_away, job = job, None
                        self._turn_away(turned_away, error)
                        return
                assert dialogue is not None
                if not has_begun and (misfit := misfit_of(job.envelope, dialogue.offers)):
                    job.settle(misfit)
                    job = None
                    continue
                carried += 1
                job, has_begun = await self._converse(dialogue, job, has_begun=has_begun, is_kept=carried > 1, is_last=carried >= self._most)
        finally:
            self._serving -= 1
            if job is not None:  # unforeseen: whoever waits for it must hear of it
                job.settle(UncertainError("no-answer-after-data", N_("the connection's own program failed")))
            if dialogue is not None:
                await self._leave(dialogue)

    def _turn_away(self, job: _Job, error: NotLetInError) -> None:
        """A connection wasn't to be had. Its letter goes over another one that there is; without any, all who wait are told why."""
        others = self._serving - 1
        if others:
            self._most_lines, self._few_until = others, asyncio.get_running_loop().time() + _CROWDED_FOR
            if self._idle:
                self._idle.pop().set_result(job)
            else:
                self._backlog.appendleft(job)
            return
        waiting, self._few_until = [job, *self._backlog], 0
        self._backlog.clear()
        for each in waiting:
            each.settle(error)

    async def _next(self) -> _Job | None:
        """The letter that has waited longest, or the next to come; None when the channel is closed or nothing comes for a while."""
        if self._backlog:
            return self._backlog.popleft()
        waiting: asyncio.Future[_Job | None] = asyncio.get_running_loop().create_future()
        self._idle.append(waiting)
        alarm = asyncio.get_running_loop().call_later(self._idle_for, self._give_up, waiting)
        try:
            return await waiting or (self._backlog.popleft() if self._backlog else None)  # one that came as we gave up
        finally:
            alarm.cancel()
            if waiting in self._idle:
                self._idle.remove(waiting)

    def _give_up(self, waiting: asyncio.Future[_Job | None]) -> None:
        if waiting in self._idle:
            self._idle.remove(waiting)
            waiting.set_result(None)

    async def _converse(self, dialogue: Dialogue, job: _Job, *, has_begun: bool, is_kept: bool, is_last: bool) -> tuple[_Job | None, bool]:
        """One letter's transaction. Returns the letter that rode behind it, if any, and whether its envelope has been written.

        Where a connection that has carried letters ends without a word about this one, it is the letter itself, for a new connection.
        """
        try:
            dialogue.allow(self._timeout)
            replies = await dialogue.answers(job.envelope, has_begun=has_begun)
            if (refusal := refusal_of(replies)) is not None:
                try:
                    await dialogue.forget(replies)
                finally:  # told no sooner than letters beside it that are taken: the fuse counts refusals in a row
                    job.settle(refusal)
                return None, False
        except (ConnectionLostError, OSError) as error:
            dialogue.abort()
            if is_kept and isinstance(error, UnansweredError):  # some servers close behind each letter
                return job, False
            job.settle(_lost_before_data(error))
            return None, False
        if not dialogue.is_ready:  # nothing of the letter is written: what lies there would be taken for the answer to it
            dialogue.abort()
            job.settle(TemporaryError("connection-lost", "the server hung up, or said more than it was asked"))
            return None, False
        rides = None if is_last else self._rider(dialogue.offers)
        try:
            dialogue.allow(self._timeout)
            reply = await dialogue.give(job.envelope, rides.envelope if rides else None)
        except (ConnectionLostError, OSError) as error:
            dialogue.abort()
            job.settle(UncertainError("no-answer-after-data", str(error) or N_("the server didn't answer in time")))
            return rides, False
        job.settle(answer_of(reply))
        if reply.code == _CLOSING:
            dialogue.abort()
            return rides, False
        return rides, rides is not None

    def _rider(self, offers: Offers) -> _Job | None:
        """The letter whose envelope may ride behind the one that is being given."""
        if not self._backlog or not offers.pipelining or misfit_of(self._backlog[0].envelope, offers):
            return None
        return self._backlog.popleft()

    async def _leave(self, dialogue: Dialogue) -> None:
        dialogue.allow(_FAREWELL)
        try:
            await dialogue.leave()
        except OSError:
            pass
        finally:  # also when nobody waits for the farewell any longer
            dialogue.close()


_CLOSING = 421
_FAREWELL = 2  # seconds for an answer to QUIT
_CROWDED_FOR = 60  # seconds in which a server that let no more connections in isn't asked for more


def misfit_of(envelope: Envelope, offers: Offers) -> PermanentError | None:
    """Why this server would never take a letter, before a word of it is said."""
    if 0 < offers.largest < len(envelope.content):
        return PermanentError(smtp_replies.TOO_LARGE, f"it has {len(envelope.content)} bytes, and the server takes {offers.largest}")
    if envelope.is_international and not offers.international:
        return PermanentError("needs-smtputf8", N_("the address has letters beyond ASCII before @, and the server offers no SMTPUTF8"))
    return None


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
        return PermanentError(smtp_replies.TOO_LARGE, str(reply))
    if reply.code == _CLOSING:  # before it knows whom we write to: it says nothing of their provider
        return TemporaryError("busy", str(reply))
    return LaneError("sender-refused", str(reply)) if reply.code >= 500 else smtp_replies.classify(reply.code, reply.text)


def answer_of(reply: Reply) -> Receipt | ChannelError:
    """What the answer to a whole message means: only a refusal (4yz, 5yz) says that it was not taken; odd answers say nothing."""
    if reply.code == 250:
        return Receipt(remote_id=reply.text.strip().splitlines()[-1] if reply.text.strip() else "", text=str(reply))
    return smtp_replies.classify(reply.code, reply.text) if reply.is_refusal else UncertainError("no-answer-after-data", str(reply))


def _lost_before_data(error: Exception) -> TemporaryError:
    return TemporaryError("slow-server" if isinstance(error, TimeoutError) else "connection-lost", str(error))

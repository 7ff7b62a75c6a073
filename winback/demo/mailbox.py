"""A real SMTP server on this machine that keeps every letter in a Maildir, and misbehaves where it is told to."""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from winback.demo.serving import listen

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Received:
    """One letter that arrived for one recipient, and the file it lies in."""

    recipient: str
    mail_from: str
    path: Path


class MailServer:
    """An SMTP server at 127.0.0.1:`port`, running in its own thread between entering and leaving.

    `folder` becomes a Maildir with every accepted letter; `received` lists them in order of arrival. With `user` and `password` it
    refuses MAIL before a login. What goes wrong is asked for by recipient:
    `replies` answers RCPT with that line ("550 5.1.1 No such user"; a 421 also hangs up),
    `after_data` answers the finished letter with that line,
    `drops` keeps the letter, then hangs up without an answer, so that the sender can't know.
    With `pipelining` it offers what RFC 2920 describes, with a `certificate` STARTTLS. `logins` counts tries to log in. With `greylisting`, the first try for each recipient is put off by a 450.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path,
        *,
        user: str = "",
        password: str = "",
        replies: Mapping[str, str] | None = None,
        after_data: Mapping[str, str] | None = None,
        drops: Collection[str] = (),
        greylisting: bool = False,
        pipelining: bool = True,
        certificate: ssl.SSLContext | None = None,
    ) -> None:
        self.folder = folder
        self.received: list[Received] = []
        self.refused: Counter[str] = Counter()  # by recipient
        self.connections = 0
        self.logins = 0
        self._certificate = certificate
        self._login = (user.encode(), password.encode()) if user else None
        self._replies = dict(replies or {})
        self._after_data = dict(after_data or {})
        self._drops = frozenset(drops)
        self._greylisting = greylisting
        self._pipelining = pipelining
        self._seen: set[str] = set()
        self._controller: _Listening | None = None

    def __enter__(self) -> Self:
        make_maildir(self.folder)
        self._controller = _Listening(self, authenticator=self._authenticate, tls_context=self._certificate)
        self._controller.start()
        self.connections = 0  # the controller looked whether its own server answers
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._controller is not None
        self._controller.stop()

    @property
    def port(self) -> int:
        assert self._controller is not None
        return self._controller.port

    @property
    def accepted(self) -> int:
        return len(self.received)

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        self.logins += 1
        known = isinstance(data, LoginPassword) and (data.login, data.password) == self._login
        return AuthResult(success=known, handled=False)

    # The names and arguments of what follows are aiosmtpd's.

    async def handle_EHLO(self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        self.connections += 1
        offered = responses if self._login else [line for line in responses if not line.startswith("250-AUTH")]
        return [offered[0], "250-PIPELINING", *offered[1:]] if self._pipelining else offered  # the first line is the host's name

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._replies.get(address)
        if reply is None and self._greylisting and address not in self._seen:
            self._seen.add(address)
            reply = "450 4.7.1 Greylisted, please try again later"
        if reply is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 OK"
        self.refused[address] += 1
        if reply.startswith("421"):
            _hang_up(server)
        return reply

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipients = [str(address) for address in envelope.rcpt_tos]
        for address in recipients:
            if reply := self._after_data.get(address):
                self.refused[address] += 1
                return reply
        content, mail_from = bytes(envelope.original_content or b""), str(envelope.mail_from)
        for address in recipients:
            path = deliver(self.folder, content, mail_from=mail_from, recipient=address)
            self.received.append(Received(address, mail_from, path))
        if self._drops.intersection(recipients):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return ""
        return f"250 2.0.0 OK queued as {self.received[-1].path.name}"


class _Listening(Controller):
    """aiosmtpd's controller on a port that was free, and ours from the moment it was found."""

    def __init__(self, mailbox: MailServer, **options: Any) -> None:
        self._socket = listen()
        port = self._socket.getsockname()[1]
        super().__init__(mailbox, hostname=mailbox.host, port=port, ready_timeout=30, auth_require_tls=False, **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


def _hang_up(server: SMTP) -> None:
    """Close once the answer that is being written has left."""
    assert server.transport is not None
    asyncio.get_running_loop().call_soon(server.transport.close)


def make_maildir(folder: Path) -> None:
    """Make `folder` a Maildir; one that is there keeps its mail."""
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True)


def deliver(folder: Path, content: bytes, *, mail_from: str, recipient: str) -> Path:
    """Put a letter into a Maildir as a mail server's last hop does: Return-Path and Delivered-To on top, moved into new/ whole."""
    name = f"{time.time_ns()}.P{os.getpid()}Q{next(_NUMBERS)}.localhost"
    draft = folder / "tmp" / name
    draft.write_bytes(f"Return-Path: <{mail_from}>\r\nDelivered-To: {recipient}\r\n".encode() + content)
    return draft.rename(folder / "new" / name)

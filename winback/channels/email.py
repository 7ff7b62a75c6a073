"""E-mail over SMTP: a pool of kept connections, replies turned into what the caller must do."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable
from types import TracebackType
from typing import Self

import aiosmtplib

from winback.channels import mime, smtp_replies
from winback.errors import ChannelError, LaneError, TemporaryError, UncertainError
from winback.model import Email, Receipt


class SmtpChannel:
    """Sends through one SMTP server over up to `connections` connections, each kept for many letters.

    `security` is "starttls" (required, certificate checked), "tls" (from the first byte) or "none". A timeout is per command.
    """

    def __init__(
        self, host: str, port: int, *, user: str = "", password: str = "", security: str = "starttls", connections: int = 10, timeout: float = 60
    ) -> None:
        self.host, self.port = host, port
        self._user, self._password = user, password
        self._security = security
        self._timeout = timeout
        self.in_flight = connections
        self._idle: asyncio.LifoQueue[aiosmtplib.SMTP | None] = asyncio.LifoQueue()

    async def __aenter__(self) -> Self:
        first = await self._connect()
        for _ in range(self.in_flight - 1):
            self._idle.put_nowait(None)  # opened when it's needed
        self._idle.put_nowait(first)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while not self._idle.empty():
            if (connection := self._idle.get_nowait()) is not None:
                await _leave(connection)

    async def send(self, letter: Email) -> Receipt:
        """One transaction. Nothing is repeated here: what may have left after DATA is UncertainError."""
        content = mime.build(letter)
        connection = await self._idle.get()
        try:
            if connection is None or not connection.is_connected:
                connection = None
                connection = await self._connect()
            return await _transaction(connection, letter, content)
        finally:
            self._idle.put_nowait(connection)

    async def _connect(self) -> aiosmtplib.SMTP:
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
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as error:
            connection.close()
            raise connecting_error(error) from error
        return connection


async def _transaction(connection: aiosmtplib.SMTP, letter: Email, content: bytes) -> Receipt:
    try:
        await connection.mail(letter.mail_from)
        await connection.rcpt(letter.to)
    except (aiosmtplib.SMTPException, OSError) as error:
        await _clear(connection)
        raise before_data_error(error) from error
    try:
        reply = await connection.data(content)
    except (aiosmtplib.SMTPException, OSError) as error:
        await _clear(connection)
        raise after_data_error(error) from error
    return Receipt(remote_id=reply.message.strip().splitlines()[-1] if reply.message.strip() else "", text=f"{reply.code} {reply.message}")


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


def before_data_error(error: Exception) -> ChannelError:
    """At MAIL or RCPT: nothing of the letter has left."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return before_data_error(error.recipients[0])
        case aiosmtplib.SMTPAuthenticationError():
            return LaneError("login-refused", f"{error.code} {error.message}")
        case aiosmtplib.SMTPSenderRefused() if error.code >= 500:
            return LaneError("sender-refused", f"{error.code} {error.message}")
        case aiosmtplib.SMTPResponseException():
            return smtp_replies.classify(error.code, error.message)
        case aiosmtplib.SMTPNotSupported():
            return LaneError("not-supported", str(error))
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return TemporaryError("slow-server", str(error))
    return TemporaryError("connection-lost", str(error))


def after_data_error(error: Exception) -> ChannelError:
    """From DATA on: only a refusal (4yz, 5yz) says that the letter was not taken; silence and odd answers say nothing."""
    if isinstance(error, aiosmtplib.SMTPResponseException) and 400 <= error.code < 600:
        return smtp_replies.classify(error.code, error.message)
    return UncertainError("no-answer-after-data", str(error))


async def _clear(connection: aiosmtplib.SMTP) -> None:
    """Ready for the next letter, or closed."""
    if connection.is_connected:
        try:
            await connection.rset()
        except (aiosmtplib.SMTPException, OSError):
            connection.close()


async def _leave(connection: aiosmtplib.SMTP) -> None:
    await _quietly(connection.quit())
    connection.close()


async def _quietly(farewell: Awaitable[object]) -> None:
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await farewell

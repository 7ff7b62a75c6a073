"""A mail server that letters leave through: connected, secured and logged in by aiosmtplib, then handed over as a dialogue."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import aiosmtplib

from winback.channels.smtp_dialogue import Dialogue, Offers
from winback.errors import NotLetInError, Refused
from winback.speech import N_


@dataclass(frozen=True)
class Server:
    """Where it is and how we get in.

    `security` is "starttls" (required, certificate checked), "tls" (from the first byte) or "none". With `token` the login is by XOAUTH2,
    and it is asked for one at each login; else by PLAIN or LOGIN with `password`. `trust` says which certificates are good; None: those
    that the machine trusts. `timeout` is for all of the connecting, in seconds.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    security: str = "starttls"
    trust: ssl.SSLContext | None = field(default=None, repr=False)
    timeout: float = 60
    asks_for_notices: bool = False

    async def connect(self) -> Dialogue:
        """A dialogue in which the first envelope may begin. Raises NotLetInError; neither password nor token was told before the
        connection was as secure as it must be.
        """
        connection = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.timeout,
            use_tls=self.security == "tls",
            start_tls=False,
            tls_context=None if self.security == "none" else self._trusted,
        )
        try:
            async with asyncio.timeout(self.timeout):
                await connection.connect()
                await _greet(connection)
                if self.security == "starttls":
                    await self._secure(connection)
                if self.user:
                    await self._log_in(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, _FAILURES):
                raise connecting_error(error) from error
            raise
        if connection.transport is None:
            raise NotLetInError("unreachable", N_("the server hung up"))
        return Dialogue(connection.transport, self._offers(connection))

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return self.trust or ssl.create_default_context()

    async def _secure(self, connection: aiosmtplib.SMTP) -> None:
        """What was offered before doesn't count (RFC 3207, 4.2): the server is asked again."""
        if not connection.supports_extension("starttls"):
            raise NotLetInError("not-supported", N_("the server offers no STARTTLS"))
        await connection.starttls()
        await _greet(connection)

    async def _log_in(self, connection: aiosmtplib.SMTP) -> None:
        """One try by one way: a second one with the same password would only count as another failure."""
        methods = connection.server_auth_methods
        offered = f"the server offers {', '.join(methods).upper() or 'no login'}"
        if self.token is not None:
            if "xoauth2" not in methods:
                raise NotLetInError("login-not-offered", f"{offered}, and not XOAUTH2")
            await connection.auth_xoauth2(self.user, _told(self.token))
        elif "plain" in methods:
            await connection.auth_plain(self.user, self.password)
        elif "login" in methods:
            await connection.auth_login(self.user, self.password)
        else:
            raise NotLetInError("login-not-offered", f"{offered}, neither PLAIN nor LOGIN")

    def _offers(self, connection: aiosmtplib.SMTP) -> Offers:
        largest = connection.esmtp_extensions.get("size", "").strip()
        return Offers(
            pipelining=connection.supports_extension("pipelining"),
            sizes=connection.supports_extension("size"),
            largest=int(largest) if largest.isdecimal() else 0,
            international=connection.supports_extension("smtputf8"),
            notices=self.asks_for_notices and connection.supports_extension("dsn"),
        )


_FAILURES = (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError)


def _told(token: Callable[[], str]) -> str:
    try:
        told = token()
    except Refused as error:
        raise NotLetInError("no-token", str(error)) from error
    if not told:
        raise NotLetInError("no-token", "there is none")
    return told


async def _greet(connection: aiosmtplib.SMTP) -> None:
    """EHLO; HELO for a server that has never heard of it."""
    try:
        await connection.ehlo()
    except aiosmtplib.SMTPHeloError:
        await connection.helo()


def connecting_error(error: Exception) -> NotLetInError:
    """While connecting, greeting, securing or logging in: always our side, never the address."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return NotLetInError("login-refused", f"{error.code} {error.message}")
        case aiosmtplib.SMTPNotSupported():
            return NotLetInError("not-supported", str(error))
        case aiosmtplib.SMTPResponseException():
            return NotLetInError("server-refused", f"{error.code} {error.message}")
        case ssl.SSLError():
            return NotLetInError("certificate-refused", str(error))
        case TimeoutError():
            return NotLetInError("unreachable", str(error) or N_("the server didn't answer in time"))
    if isinstance(error.__cause__, ssl.SSLError) or "certificate" in str(error).lower():
        return NotLetInError("certificate-refused", str(error))
    return NotLetInError("unreachable", str(error))

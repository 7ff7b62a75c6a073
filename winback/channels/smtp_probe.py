"""A visit to a mail server that sends nothing: who it is, how it secures, what it offers, whether it lets us in."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from winback.errors import LaneError


@dataclass(frozen=True, slots=True)
class Visit:
    """What a server said."""

    extensions: tuple[str, ...]  # after TLS, as it writes them: SIZE 35882577, PIPELINING...
    tls: str = ""  # TLSv1.3; empty: none
    certificate_until: datetime | None = None
    logged_in: bool = False


def visit(host: str, port: int, *, security: str, user: str = "", secret: str = "", is_token: bool = False, seconds: float = 15) -> Visit:
    """Connect, secure as `security` says (starttls, tls, none), log in where there is a `user`, and leave. Raises LaneError, as a channel does.

    `secret` is a password, or an access token for XOAUTH2.
    """
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(host, port, timeout=seconds, context=context) if security == "tls" else smtplib.SMTP(host, port, timeout=seconds)
        ) as server:
            server.ehlo()
            if security == "starttls":
                server.starttls(context=context)
                server.ehlo()
            if user and is_token:
                server.auth("XOAUTH2", lambda challenge=None: "" if challenge else f"user={user}\1auth=Bearer {secret}\1\1")
            elif user:
                server.login(user, secret)
            return Visit(*_seen(server), logged_in=bool(user))
    except smtplib.SMTPAuthenticationError as error:
        raise LaneError("login-refused", f"{error.smtp_code} {_text(error.smtp_error)}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise LaneError("not-supported", str(error)) from error
    except smtplib.SMTPResponseException as error:
        raise LaneError("server-refused", f"{error.smtp_code} {_text(error.smtp_error)}") from error
    except ssl.SSLError as error:
        raise LaneError("certificate-refused", str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise LaneError("unreachable", str(error)) from error


def _seen(server: smtplib.SMTP) -> tuple[tuple[str, ...], str, datetime | None]:
    extensions = tuple(sorted(" ".join([name.upper(), *value.split()]) for name, value in server.esmtp_features.items()))
    if not isinstance(server.sock, ssl.SSLSocket):
        return extensions, "", None
    until = (server.sock.getpeercert() or {}).get("notAfter")
    moment = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(until)), UTC) if until else None
    return extensions, server.sock.version() or "", moment


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said

"""The way out of the house: which channel a project sends through, and what to tell a person when it is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from winback.channels import dkim
from winback.channels.accepting import AcceptingChannel
from winback.channels.allowed import AllowedChannel
from winback.channels.channel import Channel
from winback.channels.dkim import Signer
from winback.channels.file import FileChannel
from winback.errors import ConfigError, LaneError, Problem
from winback.model import ChannelName
from winback.sending import allowing
from winback.settings import Project

_EMAIL = {
    "login-refused": ("user", "the mail server refused the login of `{user}`", "Set the right password in WINBACK_SMTP_PASSWORD, or mend `user:`."),
    "unreachable": ("host", "no mail server answers at {host}:{port}", "Mend `host:` and `port:`, or write `via: file` to keep letters in a folder."),
    "certificate-refused": ("host", "the certificate of {host} can't be trusted", "Write the host name that the certificate is for in `host:`."),
    "not-supported": (
        "security",
        "{host} doesn't offer what `security: {security}` asks for",
        "Write `security: tls`, or `none` on this machine only.",
    ),
}
_TELEGRAM = {
    "bot-token-refused": ("via", "Telegram refused the bot's token", "Set WINBACK_TELEGRAM_TOKEN to the token that BotFather shows."),
    "unreachable": ("api_url", "nothing answers at {api_url}", "Look at the network, or mend `api_url:`."),
}


def open_channel(project: Project, name: ChannelName) -> Channel[Any]:
    """The channel that settings.yaml says, not entered yet; what leaves is held to the allow-list outside production.

    Raises ConfigError when its secret is missing, or letters would leave and nobody said whether this is production.
    """
    channel = _channel(project, name)
    allowed = None if isinstance(channel, FileChannel) else allowing.allow_list(project, name)
    return channel if allowed is None else AllowedChannel(channel, allowed)


def _channel(project: Project, name: ChannelName) -> Channel[Any]:
    settings = project.settings
    if name is ChannelName.EMAIL:
        if settings.email.via == "file":
            return FileChannel(project.out / "mailbox" / "email")
        from winback.channels.email import SmtpChannel

        password = project.secret("WINBACK_SMTP_PASSWORD")
        if settings.email.user and not password:
            raise ConfigError(project.document.problem(("email", "user"), "a user is named, but there is no password.", "Set WINBACK_SMTP_PASSWORD."))
        return SmtpChannel(
            settings.email.host,
            settings.email.port,
            user=settings.email.user,
            password=password,
            security=settings.email.security,
            connections=settings.email.connections,
            timeout=settings.email.timeout_seconds,
            signers=signers(project),
        )
    if settings.telegram.via == "file":
        return FileChannel(project.out / "mailbox" / "telegram")
    from winback.channels.telegram import TelegramChannel

    return TelegramChannel(bot_token(project), api_url=settings.telegram.api_url, messages_per_second=settings.telegram.messages_per_second)


def signers(project: Project) -> list[Signer]:
    """The DKIM keys of settings.yaml, in its order. Raises ConfigError for one that is missing or can't be used."""
    found = []
    for index, named in enumerate(project.settings.email.dkim):
        place = ("email", "dkim", index)
        pem = project.secret(named.secret)
        if not pem:
            how = f"Set {named.secret}, or {named.secret}_FILE with the name of its file. A new one: winback dkim new --domain {named.domain}"
            raise ConfigError(project.document.problem(place, f"the DKIM key `{named.selector}` is not there.", how))
        try:
            found.append(dkim.Signer(named.domain, named.selector, dkim.read_key(pem)))
        except ValueError as error:
            how = f"Make a new one: winback dkim new --domain {named.domain}"
            raise ConfigError(project.document.problem(place, f"the DKIM key in {named.secret} can't be used: {error}.", how)) from error
    return found


def bot_token(project: Project) -> str:
    """The bot's token, from the environment. Raises ConfigError when it isn't there."""
    token = project.secret("WINBACK_TELEGRAM_TOKEN")
    if not token:
        raise ConfigError(
            project.document.problem(("telegram", "via"), "the bot has no token.", "Set WINBACK_TELEGRAM_TOKEN to the one that BotFather shows.")
        )
    return token


def rehearsal_channel(folder: Path | None, name: ChannelName) -> Channel[Any]:
    """Where a rehearsal puts its letters, whatever settings.yaml says. Without a folder: nowhere."""
    return AcceptingChannel() if folder is None else FileChannel(folder / name, in_flight=AcceptingChannel.in_flight)


def problem(project: Project, name: ChannelName, error: LaneError) -> Problem:
    """A closed lane in the words of whoever can open it, pointing into settings.yaml."""
    settings = project.settings.email if name is ChannelName.EMAIL else project.settings.telegram
    known = _EMAIL if name is ChannelName.EMAIL else _TELEGRAM
    key, found, how = known.get(
        error.reason, ("via", f"{name} stopped: {error.reason}", "Mend what the other side says, then run again: nothing is lost.")
    )
    said = f" ({error.text})" if error.text else ""
    return project.document.problem((str(name), key), f"{found.format(**settings.model_dump())}{said}.", how)

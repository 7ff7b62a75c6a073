"""The doctor's visits to the other sides: the mail server, Telegram, and our own public pages. Nothing is sent to anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from winback.channels import smtp_probe
from winback.errors import ConfigError, LaneError
from winback.model import ChannelName
from winback.operations import diagnosis, mail_servers
from winback.operations.diagnosis import Finding
from winback.operations.mail_servers import MailServer
from winback.sending import lanes
from winback.settings import Project

_SOON = timedelta(days=14)
_SECONDS = 10
_FAST_OR_SLOW = 60


def mail(project: Project, now: datetime) -> Iterator[Finding]:
    """Of each mail server: whether it answers, is secured, lets us in, and what it offers."""
    if project.settings.email.via == "file":
        yield diagnosis.unknown("mail", "mail server", "e-mail stays in out/mailbox/ (`via: file`).", "Write `via: smtp` once letters are to leave.")
        return
    for server in mail_servers.listed(project):
        yield from _mail_server(project, server, now)


def _mail_server(project: Project, server: MailServer, now: datetime) -> Iterator[Finding]:
    password = project.secret(server.secret)
    user = server.user if password else ""  # that it is not set is told beside the other secrets
    seconds = project.settings.email.timeout_seconds
    try:
        seen = smtp_probe.visit(
            server.host, server.port, security=server.security, user=user, secret=password, is_token=server.has_token, seconds=seconds
        )
    except LaneError as error:
        error.relay = server.relay
        yield diagnosis.wrong("mail", server.name, lanes.problem(project, ChannelName.EMAIL, error))
        return
    secured = f"secured by {seen.tls}" if seen.tls else "not secured"
    yield diagnosis.ok("mail", server.name, f"answers, {secured}{f', lets {user} in' if seen.logged_in else ''}.")
    yield _extensions(server.name, seen.extensions)
    if seen.certificate_until is not None and seen.certificate_until - now < _SOON:
        message = f"it ends on {seen.certificate_until:%Y-%m-%d}."
        yield diagnosis.wrong("mail", f"{server.name} certificate", message, "Let whoever runs the server renew it.")


def _extensions(subject: str, extensions: tuple[str, ...]) -> Finding:
    words = {each.partition(" ")[0] for each in extensions}
    told = f"it offers {', '.join(extensions) or 'no extension'}."
    lacking = [f"{word} ({what})" for word, what in _WANTED.items() if word not in words]
    if not lacking:
        return diagnosis.ok("mail", f"{subject} extensions", told)
    how = f"Letters leave without it all the same: {', '.join(lacking)}."
    return diagnosis.missing("mail", f"{subject} extensions", told, how, optional=True)


_WANTED = {"PIPELINING": "one round trip a letter instead of four", "8BITMIME": "texts needn't be coded", "ENHANCEDSTATUSCODES": "refusals say why"}


def bot(project: Project) -> Iterator[Finding]:
    """Whether Telegram knows the bot by its token, and by the name that letters call it."""
    settings = project.settings.telegram
    if settings.via == "file":
        yield diagnosis.unknown(
            "telegram", "bot", "messenger texts stay in out/mailbox/ (`via: file`).", "Write `via: bot-api` once they are to leave."
        )
        return
    try:
        name = asyncio.run(_bot_name(lanes.bot_token(project), settings.api_url))
    except ConfigError as error:
        yield diagnosis.wrong("telegram", "bot", error.problems[0])
    except LaneError as error:
        yield diagnosis.wrong("telegram", "bot", lanes.problem(project, ChannelName.TELEGRAM, error))
    else:
        if settings.bot and settings.bot.lstrip("@").lower() != name.lower():
            problem = project.document.problem(
                ("telegram", "bot"), f"the token is of @{name}, and letters invite to @{settings.bot}.", f"Write bot: {name}."
            )
            yield diagnosis.wrong("telegram", "bot", problem)
        elif not settings.bot:
            yield diagnosis.missing(
                "telegram", "bot", f"@{name} answers; letters invite nobody to it.", f"Write bot: {name} in settings.yaml.", optional=True
            )
        else:
            yield diagnosis.ok("telegram", "bot", f"@{name} answers.")


async def _bot_name(token: str, api_url: str) -> str:
    from winback.channels import telegram

    bot = await telegram.open_bot(token, api_url, connections=1)
    try:
        return str(bot.username)
    finally:
        await bot.shutdown()


def pages(project: Project, now: datetime) -> Iterator[Finding]:
    """Whether `public_url` leads to `winback serve`, and the clocks agree."""
    url = project.settings.public_url
    leaves = project.settings.email.via == "smtp" or project.settings.telegram.via == "bot-api"
    how = "Start `winback serve` behind that address, or mend `public_url:`."
    try:
        answer = httpx.get(f"{url}/health", timeout=_SECONDS)
    except httpx.HTTPError as error:
        message = f"{url} doesn't answer: {str(error) or type(error).__name__}."
        yield diagnosis.wrong("web", "public_url", message, how) if leaves else diagnosis.unknown("web", "public_url", message, how)
        return
    if answer.status_code != httpx.codes.OK:
        yield diagnosis.wrong("web", "public_url", f"{url}/health says {answer.status_code}: what answers there is not winback.", how)
        return
    yield diagnosis.ok("web", "public_url", f"{url} answers.")
    told = answer.headers.get("date")
    if told and abs((parsedate_to_datetime(told) - now).total_seconds()) > _FAST_OR_SLOW:
        yield diagnosis.wrong("web", "clock", f"it is {told} there, and {now:%H:%M:%S} UTC here.", "Set both clocks right.")

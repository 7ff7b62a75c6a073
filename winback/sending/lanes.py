"""The way out of the house: which channel a project sends through, and what to tell a person when it is closed."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winback.channels.accepting import AcceptingChannel
from winback.channels.allowed import AllowedChannel
from winback.channels.channel import Channel
from winback.channels.file import FileChannel
from winback.channels.relays import NoRelayOpenError, Relay, Relays
from winback.errors import ConfigError, LaneError, Problem
from winback.model import ChannelName, Email, Message
from winback.sending import allowing, pace, shelves, turnstile
from winback.settings import Project
from winback.strictyaml import Place
from winback.tracking import addresses
from winback.ways_out import EmailSettings, GatewaySettings, RelaySettings

if TYPE_CHECKING:
    from winback.channels.dkim import Signer

_EMAIL = {
    "login-refused": ("user", "the mail server refused the login of `{user}`", "Set the right {what} in {secret}, or mend `user:`."),
    "login-not-offered": ("auth", "{host} doesn't let us log in with a {what}", "Mend `auth:`, or take `user:` out where nobody logs in."),
    "no-token": ("auth", "there is no access token to log in with", "Set {secret}, or {secret}_FILE with the file that another program renews."),
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


_GATEWAY = {
    "gateway-refused": ("url", "the gateway of {name} doesn't let us in, or asks for money", "Look into the provider's account, and at {secret}."),
    "message-refused": (
        "body",
        "the gateway of {name} can't read our requests",
        "Mend `url:`, `headers:` and `body:` by the provider's description.",
    ),
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
        keys = signers(project)
        relays = settings.email.relays
        paced = pace.read(project).paced_relays if len(relays) > 1 else ()
        return Relays([Relay(relay.name, _smtp(project, relay, keys), relay.weight, relay.name in paced) for relay in relays])
    if settings.way(name).via == "file":
        return FileChannel(project.out / "mailbox" / name)
    if name.goes_by_phone:
        return _gateway(project, name, settings.gateways[name])
    from winback.channels.telegram import TelegramChannel

    token, per_second = bot_token(project), settings.telegram.messages_per_second
    return TelegramChannel(
        token,
        api_url=settings.telegram.api_url,
        messages_per_second=per_second,
        spacing=turnstile.of(project, name, per_second),
        shelf=shelves.of(project, token),
    )


def _gateway(project: Project, name: ChannelName, gateway: GatewaySettings) -> Channel[Message]:
    from winback.channels.gateway import GatewayChannel

    secret = project.secret(gateway_secret(name))
    if gateway.asks_secret and not secret:
        what = "there is no secret, and the gateway is told one."
        raise ConfigError(project.document.problem(("gateways", name), what, f"Set {gateway_secret(name)}."))
    callback = addresses.gateway(project.settings.public_url, name, "{reference}")
    return GatewayChannel(gateway, secret=secret, callback=callback, spacing=turnstile.of(project, name, gateway.per_second))


def gateway_secret(name: ChannelName) -> str:
    """What a gateway's secret is called in the environment."""
    return f"WINBACK_{name.upper()}_SECRET"


def _smtp(project: Project, relay: RelaySettings, keys: Sequence[Signer]) -> Channel[Email]:
    from winback.channels.email import SmtpChannel

    email = project.settings.email
    name = email.secret(relay)
    token = partial(project.secret, name) if relay.auth == "xoauth2" else None  # read anew at each login
    password = project.secret(name)
    if relay.user and not password:
        what = "password" if token is None else "access token"
        raise ConfigError(
            project.document.problem((*_place(project, relay.name), "user"), f"a user is named, but there is no {what}.", f"Set {name}.")
        )
    return SmtpChannel(
        relay.host,
        relay.port,
        user=relay.user,
        password="" if token else password,
        token=token,
        security=relay.security,
        connections=relay.connections,
        timeout=email.timeout_seconds,
        letters_per_connection=relay.letters_per_connection,
        idle=relay.idle_seconds,
        signers=keys,
        asks_for_notices=relay.dsn,
    )


def relay_of(email: EmailSettings, paced: Collection[str], delivery_id: int, attempts: int = 0) -> str:
    """The relay that a delivery is meant for, so that its pace can be asked before the letter is written: by weight, and always the same.

    After a try, the next one: it may have been put off because its relay was closed. `paced` are the relays with a pace of their own. Empty where there is none: then whichever's turn it is takes the letter.
    """
    if not paced:
        return ""
    drawn = int.from_bytes(hashlib.sha256(f"relay {delivery_id}".encode()).digest()[:8]) % sum(relay.weight for relay in email.relays)
    ends = itertools.accumulate(relay.weight for relay in email.relays)
    place = next(place for place, end in enumerate(ends) if drawn < end)
    return email.relays[(place + attempts) % len(email.relays)].name


def _place(project: Project, relay: str) -> Place:
    """Where a relay stands in settings.yaml."""
    names = [each.name for each in project.settings.email.named_relays]
    return ("email", "relays", names.index(relay)) if relay in names else ("email",)


def signers(project: Project) -> list[Signer]:
    """The DKIM keys of settings.yaml, in its order. Raises ConfigError for one that is missing or can't be used."""
    if not project.settings.email.dkim:
        return []
    from winback.channels import dkim

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
    if name is ChannelName.EMAIL:
        return _of_relays(project, error.closed) if isinstance(error, NoRelayOpenError) else _of_relay(project, error.relay, error)
    if name.goes_by_phone:
        known = _GATEWAY.get(error.reason) or _unknown(name, error)
        return _said(project, ("gateways", str(name)), known, error, {"name": name, "secret": gateway_secret(name)})
    known = _TELEGRAM.get(error.reason) or _unknown(name, error)
    return _said(project, (str(name),), known, error, project.settings.telegram.model_dump())


def _of_relay(project: Project, relay: str, error: LaneError) -> Problem:
    email = project.settings.email
    through = next((each for each in email.relays if each.name == relay), email.relays[0])
    key, found, how = _EMAIL.get(error.reason) or _unknown(ChannelName.EMAIL, error)
    place = ("email",) if key == "via" else _place(project, through.name)
    words = {**through.model_dump(), "secret": email.secret(through), "what": "password" if through.auth == "password" else "token"}
    return _said(project, place, (key, found, how), error, words)


def _of_relays(project: Project, closed: Mapping[str, LaneError]) -> Problem:
    """All of them in one: each with its line, and what to do about it."""
    found = [(name, _of_relay(project, name, error)) for name, error in closed.items()]
    each = "; ".join(f"`{name}` (line {problem.line}): {problem.message.rstrip('.')}" for name, problem in found)
    how = " ".join(dict.fromkeys(problem.how for _, problem in found))
    return project.document.problem(("email", "relays"), f"no relay takes letters. {each}.", how)


def _unknown(name: ChannelName, error: LaneError) -> tuple[str, str, str]:
    return ("via", f"{name} stopped: {error.reason}", "Mend what the other side says, then run again: nothing is lost.")


def _said(project: Project, place: Place, sentence: tuple[str, str, str], error: LaneError, words: Mapping[str, Any]) -> Problem:
    key, found, how = sentence
    said = f" ({error.text})" if error.text else ""
    return project.document.problem((*place, key), f"{found.format(**words)}{said}.", how.format(**words))

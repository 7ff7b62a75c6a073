"""`email:`, `telegram:` and `gateways:` of config/settings.yaml: the servers that letters leave through, and the keys that sign them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from winback.shapes import Amount, Duration, one_of
from winback.strictyaml import Shape, refusal

THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def is_dns_name(text: str) -> bool:
    """Whether DNS can hold such a name (RFC 1123)."""
    return re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*", text) is not None


class DkimKey(Shape):
    """A key that letters of a domain, and of its subdomains, are signed with: in the environment as WINBACK_DKIM_<SELECTOR>."""

    domain: str
    selector: str

    @field_validator("domain", "selector")
    @classmethod
    def _is_a_name(cls, text: str) -> str:
        if not is_dns_name(text):
            raise refusal(f"is {text}; DNS has no such name.", "Write for example domain: news.zerno.example and selector: wb1.")
        return text

    @property
    def secret(self) -> str:
        """What the key is called in the environment."""
        return f"WINBACK_DKIM_{re.sub('[^A-Z0-9]', '_', self.selector.upper())}"


class ServerSettings(Shape):
    """A mail server that letters leave through. Its password or token stands in the environment."""

    host: str = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    user: str = ""
    auth: Literal["password", "xoauth2"] = "password"  # xoauth2: an access token, which another program renews
    security: Literal["starttls", "tls", "none"] = "starttls"
    connections: int = Field(default=10, ge=1, le=200)
    letters_per_connection: int = Field(default=1000, ge=1, le=100_000)
    idle_seconds: int = Field(default=30, ge=1, le=600)  # that a connection is kept without a letter
    dsn: bool = False  # ask for notices about letters that fail or are late, where the server offers it

    @model_validator(mode="after")
    def _logs_in_safely(self) -> Self:
        if self.user and self.security == "none" and self.host not in THIS_MACHINE:
            what = "token" if self.auth == "xoauth2" else "password"
            how = "Write `security: starttls` or `security: tls`; `none` is for this machine only."
            raise refusal(f"would tell the {what} of `{self.user}` to {self.host} without encryption.", how)
        if self.auth == "xoauth2" and not self.user:
            raise refusal("asks for `auth: xoauth2` without a user.", "Name whose token it is in `user:`.")
        return self


class RelaySettings(ServerSettings):
    """One of several mail servers, by its name."""

    name: str
    weight: int = Field(default=1, ge=1, le=1000)  # its share of the letters, beside those of the others

    @field_validator("name")
    @classmethod
    def _is_a_word(cls, text: str) -> str:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 40:
            raise refusal(f"is {text}; a relay's name is a short word in small letters.", "Write for example name: second-relay.")
        return text


class EmailSettings(ServerSettings):
    """How e-mail leaves: through the one server that is told of here, or through `relays`."""

    via: Literal["smtp", "file"] = "file"
    named_relays: tuple[RelaySettings, ...] = Field(default=(), alias="relays")
    timeout_seconds: int = Field(default=60, ge=1, le=600)
    dkim: tuple[DkimKey, ...] = ()  # none: the mail server signs
    bounces_to: str = ""  # envelope sender; empty: the sender's own address
    cost: Amount = Field(default=0, validate_default=True)  # of one letter, in the project's currency
    picture_kilobytes: int = Field(default=100, ge=1, le=5_000)  # the largest picture that may travel inside a letter
    pictures_kilobytes: int = Field(default=200, ge=1, le=10_000)  # all pictures of a letter together

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Self:
        both = [name for name in ServerSettings.model_fields if name in self.model_fields_set]
        if self.named_relays and both:
            how = "Move them into the relays that they are meant for."
            raise refusal(f"has `relays:`, and beside it {', '.join(f'`{name}:`' for name in both)}, which no relay would take up.", how)
        names = [relay.name for relay in self.named_relays]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise refusal(f"has two relays named `{twice}`.", "Give each a name of its own: it is a part of its password's name.")
        return self

    @cached_property
    def relays(self) -> tuple[RelaySettings, ...]:
        """The ways out: those with a name, or the one server, as `main`."""
        return self.named_relays or (RelaySettings(name="main", **{name: getattr(self, name) for name in ServerSettings.model_fields}),)

    @property
    def leaves(self) -> bool:
        """Whether letters go to another machine."""
        return self.via == "smtp" and any(relay.host not in THIS_MACHINE for relay in self.relays)

    def secret(self, relay: RelaySettings) -> str:
        """What a relay's password, or token, is called in the environment."""
        what = "WINBACK_SMTP_TOKEN" if relay.auth == "xoauth2" else "WINBACK_SMTP_PASSWORD"
        return f"{what}_{re.sub('[^A-Z0-9]', '_', relay.name.upper())}" if self.named_relays else what


class TelegramSettings(Shape):
    """How messenger texts leave. The bot's token comes from WINBACK_TELEGRAM_TOKEN."""

    via: Literal["bot-api", "file"] = "file"
    api_url: str = "https://api.telegram.org"
    bot: str = ""  # user name of the bot, for joining links
    messages_per_second: int = Field(default=25, ge=1, le=30)
    join_within: Duration = Field(default="180 days", validate_default=True)  # how long a joining link is good for
    webhook: bool = False  # Telegram tells `winback serve`, at `public_url:`, what is new; false: `winback bot` asks for it
    cost: Amount = Field(default=0, validate_default=True)
    staff_chat: str = ""  # number of a group with topics in which the shop's people see and answer customers; empty: none

    @field_validator("staff_chat")
    @classmethod
    def _group(cls, value: str) -> str:
        if value and not re.fullmatch(r"-[0-9]{2,20}", value):
            raise refusal(f"is {value}; a group is its number, which begins with a minus.", 'Write for example "-1001234567890", in quotes.')
        return value

    @property
    def leaves(self) -> bool:
        """Whether texts go to Telegram; a Bot API of one's own on this machine speaks plain http."""
        return self.via == "bot-api" and self.api_url.startswith("https://")


class Means(StrEnum):
    """What a gateway's refusal means."""

    LATER = "later"  # try this message again
    NO_SUCH_NUMBER = "no-such-number"  # never again to this number
    REFUSED = "refused"  # not this message, whatever the number
    US = "us"  # login, balance, sender's name: nothing leaves until a person has mended it


class Refusal(Shape):
    """How a refusal is recognised: by the answer's HTTP status, by the code in it, or by both."""

    status: tuple[int, ...] = ()
    codes: tuple[str | int, ...] = ()
    means: Annotated[Means, *one_of(Means, "the meaning of a refusal")]

    def fits(self, status: int, code: str) -> bool:
        return (not self.status or status in self.status) and (not self.codes or code in map(str, self.codes))


class GatewayAnswer(Shape):
    """How a gateway's answer is read. Paths lead through its JSON: `messages.0.id`."""

    accepted: tuple[int, ...] = Field(default=(200, 201, 202), min_length=1)  # HTTP statuses of a message that was taken
    where: dict[str, tuple[str | int | bool, ...]] = Field(default_factory=dict)  # path -> what must stand there, for gateways that refuse with 200
    id: str = ""  # where the provider's own id of the message stands
    code: str = ""  # where the code of a refusal stands
    refusals: tuple[Refusal, ...] = ()  # the first that fits


class GatewayReports(Shape):
    """How the gateway tells later what became of a message; it calls /gateway/<channel>/<key> at `public_url`."""

    each: str = ""  # path of the list of reports; empty: the body is one
    id: str  # path of the message's id, the provider's or our reference
    status: str  # path of the word
    delivered: tuple[str | int, ...]
    failed: tuple[str | int, ...] = ()
    no_such_number: tuple[str | int, ...] = ()
    sender: str = ""  # path of the number that wrote to us, where the gateway passes answers on
    text: str = ""  # path of what was written


_PLACEHOLDERS = frozenset({"to", "digits", "text", "reference", "secret", "callback"})


class GatewaySettings(Shape):
    """A provider that takes messages by HTTP. Its secret stands in the environment: WINBACK_SMS_SECRET."""

    via: Literal["http", "file"] = "file"
    url: str = ""
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    user: str = ""  # who logs in with the secret (HTTP Basic)
    body_as: Literal["json", "form", "query", "xml"] = "json"
    body: dict[str, Any] | str = Field(default_factory=dict)  # texts in it hold {to}, {digits}, {text}, {reference}, {callback}, {secret}
    answer: GatewayAnswer = GatewayAnswer()
    reports: GatewayReports | None = None
    per_second: int = Field(default=10, ge=1, le=500)
    timeout_seconds: int = Field(default=30, ge=1, le=120)
    longest: int = Field(default=480, ge=70, le=4096)  # characters of a message; a longer one is refused by `winback check`
    cost: Amount = Field(default=0, validate_default=True)  # of one message

    @model_validator(mode="after")
    def _says_where_and_what(self) -> Self:
        if self.via == "file":
            return self
        found = {name for text in self.texts() for name in re.findall(r"\{([a-z]+)\}", text)}
        if unknown := sorted(found - _PLACEHOLDERS):
            raise refusal(f"holds {{{unknown[0]}}}, which nothing is put in for.", f"Known: {', '.join(sorted(_PLACEHOLDERS))}.")
        if "text" not in found or not found & {"to", "digits"}:
            raise refusal("says nowhere what is sent, or to whom.", 'Write for example body: {phone: "{to}", text: "{text}"}.')
        if (self.body_as == "xml") != isinstance(self.body, str):
            raise refusal(f"sends its body as {self.body_as}.", "Write xml as one text, and everything else as keys with values.")
        if not self.url.startswith("https://") and not self.is_here:
            raise refusal(
                f"sends to {self.url or 'nowhere'}; a gateway's url is https (http on this machine only).", "Write for example url: https://..."
            )
        return self

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return re.match(r"http://(localhost|127\.0\.0\.1)(:\d+)?(/|$)", self.url) is not None

    @property
    def leaves(self) -> bool:
        """Whether messages go to another machine."""
        return self.via == "http" and not self.is_here

    @property
    def asks_secret(self) -> bool:
        return bool(self.user) or any("{secret}" in text for text in self.texts())

    def texts(self) -> Iterator[str]:
        """Everything of a request that placeholders may stand in."""
        yield self.url
        yield from self.headers.values()
        yield from _texts(self.body)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)

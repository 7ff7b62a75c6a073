"""config/webhooks.yaml: programs of the shop that are told of what happens, and shops whose own webhooks bring orders in."""

from __future__ import annotations

import re
import ssl
from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator, model_validator

from winback.audience.mapping import Orders
from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.shapes import Duration, Zone
from winback.strictyaml import Shape, refusal

FILE = "webhooks.yaml"


class Happening(StrEnum):
    """What other programs can be told of."""

    RETURNED = "returned"  # a customer of a campaign ordered again
    UNSUBSCRIBED = "unsubscribed"  # a customer asked not to be written to
    COMPLAINED = "complained"  # a customer called a letter spam: nobody should write to them any more
    BOUNCED = "bounced"  # a letter came back for good
    REPLIED = "replied"  # a person answered
    ANSWERED = "answered"  # a survey's question was answered
    TASK_DUE = "task-due"  # a call, visit or card should be made by now


class Endpoint(Shape):
    """A program that is told. Its secret stands in the environment: WINBACK_WEBHOOK_SECRET_<NAME>."""

    url: str = Field(max_length=500)
    events: tuple[str, ...] = Field(default=tuple(map(str, Happening)), min_length=1)
    private: bool = False  # it may stand in the shop's own network, and speak http there
    authority: str = ""  # a file in config/: certificates (PEM) of those who vouch for it, where they are the shop's own

    @field_validator("events")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := next((each for each in value if each not in set(Happening)), None):
            raise refusal(f"has `{unknown}`, which nobody is told of.", f"Write some of {', '.join(Happening)}.")
        return value

    @field_validator("authority")
    @classmethod
    def _is_a_file_of_config(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", value):
            raise refusal(f"is {value}; it is the name of a file in config/.", "Write for example authority: our-ca.pem.")
        return value

    @model_validator(mode="after")
    def _reached_safely(self) -> Endpoint:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[^\s#]*)?|https?://\[[0-9a-fA-F:]+\](:[0-9]{1,5})?(/[^\s#]*)?", self.url):
            raise refusal(f"is told at {self.url}, which is no address without a user.", "Write for example url: https://crm.zerno.example/hooks.")
        if not self.private and not self.url.startswith("https://"):
            raise refusal(f"is told at {self.url}; what leaves the house goes by https.", "Write https, or `private: true` for your own network.")
        return self


class Shop(Shape):
    """A shop whose webhooks bring orders in, at /api/v1/shops/<name>. Its secret stands in the environment: WINBACK_SHOP_SECRET_<NAME>."""

    kind: Literal["woocommerce", "shopify"]
    orders: Orders | None = None  # another mapping than the kind's own; columns of objects inside: billing.email; items, buyer, left: docs/api.md
    time_zone: Zone | None = None  # of times without one; default: as the kind sends them
    id_prefix: str = Field(default="", pattern="^[A-Za-z0-9-]*$", max_length=20)  # put before each order's id, where two shops count from 1


class Webhooks(Shape):
    """The webhooks file; a project without one tells nobody, and hears of no shop."""

    out: dict[str, Endpoint] = Field(default_factory=dict)
    shops: dict[str, Shop] = Field(default_factory=dict)
    give_up_after: Duration = Field(default="3 days", validate_default=True)  # a message that nobody takes

    @field_validator("out", "shops")
    @classmethod
    def _names(cls, value: dict[str, object]) -> dict[str, object]:
        for name in value:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 80:
                raise refusal(f"has the name `{name}`; names are small letters, digits and hyphens.", "Write for example crm.")
        return value


def read(project: Project) -> Webhooks:
    """The project's webhooks.yaml. Raises ConfigError."""
    return project.read(Webhooks, FILE).value if project.config(FILE).exists() else Webhooks()


def check(project: Project) -> None:
    """Raises ConfigError when the file, or another that it names, can't be read."""
    for name, endpoint in read(project).out.items():
        trusted(project, name, endpoint)


def secrets_of(project: Project, name: str, *, shop: bool = False) -> list[str]:
    """What an endpoint's messages are signed with, the newest first, or a shop's own secrets. Raises ConfigError when there is none."""
    variable = f"WINBACK_{'SHOP' if shop else 'WEBHOOK'}_SECRET_{name.upper().replace('-', '_')}"
    found = project.secret(variable).split()
    if not found or any(len(each) < 16 for each in found):
        how = (
            f"Set {variable} to what the shop shows beside its webhook."
            if shop
            else f"Set {variable} to whsec_ and the output of: openssl rand -base64 32"
        )
        what = f"`{name}` of config/{FILE} has no secret, or one shorter than 16 characters."
        raise ConfigError(Problem(f"config/{FILE}", None, what, how))
    return found


def trusted(project: Project, name: str, endpoint: Endpoint) -> ssl.SSLContext | None:
    """Who may vouch for an endpoint, where webhooks.yaml names them. Raises ConfigError for a file that isn't there, or holds no certificates."""
    if not endpoint.authority:
        return None
    try:
        return ssl.create_default_context(cafile=str(project.config(endpoint.authority)))
    except OSError as error:  # ssl's own errors are such
        what = f"`authority` of `{name}` is {endpoint.authority}; " + (
            "it holds no certificates." if isinstance(error, ssl.SSLError) else "there is no such file that can be read in config/."
        )
        raise ConfigError(Problem(f"config/{FILE}", None, what, "Put the certificate of your own authority there, as PEM.")) from error

"""`imap:`, `soft_bounces:`, `answering:`, `tracking:` and `studio:` of config/settings.yaml: what comes in, how soon people are answered, who may look."""

from __future__ import annotations

import ipaddress
import re
from datetime import date, time, timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from winback.shapes import Duration, Hours, Weekday
from winback.strictyaml import Shape, refusal


class ImapSettings(Shape):
    """A mailbox that is read over IMAP, with TLS always. Its password stands in the environment as WINBACK_IMAP_PASSWORD."""

    host: str = ""  # empty: none is read
    port: int = Field(default=993, ge=1, le=65535)
    user: str = ""
    security: Literal["tls", "starttls"] = "tls"
    folder: str = "INBOX"
    move_to: str = ""  # a folder that mails are moved to once they are taken in; empty: they stay where they are
    timeout_seconds: int = Field(default=60, ge=1, le=600)

    @model_validator(mode="after")
    def _logs_in(self) -> ImapSettings:
        if self.host and not self.user:
            raise refusal(f"reads {self.host} without a user.", "Name whose mailbox it is in `user:`.")
        if self.move_to and self.move_to == self.folder:
            raise refusal(f"moves mails from `{self.folder}` to the same folder.", "Take `move_to:` out, or name another folder.")
        return self

    @property
    def name(self) -> str:
        """What the store calls this mailbox: the numbers of its mails are its own."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"[:300]


class SoftBounceSettings(Shape):
    """When letters that didn't arrive, time and again, close their address."""

    count: int = Field(default=4, ge=2, le=100)  # of so many letters
    over: Duration = Field(default="14 days", validate_default=True)  # the first and the last of which lie at least so far apart
    within: Duration = Field(default="180 days", validate_default=True)  # older ones are forgotten

    @model_validator(mode="after")
    def _fits(self) -> SoftBounceSettings:
        if self.over >= self.within:
            raise refusal(f"counts over {self.over.days} days and forgets after {self.within.days}.", "Write a longer `within:`.")
        return self


class AnsweringSettings(Shape):
    """How soon a person answers customers who wrote, and when somebody is there to do it. Days and hours are the shop's."""

    within: Duration = Field(default="2 hours", validate_default=True)  # of office hours: the promise
    office_hours: Hours = (time(9), time(18))
    days: tuple[Weekday, ...] = Field(default=(0, 1, 2, 3, 4), min_length=1)
    holidays: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # country -> those of its holidays on which nobody is there
    closed: tuple[date, ...] = ()  # further days on which nobody is there
    remind_after: Duration = Field(default="0 minutes", validate_default=True)  # the promise is over, until somebody is reminded

    @field_validator("within")
    @classmethod
    def _some_time(cls, value: timedelta) -> timedelta:
        if not timedelta() < value <= timedelta(days=30):
            raise refusal("is no promise that can be kept or missed.", "Write for example 2 hours.")
        return value


class OidcSettings(Shape):
    """A provider of identities (OpenID Connect) that says who somebody is. Its secret stands in the environment as WINBACK_OIDC_SECRET."""

    issuer: str
    client_id: str = Field(min_length=1, max_length=300)
    name: str = Field(default="", max_length=60)  # what the button calls it; empty: its host

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if not re.fullmatch(r"(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?)(/[^\s?#]*)?", value):
            raise refusal(f"is {value}; a provider of identities has an https address.", "Write for example https://login.zerno.example/realms/shop.")
        return value.rstrip("/")


class StudioSettings(Shape):
    """Where the studio is reached besides on its own machine, and who is let in."""

    address: str = ""  # https://studio.zerno.example; empty: on this machine only
    second_person: bool = False  # who changed a campaign's files last may not approve it
    oidc: OidcSettings | None = None

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?", value):
            raise refusal(
                f"is {value}; pages that show customers go by https, at a name of their own.", "Write for example https://studio.zerno.example."
            )
        return value.rstrip("/").lower()

    @property
    def host(self) -> str:
        """What browsers name as the host they want; empty: this machine alone."""
        return self.address.removeprefix("https://").removesuffix(":443")


class TrackingSettings(Shape):
    """How opens and clicks are written down."""

    durable: bool = False  # only what is on the disk is answered: a power cut loses nothing either, and each answer waits for the disk
    proxies: dict[str, tuple[str, ...]] = Field(  # networks that fetch pictures for readers, by a name for them
        default={"gmail": ("66.102.0.0/20", "66.249.80.0/20")}
    )

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for each in (network for networks in value.values() for network in networks):
            try:
                network = ipaddress.ip_network(each)
            except ValueError as error:
                raise refusal(f"has `{each}`, which is no network.", "Write for example 66.249.80.0/20.") from error
            if network.prefixlen < (8 if network.version == 4 else 32):
                raise refusal(f"has {each}, which is larger than any provider.", "Name its networks: 66.249.80.0/20.")
        return value

"""The project folder: config/settings.yaml, the environment, and where everything lies. The only reader of the environment."""

from __future__ import annotations

import getpass
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, WithJsonSchema, field_validator, model_validator

from winback import stamps, strictyaml
from winback.errors import ConfigError, Problem
from winback.limits import FuseSettings
from winback.model import BY_PHONE, ChannelName, Environment
from winback.shapes import Allowed, Amount, Channel, Duration, NumberOrNever, Share, Zone, one_of
from winback.speech import Language
from winback.stamps import Stamp
from winback.strictyaml import Document, Shape, refusal
from winback.ways_in import AnsweringSettings, ImapSettings, SoftBounceSettings, StudioSettings, TrackingSettings
from winback.ways_out import EmailSettings, GatewaySettings, TelegramSettings

S = TypeVar("S", bound=BaseModel)


class AddressSettings(Shape):
    """What makes an address stale."""

    old_after: Duration = Field(default="730 days", validate_default=True)  # without a sign of life: given, or answered from
    real_domains: tuple[str, ...] = ()  # domains that look mistyped and aren't

    @field_validator("real_domains")
    @classmethod
    def _domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for domain in value:
            if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", domain):
                raise refusal(f"has `{domain}`; a domain is what stands after @.", "Write for example gmai.ru.")
        return tuple(domain.lower() for domain in value)


class GlobalHoldout(Shape):
    """Customers whom no campaign writes to, greetings apart: the same ones for a whole period, to compare all campaigns together with."""

    share: Share
    for_: Literal["year", "half-year", "quarter", "ever"] = Field(default="year", alias="for")
    salt: str = Field(default="global-holdout", pattern="^[A-Za-z0-9-]+$", max_length=60)

    @model_validator(mode="before")
    @classmethod
    def _share_alone(cls, content: Any) -> Any:
        return {"share": content} if isinstance(content, int | float) and not isinstance(content, bool) else content

    @field_validator("share")
    @classmethod
    def _some_left(cls, value: float) -> float:
        if value > 0.5:
            raise refusal(f"is {value:g}: more would be left alone than written to.", "Write for example 0.02 for 2 %.")
        return value

    def period_of(self, day: date) -> str:
        """The period that a day is in: 2026, 2026-H2, 2026-Q4, or `ever`."""
        names = {"year": "", "half-year": f"-H{(day.month + 5) // 6}", "quarter": f"-Q{(day.month + 2) // 3}"}
        return "ever" if self.for_ == "ever" else f"{day.year}{names[self.for_]}"

    def first_day_of(self, day: date) -> date:
        """The first day of the period that a day is in; of `ever` the first day there is."""
        months = self._months
        return date.min if months is None else date(day.year, day.month - (day.month - 1) % months, 1)

    def last_day_of(self, day: date) -> date | None:
        """The last day of that period; None: `ever` has none."""
        months, first = self._months, self.first_day_of(day)
        if months is None:
            return None
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        return date(year, month + 1, 1) - timedelta(days=1)

    @property
    def _months(self) -> int | None:
        return {"year": 12, "half-year": 6, "quarter": 3}.get(self.for_)


class Settings(Shape):
    """config/settings.yaml."""

    environment: Annotated[Environment | None, *one_of(Environment, "an environment")] = None  # WINBACK_ENVIRONMENT goes before it
    allow: tuple[Allowed, ...] = ()  # whom letters may reach outside production
    database: str = "sqlite:///winback.db"
    currency: str = Field(pattern="^[A-Z]{3}$")  # the currency that reports count in
    rates: dict[str, Amount] = Field(default_factory=dict)  # what one of another currency is worth in it
    report_language: Annotated[Language, *one_of(Language, "a language of reports")] = Language.EN  # that reports are written in
    time_zone: Zone  # of the shop: what "today" and "as of" mean
    public_url: str  # where `winback serve` is reached from outside
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")  # whose X-Forwarded-For says who asks
    templates: str = "templates"
    out: str = "out"
    replies: str = ""  # the Maildir that answers and bounces arrive in; empty: none is read
    locales: dict[str, tuple[str, ...]]  # a customer's language -> languages their letter may be in, best first
    call_cost: Amount = Field(default=0, validate_default=True)  # of one call by a person
    return_window: Duration = Field(default="60 days", validate_default=True)  # unless the campaign says otherwise
    retry_after: tuple[Duration, ...] = Field(
        default=("5 minutes", "15 minutes", "30 minutes", "1 hour", "2 hours", "4 hours", "8 hours"), validate_default=True
    )
    lease: Duration = Field(default="10 minutes", validate_default=True)  # how long a worker may hold a letter without a word
    batch: int = Field(default=500, ge=1, le=5000)  # deliveries that a worker claims and looks at at once
    approve_above: NumberOrNever = 200  # a campaign that would write to more people waits for `winback approve`
    global_holdout: Annotated[GlobalHoldout | None, WithJsonSchema({"type": ["number", "object"]})] = None  # 0.02: no campaign writes to 2 %
    revenue_cap: Amount | None = Field(
        default=None, gt=0
    )  # of one customer, for the check that a few large buyers don't decide; see docs/outcomes.md
    email: EmailSettings = EmailSettings()
    telegram: TelegramSettings = TelegramSettings()
    gateways: dict[Channel, GatewaySettings] = Field(default_factory=dict)  # sms, viber, whatsapp: docs/gateways.md
    addresses: AddressSettings = AddressSettings()
    fuse: FuseSettings = FuseSettings()
    tracking: TrackingSettings = TrackingSettings()
    imap: ImapSettings = ImapSettings()
    soft_bounces: SoftBounceSettings = SoftBounceSettings()
    answering: AnsweringSettings = AnsweringSettings()
    studio: StudioSettings = StudioSettings()

    @field_validator("database")
    @classmethod
    def _no_password(cls, value: str) -> str:
        if re.search(r"://[^/@]*:[^/@]+@", value):
            raise refusal("holds a password.", "Take the whole line out and set WINBACK_DATABASE_URL in the environment.")
        return value

    @model_validator(mode="after")
    def _rates_are_worth_something(self) -> Settings:
        for code, rate in self.rates.items():
            if not re.fullmatch("[A-Z]{3}", code) or code == self.currency or rate <= 0:
                what = "the project's own currency" if code == self.currency else f"{rate}" if re.fullmatch("[A-Z]{3}", code) else "no currency"
                raise refusal(f"has {code} among its rates, which is {what}.", f"Write what one is worth in {self.currency}: rates: {{EUR: 45.20}}.")
        return self

    @model_validator(mode="after")
    def _lease_outlasts_a_letter(self) -> Settings:
        # connecting, to each relay in turn; the envelope and the letter itself, and those of two that wait before it
        longest = timedelta(seconds=(len(self.email.relays) + 5) * self.email.timeout_seconds)
        if self.lease < longest:
            how = f"Write `lease: {int(longest.total_seconds() // 60) + 1} minutes` or a shorter `timeout_seconds:`."
            raise refusal(f"has a lease of {int(self.lease.total_seconds() // 60)} minutes, and one letter may take longer than that.", how)
        return self

    @model_validator(mode="after")
    def _links_reach_customers(self) -> Settings:
        if any(self.way(name).leaves for name in self.channels) and not self.public_url.startswith("https://"):
            how = "Write the https address in `public_url:` at which customers reach `winback serve`."
            raise refusal(f"lets letters leave, but their links would lead to {self.public_url}.", how)
        return self

    @field_validator("gateways")
    @classmethod
    def _go_by_phone(cls, value: dict[ChannelName, GatewaySettings]) -> dict[ChannelName, GatewaySettings]:
        for name in value:
            if not name.goes_by_phone:
                raise refusal(f"has {name}, which leaves by no gateway.", f"Write one of {', '.join(sorted(BY_PHONE))}.")
        return value

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """Those that the project may write by."""
        return (ChannelName.EMAIL, ChannelName.TELEGRAM, *(name for name in ChannelName if name in self.gateways))

    def way(self, channel: ChannelName) -> EmailSettings | TelegramSettings | GatewaySettings:
        """How letters leave by a channel; one without a gateway writes files."""
        if channel is ChannelName.EMAIL:
            return self.email
        return self.telegram if channel is ChannelName.TELEGRAM else self.gateways.get(channel, GatewaySettings())

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                network = ipaddress.ip_network(each)
            except ValueError as error:
                raise refusal(f"has `{each}`, which is no address and no network.", "Write for example 10.0.0.7 or 10.0.0.0/24.") from error
            if network.prefixlen == 0:
                raise refusal(f"has {each}: then anybody could say that they are somebody else.", "Name the proxies: 10.0.0.7 or 10.0.0.0/24.")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        if not re.match(r"https://|http://(localhost|127\.0\.0\.1)(:|/|$)", value):
            raise refusal(
                f"is {value}; links in letters must be https (plain http only for this machine).", "Write for example https://u.example.com."
            )
        return value.rstrip("/")


@dataclass(frozen=True)
class Project:
    """A project folder that is open: its settings, its paths, and the environment it was opened in."""

    root: Path
    document: Document[Settings]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Settings:
        return self.document.value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)

    @cached_property
    def runs_in(self) -> Environment | None:
        """WINBACK_ENVIRONMENT, else `environment:`; None when neither says anything. Raises ConfigError when the variable can't be meant."""
        said = self.environment.get("WINBACK_ENVIRONMENT", "")
        if said and said not in set(Environment):
            raise ConfigError(Problem("", None, f"WINBACK_ENVIRONMENT is `{said}`.", f"Set it to one of {', '.join(Environment)}."))
        return Environment(said) if said else self.settings.environment

    @cached_property
    def user(self) -> str:
        """Who works with it, for the audit: WINBACK_USER, else the account of this machine."""
        if said := self.environment.get("WINBACK_USER", "").strip():
            return said
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return "somebody"

    @property
    def templates(self) -> Path:
        return self.root / self.settings.templates

    @property
    def out(self) -> Path:
        return self.root / self.settings.out

    def config(self, *parts: str) -> Path:
        return self.root.joinpath("config", *parts)

    def names(self, folder: str) -> list[str]:
        """Names of the YAML files in a folder of config/: what cohorts or campaigns there are."""
        return sorted(path.stem for path in self.config(folder).glob("*.yaml"))

    def shown(self, path: Path) -> str:
        """A path as messages name it: relative to the project where it lies inside."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else os.path.relpath(path, self.root)

    def stamps(self) -> dict[str, Stamp]:
        """When each file of config/ and templates/ was last saved, and how long it is, by its name in messages."""
        return {name: stamp for folder in (self.config(), self.templates) for name, stamp in stamps.below(folder, self.shown(folder))}

    def read(self, shape: type[S], *parts: str) -> Document[S]:
        """A file of config/, read strictly into its shape."""
        path = self.config(*parts)
        return strictyaml.read(path, shape, shown=self.shown(path))

    @cached_property
    def database_url(self) -> str:
        """WINBACK_DATABASE_URL, else `database:`; a relative SQLite path lies in the project folder."""
        url = self.secret("WINBACK_DATABASE_URL") or self.settings.database
        found = re.fullmatch(r"sqlite:///(?!/|:memory:)(.+)", url)
        return f"sqlite:///{(self.root / found[1]).resolve()}" if found else url

    def secret(self, name: str) -> str:
        """A secret from the environment: NAME, or the content of the file that NAME_FILE names. Empty when neither is set."""
        return _secret(self.environment, name)

    @cached_property
    def key(self) -> bytes:
        """The project's own key, 32 bytes or more: WINBACK_SECRET, else .winback/secret, made at the first use.

        It hashes addresses of suppressions, and signs links unless `link_keys` says otherwise: losing it makes both unreadable, so keep it
        with the backups. It is never changed: nobody could tell any more who asked not to be written to.
        """
        if value := self.secret("WINBACK_SECRET"):
            return _long_enough("WINBACK_SECRET", value)
        path = self.root / ".winback" / "secret"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32))
            try:
                os.link(draft, path)  # the first of two starting at once wins, whole
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip().encode()

    @cached_property
    def link_keys(self) -> tuple[bytes, ...]:
        """The keys of links in letters: the first signs, all are read. WINBACK_LINK_KEYS, newest first, else the project's own key.

        The word `secret` among them stands for the project's own: links signed with it are read for as long as it is named.
        """
        written = self.secret("WINBACK_LINK_KEYS").split()
        keys = (self.key if each == _OWN_KEY else _long_enough("one of WINBACK_LINK_KEYS", each) for each in written)
        return tuple(dict.fromkeys(keys)) or (self.key,)


_OWN_KEY = "secret"


def _long_enough(name: str, value: str) -> bytes:
    if len(value) < 32:
        raise ConfigError(Problem("", None, f"{name} is shorter than 32 characters.", "Write for example the output of: openssl rand -hex 32"))
    return value.encode()


def secret_outside(name: str) -> str:
    """A secret for a command that needs no project. Raises ConfigError."""
    return _secret(os.environ, name)


def _secret(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            what = f"{name}_FILE in the environment names a file that can't be read: {error.strerror}."
            raise ConfigError(Problem("", None, what, f"Set {name} or mend {name}_FILE.")) from error
    return ""


def open_project(folder: Path, environment: Mapping[str, str] | None = None) -> Project:
    """Open the project in `folder`. Raises ConfigError when it isn't one, or its settings.yaml can't be meant."""
    root = folder.resolve()
    path = root / "config" / "settings.yaml"
    if not path.exists():
        raise ConfigError(
            Problem(
                "config/settings.yaml",
                None,
                f"there is no winback project in {folder}.",
                "Name one with --project DIR, or make one: winback init DIR.",
            )
        )
    document = strictyaml.read(path, Settings, shown="config/settings.yaml")
    return Project(root, document, dict(os.environ if environment is None else environment))

"""config/pace.yaml: how fast letters may leave, in all, by channel, relay and provider; how a new sender warms up; when to slow down."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator

from winback.errors import ConfigError, Problem
from winback.model import ChannelName
from winback.sending import domain_groups
from winback.settings import Project
from winback.shapes import Duration
from winback.strictyaml import Document, Place, Shape, nearest, refusal
from winback.ways_out import is_dns_name

FILE = "pace.yaml"
EVERY_OTHER = "*"
MAIN = "main"
"""The relay of a project that names none."""

_TICKS_AN_HOUR = 4
"""A schedule looks four times an hour: what a lane may send in between has to fit into its bucket."""


def _per_hour(value: Any) -> int | None:
    if value is None or value == "unlimited":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refusal(f"is {value}; letters an hour are a whole number, 1 or more.", "Write for example 2000, or unlimited.")
    return value


PerHour: TypeAlias = Annotated[
    int | None,
    BeforeValidator(_per_hour),
    PlainSerializer(lambda value: "unlimited" if value is None else value, return_type=int | str, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "unlimited"}]}),
]
"""Letters an hour; None where the file says `unlimited`."""


def _groups(value: Any) -> Any:
    if value == "all" or (isinstance(value, tuple) and value and all(isinstance(name, str) for name in value)):
        return value
    what = "names no group" if value == () else f"is {value}; it is all, or a list of domain groups"
    raise refusal(f"{what}.", "Write all, or for example [gmail, outlook].")


Groups: TypeAlias = Annotated[Literal["all"] | tuple[str, ...], BeforeValidator(_groups)]
"""Which providers warm up."""


class Limit(Shape):
    """How fast one lane may go."""

    per_hour: PerHour
    burst: int | None = Field(default=None, ge=1)  # that may leave at once after a quiet time; without it, what a quarter of an hour brings

    @property
    def at_once(self) -> int:
        return self.burst or max(1, (self.per_hour or 0) // _TICKS_AN_HOUR)


class WarmUp(Shape):
    """The first days of a new sender, or of a base that nobody wrote to for long: so many letters a day, and no more."""

    starts_on: date
    per_day: tuple[int, ...] = Field(min_length=1, max_length=60)  # on the first day, on the second...; afterwards as many as the pace allows
    groups: Groups = "all"  # all: all e-mail together; some: each of them by itself

    @field_validator("per_day")
    @classmethod
    def _goes_up(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        for number, (before, after) in enumerate(itertools.pairwise((1, *value)), start=1):
            if after < before:
                what = f"has {after} on day {number}" + (f" after {before}" if after > 0 else "")
                raise refusal(f"{what}; a warm-up begins with 1 or more and never goes down.", "Write for example [50, 100, 200, 400, 800].")
        return value


class SlowDown(Shape):
    """What is done when the other side says that we are too fast (421, 4.7.x)."""

    factor: float = 0.5  # the part of its pace that the lane goes on with
    floor_per_hour: int = Field(default=60, ge=1)  # and never slower than that
    speed_up_after: Duration = Field(default="1 hour", validate_default=True)  # without such an answer, one step back up

    @field_validator("factor")
    @classmethod
    def _slows(cls, value: float) -> float:
        if not 0 < value < 1:
            raise refusal(f"is {value:g}; a part of the pace lies between 0 and 1.", "Write 0.5 for half of it.")
        return value


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one lane."""

    lane: str  # email, telegram, relay:main, group:gmail
    per_hour: int | None  # None: only the warm-up limits it
    burst: int
    per_day: tuple[int, ...] = ()  # of a lane that warms up
    starts_on: date = date.min  # its first day


class Pace(Shape):
    """config/pace.yaml; a project without one sends as fast as it can."""

    email: Limit | None = None
    telegram: Limit | None = None
    sms: Limit | None = None
    viber: Limit | None = None
    whatsapp: Limit | None = None
    relays: dict[str, Limit] = Field(default_factory=dict)
    groups: dict[str, Limit] = Field(default_factory=dict)  # by domain_groups.GROUPS, by domain, and * for each other one
    warm_up: WarmUp | None = None
    slow_down: SlowDown | None = None

    @property
    def is_unlimited(self) -> bool:
        limits = (*(getattr(self, name) for name in ChannelName), *self.relays.values(), *self.groups.values())
        return self.warm_up is None and all(limit is None or limit.per_hour is None for limit in limits)

    @property
    def paced_relays(self) -> tuple[str, ...]:
        """The mail servers that take so many letters and no more."""
        return tuple(name for name, limit in self.relays.items() if limit.per_hour is not None)

    def lanes(self, channel: ChannelName, address: str, relay: str = "") -> tuple[Terms, ...]:
        """The lanes that a letter takes, those without any limit left out; the narrowest first."""
        if channel is not ChannelName.EMAIL:
            return self._limited((str(channel), getattr(self, channel), ()))
        group = domain_groups.group_of(address)
        in_all, warming = self._warming(group)
        name = relay or MAIN
        return self._limited(
            (f"group:{group}", self.groups.get(group) or self.groups.get(EVERY_OTHER), warming),
            (f"relay:{name}", self.relays.get(name), ()),
            ("email", self.email, in_all),
        )

    def _warming(self, group: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The days' allowances of all e-mail, and of a group."""
        if self.warm_up is None:
            return (), ()
        if self.warm_up.groups == "all":
            return self.warm_up.per_day, ()
        return (), self.warm_up.per_day if group in self.warm_up.groups else ()

    def _limited(self, *lanes: tuple[str, Limit | None, tuple[int, ...]]) -> tuple[Terms, ...]:
        starts_on = self.warm_up.starts_on if self.warm_up else date.min
        return tuple(
            Terms(name, limit.per_hour if limit else None, limit.at_once if limit else 1, per_day, starts_on if per_day else date.min)
            for name, limit, per_day in lanes
            if per_day or (limit is not None and limit.per_hour is not None)
        )


def read(project: Project) -> Pace:
    """The project's pace.yaml. Raises ConfigError."""
    if not project.config(FILE).exists():
        return Pace()
    document = project.read(Pace, FILE)
    if problems := [*_problems(document), *_unknown_relays(document, [relay.name for relay in project.settings.email.relays])]:
        raise ConfigError(problems)
    return document.value


def _problems(document: Document[Pace]) -> Iterator[Problem]:
    """Groups that nobody has, relays that nobody sends through, and a slowing down of what has no pace."""
    pace = document.value
    for name in pace.groups:
        if name != EVERY_OTHER:
            yield from _unknown_group(document, ("groups", name), name)
    if pace.warm_up is not None and pace.warm_up.groups != "all":
        for index, name in enumerate(pace.warm_up.groups):
            yield from _unknown_group(document, ("warm_up", "groups", index), name)
    limits = (pace.email, *pace.relays.values(), *pace.groups.values())
    if pace.slow_down is not None and all(limit is None or limit.per_hour is None for limit in limits):
        message, how = "slows down what has no pace.", 'Write what is usual too, for example groups: {"*": {per_hour: 2000}}.'
        yield document.problem(("slow_down",), message, how)


def _unknown_relays(document: Document[Pace], known: Sequence[str]) -> Iterator[Problem]:
    for name in document.value.relays:
        if name not in known:
            yield document.problem(("relays", name), f"there is no relay `{name}` in settings.yaml.", nearest(name, known, "Relays"))


def _unknown_group(document: Document[Pace], place: Place, name: str) -> Iterator[Problem]:
    group = domain_groups.group_of(name)
    if group in domain_groups.GROUPS and group != name:
        yield document.problem(place, f"{name} is one domain of {group}, which counts all of its domains together.", f"Write {group}.")
    elif name not in domain_groups.GROUPS and not ("." in name and name == group and is_dns_name(name)):
        hint = nearest(name, domain_groups.GROUPS, "Groups")
        yield document.problem(place, f"there is no domain group `{name}`.", f"{hint} Or write a domain in small letters: zerno.example.")

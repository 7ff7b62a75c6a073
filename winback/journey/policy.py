"""config/policy.yaml: what may be done in which country. What isn't said there is the strictest."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from datetime import date, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, WithJsonSchema, field_validator, model_validator

from winback.errors import ConfigError, Problem
from winback.journey import cities, day_rules, zone_table
from winback.model import ChannelName
from winback.settings import Project
from winback.shapes import Channel, Duration, Hours, Weekday, Zone
from winback.strictyaml import Document, Shape, nearest, refusal

SPANS = {"week": 7, "month": 31, "year": 366}
"""Days that each cap looks back, today among them: so long that no calendar week, month or year holds more contacts than the cap either."""

_NO_CAP = "none"


def _cap(value: Any) -> int | None:
    if value == _NO_CAP:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        found = "is empty" if value is None else f"is {value}"
        raise refusal(f"{found}; a cap is how many contacts a customer may have, 1 or more.", "Write for example 2, or none for as many as you like.")
    return value


def _day_of_mourning(value: Any) -> date | day_rules.Rule:
    return value if isinstance(value, date) else day_rules.read(value)


_SHOWN_SPAN = PlainSerializer(lambda value: _NO_CAP if value is None else f"{value.days} days", return_type=str, when_used="json")

Cap: TypeAlias = Annotated[int | None, BeforeValidator(_cap), WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": _NO_CAP}]})]
"""The most contacts in a span of days; None: no limit."""
DayOfMourning: TypeAlias = Annotated[Any, BeforeValidator(_day_of_mourning), WithJsonSchema({"type": "string"})]
"""One day (2026-12-01), or one that returns every year as in occasions.yaml (11-28, fourth saturday of november)."""


def _lapse(value: Any) -> timedelta | None:
    return _span(value, "a consent lapses", "730 days", shortest=timedelta(days=30))


def _soft_opt_in(value: Any) -> timedelta | None:
    return _span(value, "a soft opt-in ends", "365 days", shortest=timedelta(days=1), longest=timedelta(days=5 * 366))


def _span(value: Any, what: str, example: str, *, shortest: timedelta, longest: timedelta = timedelta(days=20 * 366)) -> timedelta | None:
    if value is None or value == _NO_CAP:
        return None
    span = _DURATION.validate_python(value)
    if not shortest <= span <= longest:
        raise refusal(f"is {span.days} days; {what} after {shortest.days} to {longest.days} days.", f"Write for example {example}, or none.")
    return span


def _open_tracking(value: Any) -> Any:
    if isinstance(value, bool) or value == "consent":
        return value
    raise refusal(f"is {value}; opens are tracked by everybody's leave, by a consent of its own, or never.", "Write true, consent or false.")


_DURATION = TypeAdapter(Duration)
_SPAN_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]+ (minute|hour|day|week)s?$"}, {"const": _NO_CAP}]})
Lapse: TypeAlias = Annotated[timedelta | None, BeforeValidator(_lapse), _SHOWN_SPAN, _SPAN_SCHEMA]
"""How long a consent holds without a sign of life; None: for good."""
SoftOptIn: TypeAlias = Annotated[timedelta | None, BeforeValidator(_soft_opt_in), _SHOWN_SPAN, _SPAN_SCHEMA]
"""How long a purchase lets us write about our own similar goods, until the customer objects (directive 2002/58/EC, article 13(2)); None: not at all."""
OpenTracking: TypeAlias = Annotated[bool | Literal["consent"], BeforeValidator(_open_tracking), WithJsonSchema({"enum": [True, False, "consent"]})]
"""Whether a letter may tell who opened it."""


class Caps(Shape):
    """The most contacts that a customer may have, of all campaigns and channels together."""

    week: Cap = 2
    month: Cap = 4
    year: Cap = 24

    @model_validator(mode="after")
    def _rise(self) -> Caps:
        if told := self.contradiction(self.model_fields_set):
            raise refusal(*told)
        return self

    def contradiction(self, spans: Collection[str] = tuple(SPANS)) -> tuple[str, str] | None:
        """What can't be meant, and how to write it: one of these spans allows more than a longer one."""
        known = [(name, cap) for name in SPANS if name in spans and (cap := getattr(self, name)) is not None]
        for (shorter, fewer), (longer, more) in itertools.pairwise(known):
            if fewer > more:
                return f"allows {fewer} a {shorter} and only {more} a {longer}.", f"Write a `{longer}` of {fewer} or more, or a lower `{shorter}`."
        return None


class Rules(Shape):
    """What holds in a country. Empty `channels` means: no advertising there."""

    consent: Literal["confirmed", "proven", "said"] = "proven"  # proven: with the day and the place; confirmed: and once more from the address itself
    consent_lapses_after: Lapse = None  # without any sign of life since it was given; none: never
    soft_opt_in: SoftOptIn = None  # customers may be written to so long after their last purchase without a consent; none: never
    channels: tuple[Channel, ...] = (ChannelName.EMAIL,)
    languages: tuple[str, ...] = ()  # languages that advertising must be in, by law; empty: the customer's own
    languages_on_request: bool = False  # a customer may ask for another language than those, and gets it
    open_tracking: OpenTracking = False  # consent: with a consent to that of its own
    click_tracking: bool = True  # false: links lead straight to their targets, and nobody learns who followed them
    hours: Hours = Field(default=(time(9), time(20)), validate_default=False)  # nothing leaves outside of them, in the customer's zone
    weekdays: tuple[Weekday, ...] = Field(default=(0, 1, 2, 3, 4, 5), min_length=1)
    caps: Caps = Caps()
    gap: Duration = Field(default="3 days", validate_default=True)  # at least that long between two contacts
    mourning: tuple[DayOfMourning, ...] = Field(default=(), max_length=50)  # nothing at all leaves on these days; too few to cover a weekday for good
    currency: str = Field(default="", pattern="^([A-Z]{3})?$")  # that letters must name amounts in; empty: the project's
    time_zone: Zone | None = None  # of customers whose own is unknown; in a country of several zones only their days follow it
    zones: tuple[Zone, ...] = ()  # that customers of the country live in; empty: all of its zones
    cities: dict[str, Zone] = Field(default_factory=dict)  # the zones of its cities, beside those that zones are named after
    source: str = ""  # the law or guide that this follows
    checked_on: str = ""

    @field_validator("gap")
    @classmethod
    def _remembered(cls, value: timedelta) -> timedelta:
        if value > timedelta(days=SPANS["year"]):
            raise refusal(f"is {value.days} days; contacts are counted over a year.", "Write for example 3 days.")
        return value

    def mourns(self, day: date) -> bool:
        """Whether nothing may leave on that day."""
        return any(day == (each if isinstance(each, date) else day_rules.day_in(each, day.year)) for each in self.mourning)

    @field_validator("cities")
    @classmethod
    def _plain(cls, value: dict[str, str]) -> dict[str, str]:
        return {cities.plain(city): zone for city, zone in value.items()}


class Asking(Shape):
    """How often a customer is asked by letter to confirm what they agreed to (double opt-in)."""

    again_after: Duration = Field(default="30 days", validate_default=True)
    times: int = Field(default=2, ge=1, le=5)


class Policy(Shape):
    """A policy file: the default, and per country what differs from it."""

    default: Rules = Rules()
    countries: dict[str, Rules] = Field(default_factory=dict)
    asking: Asking = Asking()

    @field_validator("default")
    @classmethod
    def _of_no_country(cls, value: Rules) -> Rules:
        for word in ("zones", "cities"):
            if getattr(value, word):
                raise refusal(f"has `{word}`, which belong to a country.", f"Write `{word}:` below a country of `countries:`.")
        if value.soft_opt_in:
            raise refusal("has `soft_opt_in`, which is a country's law.", "Write `soft_opt_in:` below a country of `countries:`.")
        return value

    @field_validator("countries")
    @classmethod
    def _codes(cls, value: dict[str, Rules]) -> dict[str, Rules]:
        for country in value:
            if not re.fullmatch(r"[A-Z]{2}", country):
                raise refusal(f"has `{country}`; a country is its two capital letters (ISO 3166-1).", "Write for example UA: or RO:.")
        return value

    @field_validator("countries")
    @classmethod
    def _zones_of_their_country(cls, value: dict[str, Rules]) -> dict[str, Rules]:
        for country, rules in value.items():
            own = zone_table.by_country().get(country, ()) if rules.zones else ()
            for zone in rules.zones:
                if zone not in own:
                    how = f"Write `{now}`." if (now := zone_table.current_names().get(zone)) in own else nearest(zone, own, f"Zones of {country}")
                    raise refusal(f"names {zone} among the zones of {country}; it is none of them.", how)
        return value

    def for_country(self, country: str) -> Rules:
        """The default with what the country's own entry says; of caps, each span by itself."""
        return self._merged.get(country, self.default)

    @cached_property
    def _merged(self) -> dict[str, Rules]:
        return {country: self._with(own) for country, own in self.countries.items()}

    def _with(self, own: Rules) -> Rules:
        said = {name: getattr(own, name) for name in own.model_fields_set}
        if "caps" in said:
            said["caps"] = self.default.caps.model_copy(update={name: getattr(own.caps, name) for name in own.caps.model_fields_set})
        return self.default.model_copy(update=said)

    def longest_gap(self) -> timedelta:
        return max(rules.gap for rules in (self.default, *self.countries.values()))


def read(project: Project) -> Policy:
    """The policy of a project. Raises ConfigError."""
    document = project.read(Policy, "policy.yaml")
    if problems := list(_contradictions(document)):
        raise ConfigError(problems)
    return document.value


def _contradictions(document: Document[Policy]) -> Iterator[Problem]:
    """Caps that can't be meant together with those that aren't said beside them."""
    value = document.value
    if told := value.default.caps.contradiction():
        yield document.problem(("default", "caps"), f"caps {told[0]} What isn't said here is {_usual()}.", told[1])
        return
    for country in value.countries:
        yield from _unlawful(document, country)
        if told := value.for_country(country).caps.contradiction():
            yield document.problem(("countries", country, "caps"), f"caps {told[0]} What isn't said here is the default's.", told[1])


def _unlawful(document: Document[Policy], country: str) -> Iterator[Problem]:
    """What is written of consent that no law can say."""
    rules, own = document.value.for_country(country), document.value.countries[country]
    if rules.soft_opt_in and ChannelName.EMAIL not in rules.channels:
        message = f"there is a soft opt-in for {country}, and no e-mail: it is for e-mail addresses that were given with a purchase."
        yield document.problem(("countries", country, "soft_opt_in"), message, "Add email to `channels:`, or take it out.")
    if rules.soft_opt_in and not (own.source and own.checked_on):
        message = f"there is a soft opt-in for {country}, and nothing says by which law, or when somebody checked it."
        yield document.problem(("countries", country, "soft_opt_in"), message, "Add `source:` and `checked_on:`.")


def _usual() -> str:
    return ", ".join(f"{getattr(Caps(), span)} a {span}" for span in SPANS)

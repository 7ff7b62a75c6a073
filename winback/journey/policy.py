"""config/policy.yaml: what may be done in which country. What isn't said there is the strictest."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal

from pydantic import Field, field_validator

from winback.journey import cities, zone_table
from winback.model import ChannelName
from winback.settings import Project
from winback.shapes import Channel, Hours, Weekday, Zone
from winback.strictyaml import Shape, nearest, refusal


class Rules(Shape):
    """What holds in a country. Empty `channels` means: no advertising there."""

    consent: Literal["proven", "said"] = "proven"  # proven: with the day and the place it was given
    channels: tuple[Channel, ...] = (ChannelName.EMAIL,)
    languages: tuple[str, ...] = ()  # languages that advertising must be in, by law; empty: the customer's own
    open_tracking: bool = False
    hours: Hours = Field(default=(time(9), time(20)), validate_default=False)  # nothing leaves outside of them, in the customer's zone
    weekdays: tuple[Weekday, ...] = Field(default=(0, 1, 2, 3, 4, 5), min_length=1)
    time_zone: Zone | None = None  # of customers whose own is unknown; in a country of several zones only their days follow it
    zones: tuple[Zone, ...] = ()  # that customers of the country live in; empty: all of its zones
    cities: dict[str, Zone] = Field(default_factory=dict)  # the zones of its cities, beside those that zones are named after
    source: str = ""  # the law or guide that this follows
    checked_on: str = ""

    @field_validator("cities")
    @classmethod
    def _plain(cls, value: dict[str, str]) -> dict[str, str]:
        return {cities.plain(city): zone for city, zone in value.items()}


class Policy(Shape):
    """A policy file: the default, and per country what differs from it."""

    default: Rules = Rules()
    countries: dict[str, Rules] = Field(default_factory=dict)

    @field_validator("default")
    @classmethod
    def _of_no_country(cls, value: Rules) -> Rules:
        for word in ("zones", "cities"):
            if getattr(value, word):
                raise refusal(f"has `{word}`, which belong to a country.", f"Write `{word}:` below a country of `countries:`.")
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
        """The default with what the country's own entry says."""
        own = self.countries.get(country)
        return self.default if own is None else self.default.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def read(project: Project) -> Policy:
    return project.read(Policy, "policy.yaml").value

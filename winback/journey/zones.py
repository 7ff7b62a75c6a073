"""Which time zone a customer lives in, and how we know; and what is done where nobody knows.

A recipient's zone is an IANA name, or `US/*`: somewhere in that country, nobody knows where. Then letters leave only in hours that are
allowed by every clock of the country, and the day is that of the country's zone in policy.yaml, or of the clock in its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from winback.audience import area_codes
from winback.journey import cities, zone_table
from winback.journey.policy import Rules
from winback.speech import N_, called, said

_ANYWHERE = "/*"


class KnownBy(StrEnum):
    """What told a customer's zone."""

    STORED = "stored"  # the shop's own data name it
    CITY = "city"  # it is the zone of their city
    PHONE = "phone"  # it is the zone of their phone number's area, or of its country
    COUNTRY = "country"  # their country has only this one, or any of its own
    SHOP = "shop"  # nothing is known: policy.yaml's default, or the shop's own zone


@dataclass(frozen=True, slots=True)
class Home:
    """Where a customer's clock stands."""

    zone: str  # Europe/Kyiv, or US/* for anywhere in that country
    known_by: KnownBy


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What may tell where a customer lives; empty for what isn't known."""

    stored: str = ""  # a zone's name
    country: str = ""
    city: str = ""
    phone: str = ""


def find(whereabouts: Whereabouts, rules: Rules, shop: str, city_zones: Callable[[], Mapping[str, tuple[str, ...]]] = dict) -> Home:
    """The customer's zone by the first that tells it: the stored name, the city, the phone, the country. `rules` are those of their country.

    `city_zones` gives the zones of cities by their plain names; it is asked only of those whose country leaves a choice.
    """
    if zone_table.exists(whereabouts.stored):
        return Home(whereabouts.stored, KnownBy.STORED)
    if rules.cities and (named := rules.cities.get(cities.plain(whereabouts.city))):
        return Home(named, KnownBy.CITY)
    own = _zones_of(whereabouts.country, rules.zones)
    if len(zone_table.distinct(own)) == 1:
        return Home(rules.time_zone or own[0], KnownBy.COUNTRY)
    if whereabouts.city and (zone := _only(city_zones().get(cities.plain(whereabouts.city), ()), own)):
        return Home(zone, KnownBy.CITY)
    if whereabouts.phone and (by_phone := _by_phone(whereabouts, own)):
        return by_phone
    if own:
        return Home(whereabouts.country + _ANYWHERE, KnownBy.COUNTRY)
    return Home(rules.time_zone or shop, KnownBy.COUNTRY if whereabouts.country and rules.time_zone else KnownBy.SHOP)


def clocks(zone: str, rules: Rules) -> tuple[ZoneInfo, ...]:
    """The clocks that a letter to somebody of this zone must mind: one, or every one of their country."""
    return _clocks(zone, rules.zones)


def calendar(zone: str, rules: Rules) -> ZoneInfo:
    """The zone whose days count for somebody of this zone."""
    if not is_anywhere(zone):
        return ZoneInfo(zone)
    every = _clocks(zone, rules.zones)
    return ZoneInfo(rules.time_zone) if rules.time_zone else every[len(every) // 2]


def is_anywhere(zone: str) -> bool:
    return zone.endswith(_ANYWHERE)


def told(zone: str, known_by: str) -> str:
    """Zone and source in words: Europe/Kyiv, by the phone."""
    place = said(N_("anywhere in %(country)s"), country=zone.removesuffix(_ANYWHERE)) if is_anywhere(zone) else zone
    if not known_by:
        return place
    words = {KnownBy.STORED: N_("%(place)s, as the shop's data say"), KnownBy.SHOP: N_("%(place)s, for want of anything better")}
    by = called(known_by, "known by")
    return said(words.get(KnownBy(known_by), N_("%(place)s, by the %(source)s")), place=place, source=by)


def _by_phone(whereabouts: Whereabouts, own: tuple[str, ...]) -> Home | None:
    home = area_codes.home(whereabouts.phone)
    if home is None or not home.country or whereabouts.country not in {"", home.country}:
        return None
    there = own or zone_table.by_country().get(home.country, ())
    if zone := _only(tuple(zone_table.current_names().get(name, name) for name in home.zones), there):
        return Home(zone, KnownBy.PHONE)
    return Home(home.country + _ANYWHERE, KnownBy.PHONE) if there and not own else None


def _only(zones: tuple[str, ...], own: tuple[str, ...]) -> str:
    """The zone that these are, if they are one clock; only those of the country count, where one is known."""
    inside = tuple(zone for zone in zones if zone in own) if own else zones
    return inside[0] if len(zone_table.distinct(inside)) == 1 else ""


def _zones_of(country: str, named: tuple[str, ...]) -> tuple[str, ...]:
    return named or zone_table.by_country().get(country, ())


@lru_cache(maxsize=1024)
def _clocks(zone: str, named: tuple[str, ...]) -> tuple[ZoneInfo, ...]:
    if not is_anywhere(zone):
        return (ZoneInfo(zone),)
    every = zone_table.by_country()[zone.removesuffix(_ANYWHERE)]
    return tuple(ZoneInfo(name) for name in zone_table.distinct(tuple(name for name in named if name in every) or every))

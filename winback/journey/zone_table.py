"""Which time zones a country has, by the tables of the time zone database itself (the package tzdata); no list of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SOME_WINTER = datetime(2026, 1, 1)  # noqa: DTZ001  # which of two clocks is ahead hardly ever changes


@cache
def by_country() -> Mapping[str, tuple[str, ...]]:
    """IANA names by ISO country."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in _lines("zone.tab"):
        if not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found[country].append(name)
    return {country: tuple(names) for country, names in found.items()}


@cache
def current_names() -> Mapping[str, str]:
    """Names that the tables of countries don't hold -> the ones that they were renamed to: Europe/Kiev -> Europe/Kyiv."""
    named = {name for names in by_country().values() for name in names}
    links = (line.split() for line in _lines("tzdata.zi") if line.startswith("L "))
    return {old: name for _, name, old in links if name in named and old not in named}


def exists(name: str) -> bool:
    try:
        return bool(name) and bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


@cache
def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """One of every group whose clocks run by the same rule today (Samarkand stands for Tashkent too), from west to east."""
    return tuple(sorted({_rule(name): name for name in reversed(names)}.values(), key=_offset))


def _offset(name: str) -> timedelta:
    return _SOME_WINTER.replace(tzinfo=ZoneInfo(name)).utcoffset() or timedelta()


@cache
def _rule(name: str) -> str:
    """How the clocks go from now on, as the zone's file has it in its last line (RFC 9636, 3.3): EET-2EEST,M3.5.0/3,M10.5.0/4."""
    return _folder().joinpath(*name.split("/")).read_bytes().rsplit(b"\n", 2)[-2].decode()


def _lines(table: str) -> Iterable[str]:
    return _folder().joinpath(table).read_text(encoding="utf-8").splitlines()


def _folder() -> Traversable:
    return resources.files("tzdata") / "zoneinfo"

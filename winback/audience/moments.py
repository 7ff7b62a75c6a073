"""Days and moments as shops write them: patterns such as DD.MM.YYYY hh:mm, and the zone that is meant where none is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from winback import clock
from winback.strictyaml import refusal

ISO = "iso"
"""The pattern for ISO 8601 in all its forms: 2026-03-09, 2026-03-09 14:30, 2026-03-09T14:30:00Z, with or without an offset."""

_PARTS = {
    "YYYY": "(?P<year>[0-9]{4})",
    "MM": "(?P<month>[0-9]{1,2})",
    "DD": "(?P<day>[0-9]{1,2})",
    "hh": "(?P<hour>[0-9]{1,2})",
    "mm": "(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})(?:[.,][0-9]+)?",
    "ZZ": "(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})",
}
_EXAMPLE = "Write for example DD.MM.YYYY, YYYY-MM-DD hh:mm:ss, or iso."

DayOrMoment: TypeAlias = date | datetime
Parse: TypeAlias = Callable[[str], DayOrMoment | None]


@cache
def compiled(pattern: str) -> Parse:
    """What reads texts written by the pattern: a day, or a moment when the pattern has hours (ZZ: its offset, +0200 or Z); None when it doesn't fit.

    Raises what a shape's validator raises when the pattern can't be meant.
    """
    if pattern == ISO:
        return _parse_iso
    parts = re.split(f"({'|'.join(_PARTS)})", pattern)
    found = parts[1::2]
    if any(re.search("[^\\W\\d_]", text) for text in parts[::2] if text.strip() != "T"):
        raise refusal(f"is {pattern}; only YYYY, MM, DD, hh, mm, ss and ZZ are known in it.", _EXAMPLE)
    if len(set(found)) != len(found) or not {"YYYY", "MM", "DD"} <= set(found) or (("mm" in found) != ("hh" in found)):
        raise refusal(f"is {pattern}; a date has YYYY, MM and DD once each, and hh with mm when it has a time.", _EXAMPLE)
    if "ZZ" in found and "hh" not in found:
        raise refusal(f"is {pattern}; only a time has an offset.", _EXAMPLE)
    expression = re.compile("".join(_PARTS[text] if index % 2 else re.escape(text) for index, text in enumerate(parts)))
    shape = datetime if "hh" in found else date

    def parse(text: str) -> DayOrMoment | None:
        fields = expression.fullmatch(text)
        if not fields:
            return None
        told = fields.groupdict()
        offset = told.pop("offset", None)
        try:
            moment = shape(**{name: int(digits) for name, digits in told.items()})
            return moment if offset is None else datetime.fromisoformat(f"{moment.isoformat()}{offset}")
        except ValueError:
            return None

    return parse


def parse(text: str, patterns: Sequence[str]) -> DayOrMoment | None:
    """The day or moment that the first fitting pattern reads; None when none fits."""
    return next((found for pattern in patterns if (found := compiled(pattern)(text)) is not None), None)


def in_utc(value: DayOrMoment, zone: ZoneInfo) -> datetime | None:
    """The moment as aware UTC; None where it lies outside the years 1 to 9999.

    A day is its first moment in `zone`. A time without an offset is wall time in `zone`: of the two moments that autumn's
    change gives one wall time the earlier is meant, and a time that spring's change leaves out is read with the offset before it,
    so that 02:30 becomes 03:30 (PEP 495, fold=0).
    """
    try:
        if not isinstance(value, datetime):
            return clock.start_of_day(value, zone)
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _parse_iso(text: str) -> DayOrMoment | None:
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        return None

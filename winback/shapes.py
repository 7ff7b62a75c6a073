"""Values that several YAML files are made of: shares, durations, amounts, hours, days of the week."""

from __future__ import annotations

import difflib
import re
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from winback.model import ChannelName
from winback.strictyaml import nearest, refusal

_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"is {value}; a share is a number between 0 and 1.", "Write 0.15 for 15 %.")
    if not 0 <= value <= 1:
        how = f"Write {value / 100:g} for {value:g} %." if 1 < value <= 100 else "Write 0.15 for 15 %."
        raise refusal(f"is {value:g}; a share lies between 0 and 1.", how)
    return float(value)


def read_duration(value: Any) -> timedelta:
    """`7 days` as a length of time. Raises a refusal."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([0-9]+) (minute|hour|day|week)s?", value) if isinstance(value, str) else None
    if not found:
        raise refusal(f"is {value}; a duration is a whole number with its unit.", "Write for example 7 days, 12 hours or 2 weeks.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _amount(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"is {value}; an amount is a number.", "Write for example 250 or 19.90, without the currency.")
    return Decimal(str(value))


def _hours(value: Any) -> tuple[time, time]:
    if isinstance(value, tuple) and all(isinstance(part, time) for part in value):
        return value  # already read
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", value) if isinstance(value, str) else None
    if not found:
        raise refusal(f"is {value}; hours are a window of wall time.", 'Write for example "10:00-13:00", in quotes.')
    window = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if window[0] >= window[1]:
        raise refusal(f"is {value}; the window ends before it begins.", 'Write the earlier hour first: "10:00-13:00".')
    return window


def _weekday(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 6:
        return value  # already read
    if value not in _WEEKDAYS:
        raise refusal(f"is {value}; a weekday is one of {', '.join(_WEEKDAYS)}.", "Write for example [tue, wed, thu].")
    return _WEEKDAYS.index(value)


def _zone(value: Any) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise refusal(f"is {value}; there is no such time zone.", _nearest_zone(value)) from error
    return str(value)


def _nearest_zone(value: Any) -> str:
    """A hint for a zone that doesn't exist: the nearest one by its whole name or by its city, else two examples."""
    written, names = value.casefold().replace(" ", "_") if isinstance(value, str) else "", sorted(available_timezones())
    whole = {name.casefold(): name for name in names}
    by_city = {name.rpartition("/")[2].casefold(): name for name in names if "/" in name}
    for known, word in ((whole, written), (by_city, written.rpartition("/")[2])):
        if close := difflib.get_close_matches(word, known, n=1, cutoff=0.75):
            return f"Did you mean `{known[close[0]]}`?"
    return "Write for example Europe/Kyiv or Asia/Tashkent."


def _number_or_never(value: Any) -> int | None:
    if value == "never":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise refusal(f"is {value}; a whole number is expected.", "Write 0 for always, or never.")
    return value


def _channel(value: Any) -> ChannelName:
    try:
        return ChannelName(value)
    except ValueError as error:
        raise refusal(f"is {value}; a channel is one of {', '.join(ChannelName)}.", "Write for example [telegram, email].") from error


def _allowed(value: Any) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"-?[0-9]+|\+[0-9]{8,15}|[^@\s,<>*]*@[^@\s,<>*]+", text):
        raise refusal(
            f"has {value}; an allow-list holds addresses, domains, chats and phones.",
            'Write for example [olena@zerno.example, "@zerno.example", 123456789].',
        )
    return text.lower()


def one_of(kind: type[StrEnum], noun: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """What makes a field take one word of an enumeration, to be unpacked into Annotated: `Annotated[Stage, *one_of(Stage, "a stage")]`."""

    def word(value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError as error:
            how = nearest(str(value), kind, "Write one of them") if isinstance(value, str) else f"Write for example {next(iter(kind))}."
            raise refusal(f"is {value}; {noun} is one of {', '.join(kind)}.", how) from error

    return BeforeValidator(word), _text("string", enum=list(kind))


def _text(schema: str, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": schema, **more})


_SHOWN_DURATION = PlainSerializer(lambda value: f"{int(value.total_seconds() // 60)} minutes", return_type=str, when_used="json")
_SHOWN_HOURS = PlainSerializer(lambda value: f"{value[0]:%H:%M}-{value[1]:%H:%M}", return_type=str, when_used="json")
_SHOWN_WEEKDAY = PlainSerializer(lambda value: _WEEKDAYS[value], return_type=str, when_used="json")

Share: TypeAlias = Annotated[float, BeforeValidator(_share), _text("number", minimum=0, maximum=1)]
"""A part of a whole, 0 to 1."""
Duration: TypeAlias = Annotated[
    timedelta, BeforeValidator(read_duration), _SHOWN_DURATION, _text("string", pattern="^[0-9]+ (minute|hour|day|week)s?$")
]
"""A length of time: `7 days`."""
Amount: TypeAlias = Annotated[Decimal, BeforeValidator(_amount), _text("number")]
"""A sum in the currency named beside it."""
NumberOrNever: TypeAlias = Annotated[
    int | None, BeforeValidator(_number_or_never), WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "never"}]})
]
"""A whole number, 0 or more; None where the file says `never`."""
Hours: TypeAlias = Annotated[
    tuple[time, time], BeforeValidator(_hours), _SHOWN_HOURS, _text("string", pattern="^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$")
]
"""A window of wall time, "10:00-13:00"; the end is not part of it."""
Weekday: TypeAlias = Annotated[int, BeforeValidator(_weekday), _SHOWN_WEEKDAY, _text("string", enum=list(_WEEKDAYS))]
"""A day of the week; Monday is 0."""
Zone: TypeAlias = Annotated[str, BeforeValidator(_zone), _text("string")]
"""An IANA time zone name."""
Allowed: TypeAlias = Annotated[str, BeforeValidator(_allowed), WithJsonSchema({"type": ["string", "integer"]})]
"""Whom letters may reach outside production: an address, all of a domain (`@zerno.example`), or the number of a Telegram chat."""
Channel: TypeAlias = Annotated[ChannelName, BeforeValidator(_channel), _text("string", enum=list(ChannelName))]
"""A channel's name."""

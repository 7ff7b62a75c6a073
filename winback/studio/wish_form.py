"""The form of what a customer wants of letters: as it stands, and what was said in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from winback.errors import ConfigError, Problem
from winback.journey.wishes import Topic
from winback.model import ChannelName
from winback.operations.wishing import MOST, Asked, Told
from winback.speech import N_, said


@dataclass(frozen=True, slots=True)
class Shown:
    """The fields as they stand on the page."""

    month: str
    day: str
    channels: tuple[tuple[str, bool], ...]  # by which letters come, and whether they may
    topics: tuple[tuple[str, bool], ...]
    most: str
    paused_until: str
    fault: str
    at_most: int = MOST


def shown(asked: Asked | None, *, fault: str = "") -> Shown | None:
    """None where there is nobody to ask."""
    if asked is None:
        return None
    wishes = asked.card.wishes
    month, _, day = asked.card.favourite_day.partition("-")
    return Shown(
        month,
        day,
        tuple((str(channel), channel not in wishes.channels_off) for channel in asked.channels),
        tuple((str(topic), topic not in wishes.topics_off) for topic in Topic),
        "" if wishes.most_letters is None else str(wishes.most_letters),
        "" if wishes.paused_until is None else wishes.paused_until.isoformat(),
        fault,
    )


def read(fields: Mapping[str, str]) -> Told:
    """What was said: a box that isn't ticked is a no; of channels and topics only those count that were asked (`asked`). Raises ConfigError."""
    asked = set(fields.get("asked", "").split())
    month, day = fields.get("month", "").strip(), fields.get("day", "").strip()
    if bool(month) != bool(day):
        raise _wrong(said(N_("a favourite day needs both a day and a month.")), said(N_("Choose both, or neither.")))
    return Told(
        favourite_day=f"{month}-{day}" if month else "",
        channels_off=[channel for channel in ChannelName if channel in asked and f"channel-{channel}" not in fields],
        topics_off=[topic for topic in Topic if topic in asked and f"topic-{topic}" not in fields],
        most_letters=_number(fields.get("most", "").strip()),
        paused_until=_date(fields.get("pause", "").strip()),
    )


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 4:
        raise _wrong(
            said(N_("`%(text)s` is no number of letters."), text=text[:20]), said(N_("Write a number from 1 to %(most)s, or nothing."), most=MOST)
        )
    return int(text)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise _wrong(said(N_("`%(text)s` is not a day."), text=text[:20]), said(N_("Write it as 2026-03-09."))) from error


def _wrong(what: str, how: str) -> ConfigError:
    return ConfigError(Problem("", None, what, how))

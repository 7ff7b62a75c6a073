"""The form that records why a customer left: what was typed, and whether it can be meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

LONGEST_NOTE = 500
_EARLIEST = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they stand on the page."""

    reason: str = ""
    note: str = ""
    by: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What can be recorded."""

    reason: str
    note: str
    by: str
    day: date


@dataclass(frozen=True, slots=True)
class Faults:
    """A sentence for each field that can't be meant."""

    sentences: Mapping[str, str] = field(default_factory=dict)


def typed(fields: Mapping[str, str]) -> Typed:
    """The fields of a form that came in; lines of the note end as they do everywhere else, not as browsers send them."""
    note = fields.get("note", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    return Typed(fields.get("reason", ""), note, fields.get("by", ""), fields.get("day", "").strip())


def read(form: Typed, *, reasons: Collection[str], managers: Collection[str], today: date) -> Statement | Faults:
    """A statement, or why it is none."""
    faults: dict[str, str] = {}
    if form.reason not in reasons:
        faults["reason"] = "That reason is not in config/reasons.yaml. Choose one of these." if form.reason else "Choose a reason."
    if len(form.note) > LONGEST_NOTE:
        faults["note"] = f"The note has {len(form.note):,} characters. Write at most {LONGEST_NOTE}."
    elif any(not (letter.isprintable() or letter.isspace()) for letter in form.note if ord(letter) < 160):
        faults["note"] = "The note holds signs that can't be seen. Type it anew."
    if form.by and form.by not in managers:
        faults["by"] = "That name is not in config/senders.yaml. Choose one of these, or nobody."
    day = _day(form.day) if form.day else today
    if day is None:
        faults["day"] = "That is not a day. Write it as 2026-03-09."
    elif day > today:
        faults["day"] = f"{day.isoformat()} lies in the future. Write the day on which you learned it, {today.isoformat()} at the latest."
    elif day < _EARLIEST:
        faults["day"] = f"{day.isoformat()} lies too far back. Write the day on which you learned it."
    if faults or day is None:
        return Faults(faults)
    return Statement(form.reason, form.note, form.by, day)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

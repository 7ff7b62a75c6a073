"""The form that records why a customer left: what was typed, and whether it can be meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from winback.speech import N_, figure, said

LONGEST_NOTE = 500
_EARLIEST = date(1970, 1, 1)
_NO_REASON = N_("That reason is not in config/reasons.yaml. Choose one of these.")
_CHOOSE = N_("Choose a reason.")


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
        faults["reason"] = said(_NO_REASON if form.reason else _CHOOSE)
    if len(form.note) > LONGEST_NOTE:
        faults["note"] = said(N_("The note has %(number)s characters. Write at most %(most)s."), number=figure(len(form.note)), most=LONGEST_NOTE)
    elif any(not (letter.isprintable() or letter.isspace()) for letter in form.note if ord(letter) < 160):
        faults["note"] = said(N_("The note holds signs that can't be seen. Type it anew."))
    if form.by and form.by not in managers:
        faults["by"] = said(N_("That name is not in config/senders.yaml. Choose one of these, or nobody."))
    day = _day(form.day) if form.day else today
    if day is None:
        faults["day"] = said(N_("That is not a day. Write it as 2026-03-09."))
    elif day > today:
        faults["day"] = said(N_("%(day)s lies in the future. Write the day on which you learned it, %(today)s at the latest."), day=day, today=today)
    elif day < _EARLIEST:
        faults["day"] = said(N_("%(day)s lies too far back. Write the day on which you learned it."), day=day)
    if faults or day is None:
        return Faults(faults)
    return Statement(form.reason, form.note, form.by, day)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

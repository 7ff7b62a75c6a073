"""Single cells of a customer's row: tidied and brought to one way of writing. What can't be told is left empty, never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from winback.audience import moments

# Marks that nobody sees: soft hyphen, zero-width blanks, marks and overrides of writing direction, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL_OR_BLANK = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_SEXES = {"f": "f", "female": "f", "m": "m", "male": "m"}
_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}  # reserved in ISO 3166-1 for the United Kingdom; the European Union's code for Greece


def text(cell: Any) -> str:
    """A cell as one line of text: composed (NFC), without invisible marks, with single blanks and none around.

    Numbers without a fraction are written without a point, since spreadsheets and data frames turn ids into 17.0.
    """
    if isinstance(cell, str):
        return cell if cell.isascii() and cell.isprintable() and " " not in cell else _tidied(cell)
    if cell is None:
        return ""
    if isinstance(cell, float | Decimal):
        if cell != cell:  # noqa: PLR0124  # nan stands for an empty cell in data frames
            return ""
        return str(int(cell)) if -(10**15) < cell < 10**15 and cell == int(cell) else str(cell)
    return cell.isoformat() if isinstance(cell, date) else _tidied(str(cell))


def texts(column: Sequence[Any]) -> Sequence[str]:
    """`text` of every cell; a column that is tidy already, as most are, is told by a look at all of it at once and kept as it is."""
    if _is_tidy(column):
        return column
    known = {cell: text(cell) for cell in set(column)}
    return [*map(known.__getitem__, column)]


def sex(written: str) -> str:
    """`f`, `m` or empty."""
    return _SEXES.get(written.casefold(), "")


def locale(written: str) -> str:
    """A language tag such as uk, ro-MD, uz-Cyrl (BCP 47) from that or uk_UA, UK; empty for anything else, such as names of languages."""
    found = re.fullmatch("([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?", written.lower())
    if not found:
        return ""
    language, script, region = found.groups()
    return "-".join(part for part in (language, script and script.title(), region and region.upper()) if part)


def country(written: str) -> str:
    """Two capitals (ISO 3166-1 alpha-2), or empty."""
    code = written.upper()
    return _COUNTRY_ALIASES.get(code, code) if re.fullmatch("[A-Z]{2}", code) else ""


def time_zone(written: str) -> str:
    """An IANA name, or empty."""
    try:
        return ZoneInfo(written).key if 0 < len(written) <= 64 else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def favourite_day(written: str, patterns: Sequence[str]) -> str | None:
    """MM-DD from that, or from a whole date whatever its year; empty for empty, None when it can't be read."""
    if not written:
        return ""
    in_leap_year = re.fullmatch("(?:--)?([0-9]{2}-[0-9]{2})", written)
    day = moments.parse(f"2000-{in_leap_year[1]}", (moments.ISO,)) if in_leap_year else moments.parse(written, patterns)
    return f"{day:%m-%d}" if day else None


def tags(written: str, separator: str) -> str:
    """|b2b|winter| from b2b; winter: each once, in order, between bars, so that one is found by `LIKE`; empty for none. A bar parts tags too."""
    found = {tag.strip() for part in written.split(separator) for tag in part.split("|")} - {""}
    return f"|{'|'.join(sorted(found))}|" if found else ""


def day(cell: Any, patterns: Sequence[str]) -> date | None:
    """A calendar day from text or from a database's own type; None when it can't be read."""
    found = moments.parse(text(cell), patterns) if not isinstance(cell, date) else cell
    return found.date() if isinstance(found, datetime) else found


def _tidied(written: str) -> str:
    return _CONTROL_OR_BLANK.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", written))).strip()


def _is_tidy(column: Sequence[Any]) -> bool:
    try:
        joined = f"|{'|'.join(column)}|"
    except TypeError:
        return False
    untidy = "  " in joined or "| " in joined or " |" in joined
    return not untidy and joined.isprintable() and unicodedata.is_normalized("NFC", joined)

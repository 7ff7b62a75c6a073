"""What is coming, as tables: days of a country, customers' own days, and what the notes beside them mean."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import typer

from winback.commands import frame
from winback.journey.greetings import Coming
from winback.journey.occasions import OWN_NAMES
from winback.operations.foreseeing import Foreseen, Month, in_english

_MEANINGS = {
    "professional": "everybody of the country is counted; who has the profession, the campaign's cohort says.",
    "not greeted": "the day is one of silence there.",
    "estimated": "no letter leaves by itself until the day stands in `confirmed:` of config/occasions.yaml.",
    "late": "a letter that leaves today comes nearer to the day than its lead asks.",
}


def print_month(month: Month, today: date) -> None:
    own = [each for each in month.occasions if each.coming.kind in OWN_NAMES]
    public = [each for each in month.occasions if each.coming.kind not in OWN_NAMES]
    _print_public(public, month, today)
    _print_own(own, today)
    notes = {word for each in month.occasions for word in (each.coming.kind, _note(each.coming, today))}
    for note, meaning in _MEANINGS.items():
        if note in notes:
            typer.echo(f"{note}: {meaning}")


def _print_public(occasions: list[Foreseen], month: Month, today: date) -> None:
    """Holidays, professional and invented days, and the days of silence between them."""
    rows: list[tuple[date, str, tuple[str, ...]]] = []
    for each in occasions:
        coming = each.coming
        row = (coming.kind, _of(coming.country), _letter_by(coming), f"{each.customers:>9,}", _note(coming, today))
        rows.append((coming.day, coming.country, (f"{coming.day:%a %d}", in_english(coming.name), *row)))
    rows += [(day, country, (f"{day:%a %d}", why, "silence", _of(country), "", "", "")) for day, country, why in month.silences]
    columns = ("day", "occasion", "kind", "of", "letter by", "customers", "")
    frame.print_table("Days of a country", columns, [row for _, _, row in sorted(rows, key=lambda row: row[:2])], numbers=0)


def _print_own(occasions: list[Foreseen], today: date) -> None:
    """Birthdays, anniversaries and favourite days; one row for all countries that are treated alike."""
    alike: dict[tuple[date, str, str, str], list[Foreseen]] = defaultdict(list)
    for each in occasions:
        coming = each.coming
        name = in_english(coming.name)
        shown = coming.kind.replace("-", " ") + ("" if name == OWN_NAMES[coming.kind] else f": {name}")
        alike[coming.day, shown, _letter_by(coming), _note(coming, today)].append(each)
    rows = [
        (f"{day:%a %d}", shown, ", ".join(_of(each.coming.country) for each in group), by, f"{sum(each.customers for each in group):>9,}", note)
        for (day, shown, by, note), group in alike.items()
    ]
    frame.print_table("Customers' own days", ("day", "occasion", "of", "letter by", "customers", ""), rows, numbers=0)


def _note(coming: Coming, today: date) -> str:
    if coming.silence:
        return "not greeted"
    if coming.estimated:
        return "estimated"
    return "late" if coming.letter_on < today <= coming.day else ""


def _letter_by(coming: Coming) -> str:
    return "" if coming.silence else coming.letter_on.isoformat()


def _of(country: str) -> str:
    return country or "?"

"""Rows of customers: what can't be read of a person is left out and told, the person stays, since their orders count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

from winback.audience import addresses, cells, converting, custom, phones, proofs
from winback.audience.columns import PhoneColumn
from winback.audience.converting import Converted, Faults, Terms, Unreadable
from winback.audience.mapping import STANDINGS, Customers
from winback.audience.rows import Chunk

_PLAIN = ("given_name", "patronymic", "family_name", "city", "black_list")
_NORMALISED: dict[str, Callable[[str], str]] = {
    "sex": cells.sex,
    "locale": cells.locale,
    "country": cells.country,
}
_LONGEST_MANAGER = 100
_LONGEST_ID = 200


def convert(chunk: Chunk, mapping: Customers, terms: Terms) -> Converted:
    """Columns key, those of `customers` that are mapped, email, telegram, and those of proofs.py; of open tracking with `tracking_` before."""
    faults = Faults()
    columns: dict[str, Sequence[Any]] = {"key": converting.keys(chunk, mapping.id, faults)}
    columns |= {name: converting.written(chunk, getattr(mapping, name)) for name in _PLAIN if getattr(mapping, name)}
    for name, normalise in _NORMALISED.items():
        if column := getattr(mapping, name):
            columns[name] = converting.read(converting.written(chunk, column), normalise, faults)
    if mapping.time_zone:
        columns["time_zone"] = [zone or "" for zone in converting.read(converting.written(chunk, mapping.time_zone), _zone, faults, costs_row=False)]
    columns |= _days(chunk, mapping, terms, faults)
    columns |= _acquaintance(chunk, mapping, columns["key"], faults)
    if mapping.phone:
        columns["phone"] = _phones(chunk, mapping.phone, columns.get("country"), faults)
    if mapping.custom:
        columns["custom"] = custom.convert(chunk, mapping.custom, terms, faults)
    if mapping.manager:
        columns["manager"] = [
            manager or "" for manager in converting.read(converting.written(chunk, mapping.manager), _manager, faults, costs_row=False)
        ]
    if mapping.email:
        columns["email"] = _addresses(converting.written(chunk, mapping.email), addresses.email, "e-mail address", faults)
    if mapping.telegram:
        columns["telegram"] = _addresses(converting.written(chunk, mapping.telegram), addresses.chat_id, "Telegram chat number", faults)
    columns |= _agreed(chunk, mapping, terms, faults)
    return converting.finish(chunk, columns, faults)


def _agreed(chunk: Chunk, mapping: Customers, terms: Terms, faults: Faults) -> dict[str, Sequence[Any]]:
    columns = proofs.convert(chunk, mapping.consent, terms, faults) if mapping.consent else {}
    tracking = proofs.convert(chunk, mapping.open_tracking, terms, faults) if mapping.open_tracking else {}
    return columns | {f"tracking_{name}": values for name, values in tracking.items()}


def _addresses(texts: Sequence[str], reader: Callable[[str], str | None], word: str, faults: Faults) -> list[str | None]:
    """No cache: nearly every address is another one."""
    found = [reader(text) if text else None for text in texts]
    for position, (text, address) in enumerate(zip(texts, found, strict=True)):
        if address is None and text:
            faults.add(position, f"Broken address: `{text}` is no {word}. The customer is kept without it.", costs_row=False)
    return found


def _acquaintance(chunk: Chunk, mapping: Customers, keys: Sequence[str], faults: Faults) -> dict[str, Sequence[Any]]:
    """What the shop wrote down of its own knowledge: standing, who brought the customer, tags."""
    columns: dict[str, Sequence[Any]] = {}
    if mapping.standing:
        words = [word.casefold() for word in converting.written(chunk, mapping.standing)]
        columns["standing"] = [word if word in STANDINGS else "" for word in words]
    if mapping.recommended_by:
        by = converting.bounded(chunk, mapping.recommended_by, _LONGEST_ID, "id of who recommended them", faults, costs_row=False)
        for position in (at for at, (key, other) in enumerate(zip(keys, by, strict=True)) if other and key == other):
            faults.add(position, f"The customer `{by[position]}` is said to have recommended themselves. That is left out.", costs_row=False)
            by[position] = ""
        columns["recommended_by"] = by
    if mapping.tags:
        separator, texts = mapping.tags.separator, cells.texts(chunk.columns[mapping.tags.column])
        known = {text: cells.tags(text, separator) for text in set(texts)}
        columns["tags"] = [known[text] for text in texts]
    return columns


def _phones(chunk: Chunk, column: PhoneColumn, countries: Sequence[str] | None, faults: Faults) -> list[str]:
    """No cache: nearly every number is another one."""
    texts = cells.texts(chunk.columns[column.column])
    found = []
    for position, (text, country) in enumerate(zip(texts, countries or [""] * len(texts), strict=True)):
        phone = phones.international(text, country or column.country) if text else ""
        if phone is None:
            how = "Write it as +380671234567." if country or column.country else "Write it as +380671234567, or name the country."
            faults.add(position, f"The phone number `{text}` leaves a doubt. {how} The customer is kept without it.", costs_row=False)
        found.append(phone or "")
    return found


def _days(chunk: Chunk, mapping: Customers, terms: Terms, faults: Faults) -> dict[str, Sequence[Any]]:
    columns: dict[str, Sequence[Any]] = {}
    if mapping.birthday:
        cells_of_column = chunk.columns[mapping.birthday.column]
        columns["birthday"] = converting.read(cells_of_column, partial(_birthday, terms=terms), faults, costs_row=False)
    if mapping.favourite_day:

        def favourite(text: str) -> str | Unreadable:
            found = cells.favourite_day(text, terms.source.dates)
            return Unreadable(f"The favourite day `{text}` can't be read; write MM-DD. It is left out.") if found is None else found

        days = converting.read(converting.written(chunk, mapping.favourite_day), favourite, faults, costs_row=False)
        columns["favourite_day"] = [day or "" for day in days]
    return columns


def _birthday(cell: Any, terms: Terms) -> date | Unreadable | None:
    found = cells.day(cell, terms.source.dates)
    if found is None and (text := cells.text(cell)):
        return Unreadable(f"The birthday `{text}` can't be read as {' or '.join(terms.source.dates)}. It is left out.")
    if found is not None and not converting.OLDEST_YEAR <= found.year <= terms.now.year:
        return Unreadable(f"The birthday {found.isoformat()} can't be one. It is left out.")
    return found


def _zone(text: str) -> str | Unreadable:
    zone = cells.time_zone(text)
    if text and not zone:
        return Unreadable(f"There is no time zone `{text}`; write it as Europe/Kyiv. The customer is kept without it.")
    return zone


def _manager(text: str) -> str | Unreadable:
    if len(text) > _LONGEST_MANAGER:
        return Unreadable(f"The manager is longer than {_LONGEST_MANAGER} characters; write the key in senders.yaml. It is left out.")
    return text

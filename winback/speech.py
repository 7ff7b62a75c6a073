"""The languages in which winback speaks to the people who work with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Any


class Language(StrEnum):
    """Of a report."""

    EN = "en"  # English
    UK = "uk"  # Ukrainian
    RU = "ru"  # Russian
    RO = "ro"  # Romanian
    UZ = "uz"  # Uzbek, in Latin letters
    MN = "mn"  # Mongolian, in Cyrillic letters


BETWEEN = "\4"
"""Stands between a context and its word, as in gettext's own files."""


def NP_(context: str, word: str) -> str:  # noqa: N802  gettext's name for it
    """A word that means one thing here and another elsewhere, together with where it stands; pages show it by `_` as any other."""
    return f"{context}{BETWEEN}{word}"


def N_(sentence: str) -> str:  # noqa: N802  gettext's name for it
    """The sentence itself: the studio's catalogues have it, and it is translated where a page shows it."""
    return sentence


class Said(str):
    """A sentence in English with its values in it, that knows what it was made of: pages say it anew in the language of who reads."""

    __slots__ = ("number", "plural", "sentence", "values")
    sentence: str
    values: Mapping[str, object]
    plural: str  # of a sentence that counts; empty: it counts nothing
    number: int  # that it counts


class Figure(str):
    """A number as English writes it, that knows which number it is: pages write it as the language of who reads does."""

    __slots__ = ("digits", "value")
    value: Decimal
    digits: int  # after the point


def figure(value: float | Decimal, digits: int | None = None) -> Figure:
    """A number with its thousands apart. `digits` after the point; None: as many as a Decimal has, none of a whole number."""
    exact = Decimal(value)
    shown = max(0, -int(exact.as_tuple().exponent)) if digits is None else digits
    made = Figure(f"{exact:,.{shown}f}")
    made.value, made.digits = exact, shown
    return made


def percent(share: float, digits: int = 0) -> str:
    """A share of one in percent: 94.4%."""
    return said(N_("%(number)s%%"), number=figure(share * 100, digits))


def amount(value: Decimal, currency: str, digits: int | None = None) -> str:
    """An amount of money with its currency: 1,250.00 UAH."""
    return joined((figure(value, digits), currency), " ")


def said(sentence: str, /, **values: object) -> Said:
    """A sentence with its values in their places, `%(name)s`; values may be such sentences themselves."""
    english = sentence.rpartition(BETWEEN)[2]
    return _made(english % values if values else english, sentence, values)


def numbered(singular: str, plural: str, number: int, /, **values: object) -> Said:
    """A sentence that counts: `%(num)s` is the number. It marks both for the catalogues, whose languages may have more forms than two."""
    english = singular if number == 1 else plural
    return _made(english % {"num": f"{number:,}", **values}, singular, values, plural, number)


def _made(english: str, sentence: str, values: Mapping[str, object], plural: str = "", number: int = 0) -> Said:
    made = Said(english)
    made.sentence, made.values, made.plural, made.number = sentence, values, plural, number
    return made


def called(code: str, context: str) -> Said:
    """A code of ours, such as `no-consent`: itself in English text and for programs, on pages its words in that context."""
    return _made(code, NP_(context, code.replace("-", " ").replace("_", " ")), {})


def worded(code: str, context: str) -> Said:
    """A name of ours that has its words in English text too, such as `last_order`."""
    return said(called(code, context).sentence)


def either(words: Iterable[str]) -> str:
    """One or another of them."""
    return reduce(lambda one, other: said(N_("%(one)s or %(other)s"), one=one, other=other), words)


def joined(parts: Iterable[str], between: str = ", ") -> str:
    """One after another; nothing of none."""
    named = {f"part{number}": part for number, part in enumerate(parts)}
    return said(between.join(f"%({name})s" for name in named), **named) if named else ""


def as_json(told: Any) -> Any:
    """What is told, as a file of JSON can keep it: each sentence in it, however deep, with what it was made of."""
    match told:
        case Figure():
            return {"figure": str(told.value), "digits": told.digits}
        case Said():
            counts = {"plural": told.plural, "number": told.number} if told.plural else {}
            return {"said": told.sentence, "values": as_json(told.values), **counts}
        case Mapping():
            return {key: as_json(value) for key, value in told.items()}
        case list() | tuple():
            return [as_json(value) for value in told]
    return told


def from_json(kept: Any) -> Any:
    """The same again. What was kept as plain text, as all of it was once, stays so."""
    match kept:
        case {"said": str(sentence), "values": dict(values)} if kept.keys() == {"said", "values"}:
            return said(sentence, **from_json(values))
        case {"said": str(sentence), "values": dict(values), "plural": str(plural), "number": int(number)} if len(kept) == 4:
            return numbered(sentence, plural, number, **from_json(values))
        case {"figure": str(value), "digits": int(digits)} if len(kept) == 2:
            return figure(Decimal(value), digits)
        case dict():
            return {key: from_json(value) for key, value in kept.items()}
        case list():
            return [from_json(value) for value in kept]
    return kept

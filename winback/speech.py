"""The languages in which winback speaks to the people who work with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import reduce


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

    __slots__ = ("sentence", "values")
    sentence: str
    values: Mapping[str, object]


def said(sentence: str, **values: object) -> Said:
    """A sentence with its values in their places, `%(name)s`; values may be such sentences themselves."""
    made = Said(sentence % values if values else sentence)
    made.sentence, made.values = sentence, values
    return made


def either(words: Iterable[str]) -> str:
    """One or another of them."""
    return reduce(lambda one, other: said(N_("%(one)s or %(other)s"), one=one, other=other), words)

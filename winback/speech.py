"""The languages in which winback speaks to the people who work with it."""

from __future__ import annotations

from enum import StrEnum


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

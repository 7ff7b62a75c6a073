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

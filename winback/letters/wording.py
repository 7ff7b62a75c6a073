"""A text in config/ that is the same in every language, or written once per language."""

from __future__ import annotations

from typing import TypeAlias

SOURCE = "en"
"""The language that templates are written in."""

Wording: TypeAlias = str | dict[str, str]
"""`Zerno`, or `{en: Zerno, uk: Зерно}`."""


def in_locale(wording: Wording, locale: str) -> str:
    """The text in that language, else in the source language, else in the first one given; empty when there is none."""
    if isinstance(wording, str):
        return wording
    return wording.get(locale) or wording.get(SOURCE) or next(iter(wording.values()), "")

"""A text in config/ that is the same in every language, or written once per language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from winback.errors import Problem
from winback.letters import apostrophes
from winback.strictyaml import Document, Place

SOURCE = "en"
"""The language that templates are written in."""

Wording: TypeAlias = str | dict[str, str]
"""`Zerno`, or `{en: Zerno, uk: Зерно}`."""


def in_locale(wording: Wording, locale: str) -> str:
    """The text in that language, else in the source language, else in the first one given; empty when there is none.

    Letters ask `unworded` first, so that the text they get is always in their own language.
    """
    if isinstance(wording, str):
        return apostrophes.printed(wording, locale)
    text = wording.get(locale) or wording.get(SOURCE) or next(iter(wording.values()), "")
    return apostrophes.printed(text, locale)


def unworded(document: Document[Any], places: Iterable[Place], language: str) -> Iterator[Problem]:
    """Texts of a file, by their place in it, that are written per language and not in this one."""
    for place in places:
        wording = document.value
        for step in place:
            wording = wording[step] if isinstance(wording, dict) else getattr(wording, str(step).replace("-", "_"))
        if isinstance(wording, dict) and not wording.get(language):
            yield document.problem(
                place, f"`{'.'.join(map(str, place))}` has no `{language}`.", f"Add `{language}:`, or write one text for all languages."
            )

"""The studio's sentences: marked for its catalogues, and said in the language of whoever reads.

The catalogues are gettext's, like those of letters: winback/studio/locale/<language>/LC_MESSAGES/studio.po, source language English.
`make words` brings them up to date (tests/catalogues.py). A sentence that has no translation yet is said in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

from winback.letters import locales
from winback.letters.locales import Catalogue
from winback.speech import BETWEEN, Language
from winback.speech import N_ as N_  # noqa: PLC0414  said twice so that pages may take it from here
from winback.speech import NP_ as NP_  # noqa: PLC0414  as above

LOCALE = Path(str(resources.files("winback.studio"))) / "locale"


def path(language: Language) -> Path:
    """Where a language's catalogue lies."""
    return LOCALE / language / "LC_MESSAGES" / "studio.po"


@cache
def catalogue(language: Language) -> Catalogue:
    """The sentences of a language; the source language's are their own translations."""
    if language is Language.EN:
        return locales.untranslated()
    return locales.read_catalogue(path(language), language, f"winback/studio/locale/{language}/LC_MESSAGES/studio.po")


def sayings(language: Language) -> tuple[Callable[[str], str], Callable[[str, str, int], str]]:
    """What says a sentence in a language, and what says one that counts; in English what it has no words for yet."""
    known = catalogue(language)

    def gettext(message: str) -> str:
        context, between, word = message.rpartition(BETWEEN)
        if between:
            return known.pgettext(context, word) if _is_said(known, word, context) else word
        return known.gettext(message) if _is_said(known, message) else message

    def ngettext(singular: str, plural: str, count: int) -> str:
        return known.ngettext(singular, plural, count) if _is_said(known, singular) else (singular if count == 1 else plural)

    return gettext, ngettext


def choose(own: str, accepted: str, project: Language) -> Language:
    """The language of somebody's pages: their own choice, else the best of what their browser accepts (RFC 9110, 12.5.4), else the project's."""
    if own in set(Language):
        return Language(own)
    ranked = sorted(_accepted(accepted[:500]), key=lambda each: -each[1])
    return next((Language(code) for code, weight in ranked if weight > 0 and code in set(Language)), project)


def _accepted(header: str) -> list[tuple[str, float]]:
    """(language without its region, weight) as a browser lists them."""
    found = re.findall(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{1,3})?))?\s*(?:,|$)", header)
    return [(code.lower(), float(weight or 1)) for code, weight in found]


def _is_said(known: Catalogue, message: str, context: str | None = None) -> bool:
    if known.locale == Language.EN:
        return context is None
    found = known.translations.get((context, message))
    return found is not None and not found.fuzzy and all(found.forms)

"""The sentences of one letter beside their translations, to be filled in where they lack, and the catalogues with what was filled in."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from winback.errors import Problem
from winback.letters import catalogue, completeness, library, locales
from winback.letters.completeness import Sentence
from winback.letters.library import Library
from winback.letters.locales import Catalogue, NewCatalogue, Translation
from winback.letters.wording import SOURCE
from winback.operations import translating
from winback.operations.letter_texts import Named
from winback.settings import Project

Filled: TypeAlias = Mapping[tuple[str, str], Sequence[str]]
"""(language, the sentence's key) -> the forms of its translation."""

_Begin: TypeAlias = Callable[[str, str], NewCatalogue]
"""(language, the file as messages name it) -> what translations are put into."""

_EXAMPLES = 4
_ALIKE = 0.7
"""How near another sentence must be, as difflib measures it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence in one language."""

    key: str
    language: str
    sentence: Sentence
    forms: tuple[str, ...]  # what is written so far, or guessed; as many as the language wants
    counted: tuple[str, ...]  # numbers that each form is for; empty texts where nothing is counted
    faults: tuple[Problem, ...]  # why it can't stand; none: it is translated
    similar: str = ""  # the translation of the nearest sentence, where there is none of this one: to take over, never taken over by itself

    @property
    def is_whole(self) -> bool:
        return not self.faults


def key_of(sentence: Sentence) -> str:
    """What a form's field calls a sentence."""
    parts = (sentence.context or "", sentence.text, sentence.plural or "")
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]


def path(project: Project, language: str) -> str:
    """The language's catalogue, as messages name it."""
    return project.shown(catalogue.path(project.templates, language))


def languages(letters: Library) -> list[str]:
    """Those that are translated into."""
    return [language for language in letters.languages() if language != SOURCE]


def entries(letters: Library, letter: Named, language: str) -> list[Entry]:
    """Every sentence of a letter in a language, those of its layout and parts last. Raises TemplateError when it can't be read."""
    known = letters.catalogue(language)
    return [_entry(sentence, known) for sentence in sentences(letters, letter)]


def sentences(letters: Library, letter: Named) -> list[Sentence]:
    """Each sentence of a letter once, its own first. Raises TemplateError when it can't be put together."""
    flats = letters.flats(letter.channel, letter.name).values()
    once = {key_of(sentence): sentence for flat in reversed([*flats]) for sentence in reversed(catalogue.sentences(flat))}
    said = [*reversed(once.values())]
    return sorted(said, key=lambda sentence: f"/{letter.name}/" not in sentence.file)


def lacking(letters: Library, letter: Named) -> list[Entry]:
    """What must be filled in before the letter exists in every language. Raises TemplateError as `entries` does."""
    return [entry for language in languages(letters) for entry in entries(letters, letter, language) if not entry.is_whole]


def provisional(project: Project, letter: Named, filled: Filled) -> dict[str, bytes]:
    """Catalogues with what was filled in put in, for a look at the letter: the rest as it is. Raises TemplateError."""
    return dict(_written(project, letter, filled, lambda language, shown: catalogue.opened(project.templates, language, shown)))


def tidied(project: Project, after: Project, letter: Named, filled: Filled) -> dict[str, str]:
    """The same to be saved with the letter's new texts, as `winback translate update` leaves them. `after` is the project with those texts.

    Only of the languages that something was filled in for. Raises TemplateError.
    """
    flats = translating.texts(after)
    found = _written(after, letter, filled, lambda language, shown: catalogue.merged(flats, project.templates, language, shown))
    return {shown: content.decode() for shown, content in found}


def _written(project: Project, letter: Named, filled: Filled, begin: _Begin) -> Iterator[tuple[str, bytes]]:
    letters = library.open_library(project)
    by_key = {key_of(sentence): sentence for sentence in sentences(letters, letter)} if filled else {}
    for language in languages(letters):
        known = letters.catalogue(language).translations
        fresh = [(by_key[key], tuple(forms)) for (of, key), forms in filled.items() if of == language and key in by_key]
        fresh = [(sentence, forms) for sentence, forms in fresh if not _says(known.get((sentence.context, sentence.text)), sentence, forms)]
        if fresh:
            shown = path(project, language)
            catalog = begin(language, shown)
            for sentence, forms in fresh:
                catalogue.fill_in(catalog, sentence, forms[: catalog.num_plurals if sentence.plural is not None else 1])
            yield shown, locales.catalogue_text(catalog).encode()


def _says(known: Translation | None, sentence: Sentence, forms: tuple[str, ...]) -> bool:
    """Whether it is translated so already."""
    return known is not None and not known.fuzzy and known.plural_source == sentence.plural and known.forms == forms


def _entry(sentence: Sentence, known: Catalogue) -> Entry:
    found = known.translations.get((sentence.context, sentence.text))
    wanted = 1 if sentence.plural is None else known.plural_forms
    forms = found.forms if found is not None and found.plural_source == sentence.plural else ()
    counted = tuple(_numbers(known, form) for form in range(wanted)) if sentence.plural is not None else ("",)
    return Entry(
        key_of(sentence),
        known.locale,
        sentence,
        (*forms, *[""] * wanted)[:wanted],
        counted,
        tuple(completeness.faults(sentence, known)),
        "" if any(forms) else _similar(known, sentence.text),
    )


def _similar(known: Catalogue, text: str) -> str:
    translated = {source: found.forms[0] for (_, source), found in known.translations.items() if found.forms and not found.fuzzy}
    nearest = difflib.get_close_matches(text, translated, 1, _ALIKE)
    return translated[nearest[0]] if nearest else ""


def _numbers(known: Catalogue, form: int) -> str:
    found = [str(number) for number in range(101) if known.plural(number) == form and number]
    return ", ".join(found[:_EXAMPLES]) + ("…" if len(found) > _EXAMPLES else "")

"""The sentences of letters and pages, and whether a language has them all. Source language English; `docs/translations.md` tells the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from jinja2.ext import extract_from_ast

from winback.errors import Problem
from winback.letters import completeness, locales, sandbox
from winback.letters.completeness import Sentence
from winback.letters.locales import Catalogue, NewCatalogue
from winback.letters.pieces import PieceKind
from winback.letters.source import Flat
from winback.letters.wording import SOURCE


def path(templates: Path, locale: str) -> Path:
    """Where a language's catalogue lies."""
    return templates / "locales" / locale / "LC_MESSAGES" / "letters.po"


def languages(templates: Path) -> list[str]:
    """The source language and those that have a catalogue."""
    return [SOURCE, *sorted(found.parts[-3] for found in (templates / "locales").glob("*/LC_MESSAGES/letters.po"))]


def sentences(flat: Flat) -> list[Sentence]:
    """Every sentence that a text sends, from its layout and parts too."""
    return [sentence for piece in flat.constructs if piece.kind is PieceKind.SENTENCE for sentence in _sentence(piece.text, piece.file, piece.line)]


def badly_written(flat: Flat) -> list[Problem]:
    """Sentences that can't be the same in HTML and in plain text, whatever the language."""
    return [
        Problem(sentence.file, sentence.line, f"{sentence.shown} holds markup.", "Put elements around the sentence, and write “and” for &.")
        for sentence in sentences(flat)
        if re.search("[<>&]", sentence.text + (sentence.plural or ""))
    ]


def missing(flat: Flat, catalogue: Catalogue) -> list[Problem]:
    """Why a text doesn't exist in a language: sentences that are untranslated, unconfirmed, or translated in a way that can't be filled in."""
    if catalogue.locale == SOURCE:
        return []
    return [problem for sentence in sentences(flat) for problem in completeness.faults(sentence, catalogue)]


def missing_once(flats: Iterable[Flat], catalogue: Catalogue) -> list[Problem]:
    """The same for many texts, each sentence named where it stands first."""
    if catalogue.locale == SOURCE:
        return []
    firsts = {(sentence.context, sentence.text, sentence.plural): sentence for flat in reversed([*flats]) for sentence in reversed(sentences(flat))}
    return [problem for sentence in reversed(firsts.values()) for problem in completeness.faults(sentence, catalogue)]


def unsaid(flats: Iterable[Flat], catalogue: Catalogue) -> list[Problem]:
    """Translations of sentences that no text says any more, and those kept as #~ comments: what a translator needn't read."""
    said = {(sentence.context, sentence.text) for flat in flats for sentence in sentences(flat)}
    left = [(text, found.line or 1) for (context, text), found in catalogue.translations.items() if (context, text) not in said]
    how = f"Run `winback translate update {catalogue.locale}`: it goes."
    return [
        Problem(catalogue.file, line, f"{completeness.quoted(text)} is said by no letter or page.", how)
        for text, line in (*left, *catalogue.obsolete)
    ]


def extract(flats: Iterable[Flat]) -> NewCatalogue:
    """The template of all catalogues: every sentence with the files it stands in."""
    catalog = locales.new_catalogue(None)
    for flat in flats:
        for sentence in sentences(flat):
            text = sentence.text if sentence.plural is None else (sentence.text, sentence.plural)
            catalog.add(text, locations=[(sentence.file, sentence.line)], context=sentence.context)
    return catalog


def update(flats: Iterable[Flat], templates: Path, locale: str, shown: str) -> Path:
    """Write a language's catalogue anew: what it has is kept, new sentences are empty, changed ones get the old text marked fuzzy.

    Nothing is lost by a fuzzy or empty sentence but the letters that say it, until a person has filled it in. Raises TemplateError when
    the catalogue there is can't be read.
    """
    target = path(templates, locale)
    locales.write_catalogue(target, merged(flats, templates, locale, shown))
    return target


def merged(flats: Iterable[Flat], templates: Path, locale: str, shown: str) -> NewCatalogue:
    """The catalogue that `update` writes. Raises TemplateError as it does."""
    catalog = opened(templates, locale, shown)
    catalog.update(extract(flats))
    return catalog


def opened(templates: Path, locale: str, shown: str) -> NewCatalogue:
    """The language's catalogue to put translations into; an empty one where there is none. Raises TemplateError when it can't be read."""
    target = path(templates, locale)
    return locales.open_catalogue(target, locale, shown) if target.exists() else locales.new_catalogue(locale)


def fill_in(catalog: NewCatalogue, sentence: Sentence, forms: Sequence[str]) -> None:
    """Put a translation there, confirmed: one form, or as many as the language counts in."""
    key = sentence.text if sentence.plural is None else (sentence.text, sentence.plural)
    known = catalog.get(sentence.text, sentence.context)
    if known is None or known.pluralizable != (sentence.plural is not None):
        catalog.delete(sentence.text, sentence.context)
        known = catalog.add(key, locations=[(sentence.file, sentence.line)], context=sentence.context)
    known.string = forms[0] if sentence.plural is None else tuple(forms)
    known.flags.discard("fuzzy")


@lru_cache(maxsize=4096)
def _sentence(text: str, file: str, line: int) -> tuple[Sentence, ...]:
    """Asked for once per letter, file and language, and the parts' sentences stand in every letter."""
    return tuple(_sentences_of(text, file, line))


def _sentences_of(text: str, file: str, line: int) -> Iterator[Sentence]:
    for offset, function, parts in extract_from_ast(sandbox.SYNTAX.parse(text), babel_style=False):
        texts = [part or "" for part in parts or ()]
        context = texts.pop(0) if function in {"pgettext", "npgettext"} else None
        plural = texts[1] if function in {"ngettext", "npgettext"} else None
        yield Sentence(context, texts[0], plural, file, line + offset - 1)

"""The sentences of letters and pages, and whether a language has them all. Source language English; `docs/translations.md` tells the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2.ext import extract_from_ast

from winback.errors import Problem
from winback.letters import locales, sandbox
from winback.letters.locales import Catalogue, NewCatalogue, Translation
from winback.letters.pieces import PieceKind
from winback.letters.source import Flat
from winback.letters.wording import SOURCE

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_LONE_PERCENT = re.compile(r"%(?!\(\w+\)s)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text to translate, as the catalogue knows it, and where it stands."""

    context: str | None
    text: str
    plural: str | None
    file: str
    line: int

    @property
    def shown(self) -> str:
        return f"“{self.text[:57]}...”" if len(self.text) > 60 else f"“{self.text}”"


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
    return [problem for sentence in sentences(flat) for problem in _faults(sentence, catalogue)]


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
    catalog = locales.open_catalogue(target, locale, shown) if target.exists() else locales.new_catalogue(locale)
    catalog.update(extract(flats))
    locales.write_catalogue(target, catalog)
    return target


@lru_cache(maxsize=4096)
def _sentence(text: str, file: str, line: int) -> tuple[Sentence, ...]:
    return tuple(_extracted(text, file, line))


def _extracted(text: str, file: str, line: int) -> Iterator[Sentence]:
    for offset, function, parts in extract_from_ast(sandbox.SYNTAX.parse(text), babel_style=False):
        texts = [part or "" for part in parts or ()]
        context = texts.pop(0) if function in {"pgettext", "npgettext"} else None
        plural = texts[1] if function in {"ngettext", "npgettext"} else None
        yield Sentence(context, texts[0], plural, file, line + offset - 1)


def _faults(sentence: Sentence, catalogue: Catalogue) -> Iterator[Problem]:
    found = catalogue.translations.get((sentence.context, sentence.text))
    where = f"{sentence.shown} ({sentence.file}:{sentence.line})"
    fill_in = f"Fill it in; `winback translate update {catalogue.locale}` adds what is missing."
    if found is None or found.plural_source != sentence.plural:
        yield Problem(catalogue.file, None, f"{where} has no translation.", f"Run `winback translate update {catalogue.locale}` and fill it in.")
    elif not all(form.strip() for form in found.forms):
        yield Problem(catalogue.file, found.line, f"{where} has no translation, or not all of its plural forms.", fill_in)
    elif found.fuzzy:
        yield Problem(catalogue.file, found.line, f"{where} is only guessed from a similar sentence.", "Read it, mend it, and take out `fuzzy`.")
    else:
        yield from (Problem(catalogue.file, found.line, f"{where} {message}", how) for message, how in _form_faults(sentence, found, catalogue))


def _form_faults(sentence: Sentence, found: Translation, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    wanted_forms = 1 if sentence.plural is None else catalogue.plural_forms
    if len(found.forms) != wanted_forms:
        yield f"has {len(found.forms)} forms.", f"Write {wanted_forms}."
    wanted = set(_PLACEHOLDER.findall(sentence.text + (sentence.plural or "")))
    for form in found.forms:
        if (written := set(_PLACEHOLDER.findall(form))) != wanted:
            shown = ", ".join(f"%({name})s" for name in sorted(wanted)) or "no placeholders"
            yield f"is translated with {', '.join(f'%({name})s' for name in sorted(written)) or 'no placeholders'}.", f"Write {shown}."
        if _LONE_PERCENT.search(form.replace("%%", "")):
            yield "is translated with a lone %.", "Write %% for a percent sign."
        if re.search("[<>&]", form):
            yield "is translated with markup.", "Write plain text."

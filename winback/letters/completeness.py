"""Whether a translation can stand for its sentence: written, confirmed, in as many forms as the language has, and fit to be filled in.

One fault, and every letter that says the sentence doesn't exist in that language: half a translation is worse than another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from winback.errors import Problem
from winback.letters.locales import Catalogue, Translation

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_LONE_PERCENT = re.compile(r"%(?!\(\w+\)s)")
_MIXED_WORD = re.compile(r"[^\W\d_]*(?:[a-z][\u0400-\u052f]|[\u0400-\u052f][a-z])[^\W\d_]*", re.IGNORECASE)
_ENGLISH_WORDS = 3  # fewer may be a name, or the same word in both languages


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
        return quoted(self.text)


class Untranslated(Problem):
    """A sentence that lacks in a catalogue, or some of its forms do: it is filled in there, or beside the letter on the studio's page."""

    __slots__ = ()


def quoted(text: str) -> str:
    """A sentence as messages name it, cut where it is long."""
    return f"“{text[:57]}...”" if len(text) > 60 else f"“{text}”"


def faults(sentence: Sentence, catalogue: Catalogue) -> Iterator[Problem]:
    """Why the sentence isn't translated; none when it is."""
    found = catalogue.translations.get((sentence.context, sentence.text))
    where = f"{sentence.shown} ({sentence.file}:{sentence.line})"
    fill_in = f"Fill it in; `winback translate update {catalogue.locale}` adds what is missing."
    if found is None or found.plural_source != sentence.plural:
        yield Untranslated(catalogue.file, None, f"{where} has no translation.", f"Run `winback translate update {catalogue.locale}` and fill it in.")
    elif not all(form.strip() for form in _wanted(found.forms, sentence, catalogue)):
        written, wanted = sum(bool(form.strip()) for form in found.forms), catalogue.plural_forms
        lacking = f"has {written} of its {wanted} plural forms." if written and sentence.plural is not None else "has no translation."
        yield Untranslated(catalogue.file, found.line, f"{where} {lacking}", fill_in)
    elif found.fuzzy:
        yield Problem(catalogue.file, found.line, f"{where} is only guessed from a similar sentence.", "Read it, mend it, and take out `fuzzy`.")
    else:
        yield from (Problem(catalogue.file, found.line, f"{where} {message}", how) for message, how in _forms(sentence, found, catalogue))


def _wanted(forms: tuple[str, ...], sentence: Sentence, catalogue: Catalogue) -> tuple[str, ...]:
    """The forms, with empty ones for those that lack at the end."""
    return forms + ("",) * ((catalogue.plural_forms if sentence.plural is not None else 1) - len(forms))


def _forms(sentence: Sentence, found: Translation, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    wanted = 1 if sentence.plural is None else catalogue.plural_forms
    if len(found.forms) != wanted:
        yield f"has {len(found.forms)} forms.", f"Write {wanted}."
    if sentence.plural is not None and catalogue.plural_fault:
        fault = catalogue.plural_fault
        yield f"counts in forms, and line {fault.line} says how: {fault.message}", fault.how
    for index, form in enumerate(found.forms):
        yield from _placeholders(sentence, form, counts_one=index in catalogue.forms_of_one)
        yield from _text(sentence, form)


def _placeholders(sentence: Sentence, form: str, *, counts_one: bool) -> Iterator[tuple[str, str]]:
    """The same ones as in English; a form for the number 1 alone may leave the number out where English does."""
    singular, plural = (set(_PLACEHOLDER.findall(text)) for text in (sentence.text, sentence.plural or ""))
    written, wanted = set(_PLACEHOLDER.findall(form)), singular | plural
    if written != wanted and not (counts_one and written == singular):
        yield f"is translated with {_listed(written)}.", f"Write {_listed(wanted)}."
    if _LONE_PERCENT.search(form.replace("%%", "")):
        yield "is translated with a lone %.", "Write %% for a percent sign."


def _text(sentence: Sentence, form: str) -> Iterator[tuple[str, str]]:
    sources = (sentence.text, sentence.plural or sentence.text)
    bare = _PLACEHOLDER.sub("", form)
    if re.search("[<>&]", form):
        yield "is translated with markup.", "Write plain text."
    if re.search("[{}]", bare) and not any(re.search("[{}]", source) for source in sources):
        yield "is translated with braces.", "Write placeholders as English has them, %(name)s."
    if form.strip() != form and sentence.text.strip() == sentence.text:
        yield "is translated with blanks or a line end around it.", "Take them out."
    if form in sources and len(re.findall(r"[^\W\d_]{2,}", bare)) >= _ENGLISH_WORDS:
        yield "is still in English.", "Translate it."
    if mixed := _MIXED_WORD.search(bare):
        yield f"mixes Latin and Cyrillic letters in “{mixed[0]}”.", "Type the word anew in one alphabet."


def _listed(names: set[str]) -> str:
    return ", ".join(f"%({name})s" for name in sorted(names)) or "no placeholders"

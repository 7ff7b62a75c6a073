"""Where the words of a finished letter were written: in the template, or in a language's catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from winback.letters import catalogue
from winback.letters.locales import Catalogue
from winback.letters.pieces import PieceKind
from winback.letters.source import Flat
from winback.letters.wording import SOURCE

_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def find(flat: Flat, known: Catalogue, words: str) -> tuple[str, int]:
    """File and line of the sentence that says the words, or that the words are made of; line 1 of the letter's own file when nobody knows."""
    wanted = _single(words)
    places = [*_sentences(flat, known), *_data(flat)]
    for form, file, line in places:
        if wanted in _single(_PLACEHOLDER.sub(" ", form)):
            return file, line
    for form, file, line in places:
        pattern = ".*".join(re.escape(_single(part)) for part in _PLACEHOLDER.split(form))
        if len(pattern) > 6 and re.search(pattern, wanted):
            return file, line
    return flat.name, 1


def _sentences(flat: Flat, known: Catalogue) -> Iterator[tuple[str, str, int]]:
    for sentence in catalogue.sentences(flat):
        if known.locale == SOURCE:
            yield from ((form, sentence.file, sentence.line) for form in (sentence.text, sentence.plural or "") if form)
        elif found := known.translations.get((sentence.context, sentence.text)):
            yield from ((form.replace("%%", "%"), known.file, found.line or 1) for form in found.forms if form)


def _data(flat: Flat) -> Iterator[tuple[str, str, int]]:
    """Lines of the template that stand outside of sentences."""
    for piece in flat.pieces:
        if piece.kind is PieceKind.DATA:
            yield from ((text, piece.file, piece.line + above) for above, text in enumerate(piece.text.splitlines()) if text.strip())


def _single(words: str) -> str:
    return " ".join(words.casefold().split())

"""The catalogues of the studio's pages, kept up with the pages: what `make words` does.

python -m tests.catalogues            every sentence of the pages is in every catalogue: new ones empty, changed ones fuzzy, unsaid ones gone
python -m tests.catalogues FILE...    the same, and translations filled in from JSON files: {"Sign in": {"uk": "Увійти", ...}, ...},
                                      a list of forms in the place of a text where a sentence counts; "way|open" for a word in its context
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_python
from jinja2.ext import babel_extract

from tests.projects import ROOT
from winback.errors import Problem
from winback.letters import completeness, locales
from winback.letters.completeness import Sentence
from winback.speech import Language
from winback.studio import words

_FUNCTIONS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "numbered": (1, 2), "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2)}
_IN_CONTEXT = frozenset({"pgettext", "NP_"})
_SYNTAX = {"trim_blocks": "true", "lstrip_blocks": "true", "trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
SPOKEN = [language for language in Language if language is not Language.EN]


def sentences() -> list[Sentence]:
    """Every sentence of the pages, where it stands first."""
    firsts: dict[tuple[str | None, str], Sentence] = {}
    for sentence in _found():
        known = firsts.setdefault((sentence.context, sentence.text), sentence)
        if known.plural is None and sentence.plural is not None:  # said alone somewhere, and counted elsewhere
            firsts[sentence.context, sentence.text] = sentence
    return list(firsts.values())


@cache
def _found() -> list[Sentence]:
    """Read once in a process: it takes seconds."""
    return list(_read())


def _read() -> Iterator[Sentence]:
    for file in sorted(ROOT.joinpath("winback").rglob("*")):
        if file.suffix not in {".py", ".html"} or "locale" in file.parts:
            continue
        with file.open("rb") as lines:
            if file.suffix == ".html":
                extracted = [(line, function, message) for line, function, message, _ in babel_extract(lines, [*_FUNCTIONS], [], _SYNTAX)]
            else:
                found = extract_python(lines, [*_FUNCTIONS], [], {})
                extracted = [(line, function, message) for line, function, message, _ in found if function in {"N_", "NP_", "ngettext", "numbered"}]
        for line, function, message in extracted:
            texts = [part for part in ([message] if isinstance(message, str) else message or ()) if isinstance(part, str)]
            context = texts.pop(0) if function in _IN_CONTEXT and len(texts) > 1 else None
            if texts:  # a sentence out of a variable is marked where it is written
                yield Sentence(context, texts[0], texts[1] if len(texts) > 1 else None, file.relative_to(ROOT).as_posix(), line)


def faults(language: Language) -> list[Problem]:
    """Why pages aren't wholly in a language."""
    known = words.catalogue(language)
    return [problem for sentence in sentences() for problem in completeness.faults(sentence, known)]


def unsaid(language: Language) -> list[str]:
    """Translations of sentences that no page says any more."""
    said = {(sentence.context, sentence.text) for sentence in sentences()}
    return [text for context, text in words.catalogue(language).translations if (context, text) not in said]


def update(language: Language, translations: dict[str, dict[str, str | list[str]]]) -> int:
    """Write a language's catalogue anew; returns how many sentences wait for a translation."""
    target = words.path(language)
    template, shown = locales.new_catalogue(None), target.relative_to(ROOT).as_posix()
    for sentence in sentences():
        message = sentence.text if sentence.plural is None else (sentence.text, sentence.plural)
        template.add(message, locations=[(sentence.file, sentence.line)], context=sentence.context)
    catalog = locales.open_catalogue(target, language, shown) if target.exists() else locales.new_catalogue(language)
    catalog.update(template, no_fuzzy_matching=True)
    for message in catalog:
        text = message.id if isinstance(message.id, str) else message.id[0]
        given = translations.get(f"{message.context}|{text}" if message.context else text, {}).get(language)
        if message.id and given:
            message.string = given if isinstance(given, str) else tuple(given)
            message.flags.discard("fuzzy")
    locales.write_catalogue(target, catalog)
    words.catalogue.cache_clear()
    return len({problem.message for problem in faults(language)})


def main(files: list[str]) -> None:
    given: dict[str, dict[str, str | list[str]]] = {}
    for file in files:
        given |= json.loads(Path(file).read_text(encoding="utf-8"))
    for language in SPOKEN:
        lacking = update(language, given)
        print(f"{language}: {len(sentences())} sentences, {lacking} wait for a translation")


if __name__ == "__main__":
    main(sys.argv[1:])

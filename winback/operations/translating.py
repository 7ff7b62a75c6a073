"""Keep the catalogues of letters and pages: gather what there is to translate, bring a language up to it, tell what stops a language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from winback.bot import answers
from winback.errors import ConfigError, Problem, Refused, TemplateError
from winback.letters import catalogue, library, locales, names, occasion_names, pages
from winback.letters.library import Library
from winback.letters.source import Flat
from winback.letters.wording import SOURCE
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Updated:
    """A catalogue after an update."""

    path: Path
    sentences: int
    untranslated: int  # empty ones, and those only guessed from a similar sentence


def extract(project: Project) -> Updated:
    """Write templates/locales/letters.pot: every sentence with the files it stands in, for tools that begin a language with it.

    Raises TemplateError when a letter can't be read.
    """
    path = project.templates / "locales" / "letters.pot"
    gathered = catalogue.extract(texts(project))
    locales.write_catalogue(path, gathered)
    return Updated(path, len(gathered), len(gathered))


def update(project: Project, language: str) -> Updated:
    """Write the language's catalogue anew: translations stay, new sentences are empty, changed ones are marked fuzzy.

    Raises ConfigError for a language that letters can't be in, TemplateError when a letter or the catalogue can't be read.
    """
    _known(language)
    shown = project.shown(catalogue.path(project.templates, language))
    path = catalogue.update(texts(project), project.templates, language, shown)
    translations = locales.read_catalogue(path, language, shown).translations.values()
    return Updated(path, len(translations), sum(found.fuzzy or not all(found.forms) for found in translations))


def check(project: Project, language: str | None = None) -> list[Problem]:
    """Everything that keeps a letter, a page or an answer of the bot from existing in a language, and what a catalogue holds for nothing.

    Of every language that has a catalogue, or of one. Raises ConfigError for a language that letters can't be in.
    """
    if language is not None:
        _known(language)
    letters = library.open_library(project)
    chosen = [language] if language else catalogue.languages(project.templates)
    try:
        flats = texts(project)
    except Refused as refused:
        return list(refused.problems)
    found = [problem for each in chosen for problem in (*_of_language(letters, flats, each), *letters.unworded(each))]
    return _in_order([*found, *beside_letters(project, chosen)])


def beside_letters(project: Project, languages: list[str] | None = None) -> list[Problem]:
    """What `Library` doesn't look at: the bot's answers in each language, and languages of settings.yaml that letters can't be in.

    Raises ConfigError when the answers can't be read.
    """
    written = languages or library.open_library(project).languages()
    return [*_unknown_in_chains(project), *answers.unworded(project, written)]


def languages(project: Project) -> list[str]:
    """Languages that have a catalogue."""
    return [language for language in catalogue.languages(project.templates) if language != SOURCE]


def update_names(project: Project, language: str) -> Updated | None:
    """The same for the names of config/occasions.yaml; None where there is no such file. To be called after `update`."""
    if not project.config("occasions.yaml").exists():
        return None
    path = occasion_names.update(project, language)
    translations = locales.read_catalogue(path, language, project.shown(path)).translations.values()
    return Updated(path, len(translations), sum(found.fuzzy or not all(found.forms) for found in translations))


def texts(project: Project) -> list[Flat]:
    """Everything there is to translate. Raises TemplateError."""
    return [*library.open_library(project).texts(), *pages.flats(project).values()]


def _of_language(letters: Library, flats: list[Flat], language: str) -> Iterator[Problem]:
    try:
        known = letters.catalogue(language)
    except TemplateError as error:
        yield from error.problems
        return
    if known.plural_fault:
        yield known.plural_fault
    yield from catalogue.missing_once(flats, known)
    if language != SOURCE:
        yield from catalogue.unsaid(flats, known)


def _unknown_in_chains(project: Project) -> Iterator[Problem]:
    possible = names.languages()
    for key, chain in project.settings.locales.items():
        for language in chain:
            if language not in possible:
                message = f"letters can't be in `{language}`, the chain of `{key}` names it for nothing."
                yield project.document.problem(("locales", key), message, f"Languages: {', '.join(sorted(possible))}.")


def _known(language: str) -> None:
    possible = sorted(names.languages() - {SOURCE})
    if language not in possible:
        how = f"Languages: {', '.join(possible)}."
        raise ConfigError(Problem("", None, f"letters can't be translated into `{language}`.", how))


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line or 0, problem.message))

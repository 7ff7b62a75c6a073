"""Bring a language's catalogue up to what letters and pages say now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from winback.errors import ConfigError, Problem
from winback.letters import catalogue, library, locales, names, occasion_names, pages
from winback.letters.source import Flat
from winback.letters.wording import SOURCE
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Updated:
    """A catalogue after an update."""

    path: Path
    sentences: int
    untranslated: int  # empty ones, and those only guessed from a similar sentence


def update(project: Project, language: str) -> Updated:
    """Write the language's catalogue anew: translations stay, new sentences are empty, changed ones are marked fuzzy.

    Raises ConfigError for a language that letters can't be in, TemplateError when a letter or the catalogue can't be read.
    """
    possible = sorted(names.languages() - {SOURCE})
    if language not in possible:
        raise ConfigError(Problem("", None, f"letters can't be translated into `{language}`.", f"Languages: {', '.join(possible)}."))
    shown = project.shown(catalogue.path(project.templates, language))
    path = catalogue.update(texts(project), project.templates, language, shown)
    translations = locales.read_catalogue(path, language, shown).translations.values()
    return Updated(path, len(translations), sum(found.fuzzy or not all(found.forms) for found in translations))


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

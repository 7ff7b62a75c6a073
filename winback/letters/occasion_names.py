"""What letters call an occasion in each language: the catalogue templates/locales/<language>/LC_MESSAGES/occasions.po.

A file beside letters.po, so that whether a letter exists in a language depends on its own sentences alone, and who adds a day of
professional bakers to config/occasions.yaml finds its name among names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from winback.errors import Problem, Refused
from winback.journey import occasions
from winback.journey.occasions import OWN_NAMES, Name, Occasions
from winback.letters import catalogue, locales
from winback.letters.locales import Catalogue
from winback.letters.wording import SOURCE
from winback.settings import Project
from winback.strictyaml import Document, Place

_CONTEXT = "occasion"
_HEADER = "# Names of occasions, in the form in which a letter says that one is near."


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a project's occasions in the languages that were asked for."""

    catalogues: Mapping[str, Catalogue]

    def of(self, name: Name, language: str) -> str | None:
        """The name in that language; None where nobody has written it: then nobody is greeted in that language."""
        if isinstance(name, dict):
            return name.get(language) or None
        if language == SOURCE:
            return name
        known = self.catalogues.get(language)
        return name_in(known, name) if known else None


def open_names(project: Project, languages: frozenset[str] | set[str]) -> Names:
    """The names in these languages; one without a catalogue has only those that config/occasions.yaml writes itself. Raises TemplateError."""
    wanted = {language: path(project.templates, language) for language in languages - {SOURCE}}
    found = {language: file for language, file in wanted.items() if file.exists()}
    return Names({language: locales.read_catalogue(file, language, project.shown(file)) for language, file in found.items()})


def path(templates: Path, language: str) -> Path:
    """Where a language's names lie."""
    return catalogue.path(templates, language).with_name("occasions.po")


def name_in(known: Catalogue, name: str) -> str | None:
    """The translation of an English name, when a person has written and confirmed it."""
    found = known.translations.get((_CONTEXT, name))
    return found.forms[0] if found and found.forms[0].strip() and not found.fuzzy else None


def problems(project: Project) -> list[Problem]:
    """Occasions without a name in a language that customers are written to in and letters exist in."""
    try:
        document = occasions.read(project)
    except Refused as refused:
        return list(refused.problems)
    if not document.lines:  # the project has no such file
        return []
    spoken = {language for chain in project.settings.locales.values() for language in chain}
    languages = spoken & set(catalogue.languages(project.templates))
    return [problem for language in sorted(languages) for problem in _missing(project, document, language)]


def update(project: Project, language: str) -> Path:
    """Write a language's names anew: what is translated stays, new names are empty, similar ones marked fuzzy. Raises Refused."""
    target = path(project.templates, language)
    names = locales.open_catalogue(target, language, project.shown(target)) if target.exists() else locales.new_catalogue(language)
    fresh = locales.new_catalogue(None)
    for name in _in_english(occasions.read(project).value):
        fresh.add(name, locations=[(occasions.FILE, 0)], context=_CONTEXT)
    names.update(fresh)
    names.header_comment = _HEADER
    locales.write_catalogue(target, names)
    return target


def _missing(project: Project, document: Document[Occasions], language: str) -> Iterator[Problem]:
    """Names that a language lacks, in config/occasions.yaml or in the language's catalogue."""
    for place, name in _named(document.value):
        if isinstance(name, dict) and not name.get(language):
            yield document.problem((*place, "name"), f"the name has no `{language}`, and letters exist in it.", f"Add `{language}:`.")
    if language == SOURCE:
        return
    file = path(project.templates, language)
    shown, how = project.shown(file), f"Run `winback translate update {language}` and fill it in."
    if not file.exists():
        yield Problem(shown, None, "nobody has translated the names of occasions.", how)
        return
    try:
        known = locales.read_catalogue(file, language, shown)
    except Refused as refused:
        yield from refused.problems
        return
    for name in _in_english(document.value):
        found = known.translations.get((_CONTEXT, name))
        if found is None:
            yield Problem(shown, None, f"“{name}” has no translation.", how)
        elif not found.forms[0].strip():
            yield Problem(shown, found.line, f"“{name}” has no translation.", "Fill it in.")
        elif found.fuzzy:
            yield Problem(shown, found.line, f"“{name}” is only guessed from a similar name.", "Read it, mend it, and take out `fuzzy`.")


def _in_english(planned: Occasions) -> list[str]:
    """Every name that the catalogues translate, in the order of the file."""
    return list(dict.fromkeys([*OWN_NAMES.values(), *(name for _, name in _named(planned) if isinstance(name, str))]))


def _named(planned: Occasions) -> Iterator[tuple[Place, Name]]:
    """(place in the file, name) of everything that has one."""
    if planned.favourite_day:
        yield from ((("favourite_day", "names", day), name) for day, name in planned.favourite_day.names.items())
    for section, countries in (("holidays", planned.holidays), ("professional_days", planned.professional_days)):
        for country, days in countries.items():
            yield from (((section, country, word), public.name) for word, public in days.items())
    yield from ((("invented_days", word), invented.name) for word, invented in planned.invented_days.items())

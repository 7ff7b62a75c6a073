"""The public pages behind a letter's links: plain HTML that works without scripts, in the language of the letter."""

from __future__ import annotations

from collections.abc import Mapping

from winback.errors import Problem, TemplateError
from winback.letters import brand, catalogue, locales, reading, sandbox, source, styles, template, values
from winback.letters.brand import Brand
from winback.letters.locales import Catalogue
from winback.letters.page_values import JoinValues, PageValues, PreferenceValues, SurveyFormValues
from winback.letters.source import Flat
from winback.letters.wording import SOURCE
from winback.settings import Project
from winback.strictyaml import nearest

NAMES = ("unsubscribe", "unsubscribed", "preferences", "survey", "answered", "confirm", "confirmed", "not-found")
"""The pages that a project has."""


def render(
    project: Project,
    page: str,
    locale: str,
    *,
    action: str = "",
    preferences_url: str = "",
    preferences: PreferenceValues | None = None,
    survey: SurveyFormValues | None = None,
    joining: JoinValues | None = None,
) -> str:
    """The HTML of a page. Raises TemplateError when it isn't right.

    Where the language lacks one of its sentences, the next one of its chain in settings.yaml is taken, and English when none has them all:
    letters never do that, but who wants to unsubscribe must see how. `winback check` names what is missing.
    """
    flat = _flat(project, page)
    if problems := faults(flat):
        raise TemplateError(problems)
    sentences = _catalogue(project, flat, locale)
    text = template.compiled(flat, flat.text, sandbox.environment(sentences, markup=True))
    spoken = values.brand_values(brand.read(project), sentences.locale), locales.language_tag(sentences.locale)
    return text.fill(values.plain(PageValues(*spoken, action, preferences_url, preferences, survey, joining)))


def flats(project: Project, painted_with: Brand | None = None) -> Mapping[str, Flat]:
    """The pages by name, layout and colours put in: the brand's, or those of `painted_with`. Raises TemplateError."""
    return {name: _flat(project, name, painted_with) for name in NAMES}


def faults(flat: Flat) -> list[Problem]:
    """What is wrong with a page in every language."""
    return [*reading.read(flat, PageValues, ()).problems, *catalogue.badly_written(flat)]


def _flat(project: Project, page: str, painted_with: Brand | None = None) -> Flat:
    root = project.templates / "pages"
    if page not in NAMES:
        raise TemplateError(Problem(f"{project.shown(root)}/{page}.html", None, "there is no such page.", nearest(page, NAMES, "Pages")))
    return styles.paint(source.flatten(root, f"{page}.html", project.shown(root)), (painted_with or brand.read(project)).colours)


def _catalogue(project: Project, flat: Flat, locale: str) -> Catalogue:
    """The first language, of those that the reader may be written to in, that has the whole page."""
    chain = [locale, *locales.choose(locale, "", project.settings.locales)]
    written = (found for language in chain if (found := _sentences(project, language)) and not catalogue.missing(flat, found))
    return next(written, locales.untranslated())


def _sentences(project: Project, language: str) -> Catalogue | None:
    path = catalogue.path(project.templates, language)
    if language == SOURCE or not path.exists():
        return locales.untranslated() if language == SOURCE else None
    try:
        return locales.read_catalogue(path, language, project.shown(path))
    except TemplateError:
        return None

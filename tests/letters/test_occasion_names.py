"""Names of occasions in the languages of letters."""

from __future__ import annotations

import pytest

from tests import projects
from tests.projects import ROOT
from winback.errors import TemplateError
from winback.journey import occasions
from winback.letters import locales, occasion_names
from winback.operations import checking, translating

SHIPPED = sorted(path.parts[-3] for path in (ROOT / "templates/locales").glob("*/LC_MESSAGES/occasions.po"))
FILE = "config/occasions.yaml"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def letters_in_two(project):
    """The same, with letters in English and Ukrainian alone: only those names are asked for."""
    for language in {"ru", "ro", "uz", "mn"}:
        occasion_names.path(project.templates, language).with_name("letters.po").unlink()
    return project


def test_names_are_shipped_in_the_languages_of_the_shops_that_we_know():
    assert SHIPPED == ["mn", "ro", "ru", "uk", "uz"]


@pytest.mark.parametrize("language", SHIPPED)
def test_every_shipped_catalogue_is_whole_and_what_an_update_would_write(project, language):
    path = occasion_names.path(project.templates, language)
    before = path.read_text(encoding="utf-8")
    occasion_names.update(project, language)
    assert path.read_text(encoding="utf-8") == before
    names = occasion_names.open_names(project, {language})
    planned = occasions.read(project).value
    for days in [*planned.holidays.values(), *planned.professional_days.values(), planned.invented_days]:
        assert all(names.of(day.name, language) for day in days.values())
    assert all(names.of(name, language) for name in occasions.OWN_NAMES.values())


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        ("Christmas", "uk", "Різдво"),
        ("Christmas", "en", "Christmas"),
        ("Christmas", "ro", "Crăciunul"),
        ("Christmas", "fr", None),
        ("Bakers' Day", "uk", None),
        ({"en": "Coffee Day", "uk": "День кави"}, "uk", "День кави"),
        ({"en": "Coffee Day", "uk": "День кави"}, "en", "Coffee Day"),
        ({"en": "Coffee Day", "uk": "День кави"}, "ro", None),
    ],
)
def test_an_occasion_is_named_in_the_readers_language_or_not_at_all(project, name, language, said):
    assert occasion_names.open_names(project, {"uk", "en", "ro", "fr"}).of(name, language) == said


def test_a_new_name_is_asked_for_and_a_guessed_one_is_not_taken(letters_in_two):
    projects.edit(letters_in_two.config("occasions.yaml"), "name: Accountants' Day", "name: Accountant's Day")
    updated = translating.update_names(letters_in_two, "uk")
    assert updated.untranslated == 1
    assert occasion_names.open_names(letters_in_two, {"uk"}).of("Accountant's Day", "uk") is None
    (problem,) = checking.problems(letters_in_two)
    assert "templates/locales/uk/LC_MESSAGES/occasions.po:" in str(problem)
    assert "“Accountant's Day” is only guessed from a similar name. Read it, mend it, and take out `fuzzy`." in str(problem)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (FILE, "name: Accountants' Day", "name: Reckoners' Feast", "occasions.po: “Reckoners' Feast” has no translation. Run `winback translate update uk`"),
        (FILE, "uk: День кави, ", "", "the name has no `uk`, and letters exist in it. Add `uk:`."),
        (FILE, "en: Coffee Day, ", "", "the name has no `en`, and letters exist in it. Add `en:`."),
        ("templates/locales/uk/LC_MESSAGES/occasions.po", 'msgstr "Різдво"', 'msgstr ""', "“Christmas” has no translation. Fill it in."),
        ("templates/locales/uk/LC_MESSAGES/occasions.po", "msgstr", "mgstr", "it can't be read as a catalogue"),
    ],
)  # fmt: skip
def test_check_names_what_nobody_has_written(letters_in_two, file, old, new, said):
    projects.edit(letters_in_two.root / file, old, new)
    problem, *others = checking.problems(letters_in_two)
    assert not others or new == "mgstr"  # each line of that one is told
    assert said in str(problem)


def test_names_of_languages_that_nobody_is_written_to_in_are_not_asked_for(letters_in_two):
    occasion_names.path(letters_in_two.templates, "mn").unlink()
    assert checking.problems(letters_in_two) == []
    occasion_names.path(letters_in_two.templates, "uk").unlink()
    (problem,) = checking.problems(letters_in_two)
    assert "uk/LC_MESSAGES/occasions.po: nobody has translated the names of occasions. Run `winback translate update uk`" in str(problem)


def test_a_project_without_occasions_needs_no_names(project):
    project.config("occasions.yaml").unlink()
    occasion_names.path(project.templates, "uk").unlink()
    for name in ("dear-customers", "greetings"):  # which name occasions
        project.config("campaigns", f"{name}.yaml").unlink()
    assert checking.problems(project) == []
    assert translating.update_names(project, "uk") is None


def test_a_catalogue_that_cannot_be_read_is_refused_when_names_are_wanted(project):
    path = occasion_names.path(project.templates, "uk")
    path.write_text('msgid "a"\nmgstr "b"\n', encoding="utf-8")
    with pytest.raises(TemplateError, match=r"occasions\.po:2: it can't be read as a catalogue"):
        occasion_names.open_names(project, {"uk"})


def test_the_names_keep_their_translations_when_a_country_is_added(project):
    projects.edit(
        project.config("occasions.yaml"),
        "  GB:\n    new-year",
        "  IE:\n    christmas: {name: Christmas, holiday: Christmas Day}\n  GB:\n    new-year",
    )
    path = occasion_names.path(project.templates, "uk")
    before = locales.read_catalogue(path, "uk", "occasions.po").translations
    assert translating.update_names(project, "uk").untranslated == 0
    after = locales.read_catalogue(path, "uk", "occasions.po").translations
    assert {key: found.forms for key, found in after.items()} == {key: found.forms for key, found in before.items()}

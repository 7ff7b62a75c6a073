"""A language has a letter only when it has every sentence of it, whole."""

from __future__ import annotations

import re

import pytest

from winback.errors import ConfigError, TemplateError
from winback.letters import catalogue, locales
from winback.model import ChannelName
from winback.operations import translating

EMAIL = ChannelName.EMAIL
LETTER = """\
<p>{% trans %}Hello there{% endtrans %}</p>
<p>{% trans trimmed count=orders_count %}{{ count }} order at 5%{% pluralize %}{{ count }} orders at 5%{% endtrans %}</p>
<p>{% trans "greeting" %}Good day{% endtrans %}</p>
"""
GOOD = """
msgid "Hello there"
msgstr "Добридень"

#, python-format
msgid "%(count)s order at 5%%"
msgid_plural "%(count)s orders at 5%%"
msgstr[0] "%(count)s замовлення за 5%%"
msgstr[1] "%(count)s замовлення за 5%%"
msgstr[2] "%(count)s замовлень за 5%%"

msgctxt "greeting"
msgid "Good day"
msgstr "Доброго дня"
"""


@pytest.fixture
def translated(shop):
    """The draft's problems in Ukrainian, after something in its catalogue was changed."""

    def problems(old: str = "", new: str = "") -> list[str]:
        assert old in GOOD
        shop.email(LETTER)
        path = catalogue.path(shop.project.templates, "uk")
        path.write_text(path.read_text(encoding="utf-8") + GOOD.replace(old, new), encoding="utf-8")
        return [str(problem) for problem in shop.library().problems_in(EMAIL, "draft", "uk")]

    return problems


def test_a_letter_with_every_sentence_translated_exists(translated):
    assert translated() == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('msgid "Hello there"\nmsgstr "Добридень"', "", "“Hello there” (templates/emails/draft/body.html:3) has no translation."),
        ("Добридень", "", "“Hello there” (templates/emails/draft/body.html:3) has no translation, or not all"),
        ('msgid "Hello there"', '#, fuzzy\nmsgid "Hello there"', "is only guessed from a similar sentence. Read it, mend it, and take out `fuzzy`."),
        ("%(count)s замовлень за 5%%", "", "has no translation, or not all of its plural forms."),
        ('msgstr[2] "%(count)s замовлень за 5%%"', "", "has no translation, or not all of its plural forms."),
        ("%(count)s замовлень", "%(cuont)s замовлень", "is translated with %(cuont)s. Write %(count)s."),
        ("%(count)s замовлень", "багато замовлень", "is translated with no placeholders. Write %(count)s."),
        ("замовлень за 5%%", "замовлень за 5%", "is translated with a lone %. Write %% for a percent sign."),
        ("Добридень", "<b>Добридень</b>", "is translated with markup. Write plain text."),
        ('msgctxt "greeting"\n', "", "“Good day” (templates/emails/draft/body.html:5) has no translation."),
        ('msgid_plural "%(count)s orders', 'msgid_plural "%(count)s order', "has no translation."),
    ],
)
def test_a_letter_with_a_sentence_that_is_not_whole_does_not_exist(translated, old, new, said):
    (problem,) = translated(old, new)
    assert problem.startswith("templates/locales/uk/LC_MESSAGES/letters.po")
    assert said in problem


def test_a_letter_is_never_sent_in_english_to_who_reads_another_language(shop):
    shop.email("<p>{% trans %}Nobody has translated this{% endtrans %}</p>")
    with pytest.raises(TemplateError, match="“Nobody has translated this”"):
        shop.library().email("draft", "uk")
    assert shop.library().language_for(("uk", "en"), [(EMAIL, "draft")]) == "en"
    assert shop.library().language_for(("uk",), [(EMAIL, "draft")]) is None


def test_a_language_without_a_catalogue_has_no_letters(shop):
    (problem,) = shop.library().problems_in(EMAIL, "we-miss-you", "mn")
    assert "templates/locales/mn/LC_MESSAGES/letters.po" in str(problem)


def test_a_catalogue_that_cannot_be_read_is_named_with_its_line(shop):
    path = catalogue.path(shop.project.templates, "uk")
    path.write_text('msgid "a"\nmgstr "b"\n', encoding="utf-8")
    with pytest.raises(TemplateError, match=r"letters\.po:2: it can't be read as a catalogue"):
        shop.library().catalogue("uk")


@pytest.mark.parametrize("sentence", ["Coffee & tea", "Until <b>today</b>", "a > b"])
def test_a_sentence_with_markup_is_refused_in_every_language(shop, sentence):
    shop.email(f"<p>{{% trans %}}{sentence}{{% endtrans %}}</p>")
    with pytest.raises(TemplateError, match=re.escape(f"templates/emails/draft/body.html:3: “{sentence}” holds markup.")):
        shop.library().email("draft", "en")


def test_the_shipped_catalogue_is_what_an_update_would_write(shop):
    path = catalogue.path(shop.project.templates, "uk")
    before = path.read_text(encoding="utf-8")
    updated = translating.update(shop.project, "uk")
    assert (updated.path, updated.untranslated) == (path, 0)
    assert path.read_text(encoding="utf-8") == before


def test_an_update_keeps_what_is_translated_and_marks_what_changed(shop):
    shop.email("<p>{% trans %}It has been a while, and we have good news from the shelves{% endtrans %}</p><p>{% trans %}Quite new{% endtrans %}</p>")
    updated = translating.update(shop.project, "uk")
    kept = locales.read_catalogue(updated.path, "uk", "letters.po").translations
    assert kept[None, "Warmly,"].forms == ("З теплом,",)
    assert kept[None, "Quite new"].forms == ("",)
    assert kept[None, "It has been a while, and we have good news from the shelves"].fuzzy
    assert updated.untranslated == 2


def test_a_new_language_begins_with_every_sentence_empty(shop):
    path = catalogue.path(shop.project.templates, "uk")
    shipped = locales.read_catalogue(path, "uk", "letters.po")
    path.unlink()
    updated = translating.update(shop.project, "uk")
    begun = locales.read_catalogue(path, "uk", "letters.po")
    assert begun.translations.keys() == shipped.translations.keys()
    assert {form for translation in begun.translations.values() for form in translation.forms} == {""}
    assert begun.plural_forms == 3
    assert updated.untranslated == updated.sentences


def test_a_language_that_nobody_can_be_addressed_in_is_refused(shop):
    with pytest.raises(ConfigError, match=r"letters can't be translated into `fr`\. Languages: mn, ro, ru, uk, uz\."):
        translating.update(shop.project, "fr")

"""The studio's sentences: all of them in every language, filled in whatever stands in them, and escaped whoever wrote them."""

from __future__ import annotations

import pytest

from tests import catalogues
from winback.audience import conditions
from winback.operations import passwords
from winback.speech import Language, either
from winback.speech import said as made_of
from winback.studio import condition_words, pages, words


@pytest.mark.parametrize("language", catalogues.SPOKEN)
def test_every_sentence_of_the_pages_is_translated(language):
    """Run `make words`, then fill in what is empty in the file that is named."""
    assert [str(problem) for problem in catalogues.faults(language)] == []
    assert catalogues.unsaid(language) == []


def test_the_sentences_are_found_in_templates_and_in_python():
    found = {sentence.text: sentence.plural for sentence in catalogues.sentences()}
    assert len(found) > 100
    assert found["Sign out"] is None
    assert found["Deliveries"] is None, "marked by N_ in Python"
    assert found["signed in in %(num)s browser"] == "signed in in %(num)s browsers"
    assert found["%(name)s, you sign in with %(email)s."] is None


@pytest.mark.parametrize("sentence", [text for each in catalogues.sentences() for text in (each.text, each.plural) if text])
def test_a_sentence_is_whole_and_holds_no_markup(sentence):
    assert sentence.strip() == sentence
    assert not set(sentence) & set("<>{}&\n")


def said(template: str, language: Language = Language.EN, **values: object) -> str:
    return pages.templates(language).from_string(template).render(**values)


def test_counts_follow_the_language_and_are_written_as_it_writes_them():
    template = '{{ ngettext("signed in in %(num)s browser", "signed in in %(num)s browsers", n) }}'
    assert [said(template, Language.UK, n=number) for number in (1, 2, 5)] == ["вхід у 1 браузері", "вхід у 2 браузерах", "вхід у 5 браузерах"]
    assert said(template, n=1) == "signed in in 1 browser"
    assert said(template, n=12345) == "signed in in 12,345 browsers"
    assert "12\xa0345" in said(template, Language.RU, n=12345)


def test_what_has_no_translation_is_said_in_english():
    assert said('{{ _("Nobody ever wrote this.") }}', Language.MN) == "Nobody ever wrote this."


@pytest.mark.parametrize("language", Language)
def test_whoever_wrote_it_a_sentence_is_text_and_never_markup(language):
    hostile = "<b>100 %</b> %(x)s {{ 1 }}"
    for template in ("{{ _(text) }}", '{{ _("%(name)s, you sign in with %(email)s.", name=text, email="x") }}'):
        shown = said(template, language, text=hostile)
        assert "&lt;b&gt;100 %&lt;/b&gt; %(x)s {{ 1 }}" in shown
        assert "<b>" not in shown
    assert said("{{ _(text) }}", language, text="50 %% off") == "50 % off"


@pytest.mark.parametrize(
    ("own", "accepted", "project", "chosen"),
    [
        ("ro", "uk", "en", "ro"),
        ("", "uk-UA,uk;q=0.9,en;q=0.8", "en", "uk"),
        ("", "fr;q=1.0, mn;q=0.2, ru;q=0.3", "en", "ru"),
        ("", "ru;q=0, uz;q=0.1", "en", "uz"),
        ("", "", "mn", "mn"),
        ("xx", "*", "uk", "uk"),
        ("", "\x00;;q=,=,uk" * 1000, "en", "uk"),
    ],
)
def test_the_language_is_the_persons_the_browsers_or_the_projects(own, accepted, project, chosen):
    assert words.choose(own, accepted, Language(project)) == chosen


def test_the_sentences_on_passwords_say_the_figures_that_count():
    assert f"at least {passwords.SHORTEST} " in passwords.fault("x")
    assert f"at most {passwords.LONGEST} " in passwords.fault("x" * 500)


def test_a_sentence_of_the_operations_is_said_anew_with_the_sentences_in_it():
    template, hostile = "{{ _(sentence) }}", "<b>%(x)s</b>"
    sentence = made_of("%(fact)s in the last %(length)s: %(ends)s", fact=made_of("orders"), length=made_of("%(days)s days", days=30), ends="3")
    assert sentence == "orders in the last 30 days: 3", "English, wherever nobody translates it"
    assert said(template, sentence=sentence) == sentence
    assert said(template, Language.UK, sentence=sentence) == "замовлення за останні 30 дн.: 3"
    assert said(template, Language.RO, sentence=either(["a", hostile, "c"])) == "a sau &lt;b&gt;%(x)s&lt;/b&gt; sau c"


@pytest.mark.parametrize("language", catalogues.SPOKEN)
def test_what_conditions_ask_about_has_a_name_in_every_language(language):
    names = {fact.name for fact in conditions.FACTS.values()}
    assert names - set(condition_words.ASKED) == set()
    gettext, _ = words.sayings(language)
    assert all(gettext(name) for name in names)
    assert gettext("last order") != "last order"

"""A language has a letter only when it has every sentence of it, whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from tests import projects
from winback import settings
from winback.errors import ConfigError, TemplateError
from winback.letters import catalogue, locales
from winback.model import ChannelName
from winback.operations import translating

EMAIL = ChannelName.EMAIL
LETTER = """\
<p>{% trans %}Hello there{% endtrans %}</p>
<p>{% trans trimmed count=orders_count %}{{ count }} order at 5%{% pluralize %}{{ count }} orders at 5%{% endtrans %}</p>
<p>{% trans "greeting" %}Good day{% endtrans %}</p>
<p>{% trans books=orders_count %}One book on the shelf{% pluralize %}{{ books }} books on the shelf{% endtrans %}</p>
"""
TABLE = yaml.safe_load(Path(__file__).with_name("broken_catalogues.yaml").read_text(encoding="utf-8"))


def cases(kind: str):
    return [pytest.param(row, id=f"{row['in']}-{row['what']}") for row in TABLE[kind]]


@pytest.fixture
def problems(shop):
    """The draft's problems in a language, after something in its catalogue was changed; those of its layout and of config/ are left out."""

    def found(language: str, change: dict[str, str]) -> list[str]:
        text = TABLE["catalogues"][language]
        for old, new in change.items():
            assert old in text
            text = text.replace(old, new)
        shop.email(LETTER)
        path = catalogue.path(shop.project.templates, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        told = [str(problem) for problem in shop.library().problems_in(EMAIL, "draft", language)]
        return [problem for problem in told if "(templates/emails/draft/" in problem or ("(templates/" not in problem and "letters.po" in problem)]

    return found


@pytest.mark.parametrize("row", cases("sound"))
def test_a_letter_with_every_sentence_translated_exists(problems, row):
    assert problems(row["in"], row.get("change", {})) == []


@pytest.mark.parametrize("row", cases("broken"))
def test_a_letter_with_a_sentence_that_is_not_whole_does_not_exist(problems, row):
    told = problems(row["in"], row["change"])
    file = f"templates/locales/{row['in']}/LC_MESSAGES/letters.po"
    assert told
    assert told[0].startswith(file + row["said"])
    assert row.get("how", "") in told[0]


@pytest.mark.parametrize("row", [row for row in cases("broken") if not row.values[0].get("reading")])
def test_a_fault_of_one_sentence_leaves_the_letters_that_do_not_say_it(shop, problems, row):
    problems(row["in"], row["change"])
    shop.write(
        "emails/other/body.html", "<p>{% trans count=orders_count %}{{ count }} order at 5%{% pluralize %}{{ count }} orders at 5%{% endtrans %}</p>"
    )
    shop.write("emails/other/body.txt", "{% trans %}Hello there{% endtrans %}")
    shop.write("emails/other/subject.txt", '{% trans "greeting" %}Good day{% endtrans %}')
    said = {name: [str(found) for found in catalogue.missing(flat, shop.library().catalogue(row["in"]))] for name, flat in flats(shop).items()}
    assert sum(map(bool, said.values())) <= 1


def flats(shop):
    return shop.library().flats(EMAIL, "other")


@pytest.mark.parametrize(("form", "says"), [(1, "O carte pe raft"), (3, "3 cărți pe raft"), (20, "20 de cărți pe raft"), (0, "0 cărți pe raft")])
def test_the_form_for_one_may_leave_out_the_number(shop, problems, form, says):
    problems("ro", {})
    assert shop.library().catalogue("ro").ngettext("One book on the shelf", "", form) % {"books": form} == says


def test_uzbek_apostrophes_are_mended_whatever_the_translator_typed(problems, shop):
    assert problems("uz", {"Assalomu alaykum": "Yangi choy do'konga keldi, ma’no va ta‘m bilan"}) == []
    assert shop.library().catalogue("uz").gettext("Hello there") == "Yangi choy doʻkonga keldi, maʼno va taʼm bilan"
    translating.update(shop.project, "uz")
    assert "Yangi choy doʻkonga keldi, maʼno va taʼm bilan" in catalogue.path(shop.project.templates, "uz").read_text(encoding="utf-8")


def test_a_letter_is_never_sent_in_english_to_who_reads_another_language(shop):
    shop.email("<p>{% trans %}Nobody has translated this{% endtrans %}</p>")
    with pytest.raises(TemplateError, match="“Nobody has translated this”"):
        shop.library().email("draft", "uk")
    assert shop.library().language_for(("uk", "en"), [(EMAIL, "draft")]) == "en"
    assert shop.library().language_for(("uk",), [(EMAIL, "draft")]) is None


@pytest.mark.parametrize("row", cases("broken"))
def test_a_letter_that_does_not_exist_in_a_language_is_sent_in_the_next_one_of_the_chain(shop, problems, row):
    language = row["in"]
    problems(language, row["change"])
    letters = shop.library()
    assert letters.language_for((language, "en"), [(EMAIL, "draft")]) == "en"
    assert letters.language_for((language,), [(EMAIL, "draft")]) is None
    with pytest.raises(TemplateError, match=r"letters\.po"):
        letters.email("draft", language)


def test_a_letter_exists_only_in_languages_that_the_shop_and_its_senders_speak(shop):
    shop.email("<p>x</p>")
    projects.edit(shop.project.root / "config/brand.yaml", "name: {en: Zerno, uk: Зерно, ", "name: {en: Zerno, ")
    projects.edit(shop.project.root / "config/senders.yaml", "      uk: обсмажує нашу каву\n", "")
    assert [str(problem) for problem in shop.library().problems_in(EMAIL, "draft", "uk")] == [
        "config/brand.yaml:3: `name` has no `uk`. Add `uk:`, or write one text for all languages.",
        "config/senders.yaml:33: `senders.andriy.position` has no `uk`. Add `uk:`, or write one text for all languages.",
    ]
    assert shop.library().language_for(("uk", "en"), [(EMAIL, "draft")]) == "en"


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


@pytest.mark.parametrize(("language", "forms"), [("mn", 2), ("ro", 3), ("ru", 3), ("uk", 3), ("uz", 2)])
def test_a_new_language_begins_with_every_sentence_empty(shop, language, forms):
    shipped = locales.read_catalogue(catalogue.path(shop.project.templates, "uk"), "uk", "letters.po")
    path = catalogue.path(shop.project.templates, language)
    path.unlink(missing_ok=True)
    updated = translating.update(shop.project, language)
    begun = locales.read_catalogue(path, language, "letters.po")
    assert begun.translations.keys() == shipped.translations.keys()
    assert {form for translation in begun.translations.values() for form in translation.forms} == {""}
    assert {len(found.forms) for found in begun.translations.values() if found.plural_source} == {forms}
    assert (begun.plural_forms, begun.plural_fault) == (forms, None)
    assert updated.untranslated == updated.sentences
    assert language in shop.library().languages()
    assert all(shop.library().problems_in(EMAIL, name, language) for name in shop.library().names(EMAIL))
    before = path.read_text(encoding="utf-8")
    translating.update(shop.project, language)
    assert path.read_text(encoding="utf-8") == before


def test_an_update_mends_the_plural_rule_and_keeps_the_forms_that_were_written(shop):
    path = catalogue.path(shop.project.templates, "uk")
    text = path.read_text(encoding="utf-8")
    rule = next(line for line in text.splitlines() if "Plural-Forms" in line)
    path.write_text(text.replace(rule, '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"'), encoding="utf-8")
    assert any("are not those of uk" in str(problem) for problem in translating.check(shop.project, "uk"))
    translating.update(shop.project, "uk")
    assert path.read_text(encoding="utf-8") == text


def test_an_update_gives_back_the_right_number_of_forms(shop):
    path = catalogue.path(shop.project.templates, "uk")
    text = path.read_text(encoding="utf-8")
    third = next(line for line in text.splitlines() if line.startswith("msgstr[2]"))
    for broken in (third + "\n" + third.replace("[2]", "[3]"), ""):
        path.write_text(text.replace(third, broken, 1), encoding="utf-8")
        assert translating.check(shop.project, "uk")
        assert translating.update(shop.project, "uk").untranslated == 1
        forms = [found.forms for found in locales.read_catalogue(path, "uk", "letters.po").translations.values() if found.plural_source]
        assert {len(each) for each in forms} == {3}


def test_all_sentences_are_gathered_for_tools_that_begin_a_language_with_them(shop):
    extracted = translating.extract(shop.project)
    assert extracted.path == shop.project.templates / "locales/letters.pot"
    text = extracted.path.read_text(encoding="utf-8")
    shipped = locales.read_catalogue(catalogue.path(shop.project.templates, "uk"), "uk", "letters.po")
    assert extracted.sentences == len(shipped.translations)
    assert "#: templates/pages/unsubscribe.html" in text
    assert 'msgstr ""' in text
    assert translating.check(shop.project) == []


def test_a_language_that_nobody_can_be_addressed_in_is_refused(shop):
    with pytest.raises(ConfigError, match=r"letters can't be translated into `fr`\. Languages: mn, ro, ru, uk, uz\."):
        translating.update(shop.project, "fr")


def test_a_check_of_the_shipped_project_finds_nothing(shop):
    assert translating.check(shop.project) == []


def append(path: str, text: str):
    return lambda shop: (shop.project.root / path).write_text((shop.project.root / path).read_text(encoding="utf-8") + text, encoding="utf-8")


def edit(path: str, old: str, new: str):
    return lambda shop: projects.edit(shop.project.root / path, old, new)


PO = "templates/locales/uk/LC_MESSAGES/letters.po"


@pytest.mark.parametrize(
    ("change", "language", "said"),
    [
        (append(PO, '\nmsgid "Said by nobody"\nmsgstr "Ніхто"\n'), None, "“Said by nobody” is said by no letter or page. Run `winback translate update uk`: it goes."),
        (append(PO, '\n#~ msgid "Said once"\n#~ msgstr "Колись"\n'), "uk", "“Said once” is said by no letter or page."),
        (edit(PO, "Більше вам не писати?", ""), None, "“Shall we stop writing to you?” (templates/pages/unsubscribe.html:"),
        (edit(PO, "nplurals=3", "nplurals=2"), None, f"{PO}:5: its Plural-Forms are not those of uk."),
        (edit("templates/messages/_bot/answers.yaml", "  uk: Так, пишіть\n", ""), None, "templates/messages/_bot/answers.yaml:23: `agree` has no `uk`."),
        (edit("templates/messages/_bot/answers.yaml", "Добрий день! Це {shop}.\n    Можна", "Добрий день! Це {sohp}.\n    Можна"), None, "templates/messages/_bot/answers.yaml:8: `invitation` in `uk` says {sohp}. Write {shop}."),
        (edit("config/brand.yaml", "  uk: вул. Ярославів Вал, 12, Київ, 01034\n", ""), None, "config/brand.yaml:20: `address` has no `uk`."),
        (edit("config/settings.yaml", "  mn: [mn]", "  mn: [nm]"), None, "config/settings.yaml:30: letters can't be in `nm`, the chain of `mn` names it for nothing. Languages: en, mn, ro, ru, uk, uz."),
        (lambda _shop: None, "ru", "templates/locales/ru/LC_MESSAGES/letters.po: there is no catalogue for this language. Run `winback translate update ru`"),
        (edit("templates/pages/unsubscribe.html", "{% endtrans %}", "" ), None, "templates/pages/unsubscribe.html:"),
    ],
)  # fmt: skip
def test_a_check_names_everything_that_stops_a_language(shop, change, language, said):
    change(shop)
    told = [str(problem) for problem in translating.check(settings.open_project(shop.project.root, {}), language)]
    assert any(said in problem for problem in told), told


LINES = st.lists(
    st.sampled_from(['msgid "a"', 'msgid ""', 'msgstr "b"', 'msgstr ""', 'msgid_plural "as"', 'msgstr[0] "x"', 'msgstr[1] "y"', 'msgctxt "c"', '"more"', "", "#, fuzzy", '#~ msgid "o"', '#~ msgstr "p"', "# x", '"Language: uk\\n"', 'msgstr[9] "z"', "msgid", '"'])
    | st.text(max_size=12),
    max_size=14,
)  # fmt: skip


@trials(max_examples=300, deadline=None)
@given(lines=LINES)
def test_whatever_a_catalogue_holds_it_is_read_or_refused_with_its_line(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("catalogue") / "letters.po"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        read = locales.read_catalogue(path, "uk", "letters.po")
        locales.open_catalogue(path, "uk", "letters.po")
    except TemplateError as refused:
        assert all(problem.file == "letters.po" and problem.line for problem in refused.problems)
    else:
        assert all(isinstance(form, str) for found in read.translations.values() for form in found.forms)

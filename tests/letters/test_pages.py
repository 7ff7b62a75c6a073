"""The pages behind a letter's links."""

from __future__ import annotations

import pytest
from lxml import html

from tests import projects
from winback.errors import TemplateError
from winback.letters import pages


@pytest.mark.parametrize("locale", ["en", "uk"])
@pytest.mark.parametrize("page", pages.NAMES)
def test_a_page_says_its_language_and_needs_nothing_from_elsewhere(letters, page, locale):
    document = html.document_fromstring(pages.render(letters.project, page, locale))
    assert document.get("lang") == locale
    assert document.findtext(".//title")
    assert len(document.findall(".//h1")) == 1
    assert not document.xpath("//script | //link | //img | //@src | //*[@onclick]")


def test_unsubscribing_is_one_button_that_posts(letters):
    document = html.document_fromstring(pages.render(letters.project, "unsubscribe", "uk", action="/u/token"))
    (form,) = document.forms
    assert (form.method, form.action) == ("POST", "/u/token")
    assert [button.get("type") for button in form.iter("button")] == ["submit"]
    assert not pages.render(letters.project, "unsubscribed", "uk").count("<form")


def test_an_address_in_the_page_is_escaped(letters):
    assert '"><script>' not in pages.render(letters.project, "unsubscribe", "en", action='"><script>')


def test_who_reads_another_language_still_gets_a_page(shop):
    assert "Shall we stop writing to you?" in pages.render(shop.project, "unsubscribe", "mn")
    projects.edit(shop.project.templates / "locales/uk/LC_MESSAGES/letters.po", "Більше вам не писати?", "")
    assert "Shall we stop writing to you?" in pages.render(shop.project, "unsubscribe", "uk")
    assert "Готово" in pages.render(shop.project, "unsubscribed", "uk")


def test_a_page_is_in_the_next_language_of_the_chain_before_it_is_in_english(shop):
    assert "Більше вам не писати?" in pages.render(shop.project, "unsubscribe", "ru-UA")
    broken = shop.project.templates / "locales/ru/LC_MESSAGES/letters.po"
    broken.parent.mkdir(parents=True)
    broken.write_text('msgid "Shall we stop writing to you?\n', encoding="utf-8")
    assert "Shall we stop writing to you?" in pages.render(shop.project, "unsubscribe", "ru")
    project = projects.make(shop.project.root / "other", ("config/settings.yaml", "  ru: [ru]", "  ru: [ru, uk]"))
    projects.forget_languages(project, "ru")
    document = html.document_fromstring(pages.render(project, "unsubscribe", "ru"))
    assert (document.get("lang"), document.findtext(".//h1")) == ("uk", "Більше вам не писати?")


def test_a_page_that_says_something_unknown_is_refused(shop):
    projects.edit(shop.project.templates / "pages/unsubscribed.html", "{{ brand.site }}", "{{ brand.sight }}")
    with pytest.raises(TemplateError, match=r"templates/pages/unsubscribed\.html:6: `brand\.sight` is not known here"):
        pages.render(shop.project, "unsubscribed", "en")


def test_there_are_no_other_pages(shop):
    with pytest.raises(TemplateError, match=r"pages/unsubscribe-me\.html: there is no such page\. Did you mean `unsubscribe`\?"):
        pages.render(shop.project, "unsubscribe-me", "en")

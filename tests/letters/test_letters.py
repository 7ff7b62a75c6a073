"""The shipped letters, as their readers get them."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.letters import goldens
from tests.letters.drafts import sample_values
from winback.errors import TemplateError
from winback.letters import sender, values
from winback.letters.library import Library
from winback.letters.values import OfferValues
from winback.model import ChannelName, Person

LOCALES = ["en", "uk"]
EMAILS = ["gift-with-code", "last-day-of-offer", "we-miss-you"]
EMAIL = ChannelName.EMAIL


def test_every_letter_is_as_its_golden_file(letters):
    finished = goldens.finished(letters)
    stored = {path.name: path.read_text(encoding="utf-8") for path in goldens.FOLDER.iterdir()}
    assert finished == stored, "letters changed; look at the difference, then: python -m tests.letters.update_goldens"


def test_these_letters_are_shipped_in_both_languages(letters):
    assert letters.names(EMAIL) == EMAILS
    assert letters.names(ChannelName.TELEGRAM) == ["gift-reminder"]
    assert letters.languages() == LOCALES
    assert all(letters.problems_in(EMAIL, name, locale) == [] for name in EMAILS for locale in LOCALES)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", EMAILS)
def test_a_letter_reads_well_without_an_occasion_a_name_or_a_telegram_link(letters, name, locale):
    bare = {"occasion": None, "months_silent": None, "last_order_on": None, "telegram_url": "", "pixel_url": ""}
    rendered = letters.email(name, locale).render(sample_values(letters, EMAIL, name, locale, **bare))
    assert "t.me" not in rendered.html + rendered.text
    assert "<img" not in rendered.html
    assert not re.search(r"[^\n ]  | [,.!]|,,|\.\.", rendered.text)


@pytest.mark.parametrize(
    ("months", "said"),
    [(1, "минув 1 місяць"), (2, "минуло 2 місяці"), (5, "минуло 5 місяців"), (11, "минуло 11 місяців"), (21, "минув 21 місяць")],
)
def test_ukrainian_counts_months_in_its_three_forms(letters, months, said):
    filled = sample_values(letters, EMAIL, "we-miss-you", "uk", months_silent=months)
    assert said in letters.email("we-miss-you", "uk").render(filled).text


def test_a_reminder_says_today_on_the_last_day_only(letters):
    for today, said in ((date(2026, 12, 29), "Today is the last day"), (date(2026, 12, 28), "only until December 29")):
        filled = sample_values(letters, EMAIL, "last-day-of-offer", "en", today=today)
        assert said in letters.email("last-day-of-offer", "en").render(filled).subject


def test_a_gift_without_a_code_asks_for_none(letters):
    filled = sample_values(letters, EMAIL, "gift-with-code", "en")
    filled["offer"] = filled["offer"] | {"code": None}
    rendered = letters.email("gift-with-code", "en").render(filled)
    assert "code" not in rendered.text


def test_what_a_tactic_without_an_offer_cannot_send_is_known_before_sending(letters):
    assert letters.needs(EMAIL, "we-miss-you") == frozenset()
    assert letters.needs(EMAIL, "gift-with-code") == {"offer"}
    with pytest.raises(TemplateError, match=r"gift-with-code/subject\.txt:1: it can't be filled in"):
        letters.email("gift-with-code", "en").render(sample_values(letters, EMAIL, "gift-with-code", "en", offer=None))


def test_a_messenger_text_comes_with_its_button(letters):
    filled = sample_values(letters, ChannelName.TELEGRAM, "gift-reminder", "uk")
    rendered = letters.message("gift-reminder", "uk").render(filled)
    assert rendered.buttons == (("Забрати подарунок", "https://zerno.example/gift"),)
    assert "<button" not in rendered.text


def test_the_first_language_of_a_chain_in_which_all_letters_exist_is_taken(letters):
    wanted = [(EMAIL, "we-miss-you"), (ChannelName.TELEGRAM, "gift-reminder")]
    assert letters.language_for(("ru", "uk", "en"), wanted) == "uk"
    assert letters.language_for(("ru", "mn"), wanted) is None


def filled_for(letters: Library, person: Person, locale: str, tone: str, *, offer: str, occasion: str | None, last_order_on: date | None):
    shop = letters.brand
    return values.for_letter(
        person=person,
        locale=locale,
        sender=sender.pick(sender.read(letters.project), person.manager, "olena"),
        brand=shop,
        offer=OfferValues(offer, "CODE", date(2026, 12, 29)),
        occasion=occasion,
        last_order_on=last_order_on,
        orders_count=3,
        today=date(2026, 11, 24),
        link=shop.links.__getitem__,
        unsubscribe_url="https://u.zerno.example/u/1",
        pixel_url="",
        telegram_url="",
        tone=tone,
    )


TEXTS = st.text(max_size=40) | st.sampled_from(["Олена", "<b>Olena</b>", "{{ 7 * 7 }}", "{% if x %}", "O'Neil", '" onclick="x', "&amp;", "%(name)s"])


@settings(max_examples=60)
@given(
    person=st.builds(
        Person, key=st.just("1"), given_name=TEXTS, patronymic=TEXTS, family_name=TEXTS, sex=st.sampled_from(["", "f", "m"]), city=TEXTS
    ),
    offer=TEXTS,
    occasion=st.none() | TEXTS,
    last_order_on=st.none() | st.dates(date(2020, 1, 1), date(2026, 11, 24)),
    tone=st.sampled_from(["neutral", "formal", "friendly"]),
    locale=st.sampled_from(LOCALES),
)
def test_whatever_the_values_no_letter_is_half_filled_and_no_value_becomes_markup(letters, person, offer, occasion, last_order_on, tone, locale):
    filled = filled_for(letters, person, locale, tone, offer=offer, occasion=occasion, last_order_on=last_order_on)
    harmless = filled_for(letters, Person(key="1"), locale, tone, offer="x", occasion=occasion and "x", last_order_on=last_order_on)
    for name in EMAILS:
        rendered, plain = letters.email(name, locale).render(filled), letters.email(name, locale).render(harmless)
        assert len(rendered.subject.splitlines()) == 1
        assert re.findall("<[^>]*>", rendered.html) == re.findall("<[^>]*>", plain.html)
        assert not re.search(r"\{\{|\{%|None|\bnan\b", plain.html + plain.text)
        assert filled["unsubscribe_url"] in rendered.text
        assert filled["unsubscribe_url"] in rendered.html

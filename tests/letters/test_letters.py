"""The shipped letters, as their readers get them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.letters import goldens
from tests.letters.drafts import sample_values
from winback.errors import TemplateError
from winback.journey.content import Content, Event, Greeting, Mended, Product, Programme, Survey, Tip
from winback.letters import sender, standing, telling, values
from winback.letters.library import Library
from winback.letters.standing import Standing
from winback.letters.telling import GreetingValues
from winback.letters.values import OfferValues
from winback.model import Benefits, ChannelName, Money, Person, ProblemOrder

LOCALES = ["en", "mn", "ro", "ru", "uk", "uz"]
EMAILS = [
    "apology-and-compensation",
    "benefits-reminder",
    "confirm-consent",
    "gift-with-code",
    "greeting",
    "invitation-to-event",
    "last-day-of-offer",
    "new-arrivals",
    "personal-offer",
    "results-together",
    "survey",
    "thank-you",
    "tips",
    "volume-programme",
    "we-mended-it",
    "we-miss-you",
]
MESSAGES = [
    "apology-and-compensation",
    "benefits-reminder",
    "gift-reminder",
    "greeting",
    "invitation-to-event",
    "last-day-of-offer",
    "new-arrivals",
    "personal-offer",
    "survey",
    "thank-you",
    "we-miss-you",
]
EMAIL = ChannelName.EMAIL


def test_every_letter_is_as_its_golden_file(letters):
    finished = goldens.finished(letters)
    stored = {path.name: path.read_text(encoding="utf-8") for path in goldens.FOLDER.iterdir()}
    assert finished == stored, "letters changed; look at the difference, then: python -m tests.letters.update_goldens"


def test_these_letters_are_shipped_in_every_language(letters):
    assert letters.names(EMAIL) == EMAILS
    assert letters.names(ChannelName.TELEGRAM) == MESSAGES
    assert letters.languages() == LOCALES
    everything = [*((EMAIL, name) for name in EMAILS), *((ChannelName.TELEGRAM, name) for name in MESSAGES)]
    assert all(letters.problems_in(*letter, locale) == [] for letter in everything for locale in LOCALES)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", EMAILS)
def test_a_letter_reads_well_without_an_occasion_a_name_or_a_telegram_link(letters, name, locale):
    bare = {"occasion": None, "months_silent": None, "last_order_on": None, "telegram_url": "", "telegram_code_url": "", "pixel_url": ""}
    rendered = letters.email(name, locale).render(sample_values(letters, EMAIL, name, locale, **bare))
    assert "t.me" not in rendered.html + rendered.text
    assert "<img" not in rendered.html
    assert not re.search(r"[^\n ]  | [,.!]|,,|\.\.|\n\n\n", rendered.text)
    assert len(rendered.text.split("\n\n")[1]) > 20  # what follows the salutation


@pytest.mark.parametrize("name", EMAILS)
def test_the_hidden_link_is_there_for_machines_only(letters, name):
    trap = "https://u.zerno.example/c/trap"
    template = letters.email(name, "uk")
    without, rendered = (template.render(sample_values(letters, EMAIL, name, "uk", trap_url=url)) for url in ("", trap))
    (link,) = re.findall(rf'<a [^>]*href="{trap}"[^>]*>(?=</a>)', rendered.html)  # nothing between its tags: nothing to see
    assert {'rel="nofollow"', 'aria-hidden="true"', 'tabindex="-1"'} <= set(link.split())
    assert "display:none" in link
    assert rendered.html.replace(f"{link}</a>", "").split() == without.html.split()
    assert (rendered.text, rendered.subject) == (without.text, without.subject)


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
    assert letters.needs(EMAIL, "apology-and-compensation") == {"compensation"}
    assert letters.needs(EMAIL, "new-arrivals") == {"products"}
    assert letters.needs(EMAIL, "thank-you") == frozenset()
    with pytest.raises(TemplateError, match=r"gift-with-code/subject\.txt:1: it can't be filled in"):
        letters.email("gift-with-code", "en").render(sample_values(letters, EMAIL, "gift-with-code", "en", offer=None))


def test_a_messenger_text_comes_with_its_button(letters):
    filled = sample_values(letters, ChannelName.TELEGRAM, "gift-reminder", "uk")
    rendered = letters.message("gift-reminder", "uk").render(filled)
    assert [(button.label, button.url) for button in rendered.buttons if button.url] == [("Забрати подарунок", "https://zerno.example/gift")]
    assert "<button" not in rendered.text


def test_the_first_language_of_a_chain_in_which_all_letters_exist_is_taken(letters):
    wanted = [(EMAIL, "we-miss-you"), (ChannelName.TELEGRAM, "gift-reminder")]
    assert letters.language_for(("de", "uk", "en"), wanted) == "uk"
    assert letters.language_for(("de", "fr"), wanted) is None


TODAY = date(2026, 11, 24)
GREETINGS = {
    "birthday": GreetingValues("birthday", None, None, None),
    "holiday": GreetingValues("holiday", "Easter", None, None),
    "holiday with a wish": GreetingValues("holiday", "Easter", "May the bread rise.", None),
    "favourite day": GreetingValues("favourite-day", "Astronomy Day", None, None),
    "anniversary": GreetingValues("anniversary", None, None, 1),
    "anniversary that nobody counted": GreetingValues("anniversary", None, None, None),
}


@pytest.mark.parametrize("kind", GREETINGS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_greeting_holds_a_wish_and_a_signature_and_nothing_else(letters, locale, kind):
    filled = sample_values(letters, EMAIL, "greeting", locale, greeting=values.plain(GREETINGS[kind]))
    rendered = letters.email("greeting", locale).render(filled)
    message = letters.message("greeting", locale).render(filled)
    links = set(re.findall(r'href="([^"]*)"', rendered.html))
    assert links == {"tel:+380445550142", filled["unsubscribe_url"], filled["preferences_url"], filled["view_url"]}
    assert message.buttons == ()
    for said in (rendered.text, message.text):
        paragraphs = said.split("\n\n")
        assert paragraphs[0] == filled["salutation"]
        assert len(paragraphs[1]) > 20
        assert len(paragraphs[2]) > 18


@pytest.mark.parametrize(
    ("kind", "locale", "subject"),
    [
        ("birthday", "en", "Iryna, happy birthday!"),
        ("birthday", "uk", "Ірино, з днем народження!"),
        ("holiday", "en", "Easter: our warmest wishes"),
        ("anniversary", "en", "We have known each other for a year"),
        ("anniversary", "uk", "Ми знайомі вже 1 рік"),
        ("anniversary that nobody counted", "en", "The day we met"),
    ],
)
def test_the_subject_of_a_greeting_says_what_the_day_is(letters, kind, locale, subject):
    filled = sample_values(letters, EMAIL, "greeting", locale, greeting=values.plain(GREETINGS[kind]))
    assert letters.email("greeting", locale).render(filled).subject == subject


def test_a_birthday_greeting_to_somebody_without_a_name_has_none_in_its_subject(letters):
    filled = sample_values(letters, EMAIL, "greeting", "en", greeting=values.plain(GREETINGS["birthday"]))
    filled["customer"] = filled["customer"] | {"called": None}
    assert letters.email("greeting", "en").render(filled).subject == "Happy birthday!"


@pytest.mark.parametrize(
    ("period", "subject"), [("month", "this month"), ("quarter", "these three months"), ("half-year", "this half-year"), (None, "being with us")]
)
def test_a_thank_you_looks_back_on_its_period_and_sells_nothing_by_itself(letters, period, subject):
    rendered = letters.email("thank-you", "en").render(sample_values(letters, EMAIL, "thank-you", "en", period=period))
    assert rendered.subject.endswith(subject)
    assert "put something aside" not in rendered.html
    with_offer = sample_values(letters, EMAIL, "thank-you", "en", offer=values.plain(OfferValues("a tin of tea", "TEA", TODAY)))
    assert "TEA" in letters.email("thank-you", "en").render(with_offer).text


def test_goods_come_with_their_price_in_the_currency_and_their_own_page(letters):
    text = letters.email("new-arrivals", "uk").render(sample_values(letters, EMAIL, "new-arrivals", "uk")).text
    assert "Зелений кардамон: https://zerno.example/new\nЦілі коробочки з Гватемали. Двох досить на джезву кави.\n120\xa0₴" in text


def test_a_survey_has_a_link_for_every_answer_and_says_what_is_to_come(letters):
    rendered = letters.email("survey", "en").render(sample_values(letters, EMAIL, "survey", "en"))
    assert [f"{answer}: https://u.example.com/s/sample?answer={answer}" in rendered.text for answer in range(7)] == [False, *[True] * 5, False]
    assert "3 more questions" in rendered.text
    message = letters.message("survey", "en").render(sample_values(letters, ChannelName.TELEGRAM, "survey", "en"))
    assert str(message.buttons[4]) == "[5] press:score 5 https://u.example.com/s/sample?answer=5"


def test_what_is_given_back_is_a_fifth_of_the_order_that_went_wrong(letters):
    text = letters.email("apology-and-compensation", "en").render(sample_values(letters, EMAIL, "apology-and-compensation", "en")).text
    assert "Your order 20417 of October 2, 2026" in text
    assert "UAH\xa0248\noff your next bill, whatever you take, until February 22, 2027" in text


@pytest.mark.parametrize("name", EMAILS)
def test_a_subject_has_variants_of_which_a_delivery_always_gets_the_same(letters, name):
    template, filled = letters.email(name, "en"), sample_values(letters, EMAIL, name, "en")
    drawn = [template.render(filled, f"spring {number}").subject for number in range(40)]
    assert drawn == [template.render(filled, f"spring {number}").subject for number in range(40)]
    assert template.render(filled).subject in drawn
    if name == "tips":
        assert 10 < drawn.count("What we tell friends who ask") < 30
        assert set(drawn) == {"What we tell friends who ask", "Small things that make the difference"}


def filled_for(letters: Library, person: Person, locale: str, tone: str, *, offer: str, occasion: str | None, last_order_on: date | None):
    shop = letters.brand
    content = Content(
        products=(Product(name={"en": offer}, text={"en": offer}),),
        event=Event(title={"en": offer}, text={"en": offer}, day=TODAY, place={"en": offer}),
        mended=Mended(trouble={"en": offer}, repair={"en": offer}),
        tips=(Tip(title={"en": offer}, text={"en": offer}),),
        programme=Programme(levels=({"from": 100, "discount": 0.05},)),
        survey=Survey(questions=({"en": offer},) * 3),
        period="month",
        greeting=Greeting(kind="holiday", name={"en": offer or "-"}, wish={"en": offer}),
    )
    problem = ProblemOrder(offer, TODAY, Money(Decimal(100), "UAH"))
    return values.for_letter(
        told=telling.of(content, locale=locale, currency="UAH", link=shop.links.__getitem__, survey_link=lambda _: shop.links["survey"]),
        standing=Standing(
            benefits=standing.benefits(Benefits(5, 0.05, offer), TODAY),
            together=standing.together(3, date(2020, 1, 1), TODAY, (offer,)),
            compensation=standing.compensation(problem, content.compensation, begins_on=TODAY, today=TODAY, locale=locale),
        ),
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
        view_url="https://u.zerno.example/v/1",
        preferences_url="https://u.zerno.example/p/1",
        pixel_url="",
        telegram_url="",
        confirm_url="https://u.zerno.example/k/sample",
        tone=tone,
    )


TEXTS = st.text(max_size=40) | st.sampled_from(["Олена", "<b>Olena</b>", "{{ 7 * 7 }}", "{% if x %}", "O'Neil", '" onclick="x', "&amp;", "%(name)s"])


@settings(max_examples=25, deadline=None)  # the first letter of each is compiled
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
    harmless = filled_for(letters, Person(key="1"), locale, tone, offer=offer and "x", occasion=occasion and "x", last_order_on=last_order_on)
    for name in MESSAGES:
        message = letters.message(name, locale).render(filled)
        assert re.findall("<[^>]*>", message.text) == re.findall("<[^>]*>", letters.message(name, locale).render(harmless).text)
    for name in EMAILS:
        rendered, plain = letters.email(name, locale).render(filled), letters.email(name, locale).render(harmless)
        assert len(rendered.subject.splitlines()) == 1, (name, rendered.subject)
        assert re.findall("<[^>]*>", rendered.html) == re.findall("<[^>]*>", plain.html)
        assert not re.search(r"\{\{|\{%|None|\bnan\b", plain.html + plain.text)
        assert filled["unsubscribe_url"] in rendered.text
        assert filled["unsubscribe_url"] in rendered.html

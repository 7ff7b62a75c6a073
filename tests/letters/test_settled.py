"""Letters whose shared values are written in beforehand say what all others say, and fail where these do."""

from __future__ import annotations

from datetime import date

import pytest

from tests.letters.drafts import sample_values
from winback.errors import TemplateError
from winback.letters import settled
from winback.model import ChannelName

EMAIL = ChannelName.EMAIL
URLS = ("unsubscribe_url", "view_url", "preferences_url", "pixel_url", "trap_url", "telegram_url", "telegram_code_url")


def of_others(letters, name, values):
    """The values of other customers whose letters share what is settled: one who has everything, one who has little."""
    customer = {**values["customer"], "given_name": "O'Brien <Q&A>", "called": None, "city": "Sankt Gallen & Co"}
    full = {**values, "customer": customer, "salutation": "“Dear” O'Brien & sons,", "orders_count": 11, "last_order_on": date(2024, 2, 29)}
    full |= {url: f"https://u.example.com/{url}?a=1&b=2" for url in URLS}
    needed = {need.partition(".")[0] for need in letters.needs(EMAIL, name)}
    bare = {**full, "customer": {**customer, "given_name": None, "city": None}}
    bare |= dict.fromkeys(("view_url", "pixel_url", "trap_url", "telegram_url", "telegram_code_url"), "")
    absent = ("offer", "occasion", "last_order_on", "months_silent", "benefits", "together", "compensation")
    return [full, {**bare, **dict.fromkeys(set(absent) - needed)}]


@pytest.mark.parametrize("language", ["en", "uk", "ru", "ro", "uz", "mn"])
def test_every_shipped_letter_is_the_same_for_whoever_gets_it(letters, language):
    for name in letters.names(EMAIL):
        plain, values = letters.email(name, language), sample_values(letters, EMAIL, name, language)
        quick = settled.email(plain, values)
        for each in (values, *of_others(letters, name, values)):
            assert quick.render(each, "by a delivery 7") == plain.render(each, "by a delivery 7")
            assert quick.subjects(each) == plain.subjects(each)


def test_most_of_a_letter_is_written_beforehand(letters):
    plain, values = letters.email("we-miss-you", "uk"), sample_values(letters, EMAIL, "we-miss-you", "uk")
    quick = settled.email(plain, values)
    before, after = (len(list(text.template.root_render_func(text.template.new_context(values)))) for text in (plain.html, quick.html))
    assert after <= before / 2


DRAFT = """<p>{% if sender.hours %}{{ sender.hours }}{% elif sender.phone and not brand.logo %}{{ sender.phone }}{% else %}{{ sender.name }}{% endif %}
{% if customer.city %}{{ customer.city }} {% if brand.tagline or customer.city %}{{ brand.tagline }}{% endif %}{% endif %}
{{ today | date }} {{ today | day }} {{ 1234.5 | number }} {{ 385 | money("UAH") }} {{ today | weekday }} {{ orders_count | number }}
{% trans name=sender.name, city=customer.city %}{{ name }} greets {{ city }}, 100%.{% endtrans %}</p>"""


@pytest.mark.parametrize("country", ["GB", "US", "UA", ""])
@pytest.mark.parametrize("brand", ["Tea & <Sons>", "O'Hara"])
def test_branches_dates_and_amounts_are_those_of_the_shop_and_the_country(shop, country, brand):
    shop.email(DRAFT)
    letters = shop.library()
    plain = letters.email("draft", "en")
    values = sample_values(letters, EMAIL, "draft", "en")
    values["customer"] = {**values["customer"], "city": "Lviv", "country": country}
    values["brand"] = {**values["brand"], "name": brand, "tagline": f"by {brand}"}
    for hours, phone in (("9-18", ""), ("", "+380 44 555 01 42"), ("", "")):
        values["sender"] = {**values["sender"], "hours": hours, "phone": phone}
        assert settled.email(plain, values).render(values) == plain.render(values)


def test_a_name_that_a_loop_takes_for_its_own_is_left_to_it(shop):
    shop.email("{% if products %}{% for brand in products %}{{ brand.name }} {% endfor %}{% endif %}<p>{{ sender.name }}</p>")
    letters = shop.library()
    plain = letters.email("draft", "en")
    values = {**sample_values(letters, EMAIL, "draft", "en"), "products": ({"name": "Long pepper", "text": "", "price": None},)}
    page = settled.email(plain, values).render(values).html
    assert "Long pepper" in page
    assert page == plain.render(values).html


def test_what_is_missing_is_told_with_the_same_line(shop):
    shop.email("<p>\n{{ brand.name }}\n{{ sender.name }} {{ today | day }}\n{{ offer.text }}</p>")
    letters = shop.library()
    plain, values = letters.email("draft", "en"), sample_values(letters, EMAIL, "draft", "en")
    told = []
    for template in (plain, settled.email(plain, values)):
        with pytest.raises(TemplateError) as refused:
            template.render({**values, "offer": None})
        told.append(str(refused.value))
    assert told[0] == told[1]
    assert told[0].startswith("templates/emails/draft/body.html:6: ")

"""What a letter gets to know of a customer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from winback.letters import sender, values
from winback.letters.values import OfferValues
from winback.model import Person


@pytest.fixture
def filled(letters):
    def fill(**changes: Any) -> dict[str, Any]:
        senders = sender.read(letters.project)
        facts: dict[str, Any] = {
            "person": Person(key="1", given_name=" ІРИНА", sex="f", city="Київ", country="UA"),
            "locale": "uk",
            "sender": sender.pick(senders, "", "olena"),
            "brand": letters.brand,
            "offer": None,
            "occasion": None,
            "last_order_on": None,
            "orders_count": 0,
            "today": date(2026, 11, 24),
            "link": letters.brand.links.__getitem__,
            "unsubscribe_url": "https://u.zerno.example/u/1",
            "view_url": "https://u.zerno.example/v/1",
            "preferences_url": "https://u.zerno.example/p/1",
            "pixel_url": "",
            "telegram_url": "",
        }
        return values.for_letter(**(facts | changes))

    return fill


def test_the_way_into_the_chat_has_a_code_in_e_mail_alone(filled):
    """Whoever reads in the chat has joined."""
    url = "https://t.me/zerno_bot?start=1"
    assert filled(telegram_url=url)["telegram_code_url"].startswith("cid:")
    assert filled(telegram_url=url, channel="telegram")["telegram_code_url"] == ""
    assert filled()["telegram_code_url"] == ""


def test_texts_come_in_the_language_of_the_letter(filled):
    ukrainian, english = filled(), filled(locale="en")
    assert (ukrainian["sender"]["name"], english["sender"]["name"]) == ("Олена Савченко", "Olena Savchenko")
    assert (ukrainian["brand"]["name"], english["brand"]["name"]) == ("Зерно", "Zerno")
    assert (ukrainian["salutation"], english["salutation"]) == ("Вітаємо, Ірино!", "Hello,")
    assert (ukrainian["customer"]["given_name"], english["customer"]["given_name"]) == ("Ірина", None)
    assert filled(tone="friendly")["salutation"] == "Привіт, Ірино!"


@pytest.mark.parametrize(
    ("last_order_on", "months"),
    [
        (None, None),
        (date(2026, 11, 24), 0),
        (date(2026, 10, 25), 0),
        (date(2026, 10, 24), 1),
        (date(2025, 11, 24), 12),
        (date(2025, 11, 25), 11),
        (date(2026, 12, 1), 0),
    ],
)
def test_silence_is_counted_in_whole_months(filled, last_order_on, months):
    assert filled(last_order_on=last_order_on)["months_silent"] == months


def test_what_is_empty_is_absent(filled):
    offer = filled(offer=OfferValues("a tin of tea", "", date(2026, 12, 29)), occasion="", person=Person(key="1"))
    assert offer["offer"]["code"] is None
    assert offer["occasion"] is None
    assert offer["customer"] == {"given_name": None, "called": None, "city": None, "country": ""}


def test_the_customers_own_manager_signs_where_they_are_one_of_ours(letters):
    senders = sender.read(letters.project)
    assert sender.pick(senders, "andriy", "olena") is senders.senders["andriy"]
    assert sender.pick(senders, "somebody else", "olena") is senders.senders["olena"]
    assert sender.pick(senders, "", "olena") is senders.senders["olena"]
    assert senders.names() == ["andriy", "olena"]


def test_a_sender_without_own_company_and_site_signs_with_the_brands(filled):
    signing = filled()["sender"]
    assert (signing["company"], signing["site"], signing["email"]) == ("Зерно", "zerno.example", "olena@zerno.example")

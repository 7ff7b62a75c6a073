from __future__ import annotations

import pytest

from winback.tracking import addresses, tokens
from winback.tracking.tokens import Purpose

KEY = b"k" * 32
URL = "https://u.zerno.example"


@pytest.mark.parametrize(
    ("address", "purpose", "before", "after", "numbers"),
    [
        (addresses.pixel(URL, KEY, 7), Purpose.OPEN, "https://u.zerno.example/o/", ".gif", (7, 0)),
        (addresses.click(URL, KEY, 7, 3), Purpose.CLICK, "https://u.zerno.example/c/", "", (7, 3)),
        (addresses.unsubscribe(URL, KEY, 7), Purpose.UNSUBSCRIBE, "https://u.zerno.example/u/", "", (7, 0)),
        (addresses.unsubscribe_mailbox("care@zerno.example", KEY, 7), Purpose.UNSUBSCRIBE, "care+", "@zerno.example", (7, 0)),
        (addresses.bounces("bounce@zerno.example", KEY, 7), Purpose.BOUNCE, "bounce+", "@zerno.example", (7, 0)),
        (addresses.join("@zerno_bot", KEY, 5, 7), Purpose.JOIN, "https://t.me/zerno_bot?start=", "", (5, 7)),
    ],
)
def test_every_address_holds_a_token_of_its_own_purpose(address, purpose, before, after, numbers):
    assert address.startswith(before)
    assert address.endswith(after)
    assert tokens.read((KEY,), purpose, address[len(before) : len(address) - len(after)]) == numbers


def test_the_local_part_of_a_bounce_address_stays_within_what_mail_allows():
    assert len(addresses.bounces("bounce@zerno.example", KEY, 2**63).partition("@")[0]) <= 64  # RFC 5321, 4.5.3.1.1

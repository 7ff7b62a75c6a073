from __future__ import annotations

import pytest

from winback.audience import area_codes
from winback.audience.area_codes import Home


@pytest.mark.parametrize(
    ("phone", "home"),
    [
        ("+380671234567", Home("UA", ("Europe/Kyiv",))),
        ("+12125551234", Home("US", ("America/New_York",))),
        ("+14165551234", Home("CA", ("America/Toronto",))),
        ("+10000000000", None),
        ("07", None),
        ("", None),
    ],
)
def test_a_number_tells_its_country_and_zones(phone, home):
    assert area_codes.home(phone) == home


def test_a_mobile_number_of_a_large_country_leaves_a_choice():
    found = area_codes.home("+79161234567")
    assert found.country == "RU"
    assert {"Europe/Moscow", "Asia/Vladivostok"} <= set(found.zones)

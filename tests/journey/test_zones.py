from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.journey.test_schedule import shaped
from winback.journey import cities, zone_table, zones
from winback.journey.policy import Rules
from winback.journey.zones import Home, KnownBy, Whereabouts
from winback.letters import locales

CASES = yaml.safe_load(Path(__file__).with_name("zones.yaml").read_text(encoding="utf-8"))
CITY_ZONES = cities.table(locales.zone_cities())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_a_customers_zone_is_told_by_the_first_that_knows_it(case):
    known = Whereabouts(**{name: case.get(name, "") for name in ("stored", "country", "city", "phone")})
    found = zones.find(known, Rules.model_validate(shaped(case.get("rules", {}))), "Europe/Kyiv", lambda: CITY_ZONES)
    assert found == Home(case["zone"], KnownBy(case["by"]))


def test_every_zone_of_every_country_can_be_kept_and_read_again():
    for country, names in zone_table.by_country().items():
        mark = f"{country}/*"
        assert len(mark) <= 64
        every = zones.clocks(mark, Rules())
        assert {clock.key for clock in every} <= set(names)
        assert zones.calendar(mark, Rules()) in every
        assert all(zones.clocks(name, Rules()) == (ZoneInfo(name),) for name in names)


def test_cities_are_asked_for_only_of_those_whose_country_leaves_a_choice():
    def never() -> dict[str, tuple[str, ...]]:
        raise AssertionError("read for nothing")

    assert zones.find(Whereabouts(country="RO", city="Iași"), Rules(), "Europe/Kyiv", never).zone == "Europe/Bucharest"
    assert zones.find(Whereabouts(country="US"), Rules(), "Europe/Kyiv", never).zone == "US/*"


def test_the_days_of_somebody_anywhere_are_the_policys_or_those_of_the_middle():
    assert zones.calendar("US/*", Rules.model_validate({"time_zone": "America/New_York"})) == ZoneInfo("America/New_York")
    assert zones.calendar("RU/*", Rules()).key == "Asia/Novosibirsk"


@pytest.mark.parametrize(
    ("zone", "known_by", "told"),
    [
        ("Europe/Kyiv", "phone", "Europe/Kyiv, by the phone"),
        ("US/*", "country", "anywhere in US, by the country"),
        ("Europe/Kyiv", "stored", "Europe/Kyiv, as the shop's data say"),
        ("Europe/Kyiv", "shop", "Europe/Kyiv, for want of anything better"),
        ("Europe/Kyiv", "", "Europe/Kyiv"),
    ],
)
def test_how_a_zone_is_known_is_said_in_words(zone, known_by, told):
    assert zones.told(zone, known_by) == told


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("м. Київ", "киів"),
        ("КИЇВ", "киів"),
        ("  Нью-Йорк ", "нью иорк"),
        ("Île-de-France, FR", "ile de france"),
        ("mun. Chișinău", "chisinau"),
        ("Ust’-Nera", "ust nera"),
        ("Марганець", "марганець"),
        ("", ""),
        ("—", ""),
    ],
)
def test_a_citys_name_is_compared_by_its_letters(written, plain):
    assert cities.plain(written) == cities.plain(plain) == plain


def test_zones_are_told_apart_by_the_rules_of_today():
    assert zone_table.distinct(("Asia/Samarkand", "Asia/Tashkent")) == ("Asia/Samarkand",)
    assert zone_table.distinct(("America/New_York", "America/Detroit", "America/Phoenix", "America/Denver")) == (
        "America/Denver",
        "America/Phoenix",
        "America/New_York",
    )

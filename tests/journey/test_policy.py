from __future__ import annotations

import pytest

from winback import strictyaml
from winback.errors import ConfigError
from winback.journey.policy import Policy


def read(text: str) -> Policy:
    return strictyaml.parse(text, Policy, shown="config/policy.yaml").value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("countries: {UA: {time_zone: Europe/Kyev}}", "there is no such time zone. Did you mean `Europe/Kyiv`?"),
        ("countries: {UA: {time_zone: kyiv}}", "there is no such time zone. Did you mean `Europe/Kyiv`?"),
        ("countries: {US: {time_zone: New York}}", "there is no such time zone. Did you mean `America/New_York`?"),
        ("countries: {UA: {time_zone: FLE Standard Time}}", "there is no such time zone. Write for example Europe/Kyiv or Asia/Tashkent."),
        ("countries: {UA: {cities: {Львів: Europe/Kyevv}}}", "there is no such time zone. Did you mean `Europe/Kyiv`?"),
        ("countries: {UA: {zones: [Europe/Warsaw]}}", "names Europe/Warsaw among the zones of UA; it is none of them."),
        ("countries: {UA: {zones: [Europe/Kiev]}}", "it is none of them. Write `Europe/Kyiv`."),
        ("default: {zones: [Europe/Kyiv]}", "has `zones`, which belong to a country. Write `zones:` below a country of `countries:`."),
        ("default: {cities: {Львів: Europe/Kyiv}}", "has `cities`, which belong to a country."),
    ],
)
def test_a_zone_that_cannot_be_meant_is_refused_with_the_nearest(text, said):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert said in str(refused.value)


def test_cities_are_kept_by_the_name_that_they_are_compared_by():
    rules = read("countries: {UA: {cities: {м. Кам’янець-Подільський: Europe/Kyiv}}}").for_country("UA")
    assert rules.cities == {"камянець подільськии": "Europe/Kyiv"}

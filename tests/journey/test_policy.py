from __future__ import annotations

import pytest

from tests import letterbox
from winback import strictyaml
from winback.errors import ConfigError
from winback.journey import policy
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("default: {soft_opt_in: 365 days}", "has `soft_opt_in`, which is a country's law. Write `soft_opt_in:` below a country"),
        ("countries: {RO: {soft_opt_in: 3000 days}}", "is 3000 days; a soft opt-in ends after 1 to 1830 days. Write for example 365 days, or none."),
        ("countries: {RO: {soft_opt_in: forever}}", "a duration is a whole number with its unit."),
        ("countries: {RO: {consent_lapses_after: 3 days}}", "is 3 days; a consent lapses after 30 to 7320 days."),
        ("countries: {RO: {open_tracking: sometimes}}", "is sometimes; opens are tracked by everybody's leave, by a consent of its own, or never."),
        ("countries: {RO: {consent: verbal}}", "verbal"),
        ("asking: {times: 0}", "times"),
    ],
)
def test_a_basis_that_cannot_be_meant_is_refused(text, said):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert said in str(refused.value)
    assert "config/policy.yaml:1" in str(refused.value)


@pytest.mark.parametrize(
    ("country", "said"),
    [
        (
            "{soft_opt_in: 365 days}",
            "config/policy.yaml:2: there is a soft opt-in for RO, and nothing says by which law, or when somebody checked it.",
        ),
        ("{soft_opt_in: 365 days, source: Law 506, checked_on: 2026-11, channels: [telegram]}", "and no e-mail"),
    ],
)
def test_a_soft_opt_in_names_its_law_and_is_for_mail(tmp_path, country, said):
    found = letterbox.project(tmp_path)
    found.config("policy.yaml").write_text(f"countries:\n  RO: {country}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        policy.read(found)
    assert said in str(refused.value)


def test_nothing_is_looser_than_the_default_unless_a_country_says_so():
    rules = read("countries: {RO: {}}").for_country("RO")
    assert (rules.consent, rules.soft_opt_in, rules.open_tracking) == ("proven", None, False)

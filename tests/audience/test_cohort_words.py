"""docs/cohorts.md names every word that a cohort may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from winback import strictyaml
from winback.audience.businesses import _BUILT_IN, Businesses
from winback.audience.cohort import Exclude, Order, Rule
from winback.audience.signs import Signs

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "cohorts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [*(name.rstrip("_") for name in Rule.model_fields), *Exclude.model_fields])
def test_every_word_of_a_cohort_is_explained(word):
    assert re.search(rf"`{word}\b", TEXT) or re.search(rf"^  {word}:", TEXT, re.MULTILINE), f"say in docs/cohorts.md what `{word}` asks"


@pytest.mark.parametrize("word", Order)
def test_every_order_is_named(word):
    assert re.search(rf"\b{word}\b", TEXT)


def test_the_shipped_thresholds_are_those_that_hold_without_a_file():
    shipped = strictyaml.read(ROOT / "config" / "signs.yaml", Signs, shown="config/signs.yaml").value
    assert shipped == Signs()
    trades = strictyaml.read(ROOT / "config" / "businesses.yaml", Businesses, shown="config/businesses.yaml").value
    assert trades == Businesses.model_validate({"businesses": _BUILT_IN})

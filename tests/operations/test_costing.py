"""How money is counted by the plan of a run, as it is kept."""

from __future__ import annotations

import json

import pytest

from tests import projects
from winback.journey.offer import Offer
from winback.operations import costing
from winback.store.outcome_costs import Uncoded


@pytest.mark.parametrize(
    ("offer", "uncoded", "is_money"),
    [
        ({"kind": "gift", "text": {"en": "Tea"}, "cost": 85}, Uncoded(8500, 0.0, is_money=False), False),
        ({"kind": "percentage", "text": {"en": "Less"}, "discount": 0.1}, Uncoded(0, 0.1, is_money=True), True),
        ({"kind": "amount", "text": {"en": "Off"}, "amount": 150.5}, Uncoded(15050, 0.0, is_money=True), True),
        ({"kind": "draw", "text": {"en": "Wins"}, "prizes": ({"text": {"en": "A"}, "share": 0.25, "cost": 100}, {"text": {"en": "B"}, "share": 0.75, "cost": 20})},
         Uncoded(4000, 0.0, is_money=False), False),
        ({"kind": "progressive", "text": {"en": "More"}, "levels": ({"orders": 3, "discount": 0.05}, {"orders": 10, "discount": 0.1})},
         Uncoded(0, 0.1, is_money=True), True),
    ],
)  # fmt: skip
def test_an_offer_costs_what_the_plan_says_that_was_kept_as_json(tmp_path, offer, uncoded, is_money):
    project = projects.make(tmp_path / "shop")
    kept = json.loads(
        json.dumps({"offers": {"o": Offer.model_validate(offer).model_dump(mode="json")}, "tactics": {"a": {"offer": "o"}, "b": {"offer": None}}})
    )
    terms = costing.terms(project, kept)
    assert terms.uncoded == {"a": uncoded}
    assert terms.money_offers == (frozenset({"o"}) if is_money else frozenset())


def test_an_offer_with_codes_is_counted_by_its_codes(tmp_path):
    kept = Offer.model_validate({"kind": "gift", "text": {"en": "Tea"}, "cost": 85, "codes": "unique"}).model_dump(mode="json")
    assert costing.terms(projects.make(tmp_path / "shop"), {"offers": {"o": kept}, "tactics": {"a": {"offer": "o"}}}).uncoded == {}


def test_a_plan_of_before_offers_has_none(tmp_path):
    assert costing.terms(projects.make(tmp_path / "shop"), {"shares": {"a": 1.0}}).uncoded == {}

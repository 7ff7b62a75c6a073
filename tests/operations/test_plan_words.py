"""What a plan says of its money: every amount with its currency."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from winback.operations import plan_words
from winback.speech import Language
from winback.studio import pages


@pytest.mark.parametrize(("expected", "end"), [("1500.00", "500.00 UAH to the good."), ("250.00", ": 750.00 UAH lost.")])
def test_every_amount_has_its_currency(expected, end):
    worth = SimpleNamespace(expected=Decimal(expected), cost=Decimal("1000.00"))
    plan = SimpleNamespace(cost_of_sending=Decimal(12), currency="UAH", worth=worth, cost_of_offers={}, pools=(), budgets=(), holding=0)
    sending, pays = plan_words.money(plan)
    assert sending == "Sending costs up to 12.00 UAH."
    assert "the whole sequence costs 1,000.00 UAH" in pays
    assert pays.endswith(end)
    told = pages.templates(Language.UK).from_string("{{ pays }}").render(pays=pays)
    assert "1\xa0000,00 UAH" in told
